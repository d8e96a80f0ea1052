"""What Odoo's own login asks for, on the way from a client's request to consent.

Two-factor (`auth_totp`), timeouts of sessions (`auth_timeout`), signing up
(`auth_signup`) and the buttons of other providers (`auth_oauth`).
"""

import base64
import hmac
import json
import os
import pathlib
import secrets
import time
import unittest
from urllib.parse import urlsplit

import requests
from beside import ledger
from browser import ALLOW
from lxml import html
from providers import IndependentProvider, independent
from server import SECONDS, URL, ServerCase, sql
from standard_client import StandardClient
from test_consent import PASSWORD, ConsentCase

SESSIONS = pathlib.Path(os.environ["OAUTH2_E2E_SESSIONS"])
CODE = "input[name=totp_token]"
CONFIRM = ".o_check_identity_form input[name=password]"
BUTTON = "Independent sign-in"

#: By the field of groups that sets it: where a user goes whose session timed out.
TIMEOUTS = {
    "lock_timeout_inactivity": "/auth-timeout/check-identity",
    "lock_timeout": "/web/login",
}
MINUTES = 1


def set_timeout(administrator, login, name):
    """Have the sessions of a user time out; `name` is one of `TIMEOUTS`."""
    [user_id] = administrator.call("res.users", "search", [("login", "=", login)])
    administrator.create(
        "res.groups",
        name=f"{name} of {login}",
        user_ids=[(4, user_id)],
        **{name: MINUTES},
    )


def stay_away(session_id):
    """Have a session be as if its user had left Odoo too long ago.

    Odoo notes when it will ask, as soon as the last of its tabs is closed.
    """
    path = SESSIONS / session_id[:2] / session_id
    session = json.loads(path.read_text())
    session["create_time"] -= MINUTES * 60 + 1
    session["identity-check-next"] = time.time() - 1
    path.write_text(json.dumps(session))


def switch_two_factor_on(login):
    """Return the secret of the user's authenticator app."""
    secret = secrets.token_bytes(20)
    text = base64.b32encode(secret).decode()
    ledger.keep("two-factor secret", text)
    sql("UPDATE res_users SET totp_secret = %s WHERE login = %s", text, login)
    return secret


def two_factor_code(secret):
    """Return what an authenticator app shows now (RFC 6238)."""
    digest = hmac.digest(secret, int(time.time() // 30).to_bytes(8), "sha1")
    at = digest[-1] & 0xF
    number = int.from_bytes(digest[at : at + 4]) & 0x7FFFFFFF
    return f"{number % 10**6:06}"


class TestLoginOfOdoo(ConsentCase):
    def test_a_user_with_two_factor_comes_by_password_and_code_to_consent_and_back(
        self,
    ):
        secret = switch_two_factor_on(self.login)
        page = self.page
        page.goto(self.application.authorization_url())
        self.log_in(page)
        page.wait_for_selector(CODE)
        page.fill(CODE, two_factor_code(secret))
        page.press(CODE, "Enter")
        self.finish()

    def test_a_user_who_was_inactive_confirms_the_password_and_is_back_at_consent(self):
        self.time_out("lock_timeout_inactivity", self.confirm_password)

    def test_a_user_whose_session_is_over_signs_in_and_is_back_at_consent(self):
        self.time_out("lock_timeout", lambda: self.log_in(self.page))

    def time_out(self, timeout, prove_again):
        """Walk through a timeout in the middle of a consent, and one before it."""
        set_timeout(self.administrator, self.login, timeout)
        page = self.open_consent()
        self.stay_away()
        page.click(ALLOW)
        prove_again()
        page.wait_for_selector(ALLOW)
        self.assertEqual(self.grants(self.site), 0)
        self.finish()
        self.stay_away()
        page.goto(self.application.authorization_url())
        prove_again()
        self.finish()

    def stay_away(self):
        cookies = self.page.context.cookies(URL)
        [session_id] = [it["value"] for it in cookies if it["name"] == "session_id"]
        stay_away(session_id)

    def confirm_password(self):
        self.page.fill(CONFIRM, PASSWORD)
        self.page.press(CONFIRM, "Enter")

    def finish(self, login=None):
        """Allow, and go back to the application as a user, ours by default."""
        self.page.wait_for_selector(ALLOW)
        self.assertIn(login or self.login, self.page.inner_text("main"))
        self.decide()
        self.assertSignedIn(login)

    def test_a_new_user_comes_over_the_links_of_the_login_page_to_consent(self):
        self.let_users_sign_up("group_portal")
        page = self.page
        page.goto(self.application.authorization_url())
        page.click("text=Reset Password")
        page.click("text=Back to Login")
        page.click("text=Don't have an account?")
        for name, value in self.new_user().items():
            page.fill(f"input[name={name}]", value)
        page.press("input[name=confirm_password]", "Enter")
        self.finish(self.new_user()["login"])

    def test_a_new_user_whom_the_api_does_not_allow_goes_back_with_access_denied(self):
        self.let_users_sign_up("group_user")
        browser = requests.Session()
        page = browser.get(self.application.authorization_url(), timeout=SECONDS)
        address = page.url.replace("/web/login", "/web/signup")
        form = html.fromstring(browser.get(address, timeout=SECONDS).text).forms[0]
        values = {**dict(form.form_values()), **self.new_user()}
        browser.post(address, values, timeout=SECONDS).raise_for_status()
        [came_back] = self.application.came_back
        self.assertEqual(came_back["error"], "access_denied")
        self.assertEqual(came_back["state"], self.application.state)
        self.assertEqual(self.grants(self.site), 0)

    def new_user(self):
        return {
            "name": "Nora",
            "login": f"new-{self.site.login}",
            "password": PASSWORD,
            "confirm_password": PASSWORD,
        }

    def let_users_sign_up(self, allowed_group):
        """They become portal users; `allowed_group` of base is that of the API."""
        self.set_parameter("auth_signup.invitation_scope", "b2c")
        self.addCleanup(self.set_parameter, "auth_signup.invitation_scope", "b2b")
        _model, group_id = self.administrator.call(
            "ir.model.data", "check_object_reference", "base", allowed_group
        )
        groups = {"allowed_group_ids": [(6, 0, [group_id])]}
        self.administrator.write("oauth2.api", self.site.api_id, **groups)

    def set_parameter(self, name, value):
        self.administrator.call("ir.config_parameter", "set_param", name, value)

    @unittest.skipUnless(independent.AVAILABLE, independent.MISSING)
    def test_a_user_who_signs_in_by_a_button_of_the_login_page_comes_to_consent(self):
        issuer = self.add_button()
        page = self.page
        page.goto(self.application.authorization_url())
        page.click(f"text={BUTTON}")
        page.wait_for_url(f"{issuer}/**")
        self.log_in(page)
        page.click("text=Continue")
        self.finish()

    def add_button(self):
        """Have the user known to a provider of `auth_oauth`; return its issuer."""
        client = {
            "client_id": "odoo-login",
            "application_type": "native",  # others need https for the implicit flow
            "token_endpoint_auth_method": "none",
            "response_types": ["id_token token"],
            "grant_types": ["implicit"],
            "redirect_uris": [f"{URL}/auth_oauth/signin"],
        }
        provider = self.enterContext(
            IndependentProvider(clients=[client], implicit=True)
        )
        endpoints = provider.endpoints()
        values = {
            "name": "Independent",
            "body": BUTTON,
            "client_id": "odoo-login",
            "enabled": True,
            "auth_endpoint": endpoints["authorization_endpoint"],
            "validation_endpoint": endpoints["userinfo_endpoint"],
        }
        create, write = self.administrator.create, self.administrator.write
        record_id = create("auth.oauth.provider", **values)
        self.addCleanup(write, "auth.oauth.provider", record_id, enabled=False)
        # Else Odoo writes the token into an address.
        self.set_parameter("auth_oauth.authorization_header", "1")
        user = [("login", "=", self.login)]
        [user_id] = self.administrator.call("res.users", "search", user)
        known = {"oauth_provider_id": record_id, "oauth_uid": self.login}
        write("res.users", user_id, **known)
        return provider.issuer


class TestSessionsThatAreNotEnough(ServerCase):
    """What a program can do that has the cookies of the user's browser."""

    def make_user_s_client(self, timeout=None):
        client = StandardClient(self.make_site(), self.administrator)
        if timeout:
            set_timeout(self.administrator, client.login, timeout)
        return client

    def stay_away(self, client):
        stay_away(client.browser().cookies["session_id"])

    def test_a_session_that_timed_out_allows_nothing_at_either_door(self):
        for timeout, way in TIMEOUTS.items():
            with self.subTest(timeout):
                client = self.make_user_s_client(timeout)
                _verifier, address, form = client.page()
                self.stay_away(client)
                door = f"{URL}/{client.site.endpoint}/oauth2/confirm"
                self.assertEqual(client.press(door, form).status_code, 400)
                answer = client.press(address, form)
                self.assertEqual(answer.status_code, 303)
                self.assertEqual(urlsplit(answer.headers["Location"]).path, way)
                self.assertEqual(client.grants(), [])

    def test_a_session_that_timed_out_gets_no_code_by_a_remembered_consent(self):
        timeout = "lock_timeout_inactivity"
        client = self.make_user_s_client(timeout)
        client.tokens()
        _verifier, address, form = client.page()
        self.assertIsNone(form)
        self.assertIn("code=", address)  # it is remembered
        self.stay_away(client)
        _verifier, address, form = client.page()
        self.assertIsNone(form)
        self.assertEqual(urlsplit(address).path, TIMEOUTS[timeout])
        self.assertEqual(len(client.grants()), 2)

    def test_a_password_without_its_second_factor_opens_no_consent_page(self):
        client = self.make_user_s_client()
        switch_two_factor_on(client.login)
        _verifier, address, form = client.page()
        self.assertIsNone(form)
        self.assertEqual(urlsplit(address).path, "/web/login")

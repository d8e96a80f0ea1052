from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

from lxml import html

from odoo import fields
from odoo.tests import tagged

from .common import BROWSER_HEADERS
from .test_user_matching import UserMatchingCase


@tagged("post_install", "-at_install")
class SessionCase(UserMatchingCase):
    provider_values = {"user_matching": "session"}

    def setUp(self):
        super().setUp()
        self.other = self.make_user("otto@example.com")
        # Who signs in at the provider: it does not matter here.
        self.provider.claims = {"email": "somebody@example.com"}
        self.asked = self.ask()

    @property
    def record(self):
        self.env.invalidate_all()
        return self.env["oauth2.authorization.request"].search(
            [("client_id", "=", self.client.id)], limit=1
        )

    def log_in(self, user):
        """A new browser, in which this user is signed in to Odoo.

        :return: the browser, to go back to it as ``self.opener``
        """
        self.session = None  # else the one before would be logged out
        self.authenticate(user.login, user.login)
        return self.opener

    def start(self):
        """Open the start page.

        :return: the answer
        """
        return self.visit(self.asked["authorization_url"], BROWSER_HEADERS)

    def started(self):
        """Open the start page and sign in at the provider it redirects to.

        :return: the callback's address
        """
        response = self.start()
        self.assertEqual(response.status_code, 303, response.text)
        return self.sign_in(response.headers["Location"])

    def start_cookies(self):
        return [c for c in self.opener.cookies if c.name.startswith("oauth2_start_")]

    def assertOtherBrowser(self, response):
        self.assertEqual(response.status_code, 400, response.text)
        self.assertIn("another browser or by another user", response.text)
        self.assertEqual(self.provider.calls["token"], 0)
        self.assertFalse(self.grant_of(self.asked["client_user_identity"]))

    def assertStale(self, response):
        self.assertEqual(response.status_code, 400, response.text)
        self.assertIn("start again", response.text)
        self.assertNotIn("Location", response.headers)
        self.assertNotIn("oauth2_start_", response.headers.get("Set-Cookie", ""))


class TestMatchBySession(SessionCase):
    """The user who is signed in to this Odoo, in one and the same browser."""

    def test_the_start_page_demands_the_odoo_login_and_leads_back(self):
        self.user.password = "olivia's password"
        response = self.start()
        self.assertEqual(response.status_code, 303)
        login = urlsplit(response.headers["Location"])
        self.assertEqual(login.path, "/web/login")
        self.assertFalse(self.record.user_id)
        page = self.url_open(f"{login.path}?{login.query}")
        (form,) = html.fromstring(page.text).xpath("//form[@action='/web/login']")
        data = {name: form.fields[name] for name in ("csrf_token", "redirect")} | {
            "login": self.user.login,
            "password": "olivia's password",
        }
        response = self.url_open("/web/login", data, allow_redirects=False)
        self.assertEqual(response.status_code, 303, response.text)
        back = response.headers["Location"]
        self.assertEqual(
            urlsplit(back)[2:4], urlsplit(self.asked["authorization_url"])[2:4]
        )
        response = self.visit(back, BROWSER_HEADERS)
        self.assertEqual(response.status_code, 303, response.text)
        self.assertTrue(
            response.headers["Location"].startswith(f"{self.provider.issuer}/authorize")
        )
        self.assertEqual(self.record.user_id, self.user)

    def test_the_signed_in_user_is_meant_whatever_the_email(self):
        self.log_in(self.user)
        response = self.visit(self.started(), BROWSER_HEADERS)
        self.assertEqual(response.status_code, 200, response.text)
        self.assertIn(self.user.login, response.text)
        self.assertEqual(self.decide(response).status_code, 200)
        grant = self.grant_of(self.asked["client_user_identity"])
        self.assertEqual((grant.user_id, grant.subject), (self.user, "olivia"))

    def test_a_provider_that_names_no_subject_has_the_grant_bound_to_the_user(self):
        self.provider_record.scope = "email"
        self.provider.answer("userinfo", json={"email": "somebody@example.com"})
        self.asked = self.ask()
        self.log_in(self.user)
        response = self.visit(self.started(), BROWSER_HEADERS)
        self.assertEqual(self.decide(response).status_code, 200)
        grant = self.grant_of(self.asked["client_user_identity"])
        self.assertEqual(grant.user_id, self.user)
        self.assertEqual(grant.subject, f"res.users:{self.user.id}")

    def test_the_start_page_s_cookie_is_deleted_when_it_was_used(self):
        self.log_in(self.user)
        callback = self.started()
        self.assertTrue(self.start_cookies())
        self.visit(callback, BROWSER_HEADERS)
        self.assertFalse(self.start_cookies())

    def test_the_start_page_binds_user_and_browser(self):
        self.log_in(self.user)
        self.start()
        self.assertEqual(self.record.user_id, self.user)
        (cookie,) = self.start_cookies()
        self.env.cr.execute(
            "SELECT to_json(r)::text FROM oauth2_authorization_request r WHERE id = %s",
            [self.record.id],
        )
        self.assertNotIn(cookie.value, self.env.cr.fetchone()[0])

    def test_the_start_page_s_cookie_is_out_of_reach_of_scripts_and_other_sites(self):
        self.log_in(self.user)
        cookie = self.start().headers["Set-Cookie"]
        for attribute in (
            "HttpOnly",
            "SameSite=Lax",
            "Path=/orders/oauth2",
            "Max-Age=600",
        ):
            self.assertIn(f"; {attribute}", cookie)
        self.assertNotIn("Domain", cookie)
        self.assertNotIn("Secure", cookie)  # this test's Odoo is http

    def test_the_start_page_s_cookie_is_secure_where_odoo_is(self):
        self.env["ir.config_parameter"].set_param(
            "api_auth_oauth2.base_url", "https://odoo.example.com"
        )
        self.asked = self.ask()
        self.log_in(self.user)
        self.assertIn("; Secure", self.start().headers["Set-Cookie"])

    def test_the_start_page_keeps_its_address_to_itself(self):
        self.log_in(self.user)
        headers = self.start().headers
        self.assertEqual(headers["Cache-Control"], "no-store")
        self.assertEqual(headers["Referrer-Policy"], "no-referrer")
        self.assertEqual(headers["X-Frame-Options"], "DENY")

    def test_state_nonce_and_challenge_are_made_when_the_start_page_is_opened(self):
        self.log_in(self.user)
        sent = [
            parse_qs(urlsplit(self.start().headers["Location"]).query) for _ in "12"
        ]
        for name in ("state", "nonce", "code_challenge"):
            self.assertNotEqual(sent[0][name], sent[1][name])

    def test_a_signed_in_user_in_no_allowed_group_is_refused(self):
        self.api.allowed_group_ids = self.env["res.groups"].create({"name": "Pilots"})
        self.log_in(self.user)
        response = self.visit(self.started(), BROWSER_HEADERS)
        self.assertEqual(response.status_code, 403, response.text)

    def test_a_signed_in_user_archived_meanwhile_is_refused(self):
        self.log_in(self.user)
        page = self.visit(self.started(), BROWSER_HEADERS)
        self.user.active = False
        response = self.decide(page)
        self.assertEqual(response.status_code, 403, response.text)
        self.assertFalse(self.grant_of(self.asked["client_user_identity"]))


class TestMatchBySessionRefusals(SessionCase):
    """The callback takes no other browser and no other user."""

    def test_the_callback_refuses_any_other_browser_and_any_other_user(self):
        own, none = {}, None
        for name, user, value, headers in (
            ("another browser of the user", self.user, none, BROWSER_HEADERS),
            ("the cookie alone", None, own, BROWSER_HEADERS),
            ("another user in the browser", self.other, own, BROWSER_HEADERS),
            ("another sign-in's cookie", self.user, "x" * 43, BROWSER_HEADERS),
            ("a script without the cookie", None, none, None),
        ):
            with self.subTest(name):
                self.assertOtherBrowser(self.visit_as(user, value, headers))
        response = self.visit_as(self.user, own, BROWSER_HEADERS)
        self.assertEqual(response.status_code, 200, response.text)

    def visit_as(self, user, value, headers):
        """The user's sign-in comes back in a browser that was made again.

        :param user: who is signed in there
        :param value: of the start page's cookie: another one, ``{}`` for its own,
            ``None`` for no cookie
        """
        self.asked = self.ask()
        self.log_in(self.user)
        url = self.started()
        cookies = self.start_cookies()
        self.session = None
        self.authenticate(*[user.login] * 2 if user else [None] * 2)
        for cookie in cookies if value is not None else ():
            cookie.value = value or cookie.value
            self.opener.cookies.set_cookie(cookie)
        return self.visit(url, headers)

    def test_a_state_refused_to_another_user_is_spent(self):
        self.log_in(self.user)
        url = self.started()
        cookies = self.start_cookies()
        self.log_in(self.other)
        self.assertOtherBrowser(self.visit(url, BROWSER_HEADERS))
        self.log_in(self.user)
        for cookie in cookies:
            self.opener.cookies.set_cookie(cookie)
        self.assertStale(self.visit(url, BROWSER_HEADERS))

    def test_a_start_page_belongs_to_its_first_user(self):
        mine = self.log_in(self.user)
        url = self.started()
        self.log_in(self.other)
        self.assertStale(self.start())
        self.assertEqual(self.record.user_id, self.user)
        self.opener = mine
        response = self.visit(url, BROWSER_HEADERS)
        self.assertEqual(response.status_code, 200, response.text)

    def test_a_start_page_unknown_expired_used_or_of_another_api_is_refused(self):
        self.log_in(self.user)
        url = self.asked["authorization_url"]
        for wrong in (url + "x", url[:-1], url.partition("?")[0]):
            self.assertStale(self.visit(wrong, BROWSER_HEADERS))
        self.make_api("crm")
        other_api = url.replace("/orders/", "/crm/")
        self.assertStale(self.visit(other_api, BROWSER_HEADERS))
        self.visit(self.started(), BROWSER_HEADERS)
        self.assertStale(self.start())
        self.asked = self.ask()
        self.record.expires_at = fields.Datetime.now() - timedelta(hours=1)
        self.assertStale(self.start())

    def test_the_start_page_is_opened_by_get_alone(self):
        self.log_in(self.user)
        for method in ("HEAD", "OPTIONS"):
            with self.subTest(method):
                address = self.asked["authorization_url"]
                path = address.removeprefix(self.base_url())
                response = self.url_open(path, method=method, allow_redirects=False)
                self.assertEqual(response.status_code, 405)
        self.env.invalidate_all()
        self.assertFalse(self.record.user_id)

    def test_a_start_page_of_an_unknown_api_is_refused(self):
        self.log_in(self.user)
        response = self.visit("/nowhere/oauth2/start?request=x", BROWSER_HEADERS)
        self.assertEqual(response.status_code, 400, response.text)
        self.assertIn("no such API", response.text)

    def test_a_sign_in_begun_under_another_matching_is_refused(self):
        self.provider_record.user_matching = "login"
        self.asked = self.ask()
        url = self.sign_in(self.asked["authorization_url"])
        self.provider_record.user_matching = "session"
        self.log_in(self.user)
        self.assertOtherBrowser(self.visit(url, BROWSER_HEADERS))

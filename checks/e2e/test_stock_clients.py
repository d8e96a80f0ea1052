"""Any standard client connects: four libraries, each through all that it can do.

Each finds the server by itself, has its user sign in and allow it in Chromium, and
exchanges the code with PKCE; what it does then is in ``tools/clients``.
"""

import secrets
import unittest

from beside import ledger
from browser import ALLOW, BrowserCase, page_of_another_site
from client_programs import (
    AUTHLIB,
    OAUTH4WEBAPI,
    OPENID_CLIENT,
    PYTHON,
    REQUESTS_OAUTHLIB,
    running,
)
from providers import QuickProvider
from server import URL

PASSWORD = "correct-horse-battery"
SCOPE = "partners.read"


@unittest.skipUnless(PYTHON, "OAUTH2_TEST_CLIENTS_PYTHON is not set")
class StockClientCase(BrowserCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.back_at = cls.enterClassContext(page_of_another_site("<p>Back.</p>"))
        key = secrets.token_hex(4)
        cls.user = f"ursula-{key}@example.com"
        cls.service_user = f"robot-{key}@example.com"
        for login in (cls.user, cls.service_user):
            user_id = cls.administrator.make_user(login, password=PASSWORD)
        cls.service_user_id = user_id

    def register(self, site, **values):
        """Register a client of an API; return its identifier, and secret if it has one.

        The only scope that it may have is the API's.
        """
        client_id = self.administrator.create(
            "oauth2.client",
            **{
                "name": "Stock client",
                "client_type": "confidential",
                "redirect_uris": self.back_at,
                "api_ids": [site.api_id],
                "scope_ids": [site.scope_id],
                **values,
            },
        )
        site.client_id = client_id
        [read] = self.administrator.call(
            "oauth2.client", "read", [client_id], ["client_identifier"]
        )
        return read["client_identifier"]

    def confidential(self, site, **values):
        identifier = self.register(
            site,
            allows_client_credentials=True,
            service_user_id=self.service_user_id,
            **values,
        )
        dialog = self.administrator.call(
            "oauth2.client", "action_rotate_secret", [site.client_id]
        )
        secret = dialog["context"]["default_client_secret"]
        ledger.keep("client_secret", secret)
        return {"client_id": identifier, "client_secret": secret}

    def public(self, site):
        identifier = self.register(site, client_type="public")
        return {"client_id": identifier, "client_secret": ""}

    def drive(self, program, site, credentials, sign_in=None):
        """Have a program do all that it can; return what it got, a dict."""
        issuer = f"{URL}/{site.endpoint}"
        with running(
            program,
            issuer=issuer,
            redirect_uri=self.back_at,
            scope=SCOPE,
            resource_url=f"{issuer}/oauth2/whoami",
            **credentials,
        ) as client:
            url = client.hear()["authorization_url"]
            ledger.keep_address(url)
            self.page.goto(url)
            (sign_in or self.sign_in)(self.page)
            self.page.click(ALLOW)
            self.page.wait_for_url(f"{self.back_at}?**")
            client.tell(callback=self.page.url)
            done = client.hear()
        ledger.keep_members(done)
        return done

    def sign_in(self, page):
        """Have the user log in to Odoo, where the page stands."""
        page.fill("input[name=login]", self.user)
        page.fill("input[name=password]", PASSWORD)
        page.press("input[name=password]", "Enter")

    def assertServed(self, done):
        """A token opens the API, a refreshed one too, a revoked one no more."""
        self.assertEqual(
            (done["called"], done["called_again"], done["called_after_revocation"]),
            (200, 200, 401),
        )
        for tokens in (done["tokens"], done["refreshed"]):
            self.assertEqual(tokens["token_type"].lower(), "bearer")
            self.assertIn(SCOPE, tokens["scope"])
            self.assertGreater(tokens["expires_in"], 0)
        self.assertNotEqual(
            done["tokens"]["refresh_token"], done["refreshed"]["refresh_token"]
        )

    def assertServedWithSecret(self, done, site, credentials, login):
        """And it may ask about its tokens, and act as its own service user."""
        self.assertServed(done)
        told = done["introspected"]
        self.assertTrue(told["active"])
        self.assertEqual(told["client_id"], credentials["client_id"])
        self.assertEqual(told["scope"], SCOPE)
        self.assertEqual(told["username"], login)
        self.assertEqual(done["introspected_after"], {"active": False})
        self.assertEqual(done["called_as_itself"], 200)
        self.assertNotIn("refresh_token", done["own"])
        me = site.get("oauth2/whoami", done["own"]["access_token"]).json()
        self.assertEqual(me["login"], self.service_user)


class TestStockClients(StockClientCase):
    def check_confidential(self, program):
        site = self.make_site()
        credentials = self.confidential(site)
        done = self.drive(program, site, credentials)
        self.assertServedWithSecret(done, site, credentials, self.user)

    def check_public(self, program):
        site = self.make_site()
        self.assertServed(self.drive(program, site, self.public(site)))

    def test_openid_client_with_a_secret(self):
        self.check_confidential(OPENID_CLIENT)

    def test_openid_client_without_a_secret(self):
        self.check_public(OPENID_CLIENT)

    def test_oauth4webapi_with_a_secret(self):
        self.check_confidential(OAUTH4WEBAPI)

    def test_oauth4webapi_without_a_secret(self):
        self.check_public(OAUTH4WEBAPI)

    def test_authlib_with_a_secret(self):
        self.check_confidential(AUTHLIB)

    def test_authlib_without_a_secret(self):
        self.check_public(AUTHLIB)

    def test_requests_oauthlib_with_a_secret(self):
        self.check_confidential(REQUESTS_OAUTHLIB)

    def test_requests_oauthlib_without_a_secret(self):
        self.check_public(REQUESTS_OAUTHLIB)


class TestUsersOfAProvider(StockClientCase):
    def test_a_stock_client_gets_tokens_of_this_odoo_whose_users_are_a_provider_s(self):
        provider = self.enterContext(QuickProvider())
        site = self.make_site().use(
            provider,
            client_values={
                "redirect_uris": self.back_at,
                "follows_sign_in": False,
                "allows_client_credentials": True,
                "service_user_id": self.service_user_id,
            },
        )
        credentials = {"client_id": "demo-app", "client_secret": "demo-secret"}
        done = self.drive(AUTHLIB, site, credentials, sign_in=lambda _page: None)
        self.assertServedWithSecret(done, site, credentials, site.login)
        self.assertTrue(done["tokens"]["access_token"].startswith("odoo_at_"))

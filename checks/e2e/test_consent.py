"""A standard client's user signs in and decides, in a person's browser."""

import secrets

from application import REDIRECT_URI, Application
from browser import ALLOW, DENY, BrowserCase
from providers import QuickProvider
from server import URL

PASSWORD = "correct-horse-battery"


class ConsentCase(BrowserCase):
    client_values = {}

    def setUp(self):
        super().setUp()
        self.site = self.make_site()
        self.login = self.site.make_user(
            f"consent-{self.site.login}", password=PASSWORD
        )
        identifier = f"app-{secrets.token_hex(4)}"
        self.client_id = self.make_client(
            client_identifier=identifier,
            client_type="public",
            redirect_uris=REDIRECT_URI,
            **self.client_values,
        )
        issuer = f"{URL}/{self.site.endpoint}"
        self.application = self.enterContext(Application(issuer, identifier))

    def make_client(self, **values):
        return self.administrator.create(
            "oauth2.client",
            name="Order Tracker",
            api_ids=[self.site.api_id],
            scope_ids=[self.site.scope_id],
            **values,
        )

    def log_in(self, page, login=None):
        page.wait_for_selector("input[name=login]")
        page.fill("input[name=login]", login or self.login)
        page.fill("input[name=password]", PASSWORD)
        page.press("input[name=password]", "Enter")

    def open_consent(self, page=None):
        """Sign in at this Odoo up to the consent page; return the page."""
        page = page or self.page
        page.goto(self.application.authorization_url())
        self.log_in(page)
        page.wait_for_selector(ALLOW)
        self.keep_cookies(page.context)
        return page

    def decide(self, button=ALLOW, page=None):
        """Press a button; return the parameters with which the browser came back."""
        page = page or self.page
        page.click(button)
        page.wait_for_selector("h1:text-is('Back')")
        came_back = self.application.came_back[-1]
        self.assertEqual(came_back["state"], self.application.state)
        self.assertEqual(came_back["iss"], self.application.issuer)
        return came_back

    def assertSignedIn(self):
        tokens = self.application.tokens()
        told = self.site.get("oauth2/whoami", tokens["access_token"]).json()
        self.assertEqual(told["login"], self.login)


class TestConsent(ConsentCase):
    def test_a_browser_goes_through_login_and_consent_back_to_the_application(self):
        self.open_consent()
        self.decide()
        self.assertSignedIn()

    def test_a_browser_goes_back_with_access_denied_after_deny(self):
        self.open_consent()
        came_back = self.decide(DENY)
        self.assertEqual(came_back["error"], "access_denied")
        self.assertEqual(self.grants(self.site), 0)


class TestConsentInAWindow(ConsentCase):
    def test_an_application_s_window_keeps_its_opener_through_login_and_consent(self):
        self.page.goto(self.application.url)
        with self.page.expect_popup() as opened:
            self.page.click("button")
        window = opened.value
        self.log_in(window)
        window.wait_for_selector(ALLOW)
        self.assertFalse(self.page.evaluate("opened.closed"))
        self.decide(page=window)
        told = self.page.locator("#told")
        told.wait_for(state="visible")
        self.assertIn(self.application.came_back[-1]["code"], told.text_content())
        self.assertSignedIn()


class TestConsentAfterAProvider(ConsentCase):
    def setUp(self):
        super().setUp()
        provider = self.enterContext(QuickProvider())
        provider.login = self.login
        self.site.use(provider, {"follows_sign_in": False})
        provider.login = self.login
        self.administrator.write(
            "oauth2.client",
            self.site.client_id,
            redirect_uris=REDIRECT_URI,
            client_type="public",
        )
        self.application.client_id = "demo-app"

    def test_a_browser_goes_through_a_provider_and_consent_back_to_the_application(
        self,
    ):
        self.page.goto(self.application.authorization_url())
        self.page.wait_for_selector(ALLOW)
        self.decide()
        self.assertSignedIn()

"""The pages of a sign-in, in a person's browser."""

import json

from browser import (
    ALLOW,
    TOKEN_INFORMATION,
    BrowserCase,
)
from providers import QuickProvider
from server import URL, is_a_session_locked_out, locked, wait_until

CLICK_TWICE = """button => {
    setTimeout(() => { button.click(); console.log("again"); }, 500);
    button.click();
}"""
WIDTH_OF_A_SMALL_PHONE = 320
PASSWORD = "correct-horse-battery"


class PageCase(BrowserCase):
    provider_values = {}

    def setUp(self):
        super().setUp()
        self.provider = self.enterContext(QuickProvider())
        self.site = self.make_site().use(self.provider, **self.provider_values)
        self.asked = self.site.ask()

    def open(self, page=None, url=None):
        """Follow the authorization URL up to the confirmation page; return the page."""
        page = page or self.page
        page.goto(url or self.asked["authorization_url"])
        page.wait_for_selector(ALLOW)
        self.keep_cookies(page.context)
        return page

    def allow(self, page=None):
        """Allow on the confirmation page; return the token information."""
        page = page or self.page
        page.click(ALLOW)
        return self.token_information(page)

    def token_information(self, page):
        return json.loads(page.locator(TOKEN_INFORMATION).text_content())

    def assertRefusedPage(self, page, title="This sign-in did not work"):
        page.wait_for_selector(f"text={title}")
        self.assertFalse(page.locator(ALLOW).is_visible())
        self.assertFalse(page.locator(TOKEN_INFORMATION).count())


class TestConfirmationPage(PageCase):
    def test_the_back_button_gives_no_second_decision(self):
        information = self.allow(self.open())
        self.page.go_back()
        if self.page.locator(ALLOW).is_visible():
            self.page.click(ALLOW)
        self.assertRefusedPage(self.page, "This sign-in is over")
        self.assertEqual(self.grants(self.site), 1)
        self.assertOpens(self.site, information["access_token"])

    def test_a_second_click_on_allow_while_the_first_is_under_way_is_ignored(self):
        # The second would be answered with "already used", and the tokens be lost.
        self.open()
        with locked("oauth2_event"), self.page.expect_console_message():
            self.page.eval_on_selector(ALLOW, CLICK_TWICE)
            wait_until(is_a_session_locked_out)
        information = self.token_information(self.page)
        self.assertOpens(self.site, information["access_token"])

    def test_the_confirmation_page_works_without_javascript(self):
        page = self.open_profile(java_script_enabled=False).new_page()
        information = self.allow(self.open(page))
        self.assertOpens(self.site, information["access_token"])
        self.assertIn(information["access_token"], page.inner_text("main"))

    def test_enter_in_a_tick_box_is_deny_without_javascript(self):
        """Browsers press a form's first button then."""
        page = self.open(self.open_profile(java_script_enabled=False).new_page())
        page.focus("input[type=checkbox]")
        page.keyboard.press("Enter")
        page.wait_for_selector("h1:text-is('Denied')")
        self.assertEqual(self.grants(self.site), 0)

    def test_a_scope_that_the_user_unticks_is_not_granted(self):
        self.open().uncheck("text=partners.read")
        answer = self.site.partners(self.allow()["access_token"])
        self.assertRefused(answer, 403, "insufficient_scope")

    def test_the_confirmation_page_fits_a_small_phone(self):
        size = {"width": WIDTH_OF_A_SMALL_PHONE, "height": 640}
        page = self.open_profile(viewport=size).new_page()
        self.open(page)
        self.assertFits(page)
        page.click(ALLOW)
        page.wait_for_selector(TOKEN_INFORMATION, state="attached")
        self.assertFits(page)

    def assertFits(self, page):
        """Nothing must be scrolled sideways, no button is cut off."""
        width = page.evaluate("document.documentElement.scrollWidth")
        self.assertLessEqual(width, WIDTH_OF_A_SMALL_PHONE)
        for button in page.locator("button:visible").all():
            box = button.bounding_box()
            self.assertGreaterEqual(box["x"], 0)
            self.assertLessEqual(box["x"] + box["width"], WIDTH_OF_A_SMALL_PHONE)


class SessionCase(PageCase):
    """Where the user is the one who is signed in to this Odoo."""

    provider_values = {"user_matching": "session"}

    def setUp(self):
        super().setUp()
        self.login = self.site.make_user(
            f"session-{self.site.login}", password=PASSWORD
        )
        self.url = self.asked["authorization_url"]

    def log_in(self, page):
        page.wait_for_selector("input[name=login]")
        page.fill("input[name=login]", self.login)
        page.fill("input[name=password]", PASSWORD)
        page.press("input[name=password]", "Enter")


class TestSessionMatching(SessionCase):
    def test_session_matching_leads_a_user_on_after_the_login_to_odoo(self):
        self.assertTrue(self.url.startswith(f"{URL}/"))
        self.page.goto(self.url)
        self.log_in(self.page)
        self.page.wait_for_selector(ALLOW)
        self.assertIn(self.login, self.page.inner_text("main"))
        information = self.allow()
        self.assertEqual(information["login"], self.login)
        self.assertOpens(self.site, information["access_token"])


class TestSessionMatchingByForm(SessionCase):
    provider_values = {"user_matching": "session", "response_mode": "form_post"}

    def test_a_form_that_the_provider_has_posted_finishes_the_browser_s_own_sign_in(
        self,
    ):
        """A browser sends no Lax cookie with a form of another site."""
        self.page.goto(self.url)
        self.log_in(self.page)
        self.page.wait_for_selector(ALLOW)
        self.assertEqual(self.allow()["login"], self.login)

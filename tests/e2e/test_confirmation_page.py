"""The pages of a sign-in, in a person's browser."""

import json

from browser import (
    ALLOW,
    DENY,
    TOKEN_INFORMATION,
    BrowserCase,
    page_of_somebody_else,
)
from providers import QuickProvider
from server import URL, is_anybody_locked_out, locked, sql, visit, wait_until

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
    def test_the_confirmation_page_names_client_and_user(self):
        text = self.open().inner_text("main")
        for said in ("Application", self.site.login, self.site.endpoint, "127.0.0.1"):
            self.assertIn(said, text)
        self.assertEqual(self.grants(self.site), 0)

    def test_deny_grants_nothing_and_ends_the_tokens_at_the_provider(self):
        self.open().click(DENY)
        self.page.wait_for_selector("text=nothing was granted")
        self.assertEqual(self.grants(self.site), 0)

        [[cron]] = sql(
            "SELECT res_id FROM ir_model_data"
            " WHERE module = 'api_auth_oauth2' AND name = 'ir_cron_revocations'"
        )
        self.administrator.call("ir.cron", "method_direct_trigger", [cron])
        self.assertEqual(self.provider.grants, [])

    def test_the_back_button_gives_no_second_decision(self):
        information = self.allow(self.open())
        self.page.go_back()
        if self.page.locator(ALLOW).is_visible():
            self.page.click(ALLOW)
        self.assertRefusedPage(self.page, "This sign-in is over")
        self.assertEqual(self.grants(self.site), 1)
        self.assertOpens(self.site, information["access_token"])

    def test_allow_after_deny_is_too_late(self):
        other_tab = self.open().context.new_page()
        html = self.page.content()
        self.page.click(DENY)
        self.page.wait_for_selector("text=nothing was granted")
        # The same form once more, in another tab of the same browser.
        other_tab.goto(URL + "/web/login")
        other_tab.set_content(html)
        other_tab.click(ALLOW)
        self.assertRefusedPage(other_tab)
        self.assertEqual(self.grants(self.site), 0)

    def test_a_second_click_on_allow_while_the_first_is_under_way_is_ignored(self):
        # The second would be answered with "already used", and the tokens be lost.
        self.open()
        with locked("oauth2_event"), self.page.expect_console_message():
            self.page.eval_on_selector(ALLOW, CLICK_TWICE)
            wait_until(is_anybody_locked_out)
        information = self.token_information(self.page)
        self.assertOpens(self.site, information["access_token"])

    def test_another_browser_cannot_allow(self):
        html = self.open().content()
        thief = self.open_profile().new_page()
        thief.goto(URL + "/web/login")
        thief.set_content(html)
        thief.click(ALLOW)
        self.assertRefusedPage(thief)
        self.assertEqual(self.grants(self.site), 0)
        self.allow()

    def test_two_sign_ins_in_one_browser_do_not_collide(self):
        other = self.site.ask()
        other_tab = self.open().context.new_page()
        self.open(other_tab, other["authorization_url"])
        for page in (self.page, other_tab):
            self.assertOpens(self.site, self.allow(page)["access_token"])
        self.assertEqual(self.grants(self.site), 2)

    def test_the_confirmation_page_works_without_javascript(self):
        page = self.open_profile(java_script_enabled=False).new_page()
        information = self.allow(self.open(page))
        self.assertOpens(self.site, information["access_token"])
        self.assertIn(information["access_token"], page.inner_text("main"))

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

    def test_the_confirmation_page_cannot_be_framed(self):
        # A browser that does not say what a request is for gets the page itself: then
        # its headers keep it out of the frame.
        url = self.site.sign_in(self.asked["authorization_url"])
        answer = visit(url, headers={"Accept": "text/html"})
        self.assertIn('value="allow"', answer.text)
        self.page.route(
            url,
            lambda route: route.fulfill(
                body=answer.content, headers=dict(answer.headers)
            ),
        )
        with page_of_somebody_else(f'<iframe src="{url}"></iframe>') as address:
            self.page.goto(address)
            [frame] = self.page.main_frame.child_frames
            self.assertTrue("ERR_BLOCKED_BY_RESPONSE" in frame.content())


class SessionCase(PageCase):
    """Where the user is whoever is signed in to this Odoo, and nobody else."""

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

    def test_another_browser_cannot_finish_a_sign_in_by_session_matching(self):
        self.provider.answer("authorization", body=b"Who are you?")
        self.page.goto(self.url)
        self.log_in(self.page)
        self.page.wait_for_url(f"{self.provider.issuer}/**")
        self.provider.behave()
        callback = self.site.sign_in(self.page.url)

        other = self.open_profile().new_page()
        other.goto(callback)
        self.assertRefusedPage(other)
        self.assertEqual(self.grants(self.site), 0)


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

"""Attacks that only a browser shows: what a hostile page makes its visitor's do."""

import json

from browser import ALLOW, BrowserCase, page_of_another_site
from providers import QuickProvider
from server import URL, sql, wait_until
from test_callers import callbacks

PASSWORD = "correct-horse-battery"
SAME_SITE = "localhost"  # another port of Odoo's host: gets its cookies
OTHER_SITE = "127.0.0.1"

#: What a page can be made of so that a browser asks for an address by itself.
UNSEEN = {
    "image": '<img src="%s">',
    "script": '<script src="%s"></script>',
    "frame": '<iframe src="%s"></iframe>',
    "object": '<object data="%s"></object>',
    "style": '<link rel="stylesheet" href="%s">',
    "video": '<video src="%s" preload="auto"></video>',
    "fetch": '<script>fetch("%s", {mode: "no-cors", credentials: "include"})</script>',
    "fetch of a page": '<script>fetch("%s", {mode: "no-cors", credentials: "include",'
    ' headers: {Accept: "text/html"}})</script>',
    "prefetch": '<link rel="prefetch" href="%s">',
    "prefetch of a page": '<link rel="prefetch" as="document" href="%s">',
    "speculation": '<script type="speculationrules">{"prefetch": [{"source": "list",'
    ' "urls": ["%s"]}]}</script>',
}

#: A game whose button lies under the button of the page in the frame.
GAME = """<style>
  iframe {{position: fixed; inset: 0; width: 800px; height: 1200px; opacity: 0.01}}
</style><button>Play</button><iframe src="{}"></iframe>"""


class AttackCase(BrowserCase):
    """Olivia's browser; the provider signs her in without asking."""

    provider_values = {}

    def setUp(self):
        super().setUp()
        self.provider = self.enterContext(QuickProvider())
        self.site = self.make_site().use(self.provider, **self.provider_values)

    def assertNothingDone(self):
        self.assertEqual(self.provider.calls["token"], 0)
        self.assertEqual(self.grants(self.site), 0)


class TestZeroClick(AttackCase):
    def test_a_zero_click_link_grants_nothing(self):
        """Olivia is signed in at the provider and visits Mallory's page, which has the
        authorization URL of his sign-in in it: not one click is to be needed."""
        urls = []
        for name, html in UNSEEN.items():
            for host in (OTHER_SITE, SAME_SITE):
                with self.subTest(name, host=host):
                    urls.append(url := self.site.ask()["authorization_url"])
                    before = len(callbacks(self.site))
                    with page_of_another_site(html % url, host) as address:
                        self.page.goto(address)
                        wait_until(lambda n=before: callbacks(self.site)[n:])
                    self.assertEqual(set(callbacks(self.site)[before:]), {"403"})
        self.assertNothingDone()
        for url in urls:  # none is spent
            self.page.goto(url)
            self.assertTrue(self.page.is_visible(ALLOW))

    def test_a_page_that_redirects_to_a_sign_in_grants_nothing(self):
        html = f"<script>location = {json.dumps(self.site.ask()['authorization_url'])}"
        with page_of_another_site(f"{html}</script>") as address:
            self.page.goto(address)
            self.page.wait_for_selector(ALLOW)
        self.assertEqual(self.grants(self.site), 0)


class TestZeroClickByForm(AttackCase):
    provider_values = {"response_mode": "form_post"}

    def test_a_form_that_is_posted_unseen_grants_nothing(self):
        """Mallory's frame has the provider post its answer to Olivia's Odoo."""
        for number, name in enumerate(("frame", "object"), 1):
            with self.subTest(name):
                url = self.site.ask()["authorization_url"]
                with page_of_another_site(UNSEEN[name] % url, SAME_SITE) as address:
                    self.page.goto(address)
                    wait_until(lambda n=number: len(callbacks(self.site)) == n)
                self.assertEqual(set(callbacks(self.site)), {"403"})
        self.assertNothingDone()


class TestZeroClickOfASession(AttackCase):
    provider_values = {"user_matching": "session"}

    def started(self):
        """Return how often a start page was opened."""
        [[count]] = sql(
            "SELECT count(*) FROM oauth2_authorization_request r"
            " WHERE r.api_id = %s AND r.browser_digest IS NOT NULL",
            self.site.api_id,
        )
        return count

    def test_a_zero_click_link_grants_nothing_to_a_signed_in_user_s_browser(self):
        """Olivia is signed in to Odoo, whose session says who is meant. Mallory's page,
        on a neighbouring host that gets her cookies, opens his start page unseen."""
        login = self.site.make_user(f"session-{self.site.login}", password=PASSWORD)
        self.page.goto(f"{URL}/web/login")
        self.page.fill("input[name=login]", login)
        self.page.fill("input[name=password]", PASSWORD)
        self.page.press("input[name=password]", "Enter")
        # The session is there with the answer, however long the web client loads.
        self.page.wait_for_url(lambda url: "/web/login" not in url, wait_until="commit")
        for number, name in enumerate(("image", "frame", "fetch", "prefetch"), 1):
            with self.subTest(name):
                url = self.site.ask()["authorization_url"]
                html = UNSEEN[name] % url
                with page_of_another_site(html, SAME_SITE) as address:
                    self.page.goto(address)
                    wait_until(lambda n=number: len(self.provider.requests) == n)
                    wait_until(lambda n=number: len(callbacks(self.site)) >= n)
                self.assertEqual(set(callbacks(self.site)), {"403"})
                self.assertEqual(self.started(), number)
        self.assertNothingDone()


class TestClickjacking(AttackCase):
    def test_the_confirmation_page_cannot_be_clickjacked(self):
        """Mallory lays the confirmation page, invisible, over his game; Olivia's clicks
        on the game are to be clicks on Allow."""
        url = self.site.ask()["authorization_url"]
        with page_of_another_site(GAME.format(url), SAME_SITE) as address:
            self.page.goto(address)
            wait_until(lambda: callbacks(self.site))
            for frame in self.page.main_frame.child_frames:
                self.assertFalse(frame.locator(ALLOW).count())
            for y in range(20, 700, 20):
                self.page.mouse.click(60, y)
        self.assertEqual(set(callbacks(self.site)), {"403"})
        self.assertNothingDone()


class TestPopUp(AttackCase):
    def test_a_page_that_opened_the_sign_in_window_has_no_hold_of_it(self):
        """Mallory's page opens the link in a window, to put a page of his in its place
        while Olivia reads. Odoo's page is out of its hands (Cross-Origin-Opener)."""
        url = self.site.ask()["authorization_url"]
        html = f"<button onclick='w = window.open({json.dumps(url)})'>Play</button>"
        with page_of_another_site(html, SAME_SITE) as address:
            self.page.goto(address)
            with self.page.expect_popup() as opened:
                self.page.click("button")
            opened.value.wait_for_selector(ALLOW)
            self.assertTrue(self.page.evaluate("w.closed"))
            self.page.evaluate("w.location = '/gone'")
            self.assertTrue(opened.value.evaluate("window.opener === null"))
            self.assertTrue(opened.value.is_visible(ALLOW))
        self.assertEqual(self.grants(self.site), 0)

"""Chromium, and a page on another site that means no good."""

import atexit
import contextlib
import functools
import os
import pathlib
import unittest

from beside import ledger
from loopback import LoopbackServer, QuietHandler
from playwright.sync_api import sync_playwright
from server import ServerCase

CHROMIUM = os.environ.get("OAUTH2_TEST_CHROMIUM")
WITHOUT_POPUPS = pathlib.Path(__file__).with_name("chromium.sh")  # runs that one
AXE = pathlib.Path(os.environ.get("OAUTH2_TEST_AXE", ""))
SHOTS = os.environ.get("OAUTH2_TEST_SHOTS")
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

PATIENCE_MS = 10_000

ALLOW = "button[value=allow]"
DENY = "button[value=deny]"
TOKEN_INFORMATION = "script#token-information"

#: What of a part of a page is hard or impossible to use for some, by some rules or all.
BARRIERS = """async ([part, rules]) => {
    const options = rules ? {runOnly: {type: "rule", values: rules}} : {};
    const {violations} = await axe.run(part, {...options, resultTypes: ["violations"]});
    return violations
        .filter(({impact}) => ["serious", "critical"].includes(impact))
        .map(({id, nodes}) => `${id}: ${nodes.map(node => node.html).join(" ")}`);
}"""


@functools.cache
def _playwright():
    """Return the driver of this process, whose end ends what it launched."""
    playwright = sync_playwright().start()
    atexit.register(playwright.stop)
    return playwright


@functools.cache
def _chromium(arguments):
    """Return the Chromium with these arguments: starting one takes seconds."""
    return _playwright().chromium.launch(
        executable_path=WITHOUT_POPUPS, args=ARGUMENTS + arguments
    )


@unittest.skipUnless(CHROMIUM, "OAUTH2_TEST_CHROMIUM is not set")
class BrowserCase(ServerCase):
    """A test in Chromium; each has a profile of its own."""

    arguments = ()  # of this class's Chromium

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.chromium = _chromium(cls.arguments)

    def setUp(self):
        super().setUp()
        self.page = self.open_profile().new_page()

    def open_profile(self, **options):
        """Return a new browser context: cookies of its own, as of another person."""
        profile = self.chromium.new_context(locale="en-GB", **options)
        profile.set_default_timeout(PATIENCE_MS)
        profile.on("request", _keep_request)
        # The backend's notifications: no server of these tests listens for them.
        profile.add_init_script("delete window.SharedWorker")
        profile.route("**/bus/websocket_worker_bundle*", lambda route: route.abort())
        self.addCleanup(profile.close)
        self.addCleanup(self.keep_cookies, profile)
        return profile

    def assertNoBarrier(self, name, part="html", page=None):
        """axe-core finds none that is serious: by day, and by night in the colours.

        :param str name: of the page, for its pictures (``OAUTH2_TEST_SHOTS``)
        """
        page = page or self.page
        page.evaluate(AXE.read_text())
        for scheme, rules in (("light", None), ("dark", ["color-contrast"])):
            with self.subTest(name, scheme=scheme):
                page.emulate_media(color_scheme=scheme)
                self.assertEqual(page.evaluate(BARRIERS, [part, rules]), [])
                if SHOTS:
                    self.shoot(f"{name}-{scheme}", page)

    def shoot(self, name, page):
        """Take pictures of a page, wide and narrow."""
        for width in (1366, 390):
            page.set_viewport_size({"width": width, "height": 900})
            page.screenshot(path=f"{SHOTS}/{name}-{width}.png", full_page=True)

    def keep_cookies(self, profile):
        """Tell the ledger a browser's cookies; a decision takes them away."""
        cookies = profile.cookies()
        ledger.keep_cookies((cookie["name"], cookie["value"]) for cookie in cookies)


def _keep_request(request):
    ledger.keep_address(request.url)
    ledger.keep_body(request.post_data_buffer)


@contextlib.contextmanager
def page_of_another_site(html, host="127.0.0.1"):
    """Serve a page; yields its address.

    To a browser, 127.0.0.1 is another site than localhost, where Odoo is; another port
    of localhost is another origin of the same site, which gets more cookies.
    """

    class Handler(QuietHandler):
        def do_GET(self):
            self.send_page(html if self.path.partition("?")[0] == "/" else None)

    with LoopbackServer(Handler) as server:
        yield f"http://{host}:{server.server_port}/"

"""A browser, the made-up company, and where pictures go."""

import pathlib
from dataclasses import dataclass

from browser import ALLOW
from company import BACK, BASE, PASSWORD, Company, session_of
from front import APP
from PIL import Image

ROOT = pathlib.Path(__file__).resolve().parents[2]
DESCRIPTION = ROOT / "static" / "description"
WIDE, NARROW = {"width": 1366, "height": 900}, {"width": 390, "height": 844}
PATIENCE_MS = 60_000
PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Safari/604.1"
DIALOG = ".modal-dialog"
#: The pictures of static/description/index.html
STORE = {
    "connect-1-application-wide",
    "connect-3-scopes-wide",
    "connect-4-paste-wide",
    "test-connection-wide",
    "events-wide",
    "overview-wide",
    "consent-wide-light",
    "applications-wide-light",
}


@dataclass
class Studio:
    """A browser, the company, and where pictures go."""

    chromium: object
    company: Company
    folder: pathlib.Path

    def profile(self, *, login=None, screen=WIDE, scheme="light", agent=None):
        """Return a page of a new profile; of a user who is signed in, with a login.

        :param agent: as which browser, by its ``User-Agent``; Chromium without one
        """
        profile = self.chromium.new_context(
            locale="en-GB",
            timezone_id="Europe/Madrid",
            viewport=screen,
            color_scheme=scheme,
            user_agent=agent,
            reduced_motion="reduce",
        )
        profile.set_default_timeout(PATIENCE_MS)
        # Nothing listens for the backend's notifications.
        profile.add_init_script("delete window.SharedWorker")
        profile.route("**/bus/websocket_worker_bundle*", lambda route: route.abort())
        profile.route(f"https://{APP}/**", lambda r: r.fulfill(body="Back"))
        if login:
            password = "admin" if login == "admin" else PASSWORD
            value = session_of(login, password)
            profile.add_cookies([{"name": "session_id", "value": value, "url": BASE}])
        return profile.new_page()

    def take(self, page, name, *, whole=False):
        """:param whole: the whole page, not the window alone"""
        page.wait_for_load_state("networkidle")
        page.evaluate("document.activeElement?.blur()")
        page.mouse.move(0, 0)
        page.evaluate("document.fonts.ready")
        path = self.folder / f"{name}.png"
        page.screenshot(path=path, full_page=whole, animations="disabled")
        if name in STORE:
            self._publish(page, path)

    def _publish(self, page, path):
        """Put a picture, of a dialog without what is behind it, on the store's page."""
        target = DESCRIPTION / path.name
        dialog = page.locator(f"{DIALOG} .modal-content")
        if dialog.count():
            dialog.screenshot(path=target, animations="disabled")
        else:
            target.write_bytes(path.read_bytes())
        # 256 colours: a third of the size, and no eye sees it.
        Image.open(target).convert("RGB").quantize(256).save(target, optimize=True)

    def sign_in(self, login, client, api="orders", agent=None):
        """Have a user allow a client, which then makes a call."""
        page = self.profile(login=login, agent=agent)
        page.goto(self.company.authorization_url(client, api))
        with page.expect_request(f"{BACK}?**") as came_back:
            page.click(ALLOW)
        self.company.exchange(client, came_back.value.url, api)
        page.context.close()

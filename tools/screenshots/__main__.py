"""Takes the pictures of ``./dev screenshots``: FOLDER, and the folder of its names.

Chromium reaches Odoo at https://odoo.example.com, so that no page has an address of
this machine.
"""

import pathlib
import sys
from dataclasses import dataclass

from browser import ALLOW, ARGUMENTS, CHROMIUM
from company import AT_PROVIDER, BACK, BASE, CUSTOMER, PASSWORD, Company, session_of
from front import APP, LOGIN, ODOO, Front, make_certificate
from PIL import Image
from playwright.sync_api import sync_playwright
from providers import FaultyProvider
from server import URL

ROOT = pathlib.Path(__file__).resolve().parents[2]
DESCRIPTION = ROOT / "static" / "description"
WIDE, NARROW = {"width": 1366, "height": 900}, {"width": 390, "height": 844}
PATIENCE_MS = 60_000
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

    def profile(self, *, login=None, screen=WIDE, scheme="light"):
        """Return a page of a new profile; of a user who is signed in, with a login."""
        profile = self.chromium.new_context(
            locale="en-GB",
            timezone_id="Europe/Madrid",
            viewport=screen,
            color_scheme=scheme,
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

    def sign_in(self, login, client, api="orders"):
        """Have a user allow a client, which then makes a call."""
        page = self.profile(login=login)
        page.goto(self.company.authorization_url(client, api))
        with page.expect_request(f"{BACK}?**") as came_back:
            page.click(ALLOW)
        self.company.exchange(client, came_back.value.url, api)
        page.context.close()


def backend(studio):
    """The administrator's dialogs, forms and lists, wide and narrow."""
    company = studio.company
    for width, screen in (("wide", WIDE), ("narrow", NARROW)):
        page = studio.profile(login="admin", screen=screen)
        for name, path, picture in (
            ("api", f"oauth2-apis/{company.api}", _scopes_tab),
            ("scope", f"oauth2-scopes/{company.scopes['sales.write']}", _form),
            ("provider-google", "oauth2-providers/new", _google),
            ("provider", f"oauth2-providers/{company.provider}", _form),
            ("test-connection", f"oauth2-providers/{company.provider}", _test),
            (
                "client-snippets",
                f"oauth2-clients/{company.clients['route-planner']}",
                _snippets,
            ),
            ("events", "oauth2-events", _list),
            ("grants", "oauth2-client-users", _list),
            ("security-check", "settings#api_auth_oauth2", _security_check),
        ):
            page.goto("about:blank")
            page.goto(f"{BASE}/odoo/{path}")
            picture(page)
            studio.take(page, f"{name}-{width}")
        _connect(studio, page, width)
        page.context.close()


def overview(studio):
    """The first page, once there is something to be seen on it."""
    studio.company.grow()
    for login in ("olivia@example.com", "amara@example.com"):
        studio.sign_in(login, "route-planner", "stock")
    studio.sign_in("noah@example.com", "route-planner", "people")
    for width, screen in (("wide", WIDE), ("narrow", NARROW)):
        page = studio.profile(login="admin", screen=screen)
        page.goto(f"{BASE}/odoo/oauth2-apis")
        _list(page)
        studio.take(page, f"overview-{width}")
        page.context.close()


def _list(page):
    page.wait_for_selector(".o_data_row, .o_kanban_record:not(.o_kanban_ghost)")


def _form(page):
    page.wait_for_selector(".o_form_view .o_field_widget")


def _scopes_tab(page):
    _form(page)
    page.get_by_role("tab", name="Scopes").click()


def _google(page):
    _form(page)
    box = ".o_field_widget[name=preset] input >> visible=true"
    page.click(box)
    page.click(".o_select_menu_item:has-text('Google')")
    page.locator("[name=preset_guide]").first.wait_for()


def _test(page):
    _form(page)
    _press(page, "action_test_connection")
    page.wait_for_selector(f"{DIALOG} .o_form_view")


def _press(page, name):
    """Press a button of a form's status bar, which a narrow screen folds away."""
    button = page.locator(f"button[name={name}] >> visible=true")
    if not button.count():
        page.locator(".o_statusbar_buttons button.dropdown-toggle").click()
    button.first.click()


def _snippets(page):
    _form(page)
    page.get_by_role("tab", name="Connect").click()
    page.get_by_role("tab", name="Python").click()
    program = page.locator("[name=snippet_python] >> visible=true").last
    program.evaluate("field => field.scrollIntoView({block: 'end'})")


def _security_check(page):
    page.click("button[name=action_api_auth_oauth2_security_check] >> visible=true")
    page.wait_for_selector(f"{DIALOG} .o_form_view")


def _connect(studio, page, width):
    """The dialog, step by step, of a web shop."""
    if width == "narrow":
        page.goto(f"{BASE}/odoo/action-api_auth_oauth2.oauth2_connect_action")
    else:
        page.goto(f"{BASE}/odoo/oauth2-clients")
        _list(page)
        page.click("text='Connect an Application' >> visible=true")
    page.wait_for_selector(f"{DIALOG} .o_form_view")
    fill = f"{DIALOG} .o_field_widget[name={{}}] :is(input, textarea) >> visible=true"
    page.fill(fill.format("name"), f"Web Shop{' 2' if width == 'narrow' else ''}")
    page.fill(fill.format("redirect_uris"), BACK)
    studio.take(page, f"connect-1-application-{width}")
    _next(page, "Next")
    studio.take(page, f"connect-2-sign-in-{width}")
    _next(page, "Next")
    for scope in ("sales.read", "contacts.read"):
        page.click(f"{DIALOG} label:has-text('{scope}')")
    studio.take(page, f"connect-3-scopes-{width}")
    _next(page, "Connect")
    studio.take(page, f"connect-4-paste-{width}")


def _next(page, label):
    step = page.locator(f"{DIALOG} .o_form_view").element_handle()
    page.click(f"{DIALOG} footer button:has-text('{label}') >> visible=true")
    page.wait_for_function("step => !step.isConnected", arg=step)
    page.wait_for_selector(f"{DIALOG} .o_form_view")


def users(studio):
    """What users see, wide and narrow, light and dark."""
    for width, screen in (("wide", WIDE), ("narrow", NARROW)):
        for scheme in ("light", "dark"):
            kind, how = f"{width}-{scheme}", {"screen": screen, "scheme": scheme}
            page = studio.profile(**how)
            page.goto(studio.company.authorization_url("sales-assistant"))
            page.wait_for_selector("input[name=login]")
            studio.take(page, f"sign-in-{kind}")
            page.fill("input[name=login]", "amara@example.com")
            page.fill("input[name=password]", PASSWORD)
            page.press("input[name=password]", "Enter")
            page.wait_for_selector(ALLOW)
            studio.take(page, f"consent-{kind}", whole=True)
            elsewhere = {"redirect_uri": f"https://{APP}/elsewhere"}
            page.goto(studio.company.authorization_url("route-planner", **elsewhere))
            studio.take(page, f"refused-{kind}", whole=True)
            page.context.close()
            page = studio.profile(login="olivia@example.com", **how)
            page.goto(f"{BASE}/oauth2/applications")
            studio.take(page, f"applications-{kind}", whole=True)
            page.context.close()
            page = studio.profile(login=CUSTOMER, **how)
            page.goto(f"{BASE}/my/security")
            studio.take(page, f"portal-{kind}", whole=True)
            page.context.close()
        page = studio.profile(login="olivia@example.com", screen=screen)
        page.goto(f"{BASE}/odoo")
        _open_preferences(page)
        page.wait_for_selector(".o_oauth2_application")
        studio.take(page, f"preferences-{width}")
        page.context.close()


def _touch(page, selector):
    """Click a part of a menu of narrow screens, which moves when a mouse would."""
    part = page.locator(selector).first
    part.wait_for(state="attached")
    part.evaluate("part => part.click()")


def _open_preferences(page):
    """From the user's menu, which a narrow screen has in the other one."""
    page.wait_for_selector(".o_main_navbar")
    if page.viewport_size == NARROW:
        _touch(page, ".o_mobile_menu_toggle")
        _touch(page, ".o_user_menu_mobile a:has-text('Preferences')")
    else:
        page.click(".o_user_menu button")
        page.click(".o-dropdown-item:has-text('Preferences')")
    page.locator(f"{DIALOG}, .o_form_view").first.wait_for()
    page.get_by_role("tab", name="Security").click()


def main(folder, names):
    """Take them all."""
    folder.mkdir(parents=True, exist_ok=True)
    context = make_certificate(names)
    with (
        Front(URL, context) as front,
        FaultyProvider(ssl_context=context) as provider,
        sync_playwright() as playwright,
    ):
        (names / "port").write_text(provider.address.rpartition(":")[2])
        provider.begin(f"https://{LOGIN}")
        for name, value in AT_PROVIDER.items():
            setattr(provider, name, value)
        company = Company()
        company.add_provider(provider)
        rules = f"--host-resolver-rules=MAP {ODOO}:443 127.0.0.1:{front.port}"
        chromium = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=[*ARGUMENTS, "--ignore-certificate-errors", rules],
        )
        studio = Studio(chromium, company, folder)
        for login in ("olivia@example.com", "noah@example.com", CUSTOMER):
            studio.sign_in(login, "route-planner")
        for login in ("olivia@example.com", "olivia@example.com", "noah@example.com"):
            studio.sign_in(login, "sales-assistant")
        company.go_wrong()
        users(studio)
        backend(studio)
        overview(studio)
        chromium.close()
    taken = sorted(folder.glob("*.png"))
    print(f"{len(taken)} pictures in {folder}")


if __name__ == "__main__":
    main(*map(pathlib.Path, sys.argv[1:]))

"""Takes the pictures of ``./dev screenshots``: FOLDER, and the folder of its names.

Chromium reaches Odoo at https://odoo.example.com, so that no page has an address of
this machine.
"""

import pathlib
import sys

from browser import ARGUMENTS, CHROMIUM
from company import AT_PROVIDER, BACK, BASE, CUSTOMER, Company
from front import LOGIN, ODOO, Front, make_certificate
from pages import contract, users
from playwright.sync_api import sync_playwright
from providers import FaultyProvider
from server import URL
from studio import DIALOG, NARROW, PHONE, WIDE, Studio


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
        _draw(page)
        studio.take(page, f"overview-{width}")
        page.context.close()


def _list(page):
    page.wait_for_selector(".o_data_row, .o_kanban_record:not(.o_kanban_ghost)")


def _draw(page):
    """End the growing of each chart's bars, which no reduced motion stops."""
    page.wait_for_function("Object.keys(window.Chart?.instances ?? {}).length == 3")
    page.evaluate(
        "Object.values(Chart.instances).forEach(it => { it.stop(); it.update('none') })"
    )


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
    elsewhere = f"{DIALOG} label:has-text('At Google, Microsoft or another one')"
    page.click(elsewhere)
    page.locator(fill.format("client_secret")).wait_for()
    studio.take(page, f"connect-2-google-{width}")
    page.click(f"{DIALOG} label:has-text('At this Odoo')")
    page.locator(fill.format("client_secret")).wait_for(state="detached")
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
        at_provider = provider.address.rpartition("//")[2]
        rules = f"MAP {ODOO}:443 127.0.0.1:{front.port},MAP {LOGIN}:443 {at_provider}"
        chromium = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=[
                *ARGUMENTS,
                "--ignore-certificate-errors",
                f"--host-resolver-rules={rules}",
            ],
        )
        studio = Studio(chromium, company, folder)
        for login in ("olivia@example.com", "noah@example.com", CUSTOMER):
            studio.sign_in(login, "route-planner")
        for login in ("olivia@example.com", "noah@example.com"):
            studio.sign_in(login, "sales-assistant")
        studio.sign_in("olivia@example.com", "sales-assistant", agent=PHONE)
        company.go_wrong()
        users(studio)
        backend(studio)
        overview(studio)
        # Last: its trials would fill Events with what is rarely found there.
        contract(studio, provider)
        chromium.close()
    taken = sorted(folder.glob("*.png"))
    print(f"{len(taken)} pictures in {folder}")


if __name__ == "__main__":
    main(*map(pathlib.Path, sys.argv[1:]))

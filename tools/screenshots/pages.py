"""What users and administrators see of sign-ins, and users of what is connected."""

from browser import ALLOW, DENY
from company import BASE, CUSTOMER, PASSWORD
from front import APP
from studio import DIALOG, NARROW, WIDE


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


def contract(studio, provider):
    """Sign-ins at a provider by the JSON contract, and their trial."""
    provider.login = "olivia@example.com"
    trial = f"{BASE}/orders/oauth2/trial/{studio.company.clients['expenses']}"
    for width, screen in (("wide", WIDE), ("narrow", NARROW)):
        for scheme in ("light", "dark"):
            kind, how = f"{width}-{scheme}", {"screen": screen, "scheme": scheme}
            page = studio.profile(**how)
            page.goto(studio.company.provider_authorization_url())
            page.wait_for_selector(ALLOW)
            studio.take(page, f"contract-consent-{kind}", whole=True)
            page.click(ALLOW)
            page.wait_for_selector("table")
            studio.take(page, f"token-information-{kind}", whole=True)
            page.goto(studio.company.provider_authorization_url())
            page.click(DENY)
            page.wait_for_selector(DENY, state="detached")
            studio.take(page, f"denied-{kind}", whole=True)
            page.context.close()
            page = studio.profile(login="admin", **how)
            page.goto(trial)
            studio.take(page, f"trial-{kind}", whole=True)
            page.click("button.primary")
            page.wait_for_selector("dl")
            studio.take(page, f"trial-result-{kind}", whole=True)
            provider.id_token_claims_override = {"aud": "another"}
            page.goto(trial)
            page.click("button.primary")
            page.wait_for_selector(".danger")
            studio.take(page, f"trial-refused-{kind}", whole=True)
            provider.id_token_claims_override = {}
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

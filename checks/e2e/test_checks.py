"""An administrator has a provider tested in the backend."""

import os
import unittest

from browser import PATIENCE_MS, BrowserCase
from providers import IndependentProvider, independent
from server import SECRET, URL

#: Model, field, what is wrong in it, and the red line with what it says to do
_WRONG = (
    ("oauth2.provider", "issuer", "issuer", "provider-discovery", "Compare the issuer"),
    ("oauth2.provider", "jwks_uri", "elsewhere", "provider-keys", "the JWKS URI"),
    (
        "oauth2.provider",
        "token_endpoint",
        "elsewhere",
        "client-accepted",
        "Compare the token endpoint",
    ),
    (
        "oauth2.provider",
        "userinfo_endpoint",
        "elsewhere",
        "provider-endpoints",
        "Compare the addresses",
    ),
    (
        "oauth2.provider",
        "token_endpoint_auth_method",
        "private_key_jwt",
        "client-secret",
        "give it secret or key",
    ),
    ("oauth2.api", "endpoint", "endpoint", "client-sign-in", "this redirect URI"),
)
_SHOTS = os.environ.get("OAUTH2_TEST_SHOTS")


@unittest.skipUnless(independent.AVAILABLE, independent.MISSING)
class TestChecks(BrowserCase):
    def open(self, path):
        """Log in as the administrator, and open a page of the backend."""
        self.page.goto(f"{URL}/web/login?redirect={path}")
        self.page.fill("input[name=login]", os.environ["OAUTH2_E2E_ADMIN_LOGIN"])
        self.page.fill("input[name=password]", os.environ["OAUTH2_E2E_ADMIN_PASSWORD"])
        self.page.press("input[name=password]", "Enter")

    def shoot(self, name, page=None):
        page = page or self.page
        for width in (1366, 390):
            if _SHOTS:
                page.set_viewport_size({"width": width, "height": 900})
                page.wait_for_timeout(700)
                page.screenshot(path=f"{_SHOTS}/{name}-{width}.png")

    def test_a_test_tells_what_is_wrong_and_that_it_is_mended(self):
        site = self.make_site()
        known = {
            "client_id": "demo-app",
            "client_secret": SECRET,
            "redirect_uris": [site.redirect_uri],
        }
        provider = self.enterContext(IndependentProvider(clients=[known]))
        site.use(provider, {"client_secret": "mistyped"})
        self.open(f"/odoo/oauth2-providers/{site.provider_id}")
        button = self.page.locator("button[name=action_test_connection]")
        # The server builds the backend's files once.
        button.wait_for(timeout=6 * PATIENCE_MS)
        dialog = self.page.locator(".modal-dialog")
        self.assertRedLines(site, button, dialog)
        self.page.goto(f"{URL}/odoo/oauth2-clients/{site.client_id}")
        button.click()  # of the client's form
        refused = dialog.locator(".o_kanban_record", has_text="client-accepted")
        refused.locator("[title=Wrong]").wait_for()
        self.assertIn("Copy Client ID and Client Secret", refused.inner_text())
        self.shoot("test-wrong")

        self.administrator.call(
            "oauth2.client", "write", [site.client_id], {"client_secret": SECRET}
        )
        dialog.locator("button[name=action_again]").click()
        refused.locator("[title=Good]").wait_for()
        self.assertEqual(dialog.locator("[title=Wrong]").count(), 0)
        self.assertEqual(self.grants(site), 0)
        self.shoot("test-good")
        self.try_sign_in(site, dialog.locator("a", has_text="Sign In as Me"))
        told = dialog.locator("[role=status]", has_text="The sign-in works")
        told.wait_for()

        self.page.goto(f"{URL}/odoo/settings#api_auth_oauth2")
        button = "button[name=action_api_auth_oauth2_security_check]"
        self.page.locator(f"{button} >> visible=true").click()
        trusting = dialog.locator(".o_kanban_record", has_text="client-follows-sign-in")
        self.assertIn("Application", trusting.inner_text())
        self.shoot("security")

    def assertRedLines(self, site, button, dialog):
        """Each field that is set wrong has a red line, which says what to do."""
        endpoints = site.provider.endpoints()
        values = {
            "elsewhere": endpoints["token_endpoint"] + "-elsewhere",
            "issuer": endpoints["issuer"] + "/elsewhere",
            "endpoint": f"{site.endpoint}-elsewhere",
        }
        records = {
            "oauth2.provider": site.provider_id,
            "oauth2.api": site.api_id,
        }
        for model, field, wrong, code, advice in _WRONG:
            with self.subTest(field):
                record_id = records[model]
                [before] = self.administrator.call(model, "read", [record_id], [field])
                wrong = values.get(wrong, wrong)
                self.administrator.write(model, record_id, **{field: wrong})
                self.assertRedLine(button, dialog, code, advice)
                self.administrator.write(model, record_id, **{field: before[field]})
        with self.subTest("base URL"):
            parameter = "ir.config_parameter", "set_param", "api_auth_oauth2.base_url"
            self.administrator.call(*parameter, "http://odoo.example.com")
            self.addCleanup(self.administrator.call, *parameter, URL)
            self.assertRedLine(
                button, dialog, "redirect-uri-address", "Set the base URL"
            )
            self.administrator.call(*parameter, URL)

    def assertRedLine(self, button, dialog, code, advice):
        """Press Test Connection, read a line of the dialog, and close it."""
        button.click()
        line = dialog.locator(".o_kanban_record", has_text=code)
        line.locator("[title=Wrong]").wait_for()
        self.assertIn(advice, line.inner_text())
        dialog.locator("footer button", has_text="Close").click()
        dialog.wait_for(state="detached")

    def try_sign_in(self, site, link):
        """Walk through the trial in the window that it opens."""
        with self.page.context.expect_page() as opened:
            link.click()
        trial = opened.value
        self.shoot("trial", trial)
        trial.click("button.primary")
        trial.fill("input[name=login]", site.login)
        trial.fill("input[name=password]", "x")
        trial.press("input[name=password]", "Enter")
        trial.get_by_role("button", name="Continue").click()
        trial.wait_for_selector("h1:text('The sign-in works')")
        self.assertIn(site.login, trial.inner_text("main"))
        self.assertEqual(self.grants(site), 0)
        self.shoot("trial-result", trial)
        trial.close()
        self.keep_cookies(self.page.context)

"""An administrator adds a provider in the backend, and its users sign in there."""

import os
import unittest

from browser import PATIENCE_MS, BrowserCase
from providers import IndependentProvider, independent
from server import SECRET, URL, sql


@unittest.skipUnless(independent.AVAILABLE, independent.MISSING)
class TestProviderForm(BrowserCase):
    def open_new_provider(self):
        """Log in as the administrator, and open an empty form."""
        self.page.goto(f"{URL}/web/login?redirect=/odoo/oauth2-providers/new")
        self.page.fill("input[name=login]", os.environ["OAUTH2_E2E_ADMIN_LOGIN"])
        self.page.fill("input[name=password]", os.environ["OAUTH2_E2E_ADMIN_PASSWORD"])
        self.page.press("input[name=password]", "Enter")
        # The server builds the backend's files once.
        self.field("preset").wait_for(timeout=6 * PATIENCE_MS)
        self.keep_cookies(self.page.context)

    def field(self, name):
        return self.page.locator(f".o_field_widget[name={name}] input:visible").first

    def choose_preset(self, label):
        self.field("preset").click()
        self.page.locator(".o_select_menu_item", has_text=label).click()

    def test_any_openid_connect_issuer_is_read_looked_at_saved_and_signed_in_at(self):
        site = self.make_site()
        known = {
            "client_id": "demo-app",
            "client_secret": SECRET,
            "redirect_uris": [site.redirect_uri],
        }
        provider = self.enterContext(IndependentProvider(clients=[known]))
        self.open_new_provider()
        self.choose_preset("Any OpenID Connect issuer")
        self.field("name").fill(f"Provider of {site.endpoint}")
        self.page.get_by_role("tab", name="Advanced").click()
        self.field("allow_private_addresses").check()
        self.field("issuer").fill(provider.issuer)
        self.field("issuer").press("Tab")

        self.page.click("button:text-is('Read from Issuer') >> visible=true")
        dialog = self.page.locator(".modal-dialog")
        dialog.wait_for()
        published = provider.endpoints()
        for name in published.keys() - {"issuer"}:
            self.assertIn(published[name], dialog.inner_text())
            self.assertEqual(self.field(name).input_value(), "", "not applied yet")
        dialog.locator("button:text-is('Apply')").click()
        dialog.wait_for(state="detached")
        for name in published:
            self.assertEqual(self.field(name).input_value(), published[name])

        self.page.click("button[name=action_add_client]")
        self.field("client_identifier").wait_for()
        chosen = self.field("provider_id").input_value()
        self.assertEqual(chosen, f"Provider of {site.endpoint}")
        query = "SELECT id FROM oauth2_provider WHERE name = %s"
        [[provider_id]] = sql(query, chosen)
        self.administrator.create(
            "oauth2.client",
            name="Application",
            provider_id=provider_id,
            client_identifier="demo-app",
            client_secret=SECRET,
            follows_sign_in=True,
            api_ids=[site.api_id],
            scope_ids=[site.scope_id],
        )
        site.provider = provider
        information, _identity = site.authorize()
        self.assertEqual(information["login"], site.login)
        self.assertOpens(site, information["access_token"])

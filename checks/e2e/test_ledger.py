"""What passes a browser and a provider of others, the ledger of the run knows, too."""

import json
import unittest

from beside import ledger
from browser import ALLOW, TOKEN_INFORMATION, BrowserCase
from providers import IndependentProvider, QuickProvider, independent
from server import SECRET, ServerCase


def entries():
    """Return the entries of the ledger, as dicts."""
    with open(ledger.PATH) as file:
        return [json.loads(line) for line in file]


@unittest.skipUnless(ledger.PATH, "OAUTH2_TEST_LEDGER is not set")
class TestLedgerOfABrowser(BrowserCase):
    def test_the_ledger_has_the_secrets_of_a_decision_in_a_browser(self):
        site = self.make_site().use(self.enterContext(QuickProvider()))
        self.page.goto(site.ask()["authorization_url"])
        form_secret = self.page.input_value("input[name=csrf_token]", strict=True)
        [cookie] = [
            one["value"]
            for one in self.page.context.cookies()
            if one["name"].startswith("oauth2_confirm")
        ]
        self.keep_cookies(self.page.context)
        self.page.click(ALLOW)
        self.page.wait_for_selector(TOKEN_INFORMATION, state="attached")
        found = {one["value"]: one["kind"] for one in entries()}
        self.assertEqual(found.get(form_secret), "csrf_token")
        self.assertEqual(found.get(cookie), "cookie")


@unittest.skipUnless(ledger.PATH, "OAUTH2_TEST_LEDGER is not set")
@unittest.skipUnless(independent.AVAILABLE, independent.MISSING)
class TestLedgerOfTheIndependentProvider(ServerCase):
    def test_the_ledger_has_the_secrets_of_a_sign_in_at_the_independent_provider(self):
        site = self.make_site()
        client = {
            "client_id": "demo-app",
            "client_secret": SECRET,
            "redirect_uris": [site.redirect_uri],
        }
        provider = self.enterContext(IndependentProvider(clients=[client]))
        before = len(entries())
        information, identity = site.use(provider).authorize()
        new = entries()[before:]
        at_provider = {
            one["kind"] for one in new if one["where"] == "the independent provider"
        }
        # What no other part of this process hears of.
        self.assertLessEqual({"code_verifier", "refresh_token"}, at_provider)
        values = {one["value"] for one in new}
        for name in ("access_token", "refresh_token", "id_token"):
            self.assertIn(information[name], values)
        self.assertIn(identity, values)

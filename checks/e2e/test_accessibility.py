"""The pages that outsiders see, by all who read them: axe-core finds no barrier."""

import os
import pathlib
import unittest

from browser import ALLOW, DENY, PATIENCE_MS
from providers import QuickProvider
from server import URL
from test_consent import PASSWORD, ConsentCase

AXE = os.environ.get("OAUTH2_TEST_AXE")
SHOTS = os.environ.get("OAUTH2_TEST_SHOTS")
BARRIERS = """async ([part, rules]) => {
    const options = rules ? {runOnly: {type: "rule", values: rules}} : {};
    const {violations} = await axe.run(part, {...options, resultTypes: ["violations"]});
    return violations
        .filter(({impact}) => ["serious", "critical"].includes(impact))
        .map(({id, nodes}) => `${id}: ${nodes.map(node => node.html).join(" ")}`);
}"""
PIXEL = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJ"
    "RU5ErkJggg=="
)


@unittest.skipUnless(AXE, "OAUTH2_TEST_AXE is not set")
class TestAccessibility(ConsentCase):
    client_values = {"logo": PIXEL}

    def assertNoBarrier(self, name, part="html"):
        """By day, and by night what colours change."""
        page = self.page
        page.evaluate(pathlib.Path(AXE).read_text())
        for scheme, rules in (("light", None), ("dark", ["color-contrast"])):
            with self.subTest(name, scheme=scheme):
                page.emulate_media(color_scheme=scheme)
                self.assertEqual(page.evaluate(BARRIERS, [part, rules]), [])
                self.shoot(f"{name}-{scheme}")

    def shoot(self, name):
        for width in (1366, 390):
            if SHOTS:
                self.page.set_viewport_size({"width": width, "height": 900})
                self.page.wait_for_timeout(200)
                self.page.screenshot(path=f"{SHOTS}/{name}-{width}.png", full_page=True)

    def test_a_standard_clients_pages_have_no_barrier(self):
        self.add_scope("countries.read", "res.country")
        self.add_scope("partners.write", "res.partner", perm_write=True)
        self.page.goto(
            self.application.authorization_url(redirect_uri="https://x.example")
        )
        self.page.wait_for_selector("h1")
        self.assertNoBarrier("refused")
        self.open_consent()
        self.assertNoBarrier("consent")
        address = self.page.url
        self.decide()
        self.application.tokens()
        self.page.goto(address)
        self.assertNoBarrier("allowed")
        self.page.goto(f"{URL}/oauth2/applications")
        self.page.click("summary")
        self.assertNoBarrier("applications")
        self.page.click("button:visible")
        self.page.wait_for_selector("summary", state="detached")
        self.assertNoBarrier("applications-none")

    def test_the_pages_of_a_sign_in_at_a_provider_have_no_barrier(self):
        self.site.use(self.enterContext(QuickProvider()))
        self.page.goto(self.site.ask()["authorization_url"])
        self.page.wait_for_selector(ALLOW)
        self.assertNoBarrier("link")
        self.page.click(ALLOW)
        self.page.wait_for_selector("table")
        self.keep_cookies(self.page.context)
        self.page.click("[data-reveal]")
        self.assertNoBarrier("information")
        self.page.goto(self.site.ask()["authorization_url"])
        self.page.click(DENY)
        self.page.wait_for_selector(DENY, state="detached")
        self.assertNoBarrier("denied")
        self.page.goto(f"{URL}/{self.site.endpoint}/oauth2/callback?state=x&code=y")
        self.assertNoBarrier("over")

        cookie = {"name": "session_id", "value": self.administrator.session_id}
        self.page.context.add_cookies([{**cookie, "url": URL}])
        trial = f"{URL}/{self.site.endpoint}/oauth2/trial/{self.site.client_id}"
        self.page.goto(trial)
        self.assertNoBarrier("trial")
        self.page.click("button.primary")
        self.page.wait_for_selector("dl")
        self.assertNoBarrier("trial-result")
        self.site.provider.id_token_claims_override = {"aud": "another"}
        self.page.goto(trial)
        self.page.click("button.primary")
        self.page.wait_for_selector(".danger")
        self.assertNoBarrier("trial-refused")

    def test_connected_applications_in_the_portal_have_no_barrier(self):
        self.site.use(self.enterContext(QuickProvider()))
        _model, group_id = self.administrator.call(
            "ir.model.data", "check_object_reference", "base", "group_portal"
        )
        login = f"portal-{self.site.login}"
        self.site.make_user(login, password=PASSWORD, group_ids=[(6, 0, [group_id])])
        self.site.authorize(login=login)
        self.page.goto(f"{URL}/web/login?redirect=/my/security")
        self.log_in(self.page, login)
        self.page.wait_for_selector("#oauth2_applications", timeout=6 * PATIENCE_MS)
        self.page.click("#oauth2_applications summary")
        self.assertNoBarrier("portal", "#oauth2_applications")

"""The pages that outsiders see, by all who read them: axe-core finds no barrier."""

from browser import ALLOW, DENY
from providers import QuickProvider
from server import URL
from test_consent import ConsentCase

PIXEL = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJ"
    "RU5ErkJggg=="
)


class TestAccessibility(ConsentCase):
    client_values = {"logo": PIXEL}

    def test_a_standard_clients_pages_have_no_barrier(self):
        self.add_scope("countries.read", "res.country")
        self.add_scope("partners.write", "res.partner", perm_write=True)
        self.page.goto(
            self.application.authorization_url(redirect_uri="https://x.example")
        )
        self.page.wait_for_selector("h1")
        self.page.press("summary", "Enter")
        self.page.wait_for_selector("details[open] [lang=en]")
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

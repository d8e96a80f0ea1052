from odoo.tests import tagged

from .common import BROWSER_HEADERS
from .test_callback import CallbackCase


@tagged("post_install", "-at_install")
class TestOwnRedirectUri(CallbackCase):
    """A provider's own redirect URI (RFC 9700 section 4.4.2)."""

    def setUp(self):
        super().setUp()
        self.provider_record.own_redirect_uri = True
        self.own = f"{self.api.redirect_uri}/{self.provider_record.id}"

    def test_a_sign_in_comes_back_to_its_provider_s_redirect_uri(self):
        self.asked = self.ask()
        self.assertEqual(self.sent["redirect_uri"], self.own)
        response = self.come_back()
        self.assertEqual(response.status_code, 200, response.text)
        self.assertEqual(self.client.own_redirect_uris, self.own)
        # It is no reason to warn that the API's address has changed.
        self.assertEqual(self.api.last_redirect_uri, self.api.redirect_uri)

    def test_a_distinct_redirect_uri_takes_no_other_provider_s_sign_in(self):
        for other in ("", "/0", f"/{self.provider_record.id + 1}"):
            with self.subTest(other):
                self.asked = self.ask()
                url = self.sign_in(self.asked["authorization_url"])
                url = url.replace(self.own, self.api.redirect_uri + other)
                self.assertRefused(self.visit(url), 400, "invalid_request")
        self.assertFalse(self.provider.calls["token"])

    def test_a_start_page_leads_to_the_distinct_redirect_uri(self):
        self.provider_record.user_matching = "session"
        self.authenticate(self.user.login, self.user.login)
        url = self.ask()["authorization_url"]
        self.assertIn("/orders/oauth2/start?", url)
        url = self.sign_in(self.visit(url, BROWSER_HEADERS).headers["Location"])
        self.assertTrue(url.startswith(self.own))
        self.assertEqual(self.visit(url, BROWSER_HEADERS).status_code, 200)

    def test_the_form_warns_where_providers_may_be_mixed_up(self):
        other = self.make_provider()
        self.assertFalse(other.warning)
        other_client = self.make_client(self.api, other, client_identifier="other")
        self.assertIn("Distinct Redirect URI", other.warning)
        self.assertFalse(self.provider_record.warning)
        self.provider_record.own_redirect_uri = False
        self.assertIn("Distinct Redirect URI", self.provider_record.warning)
        for record in (self.provider_record, other):
            record.authorization_response_iss_parameter_supported = True
            self.assertFalse(record.warning)
        other_client.unlink()

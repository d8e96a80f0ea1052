"""Where this Odoo is, as applications, providers and browsers are told."""

from urllib.parse import parse_qs, urlsplit

from odoo.exceptions import ValidationError
from odoo.tests import tagged

from .common import BROWSER_HEADERS, OAuth2Case

OWN = "https://odoo.example.com"


@tagged("post_install", "-at_install")
class BaseUrlCase(OAuth2Case):
    def set_base(self, own=None, web=None, freeze=None):
        """Set the addon's own base URL, and Odoo's; ``None`` leaves as it is."""
        for key, value in (
            ("api_auth_oauth2.base_url", own),
            ("web.base.url", web),
            ("web.base.url.freeze", freeze),
        ):
            if value is not None:
                self.env["ir.config_parameter"].set_param(key, value)
        self.env.flush_all()
        self.api.invalidate_recordset()

    def redirect_uri(self, asked):
        (uri,) = parse_qs(urlsplit(asked["authorization_url"]).query)["redirect_uri"]
        return uri

    @property
    def record(self):
        self.env.invalidate_all()
        return self.env["oauth2.authorization.request"].search(
            [("client_id", "=", self.client.id)], limit=1
        )


class TestBaseUrl(BaseUrlCase):
    """The addon's setting, else Odoo's; never what a caller writes."""

    def test_the_addon_s_own_base_url_counts(self):
        self.set_base(own=OWN, web="https://web.example.com")
        self.assertEqual(self.api.redirect_uri, f"{OWN}/orders/oauth2/callback")
        self.assertEqual(
            self.api.authorize_url, f"{OWN}/orders/oauth2/provider/authorize"
        )
        self.assertEqual(self.api.token_url, f"{OWN}/orders/oauth2/token")
        self.assertEqual(self.api.revoke_url, f"{OWN}/orders/oauth2/revoke")
        self.assertEqual(self.redirect_uri(self.ask()), self.api.redirect_uri)

    def test_without_a_base_url_of_its_own_odoo_s_counts(self):
        for empty in (False, ""):
            self.set_base(own=OWN)
            self.set_base(own=empty, web="https://web.example.com")
            uri = "https://web.example.com/orders/oauth2/callback"
            self.assertEqual(self.api.redirect_uri, uri)
            self.assertEqual(self.redirect_uri(self.ask()), uri)

    def test_a_slash_at_the_end_of_a_base_url_does_not_matter(self):
        self.set_base(own=OWN + "/")
        self.assertEqual(self.api.redirect_uri, f"{OWN}/orders/oauth2/callback")
        self.set_base(own=False, web=OWN + "//")
        self.assertEqual(self.api.redirect_uri, f"{OWN}/orders/oauth2/callback")

    def test_the_host_header_never_makes_a_url(self):
        self.set_base(own=OWN)
        evil = {"Host": "evil.example.com", "X-Forwarded-Host": "evil.example.com"}
        body = {"client_id": "demo-app"}
        response = self.call("provider/authorize", body, headers=evil)
        self.assertNotIn("evil", response.text)
        self.provider_record.user_matching = "session"
        response = self.call("provider/authorize", body, headers=evil)
        url = response.json()["authorization_url"]
        self.assertTrue(url.startswith(f"{OWN}/orders/oauth2/start?"), url)

    def test_an_administrator_s_login_elsewhere_moves_no_redirect_uri(self):
        """Odoo then rewrites web.base.url from the Host header."""
        self.set_base(own=OWN, web="http://evil.example.com")
        self.assertEqual(self.redirect_uri(self.ask()), self.api.redirect_uri)
        self.assertTrue(self.api.redirect_uri.startswith(OWN))

    def test_only_https_or_this_very_machine_can_be_the_base_url(self):
        Settings = self.env["res.config.settings"]
        for url in (OWN, "http://localhost:8069", "http://127.0.0.1:8069", False):
            Settings.create({"api_auth_oauth2_base_url": url}).execute()
            self.assertEqual(
                self.env["ir.config_parameter"].get_param("api_auth_oauth2.base_url"),
                url,
            )
        for url in (
            "http://odoo.example.com",
            "odoo.example.com",
            "https://user@odoo.example.com",
            "https://odoo.example.com/#x",
            "https://odoo.example.com/odoo",
            "https://odoo.example.com/?x=1",
            "javascript:alert(1)",
        ):
            with self.subTest(url), self.assertRaises(ValidationError):
                Settings.create({"api_auth_oauth2_base_url": url}).execute()


class TestBaseUrlChanges(BaseUrlCase):
    """A sign-in under way is finished with the address it began with."""

    def setUp(self):
        super().setUp()
        self.old = self.api.redirect_uri
        self.asked = self.ask()
        self.url = self.sign_in(self.asked["authorization_url"])
        self.set_base(own=OWN)
        self.new = f"{OWN}/orders/oauth2/callback"
        self.assertEqual(self.api.redirect_uri, self.new)

    def sent_to_the_provider(self):
        sent = [r for r in self.provider.requests if r["endpoint"] == "token"]
        return sent[-1]["params"]["redirect_uri"]

    def test_a_sign_in_keeps_its_exact_redirect_uri(self):
        """RFC 6749 section 4.1.3: it is identical to the one of the authorization"""
        self.assertEqual(self.record.redirect_uri, self.old)
        response = self.visit(self.url)
        self.assertEqual(response.status_code, 200, response.text)
        self.assertEqual(self.sent_to_the_provider(), self.old)

    def test_the_next_sign_in_gets_the_new_base_url(self):
        asked = self.ask()
        self.assertEqual(self.redirect_uri(asked), self.new)
        self.assertEqual(self.record.redirect_uri, self.new)
        self.assertEqual(
            self.visit(self.sign_in(asked["authorization_url"])).status_code, 200
        )
        self.assertEqual(self.sent_to_the_provider(), self.new)

    def test_a_changed_endpoint_changes_nothing_for_what_is_under_way(self):
        self.api.endpoint = "orders2"
        self.assertEqual(self.record.redirect_uri, self.old)

    def test_a_session_sign_in_goes_on_where_its_start_page_is(self):
        self.provider_record.user_matching = "session"
        self.set_base(own=self.base_url())
        start = self.ask()["authorization_url"]
        self.set_base(own=OWN)
        self.authenticate(self.user.login, self.user.login)
        response = self.visit(start, BROWSER_HEADERS)
        query = parse_qs(urlsplit(response.headers["Location"]).query)
        self.assertEqual(query["redirect_uri"], [self.old])


class TestBaseUrlWarnings(BaseUrlCase):
    """The form of an API says what is wrong with the address."""

    def assertWarns(self, text, **values):
        self.set_base(**values)
        self.assertIn(text, self.api.base_url_warning or "nothing")

    def test_the_form_warns_of_a_base_url_without_https(self):
        self.assertWarns("https", own="http://odoo.example.com")
        self.assertWarns("https", own=False, web="http://x.example.com", freeze="1")

    def test_the_form_warns_of_a_base_url_that_follows_the_administrator(self):
        self.assertWarns("last logged in from", own=False, web=OWN, freeze=False)
        self.assertWarns("nothing", own=False, web=OWN, freeze="True")
        self.assertWarns("nothing", own=OWN, freeze=False)

    def test_the_form_warns_of_a_base_url_that_changed_after_a_sign_in(self):
        self.set_base(own=OWN)
        asked = self.ask()
        url = self.sign_in(asked["authorization_url"])
        self.assertEqual(self.visit(url.removeprefix(OWN)).status_code, 200)
        self.env.invalidate_all()
        self.assertWarns("nothing")
        old = f"{OWN}/orders/oauth2/callback"
        self.assertWarns(f"was {old}", own="https://new.example.com")
        asked = self.ask()
        url = self.sign_in(asked["authorization_url"])
        self.assertEqual(self.visit(url).status_code, 200)
        self.env.invalidate_all()
        self.assertWarns("nothing")
        self.api.endpoint = "orders2"
        self.assertWarns("was https://new.example.com/orders/oauth2/callback")

    def test_the_form_warns_of_no_change_before_the_first_sign_in(self):
        self.assertWarns("nothing", own=OWN)

"""What a preset knows of a provider, and what it asks for."""

import re

from lxml import etree

from odoo.tests import Form, TransactionCase, tagged

from ..protocol.network_policy import is_safe_url
from ..services.providers.preset import ADDRESSES, WORDS
from ..services.providers.provider_presets import PRESETS, preset_values
from .common import OAuth2Records

OWN = {
    "preset_host": "sso.example.com",
    "preset_tenant": "1b4e28ba-2fa1-11d2-883f-0016d3cca427",
    "preset_realm": "staff",
    "preset_slug": "odoo",
}


@tagged("post_install", "-at_install", "api_auth_oauth2")
class TestProviderPresets(OAuth2Records, TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.system = cls.env.ref("base.user_admin")
        cls.providers = cls.env["oauth2.provider"].with_user(cls.system)
        cls.issuers = set()

    def new(self, preset):
        form = Form(self.providers)
        form.preset = preset
        return form

    def ask(self, form):
        """Fill in what the preset asks for.

        :return: names of the fields that it asks for
        """
        names = [WORDS[word] for word in (form.preset_words or "").split()]
        for name in names:
            form[name] = OWN[name]
        return names

    def addresses(self, record):
        return [record[name] for name in ADDRESSES if record[name]]

    def test_each_preset_names_its_source_and_its_console(self):
        for key, preset in PRESETS.items():
            with self.subTest(key):
                self.assertRegex(preset.source_url, r"^https://[a-z0-9.-]+/")
                if key not in ("oidc", "custom"):
                    self.assertRegex(preset.console_url, "^https://")
                self.assertTrue(preset.steps)

    def test_the_presets_of_earlier_versions_are_still_there(self):
        earlier = {"custom", "google", "microsoft", "keycloak", "github"}
        self.assertLessEqual(earlier, PRESETS.keys())

    def test_each_preset_sets_fields_of_a_provider_to_values_that_they_take(self):
        fields = self.env["oauth2.provider"]._fields
        for key, preset in PRESETS.items():
            for name, value in preset.values.items():
                with self.subTest(key, field=name):
                    field = fields[name]
                    if field.type == "selection":
                        self.assertIn(value, field.get_values(self.env))
                    else:
                        kind = {"boolean": bool, "char": str}[field.type]
                        self.assertIsInstance(value, kind)

    def test_only_settings_administrators_are_offered_to_read_from_an_issuer(self):
        group = self.env.ref("api_auth_oauth2.group_admin")
        manager = self.make_user("mara@example.com", group_ids=[(6, 0, group.ids)])
        for user, is_offered in ((self.system, True), (manager, False)):
            arch = self.providers.with_user(user).get_view(view_type="form")["arch"]
            self.assertEqual("oauth2_read_from_issuer" in arch, is_offered)

    def test_each_word_in_capitals_in_a_preset_has_a_field_in_the_form(self):
        arch = etree.fromstring(self.providers.get_view(view_type="form")["arch"])
        shown = {node.get("name") for node in arch.iter("field")}
        for key, preset in PRESETS.items():
            written = " ".join([*preset.addresses().values(), preset.console_url])
            for word in set(re.findall(r"[A-Z][A-Z-]{2,}", written)):
                with self.subTest(key, word=word):
                    self.assertIn(WORDS[word], shown)
                    if word == "HOST":
                        self.assertTrue(preset.host_example)

    def test_each_preset_is_a_provider_that_can_be_saved_once_it_has_what_it_asks_for(
        self,
    ):
        for key in sorted(PRESETS.keys() - {"oidc", "custom"}):
            with self.subTest(key):
                form = self.new(key)
                self.ask(form)
                provider = form.save()
                self.assertTrue(PRESETS[key].label.startswith(provider.name))
                self.assertEqual(provider.preset, key)
                for url in self.addresses(provider):
                    self.assertTrue(is_safe_url(url) and url.startswith("https:"), url)
                    self.assertNotRegex(url, "|".join(WORDS))
                if "openid" in provider.scope.split():
                    self.assertTrue(provider.issuer and provider.jwks_uri)
                else:
                    self.assertTrue(provider.userinfo_endpoint)
                # LinkedIn's says what is lost without PKCE and nonce.
                self.assertEqual(bool(provider.warning), key == "linkedin")
                provider.unlink()

    def test_a_preset_asks_for_what_it_cannot_know_and_completes_the_addresses(self):
        for preset, asked, issuer in (
            ("google", [], "https://accounts.google.com"),
            (
                "microsoft",
                ["preset_tenant"],
                f"https://login.microsoftonline.com/{OWN['preset_tenant']}/v2.0",
            ),
            (
                "keycloak",
                ["preset_host", "preset_realm"],
                "https://sso.example.com/realms/staff",
            ),
            (
                "authentik",
                ["preset_host", "preset_slug"],
                "https://sso.example.com/application/o/odoo/",
            ),
        ):
            with self.subTest(preset):
                form = self.new(preset)
                self.assertEqual(self.ask(form), asked)
                provider = form.save()
                self.assertEqual(provider.issuer, issuer)
                # What it asked for is found again in its addresses.
                self.env.invalidate_all()
                for name in asked:
                    self.assertEqual(provider[name], OWN[name])

    def test_the_form_demands_what_its_preset_asks_for_and_no_more(self):
        form = self.new("keycloak")
        form.preset_host = "sso.example.com"
        self.assertTrue(form._get_modifier("preset_realm", "required"))
        form.preset = "google"
        self.assertFalse(form._get_modifier("preset_realm", "required"))

    def test_a_host_that_is_pasted_as_an_address_is_taken_for_the_host(self):
        form = self.new("keycloak")
        form.preset_realm = "staff"
        for pasted in (" https://sso.example.com/ ", "sso.example.com", "HTTPS://a/b"):
            form.preset_host = pasted
            host = "a/b" if "a/b" in pasted else "sso.example.com"
            self.assertEqual(form.preset_host, host)
            self.assertEqual(form.issuer, f"https://{host}/realms/staff")

    def test_addresses_that_follow_their_preset_no_more_are_left_alone(self):
        form = self.new("keycloak")
        self.ask(form)
        form.token_endpoint = "https://other.example.com/token"
        self.assertFalse(form.preset_words)
        provider = form.save()
        self.assertFalse(provider.preset_host)
        self.assertEqual(provider.token_endpoint, "https://other.example.com/token")

    def test_words_in_capitals_that_no_field_asks_for_are_warned_of(self):
        form = self.new("keycloak")
        self.assertFalse(form.warning)
        form.token_endpoint = "https://other.example.com/token"
        self.assertIn("your own: HOST, REALM.", form.warning)

    def test_what_another_preset_filled_in_does_not_stay(self):
        form = self.new("github")
        form.preset = "google"
        self.assertEqual(form.name, "Google")
        google = preset_values("google")
        for name, value in google.items():
            if value is None:
                default = self.env["oauth2.provider"].default_get([name]).get(name)
                self.assertEqual(form[name], default or False, name)
        self.assertEqual(form.save().subject_claim, "sub")

    def test_the_form_tells_where_to_click_and_what_to_paste(self):
        api = self.make_api()
        provider = self.new("google").save()
        self.assertIn('href="https://console.cloud.google.com', provider.preset_guide)
        self.assertIn("OAuth client ID", provider.preset_guide)
        self.assertIn(api, provider.redirect_api_ids)
        self.assertIn(api.redirect_uri, provider.redirect_uris.splitlines())
        provider.own_redirect_uri = True
        own = f"{api.redirect_uri}/{provider.id}"
        self.assertIn(own, provider.redirect_uris.splitlines())

    def test_the_form_links_to_the_provider_s_own_console_once_its_host_is_known(self):
        form = self.new("keycloak")
        self.assertNotIn("REALM", str(form.preset_guide))
        self.ask(form)
        console = "https://sso.example.com/admin/staff/console/"
        self.assertIn(f'href="{console}"', str(form.preset_guide))

    def test_a_host_cannot_write_into_the_form_s_page(self):
        form = self.new("gitlab")
        form.preset_host = 'x"><img src=y onerror=z>'
        self.assertNotIn("<img", str(form.preset_guide))

    def test_a_provider_leads_to_a_new_client_of_it(self):
        api = self.make_api()
        provider = self.new("google").save()
        context = provider.with_user(self.system).action_add_client()["context"]
        clients = self.env["oauth2.client"].with_user(self.system)
        client = Form(clients.with_context(**context))
        client.name = "Web shop"
        client.client_identifier = "id-of-google"
        if not context["default_api_ids"]:
            client.api_ids.add(api)
        self.assertEqual(client.save().provider_id, provider)

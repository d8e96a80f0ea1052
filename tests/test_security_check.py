"""Security Check: each line by the configuration that it is about."""

from datetime import date, timedelta
from unittest.mock import patch

from odoo import Command
from odoo.exceptions import AccessError
from odoo.tests import TransactionCase, tagged
from odoo.tools import config

from ..services.keys.keyring import KEYS_OPTION
from .common import OAuth2Records


@tagged("post_install", "-at_install", "api_auth_oauth2")
class TestSecurityCheck(OAuth2Records, TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for model in ("oauth2.client", "oauth2.provider", "oauth2.api"):
            cls.env[model].search([]).active = False  # of demo data and other addons
        cls.set_parameter("api_auth_oauth2.base_url", "https://odoo.example.com")
        cls.api = cls.make_api()
        cls.provider = cls.make_provider(own_redirect_uri=True)
        cls.client = cls.make_client(
            cls.api, cls.provider, follows_sign_in=False, require_secret=True
        )
        cls.admin = cls.env.ref("base.user_admin")
        cls.env.flush_all()

    def setUp(self):
        super().setUp()
        key = "YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWE="
        self.enterContext(patch.dict(config.options, {KEYS_OPTION: key}))

    @classmethod
    def set_parameter(cls, name, value):
        cls.env["ir.config_parameter"].set_param(name, value)

    def check(self):
        """Press the button in the settings.

        :return: ``{id: (level, text with advice)}``
        """
        settings = self.env["res.config.settings"].with_user(self.admin).create({})
        action = settings.action_api_auth_oauth2_security_check()
        check = self.env[action["res_model"]].browse(action["res_id"])
        return {
            line.code: (line.level, f"{line.text} {line.advice}")
            for line in check.line_ids
        }

    def assertLine(self, code, level, *words):
        found = self.check()
        self.assertEqual(found[code][0], level, found[code])
        for word in words:
            self.assertIn(word, found[code][1])
        others = {line for name, line in found.items() if name != code}
        return {line for line in others if line[0] != "good"}

    def test_a_careful_configuration_has_good_lines_alone(self):
        found = self.check()
        self.assertEqual({line[0] for line in found.values()}, {"good"}, found)

    def test_a_line_opens_the_records_that_it_is_about(self):
        settings = self.env["res.config.settings"].with_user(self.admin).create({})
        second = self.make_api("second")
        for apis in (self.api, self.api + second):
            apis.bearer_enabled = True
            action = settings.action_api_auth_oauth2_security_check()
            check = self.env[action["res_model"]].browse(action["res_id"])
            line = check.line_ids.filtered(
                lambda each: each.code == "api-bearer-enabled"
            )
            opened = line.action_open()
            self.assertEqual(opened["res_model"], "oauth2.api")
            domain = opened.get("domain") or [("id", "=", opened.get("res_id"))]
            self.assertEqual(self.env["oauth2.api"].search(domain), apis)

    def test_only_settings_administrators_may_look(self):
        group = self.env.ref("api_auth_oauth2.group_admin")
        manager = self.make_user("mara@example.com", group_ids=[Command.set(group.ids)])
        with self.assertRaises(AccessError):
            self.env["oauth2.check"].with_user(manager)._show_security()

    def test_a_client_of_this_odoo_needs_no_switch_to_have_its_secret_demanded(self):
        values = {"name": "Own", "api_ids": self.api.ids, "require_secret": False}
        self.assertFalse(self.env["oauth2.client"].create(values).provider_id)
        self.assertEqual(self.check()["client-require-secret"][0], "good")

    def test_switches_that_trust_more_are_told_with_their_records(self):
        for record, values, code, level in (
            (self.api, {"trust_identity": True}, "api-trust-identity", "bad"),
            (self.api, {"bearer_enabled": True}, "api-bearer-enabled", "warning"),
            (
                self.api,
                {"access_token_lifetime": 90000},
                "api-token-lifetime",
                "warning",
            ),
            (
                self.api,
                {"last_redirect_uri": "https://x"},
                "redirect-uri-changed",
                "warning",
            ),
            (self.provider, {"vouches_for_claim": True}, "provider-vouches", "warning"),
            (
                self.provider,
                {
                    "vouches_for_claim": True,
                    "issuer": "https://x.example.com/{tenantid}",
                },
                "provider-vouches",
                "bad",
            ),
            (
                self.provider,
                {"allow_private_addresses": True},
                "provider-private-addresses",
                "warning",
            ),
            (
                self.client,
                {"require_secret": False},
                "client-require-secret",
                "warning",
            ),
            (
                self.client,
                {"follows_sign_in": True},
                "client-follows-sign-in",
                "warning",
            ),
            (
                self.client,
                {"secret_expires_on": date.today() + timedelta(days=3)},
                "client-secret-ends",
                "warning",
            ),
        ):
            with self.subTest(code), self.env.cr.savepoint() as savepoint:
                record.write(values)
                others = self.assertLine(code, level, record.display_name)
                self.assertFalse(others)
                savepoint.rollback()
            self.env.invalidate_all(flush=False)

    def test_a_provider_whose_codes_are_not_bound_is_told(self):
        self.provider.write({"use_pkce": False, "use_nonce": False})
        self.assertLine("provider-unbound-code", "bad", self.provider.name)
        self.assertLine("provider-warnings", "warning", self.provider.name)

    def test_a_service_user_who_is_an_administrator_is_told(self):
        self.client.write(
            {
                "allows_client_credentials": True,
                "service_user_id": self.admin.id,
                "service_user_confirmed": True,
            }
        )
        self.assertLine("client-service-user", "bad", self.client.name)

    def test_a_rate_limit_that_is_off_and_a_base_url_that_moves_are_told(self):
        self.set_parameter("api_auth_oauth2.limit_client", "0")
        self.assertFalse(self.assertLine("rate-limits", "warning", "client"))
        self.set_parameter("api_auth_oauth2.limit_client", "10")
        self.set_parameter("api_auth_oauth2.base_url", False)
        self.assertLine("base-url-frozen", "warning")
        self.set_parameter("web.base.url.freeze", "True")
        self.assertLine("base-url-frozen", "good")

    def test_scopes_that_open_much_are_told(self):
        scope = self.api.scope_ids
        self.open_model(scope, "res.users", "read")
        self.assertFalse(self.assertLine("scope-administration", "warning", scope.name))
        self.open_model(scope, "res.users", "write")
        self.assertLine("scope-administration", "bad", scope.name)
        scope.line_ids.unlink()
        self.open_model(scope, "res.partner", methods="message_post")
        self.assertFalse(self.assertLine("scope-methods", "warning", scope.name))
        scope.line_ids.unlink()
        models = self.env["ir.model"].search([("model", "=like", "res.%")], limit=40)
        for model in models.filtered(lambda each: not each.transient)[:16]:
            self.open_model(scope, model.model, "read")
        self.assertLine("scope-many-models", "warning", scope.name)

    def test_what_is_archived_is_not_looked_at(self):
        self.api.trust_identity = True
        self.api.active = False
        self.assertLine("api-trust-identity", "good")

    def test_a_line_names_five_records_at_most(self):
        for number in range(7):
            self.make_api(f"api-{number}", trust_identity=True)
        found = self.check()["api-trust-identity"][1]
        self.assertIn("…", found)
        self.assertEqual(found.count("Api-"), 5)

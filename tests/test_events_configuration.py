"""Who changed what of the configuration stands in the audit log, and no secret."""

from odoo import Command
from odoo.tests import tagged

from .test_access_rights import AccessCase

SECRET = "a-secret-that-nobody-may-read"


@tagged("post_install", "-at_install")
class TestConfigurationEvents(AccessCase):
    def setUp(self):
        super().setUp()
        self.known = self.env["oauth2.event"].search([])

    def told(self):
        """The new lines since the last time, oldest first."""
        self.env.flush_all()
        lines = self.env["oauth2.event"].search([]) - self.known
        self.known += lines
        return lines.sorted("id")

    def assertTold(self, record, changes, user=None):
        """Exactly one line, about this record, by this user."""
        line = self.told()
        self.assertEqual(line.mapped("kind"), ["configure"])
        self.assertEqual((line.record_model, line.record_ref), record)
        self.assertEqual(line.changes, changes)
        self.assertEqual(line.actor_id, user or self.manager)
        self.assertEqual(line.actor_login, line.actor_id.login)
        return line

    def test_each_made_changed_or_deleted_record_is_in_the_audit_log(self):
        api = self.as_user(self.manager, self.api)
        scope = {"api_id": api.id, "name": "orders.read"}
        model_id = self.env["ir.model"]._get_id("res.country")
        provider = {
            "name": "P",
            "authorization_endpoint": "https://p.example.com/authorize",
            "token_endpoint": "https://p.example.com/token",
            "scope": "email",
        }
        client = {
            "name": "C",
            "provider_id": self.provider.id,
            "client_identifier": "another",
        }
        for model, user, values, change in (
            ("oauth2.api", self.manager, {"name": "X", "endpoint": "x"}, "name"),
            ("oauth2.scope", self.manager, scope, "name"),
            (
                "oauth2.scope.line",
                self.system,  # who may open more by a granted scope
                {"scope_id": self.api.scope_ids.id, "model_id": model_id},
                "method_names",
            ),
            ("oauth2.provider", self.system, provider, "name"),
            ("oauth2.client", self.system, client, "name"),
        ):
            with self.subTest(model):
                record = self.env[model].with_user(user).create(values)
                reference = (model, record.id)
                line = self.assertTold(reference, "created", user)
                self.assertEqual(line.record_name, record.sudo().display_name)
                record.write({change: "changed"})
                self.assertTold(reference, change, user)
                record.unlink()
                self.assertTold(reference, "deleted", user)

    def test_who_and_what_api_and_client_are_named(self):
        self.as_user(self.manager, self.api).name = "Renamed"
        self.assertEqual(self.told().api_id, self.api)
        self.as_user(self.manager, self.client).name = "Renamed"
        self.assertEqual(self.told().client_name, "Renamed")
        self.api.scope_ids.with_user(self.manager).description = "Read"
        self.assertEqual(self.told().api_name, "Renamed")

    def test_switches_choices_and_numbers_are_told_with_their_values(self):
        api = self.as_user(self.system, self.api)
        api.write({"active": False, "access_token_lifetime": 60, "endpoint": "new"})
        self.assertTold(
            ("oauth2.api", api.id),
            "access_token_lifetime: 3600 → 60, active: True → False, endpoint",
            self.system,
        )
        provider = self.as_user(self.system, self.provider)
        provider.user_matching = "session"
        self.assertTold(
            ("oauth2.provider", provider.id),
            "user_matching: login → session",
            self.system,
        )

    def test_relations_are_told_from_both_sides(self):
        group = self.env.ref("base.group_user")
        api = self.as_user(self.manager, self.api)
        api.allowed_group_ids = group
        self.assertTold(("oauth2.api", api.id), "allowed_group_ids")
        api.client_ids = [Command.unlink(self.client.id)]
        self.assertTold(("oauth2.api", api.id), "client_ids")
        client = self.as_user(self.manager, self.client)
        client.write({"scope_ids": [Command.clear()]})
        self.assertTold(("oauth2.client", client.id), "scope_ids")

    def test_what_stays_as_it_was_is_not_told(self):
        api = self.as_user(self.manager, self.api)
        api.write({"name": api.name, "active": True, "client_ids": [(4, 0)][1:]})
        self.assertFalse(self.told())

    def test_a_secret_is_told_of_and_not_told(self):
        client = self.as_user(self.system, self.client)
        client.client_secret = SECRET
        line = self.told()
        self.assertEqual((line.kind, line.actor_id), ("configure", self.system))
        self.assertRegex(line.changes, r"^secret rotated; the former one counts until")
        self.env["oauth2.event"].flush_model()
        self.env.cr.execute("SELECT json_agg(e)::text FROM oauth2_event e")
        rows = self.env.cr.fetchone()[0]
        self.assertIn(line.record_name, rows)
        self.assertNotIn(SECRET, rows)
        self.assertNotIn(self.client.sudo().client_secret_encrypted, rows)

    def test_values_of_texts_are_not_told(self):
        """No rule tells what an administrator writes there."""
        provider = self.as_user(self.system, self.provider)
        provider.write({"authorize_params": f"key={SECRET}", "name": SECRET[:8]})
        line = self.told()
        self.assertEqual(line.changes, "authorize_params, name")
        self.assertNotIn(SECRET, str(line.read()))

    def test_settings_are_in_the_audit_log_without_values(self):
        Settings = self.env["res.config.settings"].with_user(self.system)
        url = "https://odoo.example.com"
        settings = {
            "api_auth_oauth2_base_url": url,
            "api_auth_oauth2_event_retention_days": 30,
        }
        Settings.create(settings).execute()
        lines = self.told()
        self.assertLessEqual(
            {"api_auth_oauth2.base_url", "api_auth_oauth2.event_retention_days"},
            set(lines.mapped("record_name")),
        )
        self.assertEqual(lines.actor_id, self.system)
        self.assertNotIn(url, str(lines.read()))
        Settings.create({**settings, "api_auth_oauth2_base_url": False}).execute()
        self.assertEqual(self.told().changes, "deleted")

    def test_keys_are_in_the_audit_log_without_values(self):
        parameters = self.env["ir.config_parameter"].with_user(self.system)
        key = parameters.search([("key", "=", "api_auth_oauth2.identity_keys")])
        key.value = SECRET
        line = self.told()
        self.assertEqual(line.record_name, "api_auth_oauth2.identity_keys")
        self.assertNotIn(SECRET, str(line.read()))
        key.key = "hidden"
        self.assertEqual(len(self.told()), 1)
        parameters.set_param("web.base.url", "https://elsewhere.example.com")
        self.assertFalse(self.told())

    def test_a_change_without_a_signed_in_user_names_the_system(self):
        self.api.sudo().name = "By a script"
        self.assertEqual(self.told().actor_login, "__system__")

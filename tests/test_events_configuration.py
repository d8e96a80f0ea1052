"""Who changed what of the configuration stands in the audit log, and no secret."""

from odoo import Command
from odoo.models import MAGIC_COLUMNS
from odoo.tests import tagged

from ..services.authentication.client_secret import TOLD_IN_WORDS
from ..services.configuration.configuration_changes import describe
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
        for model, user, values in (
            ("oauth2.api", self.manager, {"name": "X", "endpoint": "x"}),
            ("oauth2.scope", self.manager, scope),
            ("oauth2.provider", self.system, provider),
            ("oauth2.client", self.system, client),
        ):
            with self.subTest(model):
                record = self.env[model].with_user(user).create(values)
                reference = (model, record.id)
                line = self.assertTold(reference, "created", user)
                self.assertEqual(line.record_name, record.sudo().display_name)
                record.write({"name": "changed"})
                self.assertTold(reference, "Name changed", user)
                record.unlink()
                self.assertTold(reference, "deleted", user)

    def test_what_a_scope_opens_is_told_in_words(self):
        scope = self.api.scope_ids
        model_id = self.env["ir.model"]._get_id("res.country")
        lines = self.env["oauth2.scope.line"].with_user(self.system)
        line = lines.create({"scope_id": scope.id, "model_id": model_id})
        reference = ("oauth2.scope.line", line.id)
        told = self.assertTold(reference, "Country opened for reading", self.system)
        self.assertEqual(told.api_id, self.api)
        self.assertEqual(
            told.summary, f"Scope {scope.name}: Country opened for reading"
        )
        line.write({"perm_read": False, "perm_write": True, "method_names": "web_read"})
        self.assertTold(
            reference,
            "Country opened for changing, calling web_read, no longer for reading",
            self.system,
        )
        line.write({"perm_write": True})
        self.assertFalse(self.told())
        line.unlink()
        self.assertTold(
            reference,
            "Country closed, which was opened for changing, calling web_read",
            self.system,
        )

    def test_a_scope_line_that_is_moved_is_told_as_closed_and_opened(self):
        scope = self.api.scope_ids
        other = scope.create({"api_id": self.api.id, "name": "orders.read"})
        model_ids = self.env["ir.model"]._get_id
        lines = self.env["oauth2.scope.line"].with_user(self.system)
        values = {"scope_id": scope.id, "model_id": model_ids("res.country")}
        line = lines.create(values)
        reference = ("oauth2.scope.line", line.id)
        self.told()
        line.write({"model_id": model_ids("res.currency"), "perm_create": True})
        told = "Country closed, which was opened for reading"
        opened = "Currency opened for reading, creating"
        self.assertTold(reference, f"{told}; {opened}", self.system)
        line.scope_id = other
        told = (
            f"Currency closed in {scope.name}, which was opened for reading, creating"
        )
        line_told = self.assertTold(reference, f"{told}; {opened}", self.system)
        self.assertEqual(line_told.record_name, "orders.read")

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
            "Access Token Lifetime: 1 hour → 1 minute; Active: yes → no; Endpoint"
            " changed",
            self.system,
        )
        provider = self.as_user(self.system, self.provider)
        provider.user_matching = "session"
        self.assertTold(
            ("oauth2.provider", provider.id),
            "User Matching: A claim equals the Odoo login → The user signed in to this"
            " Odoo",
            self.system,
        )

    def test_a_change_of_any_stored_field_of_the_configuration_is_told(self):
        """The table is of the models: a field that is added is in it."""
        for record in (self.api, self.provider, self.client, self.api.scope_ids[:1]):
            untold = set()
            for name, field in record._fields.items():
                if not field.store or name in MAGIC_COLUMNS or field.type == "one2many":
                    continue
                if not record._is_told_of(name):
                    untold.add(name)
                    continue
                value = 7 if field.type == "integer" else "x"
                after = {name: (0,) if field.relational else value}
                before = {name: () if field.relational else False}
                with self.subTest(record._name, field=name):
                    self.assertIn(field.string, describe(record, before, after))
            # Of secrets the service tells in words.
            own = TOLD_IN_WORDS if record._name == "oauth2.client" else set()
            self.assertEqual(untold, own, record._name)

    def test_a_changed_link_of_a_user_is_told_where_it_says_who_becomes_whom(self):
        user = self.as_user(self.system, self.user)
        link = self.env["auth.oauth.provider"].search([], limit=1)
        self.env["oauth2.provider"].with_context(active_test=False).search([]).write(
            {"user_matching": "session"}
        )
        self.told()
        user.write({"oauth_uid": SECRET, "oauth_provider_id": link.id})
        self.assertFalse(self.told())
        link.auth_endpoint = self.provider.authorization_endpoint
        self.provider.write({"user_matching": "oauth_uid", "auth_provider_id": link.id})
        self.told()
        user.oauth_uid = f"{SECRET}-2"
        told = "link to an account of a provider changed"
        line = self.assertTold(("res.users", user.id), told, self.system)
        self.assertEqual(line.summary, f"User {user.login}: {told}")
        self.assertNotIn(SECRET, str(line.read()))

    def test_relations_are_told_from_both_sides(self):
        group = self.env.ref("base.group_user")
        api = self.as_user(self.manager, self.api)
        api.allowed_group_ids = group
        self.assertTold(
            ("oauth2.api", api.id),
            f"Allowed Groups: added {group.with_context(lang=None).display_name}",
        )
        api.client_ids = [Command.unlink(self.client.id)]
        name = self.client.display_name
        self.assertTold(("oauth2.api", api.id), f"Clients: removed {name}")
        client = self.as_user(self.manager, self.client)
        names = ", ".join(client.scope_ids.sorted("id").mapped("display_name"))
        client.write({"scope_ids": [Command.clear()]})
        self.assertTold(("oauth2.client", client.id), f"Scopes: removed {names}")

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
        self.assertRegex(line.changes, r"^[\w ]+ changed; Name changed$")
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

    def test_saving_the_settings_as_they_are_tells_of_nothing(self):
        Settings = self.env["res.config.settings"].with_user(self.system)
        for values in ({}, {}, {"api_auth_oauth2_limit_user": 0}, {}):
            self.told()
            Settings.create(values).execute()
            changes = self.told().mapped("changes")
            line = "API OAuth2 Authenticated Calls by User: 600 → 0"
            expected = [line] if values else []
            self.assertEqual(changes, expected)

    def test_a_changed_number_of_the_settings_is_told(self):
        Settings = self.env["res.config.settings"].with_user(self.system)
        for days, told in ((30, "Keep Events For: 365 → 30"), (30, [])):
            Settings.create({"api_auth_oauth2_event_retention_days": days}).execute()
            self.assertEqual(self.told().mapped("changes"), [told] if told else [])
        key = "api_auth_oauth2.event_retention_days"
        self.env["ir.config_parameter"].search([("key", "=", key)]).unlink()
        self.assertEqual(self.told().changes, "Keep Events For: 30 → 365")

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

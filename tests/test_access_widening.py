"""What users agreed to, or are not asked of, is widened by Settings administrators."""

from odoo import Command

from .test_access_rights import AccessCase


class TestScopeWidening(AccessCase):
    """What users agreed to, and what decides rights: Settings administrators alone."""

    def setUp(self):
        super().setUp()
        self.client.follows_sign_in = False
        self.scope = self.line.scope_id.with_user(self.manager)
        self.new = self.scope.create({"api_id": self.api.id, "name": "new"})
        self.env.flush_all()

    def values(self, model, **values):
        model_id = self.env["ir.model"]._get_id(model)
        return {"model_id": model_id, "perm_read": True, **values}

    def assertNotHis(self, scope, model, **values):
        values = self.values(model, **values)
        lines = self.as_user(self.manager, scope).line_ids
        self.assertNotAllowed(lines.create, {**values, "scope_id": scope.id})
        command = {"line_ids": [Command.create(values)]}
        self.assertNotAllowed(self.as_user(self.manager, scope).write, command)
        self.as_user(self.system, scope).write(command)

    def test_only_settings_administrators_open_more_by_a_granted_scope(self):
        self.assertNotHis(self.scope, "res.country")
        line = self.as_user(self.manager, self.line)
        moved = self.new.line_ids.create(
            {**self.values("res.country.state"), "scope_id": self.new.id}
        )
        for values in (
            {"perm_write": True},
            {"model_id": self.env["ir.model"]._get_id("res.country.group")},
        ):
            self.assertNotAllowed(line.write, values)
        self.assertNotAllowed(moved.write, {"scope_id": self.scope.id})

    def test_a_scope_stays_granted_whatever_becomes_of_its_grants(self):
        self.as_user(self.manager, self.grant | self.portal_grant).unlink()
        scope = self.as_user(self.manager, self.line.scope_id)
        self.assertNotAllowed(scope.write, {"was_granted": False})
        self.assertNotHis(scope, "res.country")

    def test_our_administrators_have_a_granted_scope_open_less(self):
        line = self.as_user(self.manager, self.line)
        line.perm_read = False
        line.unlink()

    def test_only_settings_administrators_open_more_by_a_client_that_asks_no_user(self):
        """Who follows the sign-in itself sees no page."""
        self.client.write({"follows_sign_in": True, "scope_ids": [(4, self.new.id)]})
        self.assertNotHis(self.new, "res.country")
        client = self.as_user(self.manager, self.client)
        client.scope_ids -= self.new.with_user(self.manager)
        more = {"scope_ids": [Command.link(self.new.id)]}
        self.assertNotAllowed(client.write, more)
        client.write({**more, "follows_sign_in": False})

    def test_only_settings_administrators_give_an_api_to_a_client_that_asks_no_user(
        self,
    ):
        """It opens the API's routes without a scope, linked from whatever side."""
        self.client.follows_sign_in = True
        crm, archived = self.make_api("crm"), self.make_api("old", active=False)
        client = self.as_user(self.manager, self.client)
        for oauth2_api in (crm, archived):
            link = {"api_ids": [Command.link(oauth2_api.id)]}
            self.assertNotAllowed(client.write, link)
            there = oauth2_api.with_user(self.manager)
            for values in (
                {"client_ids": [Command.link(client.id)]},
                {"client_ids": [Command.set(client.ids)], "name": "X"},
            ):
                self.assertNotAllowed(there.write, values)
        new = {"name": "New", "endpoint": "new"}
        self.assertNotAllowed(client.write, {"api_ids": [Command.create(new)]})
        linked = {**new, "client_ids": [Command.link(client.id)]}
        self.assertNotAllowed(crm.with_user(self.manager).create, linked)
        # Anything else of an API that has one is ours, and so is less of it.
        api = self.as_user(self.manager, self.api)
        self.assertNotAllowed(api.copy, linked)
        self.assertFalse(api.copy().client_ids)
        api.write({"name": "X", "client_ids": [Command.link(client.id)]})
        api.client_ids -= client
        again = {"client_ids": [Command.link(client.id)]}
        self.assertNotAllowed(api.write, again)
        api.write({"client_ids": [Command.update(client.id, {"name": "X"})]})
        client.scope_ids = False
        client.write({"follows_sign_in": False, "api_ids": [Command.link(crm.id)]})
        self.as_user(self.system, self.client).write(
            {"follows_sign_in": True, "api_ids": [Command.link(archived.id)]}
        )

    def test_only_settings_administrators_move_a_granted_scope_to_another_api(self):
        crm = self.make_api("crm", scopes=())
        self.client.api_ids += crm
        there = {"api_id": crm.id}
        self.assertNotAllowed(self.as_user(self.manager, self.scope).write, there)
        link = {"scope_ids": [Command.link(self.scope.id)]}
        self.assertNotAllowed(self.as_user(self.manager, crm).write, link)
        self.new.with_user(self.manager).write(there)
        self.as_user(self.system, self.scope).write(there)

    def test_only_settings_administrators_open_a_model_that_is_not_installed(self):
        self.env.cr.execute(
            """
            INSERT INTO ir_model (model, name, state, "order")
            VALUES ('gone.model', '{"en_US": "Gone"}', 'base', 'id')
            """
        )
        self.assertNotHis(self.new, "gone.model")

    def test_an_import_opens_no_more_than_a_form(self):
        self.client.write({"follows_sign_in": True, "require_secret": True})
        crm = self.make_api("crm", scopes=())
        country = str(self.env["ir.model"]._get_id("res.country"))
        other = self.make_provider()
        for record, header, row in (
            (self.line, "perm_write", "1"),
            (self.line, "method_names", "load"),
            (self.line, "model_id/.id", country),
            (self.scope, "name", "secret.read"),
            (self.scope, "api_id/.id", str(crm.id)),
            (self.scope, "line_ids/model_id/.id", country),
            (self.api, "trust_identity", "1"),
            (self.api, "bearer_enabled", "1"),
            (self.api, "endpoint", "routes-of-others"),
            (crm, "client_ids/.id", str(self.client.id)),
            (self.client, "api_ids/.id", f"{self.api.id},{crm.id}"),
            (self.client, "scope_ids/.id", f"{self.line.scope_id.id},{self.new.id}"),
            (self.client, "require_secret", "0"),
            (self.client, "client_secret", "new"),
            (self.client, "provider_id/.id", str(other.id)),
            (self.provider, "name", "X"),
            (self.grant, "state", "active"),
        ):
            with self.subTest(record._name, header=header):
                importing = self.as_user(self.manager, record)
                result = importing.load([".id", header], [[str(record.id), row]])
                self.assertFalse(result["ids"])
                (told,) = result["messages"]
                self.assertEqual(told["type"], "error", told)
                refusal = "Settings administrators|not allowed|keeps its name"
                self.assertRegex(told["message"], refusal)
        # An import of the same kind that opens nothing more is done.
        importing = self.as_user(self.manager, self.line)
        done = importing.load([".id", "perm_read"], [[str(self.line.id), "0"]])
        self.assertEqual(done["ids"], self.line.ids, done)
        self.assertFalse(self.line.perm_read)

    def test_only_settings_administrators_rename_a_scope_that_users_are_not_asked_of(
        self,
    ):
        """Routes ask for scopes by name."""
        self.client.write({"follows_sign_in": True, "scope_ids": [(4, self.new.id)]})
        self.assertNotAllowed(self.new.write, {"name": "secret.read"})
        self.new.description = "New"
        self.client.scope_ids -= self.new.with_user(self.env.user)
        self.new.name = "newer"

    def test_our_administrators_open_models_by_a_scope_that_no_user_granted(self):
        line = self.new.line_ids.create(
            {**self.values("res.partner"), "scope_id": self.new.id}
        )
        line.write({"perm_create": True, "perm_write": True, "perm_unlink": True})

    def test_only_settings_administrators_open_models_that_decide_rights(self):
        for model in (
            "res.users",
            "res.users.apikeys",
            "res.groups",
            "ir.attachment",
            "ir.model.access",
            "oauth2.client",
            "auth.oauth.provider",
        ):
            with self.subTest(model):
                self.assertNotHis(self.new, model)

    def test_only_settings_administrators_open_methods_by_name(self):
        self.assertNotHis(self.new, "res.partner", method_names="web_save")
        self.assertNotHis(self.new, "res.country", perm_read=False, method_names="load")

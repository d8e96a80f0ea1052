"""Who may see and do what, through whatever is callable over RPC."""

from odoo import Command
from odoo.exceptions import AccessError
from odoo.tests import TransactionCase, tagged

from ..services.audit.audit import Audit
from ..services.providers.provider_calls import client_secret
from ..services.sign_in.authorization import Authorization
from ..services.tokens.revocation_outbox import RevocationOutbox
from .common import OAuth2Records
from .faulty_provider import FaultyProvider


@tagged("post_install", "-at_install", "api_auth_oauth2")
class AccessCase(OAuth2Records, TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.api = cls.make_api()
        cls.provider = cls.make_provider()
        cls.client = cls.make_client(cls.api, cls.provider)
        cls.user = cls.make_user()
        cls.portal = cls.make_user(
            "petra@example.com",
            group_ids=[Command.set(cls.env.ref("base.group_portal").ids)],
        )
        cls.manager = cls.make_user(
            "mara@example.com",
            group_ids=[Command.set(cls.env.ref("api_auth_oauth2.group_admin").ids)],
        )
        cls.system = cls.env.ref("base.user_admin")
        cls.grant, cls.token = cls.make_grant(cls.client, cls.user)
        cls.portal_grant, _token = cls.make_grant(cls.client, cls.portal)
        Authorization(cls.env).ask(cls.api, cls.client, "42")
        cls.request = cls.env["oauth2.authorization.request"].search([], limit=1)
        cls.revocation = cls.env["oauth2.revocation"].create(
            {"client_id": cls.client.id, "kind": "access", "value": "encrypted"}
        )
        cls.created = cls.env["oauth2.created.user"].create(
            {"issuer": "https://x", "subject": "petra", "user_id": cls.portal.id}
        )
        cls.line = cls.open_model(cls.api.scope_ids[:1], "res.partner", "read")
        cls.event = Audit(cls.env).record("refusal", client=cls.client)
        cls.calls = cls.env["oauth2.call.count"].create(
            {
                "day": "2026-11-23",
                "api_id": cls.api.id,
                "outcome": "good",
                "calls": 1,
            }
        )
        cls.models = {
            record._name: record
            for record in (
                cls.api,
                cls.api.scope_ids,
                cls.line,
                cls.provider,
                cls.client,
                cls.grant,
                cls.grant.token_ids,
                cls.request,
                cls.revocation,
                cls.created,
                cls.event,
                cls.calls,
            )
        }
        cls.env.flush_all()

    def as_user(self, user, record):
        self.env.invalidate_all()
        return record.with_user(user)

    def assertNotAllowed(self, method, *arguments, **options):
        with self.assertRaises(AccessError):
            method(*arguments, **options)


class TestGroups(AccessCase):
    def test_settings_administrators_are_in_our_group(self):
        self.assertTrue(self.system.has_group("api_auth_oauth2.group_admin"))
        self.assertFalse(self.manager.has_group("base.group_system"))
        self.assertFalse(self.user.has_group("api_auth_oauth2.group_admin"))

    def test_access_rights_of_every_model_are_tested(self):
        ours = {
            name
            for name, model in self.env.registry.items()
            if name.startswith("oauth2.")
            and not name.startswith("oauth2.example.")
            and not model._abstract
            and not model._transient
        }
        self.assertEqual(ours, set(self.models))

    def test_a_dialog_is_of_the_user_who_opened_it(self):
        """Another user's choice would be made with the rights of that user."""
        dialogs = [name for name, m in self.env.registry.items() if m._transient]
        for name in filter(lambda name: name.startswith("oauth2."), dialogs):
            rules = self.env["ir.rule"].with_user(self.system)
            domain = str(rules._compute_domain(name, "write"))
            self.assertIn("create_uid", domain, name)
        values = {"api_id": self.api.id}
        dialog = self.env["oauth2.scope.choice"].with_user(self.system).create(values)
        dialog.write(values)
        self.assertNotAllowed(self.as_user(self.manager, dialog).write, values)

    def test_dialogs_are_our_administrators_alone(self):
        dialogs = [name for name, m in self.env.registry.items() if m._transient]
        dialogs = [name for name in dialogs if name.startswith("oauth2.")]
        self.assertTrue(dialogs)
        for name in dialogs:
            for user in (self.user, self.portal, self.env.ref("base.public_user")):
                with self.subTest(name, user=user.name):
                    self.assertNotAllowed(self.env[name].with_user(user).create, {})

    def test_administrators_see_every_record(self):
        for record in set(self.models.values()):
            for user in (self.manager, self.system):
                with self.subTest(record._name, user=user.name):
                    self.as_user(user, record).read()
                    self.assertIn(record, record.with_user(user).search([]))

    def test_users_see_nothing_but_their_own_grants(self):
        for user in (self.user, self.portal, self.env.ref("base.public_user")):
            for name, record in self.models.items():
                if name == "oauth2.client.user" and not user._is_public():
                    continue
                with self.subTest(name, user=user.name):
                    seen = self.as_user(user, record)
                    self.assertNotAllowed(seen.read, ["display_name"])
                    self.assertNotAllowed(seen.search, [])
                    self.assertNotAllowed(seen.search_count, [])
                    self.assertNotAllowed(seen.write, {})
                    self.assertNotAllowed(seen.create, {})
                    self.assertNotAllowed(seen.unlink)

    def test_users_see_and_delete_their_own_grants_only(self):
        for user, own, foreign in (
            (self.user, self.grant, self.portal_grant),
            (self.portal, self.portal_grant, self.grant),
        ):
            with self.subTest(user=user.name):
                seen = own.with_user(user).search([])
                self.assertEqual(seen, own)
                values = self.as_user(user, own).read()[0]
                self.assertEqual(values["subject"], user.login)
                foreign = self.as_user(user, foreign)
                self.assertNotAllowed(foreign.read, ["display_name"])
                self.assertNotAllowed(foreign.unlink)
                self.assertNotAllowed(own.with_user(user).write, {"state": "active"})
                self.assertNotAllowed(own.with_user(user).create, {"subject": "x"})

        for user, own in ((self.user, self.grant), (self.portal, self.portal_grant)):
            own.with_user(user).unlink()
            self.assertFalse(own.exists())

    def test_no_provider_is_told_before_rights_are_checked(self):
        with FaultyProvider() as provider:
            endpoint = provider.endpoints()["revocation_endpoint"]
            values = {"revocation_endpoint": endpoint, "allow_private_addresses": True}
            self.provider.write(values)
            for user in (self.user, self.portal):
                self.assertNotAllowed(self.as_user(user, self.client).unlink)
            self.assertEqual(provider.calls["revocation"], 0)
            self.revocation.unlink()
            self.as_user(self.manager, self.client).unlink()
            outbox = self.env["oauth2.revocation"].search([])
            self.assertTrue(RevocationOutbox(self.env).send(outbox.ids))
            self.assertEqual(provider.calls["revocation"], 2)  # one for each grant

    def test_the_audit_log_is_only_added_to_and_not_over_rpc(self):
        for user in (self.manager, self.system):
            event = self.as_user(user, self.event)
            self.assertNotAllowed(event.write, {"reason": "nothing happened"})
            self.assertNotAllowed(event.unlink)
            self.assertNotAllowed(event.create, {"kind": "sign_in"})
            self.assertNotAllowed(event.copy)

    def test_what_the_flow_makes_is_not_made_over_rpc(self):
        for record in (
            self.grant,
            self.grant.token_ids,
            self.request,
            self.revocation,
            self.created,
        ):
            for user in (self.manager, self.system):
                with self.subTest(record._name, user=user.name):
                    made = self.as_user(user, record)
                    self.assertNotAllowed(made.write, {})
                    self.assertNotAllowed(made.create, {})
                    self.assertNotAllowed(made.copy)
                    if made != self.grant:
                        self.assertNotAllowed(made.unlink)

    def test_a_grant_is_not_made_through_the_other_side_of_a_relation(self):
        values = {"user_id": self.system.id}
        crm = self.make_api("crm")
        other = self.make_client(crm, self.provider, client_identifier="other-app")
        for record, field_name in (
            (crm, "client_user_ids"),
            (other, "client_user_ids"),
            (self.system, "oauth2_client_user_ids"),
        ):
            for command in (
                Command.create(values),
                Command.update(self.grant.id, values),
                Command.link(self.grant.id),
            ):
                with self.subTest(record._name, command=command):
                    target = self.as_user(self.system, record)
                    self.assertNotAllowed(target.write, {field_name: [command]})


class TestSwitches(AccessCase):
    """Who decides who may become whom: Settings administrators alone."""

    def test_our_administrators_read_providers_and_no_more(self):
        provider = self.as_user(self.manager, self.provider)
        self.assertTrue(provider.read(["issuer"]))
        for values in (
            {"name": "X"},
            {"vouches_for_claim": True},
            {"user_matching": "session"},
            {"authorization_endpoint": "https://evil.example.com"},
            {"active": False},
            {"client_ids": [Command.update(self.client.id, {"name": "X"})]},
        ):
            self.assertNotAllowed(provider.write, values)
        self.assertNotAllowed(provider.copy)
        self.assertNotAllowed(provider.unlink)
        self.assertNotAllowed(provider.create, {"name": "X"})

    def test_our_administrators_manage_the_rest(self):
        api = self.as_user(self.manager, self.api)
        api.write({"name": "X", "allowed_group_ids": False, "json2_enabled": True})
        api.write({"active": False})
        api.write({"active": True})
        self.client.follows_sign_in = False
        client = self.client.with_user(self.manager)
        client.write({"require_secret": True, "name": "X"})
        api.scope_ids = [Command.create({"name": "new"})]
        client.scope_ids = api.scope_ids
        made = api.create({"name": "CRM", "endpoint": "crm"})
        client.api_ids += made
        self.grant.with_user(self.manager).unlink()

    def end_all_dealings(self):
        self.client.client_user_ids.unlink()
        self.request.unlink()
        self.revocation.unlink()

    def test_only_settings_administrators_set_a_client_s_secret(self):
        """It proves each grant, of yesterday and of tomorrow."""
        client = self.as_user(self.manager, self.client)
        for secret in ("new", False):
            self.assertNotAllowed(client.write, {"client_secret": secret})
        self.as_user(self.manager, self.grant | self.portal_grant).unlink()
        self.assertNotAllowed(client.write, {"client_secret": "new"})
        api = self.api.with_user(self.manager)
        update = Command.update(client.id, {"client_secret": "new"})
        self.assertNotAllowed(api.write, {"client_ids": [update]})
        self.as_user(self.system, self.client).client_secret = "newer"
        self.assertEqual(client_secret(self.client), "newer")

    def test_only_settings_administrators_have_a_client_prove_less_or_ask_no_user(self):
        self.client.write({"require_secret": True, "follows_sign_in": False})
        client = self.as_user(self.manager, self.client)
        for values in ({"require_secret": False}, {"follows_sign_in": True}):
            self.assertNotAllowed(client.write, values)
            update = Command.update(client.id, values)
            api = self.api.with_user(self.manager)
            self.assertNotAllowed(api.write, {"client_ids": [update]})
        self.as_user(self.manager, self.client).follows_sign_in = False
        opposite = {"require_secret": False, "follows_sign_in": True}
        self.as_user(self.system, self.client).write(opposite)

    def test_only_settings_administrators_move_an_api_with_grants(self):
        """Routes that are tied to another endpoint were not agreed to."""
        values = {"endpoint": "routes-of-others"}
        self.assertNotAllowed(self.as_user(self.manager, self.api).write, values)
        self.as_user(self.system, self.api).write(values)
        self.as_user(self.manager, self.api).write({**values, "name": "Others"})
        crm = self.make_api("crm")
        crm.with_user(self.manager).endpoint = "sales"
        # Whatever becomes of the grants.
        crm.last_redirect_uri = "https://example.com/sales/oauth2/callback"
        values = {"endpoint": "crm"}
        self.assertNotAllowed(self.as_user(self.manager, crm).write, values)

    def test_only_settings_administrators_move_an_api_whose_users_are_not_asked(self):
        crm = self.make_api("crm")
        for active in (True, False):
            self.client.api_ids += crm
            self.client.active = active
            values = {"endpoint": "routes-of-others"}
            self.assertNotAllowed(self.as_user(self.manager, crm).write, values)
        self.client.follows_sign_in = False
        self.as_user(self.manager, crm).write(values)

    def test_only_settings_administrators_set_a_client_s_provider(self):
        other = self.make_provider()
        self.end_all_dealings()
        client = self.as_user(self.manager, self.client)
        values = {"name": "New", "client_identifier": "new"}
        there = {"provider_id": other.id}
        self.assertNotAllowed(client.write, there)
        self.assertNotAllowed(client.create, {**values, **there})
        by_default = client.with_context(default_provider_id=other.id)
        self.assertNotAllowed(by_default.create, values)
        self.assertNotAllowed(client.copy, {"client_identifier": "new"})
        api = self.api.with_user(self.manager)
        for command in (
            Command.update(client.id, there),
            Command.create({**values, **there}),
        ):
            self.assertNotAllowed(api.write, {"client_ids": [command]})
        self.as_user(self.system, self.client).provider_id = other
        self.client.with_user(self.system).create({**values, "provider_id": other.id})

    def test_only_settings_administrators_widen_trust_on_an_api(self):
        for switch in ("trust_identity", "bearer_enabled"):
            api = self.as_user(self.manager, self.api)
            on = {switch: True}
            new = {"name": "New", "endpoint": "new"}
            by_default = api.with_context(**{f"default_{switch}": True})
            client = self.client.with_user(self.manager)
            with self.subTest(switch):
                self.assertNotAllowed(api.write, on)
                self.assertNotAllowed(api.create, {**new, **on})
                self.assertNotAllowed(by_default.create, new)
                for command in (
                    Command.update(api.id, on),
                    Command.create({**new, **on}),
                ):
                    self.assertNotAllowed(client.write, {"api_ids": [command]})
            self.as_user(self.system, self.api).write(on)
            api = self.as_user(self.manager, self.api)
            self.assertNotAllowed(api.copy, {**new, **on})
            self.assertFalse(api.copy()[switch])
            api.write({switch: False})

    def test_a_default_for_all_users_widens_no_trust(self):
        self.env["ir.default"].set("oauth2.api", "trust_identity", True)
        new = {"name": "New", "endpoint": "new"}
        self.assertNotAllowed(self.as_user(self.manager, self.api).create, new)

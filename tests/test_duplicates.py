"""Duplicates, exports and imports of every model: no secret comes along.

The tables are of the registry: a model or field that is added is in them.
"""

from odoo import Command
from odoo.exceptions import AccessError
from odoo.fields import NO_ACCESS
from odoo.tests import tagged

from .test_access_rights import AccessCase

MARK = "planted-secret"
#: Why a model has no duplicate that could be saved.
NOT_COPIED = {"oauth2.scope.line": "a scope has one line for a model"}


@tagged("post_install", "-at_install")
class TestDuplicates(AccessCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.client.write(
            {
                "redirect_uris": "https://app.example.com/back",
                "follows_sign_in": True,
                "is_verified": True,
            }
        )
        cls.api.write({"trust_identity": True, "bearer_enabled": True})
        cls.plant()

    @classmethod
    def plant(cls):
        """Have no secret column of any record be empty."""
        cls.env.flush_all()
        cls.planted = set()
        for name, record in cls.models.items():
            for secret in cls.secrets_of(record):
                cls.env.cr.execute(
                    f'UPDATE "{record._table}" SET "{secret}" = %s WHERE id = ANY(%s)',
                    (f"{MARK} {name} {secret}", record.ids),
                )
                cls.planted.add(name)
        cls.env.invalidate_all(flush=False)

    @staticmethod
    def secrets_of(record):
        return [
            name
            for name, field in record._fields.items()
            if field.groups == NO_ACCESS and field.store and field.type == "char"
            # of these the values are numbers
            if name not in ("granted_scopes",)
        ]

    def copied(self):
        """:return: ``[(record, its duplicate)]`` of every model that has duplicates"""
        found = []
        for name, record in self.models.items():
            record = self.as_user(self.system, record)[:1]
            if name in NOT_COPIED or not record.has_access("create"):
                continue
            try:
                found.append((record, record.copy()))
            except AccessError:
                self.assertEqual(name, "oauth2.event")
        self.env.flush_all()
        return found

    def test_a_duplicate_has_names_of_its_own_and_no_secret_token_or_grant(self):
        self.assertIn("oauth2.client", self.planted)
        copied = self.copied()
        self.assertEqual(
            {record._name for record, _copy in copied},
            {"oauth2.api", "oauth2.provider", "oauth2.client", "oauth2.scope"},
        )
        for record, copy in copied:
            with self.subTest(record._name):
                for name in self.secrets_of(record):
                    self.assertTrue(record.sudo()[name], name)
                    self.assertFalse(copy.sudo()[name], name)
                for name, field in copy._fields.items():
                    if field.comodel_name in ("oauth2.client.user", "oauth2.token"):
                        self.assertFalse(copy[name], name)
                self.assertNotEqual(copy.display_name, record.display_name)
        by_name = {record._name: (record, copy) for record, copy in copied}
        api, api_copy = by_name["oauth2.api"]
        self.assertEqual(api_copy.endpoint, "orders-copy")
        self.assertEqual(api.copy().endpoint, "orders-copy-2")
        self.assertEqual(api_copy.scope_ids.name, self.line.scope_id.name)
        self.assertEqual(api_copy.scope_ids.line_ids.model_id, self.line.model_id)
        self.assertFalse(api_copy.client_ids)
        client, client_copy = by_name["oauth2.client"]
        self.assertEqual(client_copy.client_identifier, "demo-app-copy")
        self.assertEqual(client_copy.api_ids, client.api_ids)
        self.assertFalse(client_copy.has_client_secret)

    def test_a_duplicate_is_trusted_with_nothing_that_settings_alone_switch_on(self):
        copies = {record._name: copy for record, copy in self.copied()}
        for name, switches in (
            ("oauth2.api", ("trust_identity", "bearer_enabled")),
            ("oauth2.client", ("follows_sign_in", "is_verified")),
        ):
            for switch in switches:
                self.assertTrue(self.models[name][switch], switch)
                self.assertFalse(copies[name][switch], switch)
        self.as_user(self.manager, self.api).copy()

    def test_a_duplicate_is_told_in_the_audit_log_without_secrets(self):
        for record, copy in self.copied():
            lines = self.env["oauth2.event"].search(
                [("record_model", "=", copy._name), ("record_ref", "=", copy.id)]
            )
            told = lines.sorted("id").mapped("changes")
            self.assertEqual(told[0], "created")
            self.assertEqual(
                told[-1],
                f"duplicated from {record.display_name}, without secrets, tokens and"
                " grants",
            )
            self.assertEqual(lines.actor_id, self.system)
            self.assertNotIn(MARK, str(lines.read()))

    def test_what_is_exported_of_any_model_holds_no_secret(self):
        for user in (self.manager, self.system):
            user.group_ids += self.env.ref("base.group_allow_export")
            for record in self.models.values():
                record = self.as_user(user, record)
                names = list(record.fields_get())
                self.assertFalse(set(names) & set(self.secrets_of(record)))
                below = [
                    f"{name}/{other}"
                    for name in names
                    if (record._fields[name].comodel_name or "").startswith("oauth2.")
                    for other in record[name].fields_get()
                ]
                with self.subTest(record._name, user=user.login):
                    exported = record.export_data(names + below)["datas"]
                    self.assertTrue(exported)
                    self.assertNotIn(MARK, str(exported))
                    self.assertNotIn(MARK, str(record.read()))
                    shown = record.web_read({each: {} for each in names})
                    self.assertNotIn(MARK, str(shown))

    def test_no_secret_is_imported_or_brought_by_a_default(self):
        for name, record in self.models.items():
            for secret in self.secrets_of(record):
                seen = self.as_user(self.system, record).browse()
                with self.subTest(name, secret=secret):
                    told = seen.load([".id", secret], [[str(record[:1].id), "x"]])
                    self.assertFalse(told["ids"], told)
                    seen = seen.with_context(**{f"default_{secret}": "x"})
                    self.assertNotAllowed(seen.create, {"name": "New"})

    def test_a_scope_duplicated_beside_its_original_opens_the_same(self):
        scope = self.as_user(self.system, self.line.scope_id)
        copied = scope.copy()
        self.assertEqual(copied.name, f"{scope.name}-copy")
        self.assertEqual(copied.line_ids.model_id, scope.line_ids.model_id)
        self.client.scope_ids = [Command.link(copied.id)]

"""What administrators and users find in Odoo's own windows."""

import contextlib

from lxml import etree

from odoo import Command
from odoo.exceptions import AccessError
from odoo.modules.module import Manifest
from odoo.tests import Form, TransactionCase, tagged
from odoo.tools.safe_eval import safe_eval

from ..services.audit.audit import Audit
from ..services.providers.provider_calls import client_secret
from ..services.tokens.expiry import Expiry
from .common import OAuth2Records


@tagged("post_install", "-at_install", "api_auth_oauth2")
class TestForms(OAuth2Records, TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.api = cls.make_api()
        cls.provider = cls.make_provider()
        cls.client = cls.make_client(cls.api, cls.provider)
        cls.user = cls.make_user()
        cls.other = cls.make_user("otto@example.com")
        group = cls.env.ref("api_auth_oauth2.group_admin")
        cls.manager = cls.make_user(
            "mara@example.com", group_ids=[Command.set(group.ids)]
        )
        cls.system = cls.env.ref("base.user_admin")
        cls.grant, _token = cls.make_grant(cls.client, cls.user)

    def told_by_form(self, record, user=None):
        """:return: what a record's form says in words, beside its fields"""
        self.env.invalidate_all()
        record = record.with_user(user or self.system)
        arch = etree.fromstring(record.get_view(view_type="form")["arch"])
        names = {node.get("name") for node in arch.iter("field")}
        values = {name: record[name] for name in {"id", *names} & record._fields.keys()}
        for node in list(arch.iterfind(".//*[@invisible]")):
            if node.getparent() is not None and node.tag != "field":
                if safe_eval(node.get("invisible"), values):
                    node.getparent().remove(node)
        return " ".join(" ".join(arch.itertext()).split())

    def test_what_forms_name_of_the_documentation_is_read_at_the_manifest_s_website(
        self,
    ):
        website = Manifest.for_addon("api_auth_oauth2")["website"]
        line = self.env["oauth2.check.line"].new({"code": "proxy-mode"})
        event = self.env["oauth2.event"].new({"cause": "route"})
        form = etree.fromstring(self.api.get_view(view_type="form")["arch"])
        [connect] = form.xpath("//a[contains(@href, '/docs/')]/@href")
        self.assertEqual(
            [line.docs_url, event.advice_url, connect],
            [
                f"{website}/blob/HEAD/docs/{page}"
                for page in ("checks.md#proxy-mode", "developers.md", "connect.md")
            ],
        )
        Audit(self.env).record("refusal", oauth2_api=self.api, cause="request")
        self.assertEqual(self.api.last_refusal_advice_url, connect)

    def test_the_form_of_an_ended_grant_says_what_ended_it(self):
        sentences = {
            "provider": "The provider ended this grant.",
            "lifetime": "The authorization lifetime of the API is over.",
            "disuse": "The application did not refresh this grant in time.",
        }
        for cause, sentence in sentences.items():
            Expiry(self.env).end(self.grant, cause)
            told = self.told_by_form(self.grant)
            self.assertEqual([s for s in sentences.values() if s in told], [sentence])

    def test_the_form_of_a_provider_that_vouches_warns_of_it(self):
        warning = "choose the claim's value at the provider becomes the Odoo user"
        self.assertNotIn(warning, self.told_by_form(self.provider))
        self.provider.vouches_for_claim = True
        self.assertEqual(self.provider.match_claim, "email")
        self.assertIn(warning, self.told_by_form(self.provider))

    def test_our_administrators_can_only_untick_what_a_granted_scope_opens(
        self,
    ):
        (scope,) = self.make_scopes(self.api, ["books"])
        line = self.open_model(scope, "res.partner", "read", "write")
        scope.was_granted = True
        for name, value, user in (
            ("perm_write", False, self.manager),
            ("perm_write", True, None),
            ("perm_create", True, None),
            ("perm_create", True, self.system),
        ):
            with self.subTest(name, value=value, user=user and user.login):
                refused = contextlib.nullcontext()
                if not user:
                    refused = self.assertRaisesRegex(AssertionError, "readonly")
                with refused, Form(scope.with_user(user or self.manager)) as form:
                    with form.line_ids.edit(0) as edited:
                        edited[name] = value
                self.assertEqual(line[name], bool(user) and value)

    def test_our_administrators_are_offered_clients_that_ask_their_users(self):
        Client = self.env["oauth2.client"]
        other = self.client.copy({"client_identifier": "other"})
        self.client.follows_sign_in, other.follows_sign_in = True, False
        both, domain = self.client | other, [("can_widen", "=", True)]
        for user, offered in ((self.manager, other), (self.system, both)):
            found = Client.with_user(user).search([*domain, ("id", "in", both.ids)])
            self.assertEqual(found, offered)
            found = Client.with_user(user).search(
                [("can_widen", "!=", True), ("id", "in", both.ids)]
            )
            self.assertEqual(found, both - offered)

    def test_our_administrators_are_offered_no_more_than_they_can_do(self):
        """A provider is Settings administrators'; an API in use keeps its endpoint."""
        for record, name in (
            (self.api, "endpoint"),
            (self.api.scope_ids, "name"),
            (self.api.scope_ids, "api_id"),
        ):
            with self.subTest(name), self.assertRaisesRegex(AssertionError, "readonly"):
                with Form(record.with_user(self.manager)) as form:
                    form[name] = record[name]
        self.client.follows_sign_in = False
        for oauth2_api in (self.make_api("crm"), self.make_api("erp")):
            scope = oauth2_api.scope_ids
            with Form(scope.with_user(self.manager)) as form:
                form.name = "new"
            with Form(oauth2_api.with_user(self.manager)) as form:
                form.endpoint = f"{oauth2_api.endpoint}2"
        note = "This client asks no user: only Settings administrators can give"
        for follows in (True, False):
            self.client.follows_sign_in = follows
            told = self.told_by_form(self.client, self.manager)
            self.assertEqual(note in told, follows)
            self.assertNotIn(note, self.told_by_form(self.client))
        (scope,) = self.make_scopes(self.api, ["new"])
        note = "A client that asks no user may have this scope"
        for follows in (False, True):
            self.client.write(
                {"follows_sign_in": follows, "scope_ids": [(4, scope.id)]}
            )
            told = self.told_by_form(scope, self.manager)
            self.assertEqual(note in told, follows)
            self.assertNotIn(note, self.told_by_form(scope))

    def test_our_administrators_make_a_client_of_this_odoo_in_its_form(self):
        form = Form(self.env["oauth2.client"].with_user(self.manager))
        form.name = "Web shop"
        form.client_type = "public"
        form.redirect_uris = "https://app.example.com/callback"
        own = form.save()
        self.assertFalse(own.provider_id)
        self.assertTrue(own.client_identifier)
        told = "Give the application the issuer"
        self.assertIn(told, self.told_by_form(own, self.manager))
        self.assertNotIn(told, self.told_by_form(self.client, self.manager))

    def test_the_form_of_a_client_with_grants_offers_no_other_provider(self):
        for is_fixed in (True, False):
            self.env.invalidate_all()
            form = Form(self.client.with_user(self.system))
            refused = contextlib.nullcontext()
            if is_fixed:
                refused = self.assertRaisesRegex(AssertionError, "readonly")
            with refused:
                form.provider_id = self.make_provider()
            self.client.client_user_ids.unlink()

    def test_a_made_up_identifier_makes_way_for_that_of_a_provider(self):
        form = Form(self.env["oauth2.client"].with_user(self.system))
        form.name = "Web shop"
        form.provider_id = self.provider
        self.assertFalse(form.client_identifier)
        form.client_identifier = "web-shop"
        self.assertEqual(form.save().client_identifier, "web-shop")

    def test_the_form_of_a_client_warns_of_a_settings_administrator_as_service_user(
        self,
    ):
        own = self.env["oauth2.client"].create(
            {
                "name": "Robot",
                "allows_client_credentials": True,
                "service_user_id": self.user.id,
            }
        )
        warning = "The service user is a Settings administrator"
        self.assertNotIn(warning, self.told_by_form(own))
        own.write({"service_user_id": self.system.id, "service_user_confirmed": True})
        for user in (self.system, self.manager):
            self.assertIn(warning, self.told_by_form(own, user))

    def menus_of(self, user):
        menus = self.env["ir.ui.menu"].with_user(user).load_menus(False)
        return {menu.get("xmlid") for menu in menus.values()}

    def test_administrators_of_settings_and_of_our_group_find_one_app(self):
        for user in (self.system, self.manager):
            ours = {
                menu
                for menu in self.menus_of(user)
                if (menu or "").startswith("api_auth_oauth2.")
            }
            self.assertIn("api_auth_oauth2.oauth2_menu_root", ours, user.login)
            self.assertIn("api_auth_oauth2.oauth2_menu_api", ours, user.login)
            self.assertEqual(len(ours), 9, user.login)

    def test_users_outside_our_group_find_no_menu(self):
        menus = self.menus_of(self.user)
        self.assertFalse(
            {menu for menu in menus if (menu or "").startswith("api_auth_oauth2.")}
        )

    def test_users_revoke_their_own_grants_only(self):
        with self.assertRaises(AccessError):
            self.grant.with_user(self.other).action_revoke()
        self.grant.with_user(self.user).action_revoke()
        self.assertFalse(self.grant.exists())

    def test_forms_count_client_api_users(self):
        self.make_grant(self.client, self.other)
        self.assertEqual(self.api.client_user_count, 2)
        self.assertEqual(self.client.client_user_count, 2)

    def test_saving_a_client_secret_does_not_show_it(self):
        specification = {"client_secret": {}, "has_client_secret": {}}
        values = {"client_secret": "another-secret"}
        (saved,) = self.client.web_save(values, specification)
        self.assertFalse(saved["client_secret"])
        self.assertTrue(saved["has_client_secret"])
        self.assertEqual(client_secret(self.client), "another-secret")

    def test_only_settings_administrators_can_trust_identities_in_the_form(self):
        with Form(self.api.with_user(self.system)) as form:
            form.trust_identity = True
        self.api.trust_identity = False
        with self.assertRaisesRegex(AssertionError, "readonly"):
            with Form(self.api.with_user(self.manager)) as form:
                form.trust_identity = True

"""Ready scopes: what is offered, what each opens, and who may make it."""

from unittest.mock import patch

from odoo import Command
from odoo.exceptions import AccessError
from odoo.tests import Form, TransactionCase, tagged

from ..services.scopes.administration_models import is_administration
from ..services.scopes.scope_templates import (
    add_offered,
    make_scope,
    offered,
    templates,
)
from .common import OAuth2Records


@tagged("post_install", "-at_install", "api_auth_oauth2")
class TestScopeTemplates(OAuth2Records, TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        group = cls.env.ref("api_auth_oauth2.group_admin")
        cls.manager = cls.make_user(
            "mara@example.com", group_ids=[Command.set(group.ids)]
        )
        cls.api = cls.make_api(scopes=()).with_user(cls.manager)
        cls.offered = {each.key: each for each in templates(cls.api.env)}

    def test_ready_scopes_are_those_of_installed_apps(self):
        installed = self.env["ir.module.module"]._installed()
        self.assertLessEqual(
            {"contacts.read", "contacts.write", "everything.read"}, self.offered.keys()
        )
        for key, template in self.offered.items():
            self.assertIn(template.module, installed, key)
        self.assertEqual("sales.read" in self.offered, "sale" in installed)

    def test_our_administrators_may_make_each_ready_scope(self):
        for key, template in self.offered.items():
            with self.subTest(key):
                scope = make_scope(self.api, template)
                self.assertEqual(scope.name, key)
                self.assertEqual(scope.description, template.description)
                opened = {
                    (line.model_id.model, line._operations(), line.method_names)
                    for line in scope.line_ids
                }
                self.assertTrue(opened)
                self.assertEqual(
                    opened,
                    {(m, frozenset(o.split(",")), False) for m, o, _ in template.lines},
                )

    def test_a_scope_of_a_ready_ones_name_stays_as_it_is(self):
        (own,) = self.make_scopes(self.api, ["contacts.read"])
        made = make_scope(self.api, self.offered["contacts.read"])
        self.assertEqual(made, own)
        self.assertFalse(made.line_ids)

    def test_chosen_ready_scopes_are_added_to_the_api(self):
        action = self.api.action_add_ready_scopes()
        choice = self.api.env[action["res_model"]].browse(action["res_id"])
        names = choice.line_ids.mapped("name")
        self.assertLessEqual({"contacts.read", "everything.read"}, set(names))
        position = names.index("contacts.read")
        with Form(choice) as form, form.line_ids.edit(position) as line:
            line.is_chosen = True
        choice.action_add()
        (scope,) = self.api.scope_ids
        self.assertEqual(scope.name, "contacts.read")
        self.assertTrue(scope.line_ids)
        again = self.api.action_add_ready_scopes()
        choice = self.api.env[again["res_model"]].browse(again["res_id"])
        names.remove("contacts.read")
        self.assertEqual(choice.line_ids.mapped("name"), names)

    def test_everything_is_offered_again_for_what_it_does_not_open_yet(self):
        scope = make_scope(self.api, self.offered["everything.read"])
        self.assertNotIn("everything.read", self.names_offered())
        taken = scope.line_ids.filtered(lambda li: li.model_name == "res.country")
        taken.unlink()
        self.assertIn("everything.read", self.names_offered())
        add_offered(self.api, {"everything.read"})
        self.assertIn("res.country", scope.line_ids.mapped("model_name"))

    def test_only_settings_administrators_add_to_everything_that_users_granted(self):
        scope = make_scope(self.api, self.offered["everything.read"])
        scope.line_ids[0].unlink()
        scope.sudo().was_granted = True
        with self.assertRaises(AccessError):
            add_offered(self.api, {"everything.read"})
        add_offered(self.api.with_user(self.env.ref("base.user_admin")), {scope.name})

    def names_offered(self):
        return [template.name for template in offered(self.api)]

    def test_a_scope_says_in_words_what_it_opens(self):
        (scope,) = self.make_scopes(self.api, ["books"])
        self.assertEqual(scope.opens_in_words, "Nothing over JSON-2.")
        with Form(scope) as form:
            for model in ("res.country", "res.country.state"):
                with form.line_ids.new() as line:
                    line.model_id = self.env["ir.model"]._get(model)
            with form.line_ids.new() as line:
                line.model_id = self.env["ir.model"]._get("res.partner")
                line.perm_write = line.perm_create = True
                line.method_names = "message_post"
            self.assertEqual(
                form.opens_in_words,
                "May read Country and Country state; read, create, and change Contact;"
                " call message_post of Contact.",
            )
        everything = make_scope(self.api, self.offered["everything.read"])
        if len(everything.line_ids) > 8:
            self.assertRegex(everything.opens_in_words, r"and \d+ more\.$")

    def test_reading_opens_nothing_but_reading(self):
        for key, template in self.offered.items():
            if key.endswith(".read"):
                opened = {operations for _m, operations, _names in template.lines}
                self.assertEqual(opened, {"read"}, key)

    def test_everything_is_neither_administration_nor_mails_nor_files(self):
        opened = {model for model, *_ in self.offered["everything.read"].lines}
        self.assertLessEqual({"res.partner", "res.country", "res.partner.bank"}, opened)
        self.assertFalse({m for m in opened if is_administration(self.env, m)})
        closed = ("mail.", "discuss.", "payment.", "ir.")
        self.assertFalse({m for m in opened if m.startswith(closed)})
        for model in opened:
            self.assertFalse(self.env[model]._transient or self.env[model]._abstract)

    def test_everything_is_what_menus_of_apps_lead_to(self):
        menu = self.make_menu("res.currency")
        opened = self.opened_by_everything()
        self.assertIn("res.currency", opened)
        self.assertIn("res.currency.rate", opened, "a line that is deleted with it")
        menu.parent_id = self.env.ref("base.menu_administration")
        self.assertNotIn("res.currency", self.opened_by_everything())

    def test_everything_is_nothing_that_administrators_alone_may_read(self):
        """Payment providers have a menu, and keys that administrators see."""
        self.make_menu("res.currency")
        self.assertIn("res.currency", self.opened_by_everything())
        symbol = self.env["res.currency"]._fields["symbol"]
        with patch.object(symbol, "groups", "base.group_system"):
            self.assertNotIn("res.currency", self.opened_by_everything())
        rights = self.env["ir.model.access"].search(
            [("model_id.model", "=", "res.currency"), ("perm_read", "=", True)]
        )
        rights.group_id = self.env.ref("base.group_system")
        self.assertNotIn("res.currency", self.opened_by_everything())

    def make_menu(self, model):
        action = self.env["ir.actions.act_window"].create(
            {"name": "Currencies", "res_model": model, "view_mode": "list"}
        )
        return self.env["ir.ui.menu"].create(
            {"name": "Currencies", "action": f"ir.actions.act_window,{action.id}"}
        )

    def opened_by_everything(self):
        (template,) = (
            each for each in templates(self.api.env) if each.key == "everything.read"
        )
        return {model for model, *_ in template.lines}

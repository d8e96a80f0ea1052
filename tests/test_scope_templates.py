"""Ready scopes: what is offered, what each opens, and who may make it."""

from odoo import Command
from odoo.tests import TransactionCase, tagged

from ..services.administration_models import is_administration
from ..services.scope_templates import make_scope, templates
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
        action = self.env["ir.actions.act_window"].create(
            {"name": "Currencies", "res_model": "res.currency", "view_mode": "list"}
        )
        menu = self.env["ir.ui.menu"].create(
            {"name": "Currencies", "action": f"ir.actions.act_window,{action.id}"}
        )
        opened = self.opened_by_everything()
        self.assertIn("res.currency", opened)
        self.assertIn("res.currency.rate", opened, "a line that is deleted with it")
        menu.parent_id = self.env.ref("base.menu_administration")
        self.assertEqual(
            opened - self.opened_by_everything(), {"res.currency", "res.currency.rate"}
        )

    def test_everything_is_nothing_that_administrators_alone_may_read(self):
        """Payment providers have a menu, and keys that administrators see."""
        self.assertIn("res.partner.industry", self.opened_by_everything())
        rights = self.env["ir.model.access"].search(
            [("model_id.model", "=", "res.partner.industry"), ("perm_read", "=", True)]
        )
        rights.group_id = self.env.ref("base.group_system")
        self.assertNotIn("res.partner.industry", self.opened_by_everything())

    def opened_by_everything(self):
        (template,) = (
            each for each in templates(self.api.env) if each.key == "everything.read"
        )
        return {model for model, *_ in template.lines}

from psycopg2.errors import UniqueViolation

from odoo.exceptions import ValidationError
from odoo.service.model import get_public_method
from odoo.tests import Form, tagged
from odoo.tools import mute_logger

from ..services.calls.json2_methods import ARGUMENTS, SERVED_METHODS
from .json2_common import Json2Case


@tagged("post_install", "-at_install")
class TestScopeLines(Json2Case):
    """What lines may say, and that what they say counts on the next call."""

    def search_count(self):
        return self.json2("res.partner", "search_count", domain=[])

    def test_every_argument_of_a_method_that_is_served_by_kind_is_known(self):
        for name in SERVED_METHODS:
            method = get_public_method(self.env["base"], name)
            code = method.__code__
            count = code.co_argcount + code.co_kwonlyargcount
            arguments = set(code.co_varnames[:count]) - {"self", "cls"}
            for argument in arguments:
                with self.subTest(method=name, argument=argument):
                    self.assertIn(argument, ARGUMENTS)

    def test_a_line_names_public_methods_that_are_not_served_by_kind(self):
        line = self.scope.line_ids
        line.method_names = "action_confirm, web_read load"
        self.assertEqual(line._methods(), ["action_confirm", "web_read", "load"])
        for names in ("_private", "write", "action confirm()", "a.b", "__class__"):
            with self.subTest(names=names), self.assertRaises(ValidationError):
                line.method_names = names

    def test_the_form_of_a_scope_has_its_lines(self):
        with Form(self.scope) as form, form.line_ids.new() as line:
            self.assertTrue(form.json2_served)
            line.model_id = self.env["ir.model"]._get("res.country")
            line.perm_write = True
            line.method_names = "do_this do_that"
        line = self.scope.line_ids[-1]
        self.assertEqual(line._operations(), {"read", "write"})
        self.assertEqual(line._methods(), ["do_this", "do_that"])

    @mute_logger("odoo.sql_db")
    def test_a_scope_has_one_line_a_model(self):
        values = {
            "scope_id": self.scope.id,
            "model_id": self.scope.line_ids.model_id.id,
        }
        with self.assertRaises(UniqueViolation), self.cr.savepoint():
            self.env["oauth2.scope.line"].create(values)

    def test_scopes_of_one_token_add_up(self):
        answer = self.json2("res.partner", "copy", ids=self.partner.ids)
        self.assertBeyond(answer)
        second = self.env["oauth2.scope"].create(
            {"api_id": self.access.api.id, "name": "contacts.create"}
        )
        self.open_model(second, "res.partner", "create")
        self.assertBeyond(self.json2("res.partner", "copy", ids=self.partner.ids))
        self.access.client.scope_ids |= second
        self.access.grant.scope_ids |= second
        self.env.flush_all()
        self.assertServed(self.json2("res.partner", "copy", ids=self.partner.ids))

    def test_a_changed_line_counts_on_the_next_call(self):
        self.assertServed(self.search_count())
        line = self.scope.line_ids
        line.perm_read = False
        self.env.flush_all()
        self.assertBeyond(self.search_count())
        line.perm_read = True
        self.env.flush_all()
        self.assertServed(self.search_count())
        line.unlink()
        self.env.flush_all()
        self.assertBeyond(self.search_count())

    def test_a_scope_that_takes_anothers_name_does_not_take_its_lines(self):
        self.assertServed(self.search_count())
        grant, client = self.access.grant, self.access.client
        other = self.env["oauth2.scope"].create(
            {"api_id": self.access.api.id, "name": "other"}
        )
        client.scope_ids = grant.scope_ids = other
        self.scope.name = "retired"
        grant.scope_ids = False  # a granted scope keeps its name
        other.name = "contacts"
        grant.scope_ids = other
        self.env.flush_all()
        self.assertBeyond(self.search_count())

    def test_a_new_scope_does_not_open_what_its_deleted_namesake_opened(self):
        self.assertServed(self.search_count())
        self.scope.unlink()
        other = self.env["oauth2.scope"].create(
            {"api_id": self.access.api.id, "name": "contacts"}
        )
        self.access.client.scope_ids = self.access.grant.scope_ids = other
        self.env.flush_all()
        self.assertBeyond(self.search_count())

    def make_model_without_class(self):
        """:return: id of an ``ir.model``, as a module leaves it whose code is gone"""
        self.env.cr.execute(
            """
            INSERT INTO ir_model (model, name, state, "order")
            VALUES ('gone.model', '{"en_US": "Gone"}', 'base', 'id') RETURNING id
            """
        )
        return self.env.cr.fetchone()[0]

    def test_a_line_of_a_model_that_is_no_longer_installed_opens_nothing(self):
        line = self.scope.line_ids.create(
            {
                "scope_id": self.scope.id,
                "model_id": self.make_model_without_class(),
                "method_names": "do_this",
            }
        )
        self.env.flush_all()
        self.assertBeyond(self.json2("gone.model", "search_count", domain=[]))
        self.assertBeyond(self.json2("gone.model", "do_this"))
        headers = {"Authorization": f"Bearer {self.access.token}"}
        described = self.url_open("/orders/doc-bearer/gone.model.json", headers=headers)
        self.assertBeyond(described)
        self.assertServed(self.search_count())
        with Form(self.scope) as form, form.line_ids.edit(1) as shown:
            self.assertEqual(shown.model_id.name, "Gone")
        line.unlink()

    def test_a_scope_taken_from_client_or_grant_counts_on_the_next_call(self):
        for holder in (self.access.client, self.access.grant):
            with self.subTest(holder=holder._name):
                self.assertServed(self.search_count())
                holder.scope_ids = False
                self.env.flush_all()
                self.assertBeyond(self.search_count())
                holder.scope_ids = self.scope
                self.env.flush_all()

    def test_a_scope_of_another_api_opens_nothing_here(self):
        second = self.make_access(
            "crm", ["contacts"], user=self.user, json2_enabled=True
        )
        answer = self.url_open(
            "/crm/json/2/res.partner/search_count",
            json={"domain": []},
            method="POST",
            headers=second.headers,
        )
        self.assertBeyond(answer)

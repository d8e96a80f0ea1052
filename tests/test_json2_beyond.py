import json

from odoo.tests import tagged
from odoo.tools import mute_logger

from .json2_common import Json2Case


@tagged("post_install", "-at_install")
class TestJson2Beyond(Json2Case):
    """Attempts to get, with a token for contacts, at what no scope opens.

    The user is a Settings administrator: only the scope stands in the way. What each
    argument reaches is shown by test_json2_reach.
    """

    def setUp(self):
        super().setUp()
        self.user.group_ids |= self.env.ref("base.group_system")
        self.bank = self.env["res.partner.bank"].create(
            {"acc_number": "BE71096123456769", "partner_id": self.partner.id}
        )
        self.env.flush_all()

    def open_all(self, *operations):
        self.open("res.partner", *(operations or ("read", "create", "write", "unlink")))

    def test_reading_by_groups_and_paths(self):
        login = [["user_ids.login", "=", "admin"]]
        for method, arguments in (
            ("search", {"domain": ["!", *login]}),
            ("search", {"domain": [["user_ids", "any", [["login", "=", "admin"]]]]}),
            ("search", {"domain": [["user_ids", "ilike", "admin"]]}),
            ("search_count", {"domain": [["category_id", "child_of", 1]]}),
            ("search", {"domain": [], "order": "user_ids.login"}),
            ("search_read", {"domain": [], "fields": ["user_ids.login"]}),
            ("name_search", {"domain": login}),
            ("formatted_read_group", {"domain": login, "groupby": ["type"]}),
            ("formatted_read_group", {"domain": [], "groupby": ["user_id.login"]}),
        ):
            with self.subTest(method=method, arguments=arguments):
                answer = self.json2("res.partner", method, **arguments)
                self.assertBeyond(answer)
        self.open("res.users", "read")
        answer = self.json2("res.partner", "search_count", domain=login)
        self.assertServed(answer)

    def test_reading_by_names(self):
        # A user's name is looked for in the login, too.
        domain = [["user_ids.display_name", "ilike", "admin"]]
        self.assertBeyond(self.json2("res.partner", "search_count", domain=domain))
        for operator in ("any", "any!", "child_of"):
            answer = self.json2(
                "res.partner", "name_search", name=domain, operator=operator
            )
            self.assertNotFollowed(answer)

    def test_commands_on_records_of_another_model(self):
        self.open_all()
        banks = self.env["res.partner.bank"].search([])
        commands = {"bank_ids": [[0, 0, {"acc_number": "BE1"}]]}
        child = {"child_ids": [[0, 0, {"name": "C", **commands}]]}
        ids = self.partner.ids
        for method, arguments in (
            ("write", {"ids": ids, "vals": commands}),
            ("create", {"vals_list": [{"name": "X", **commands}]}),
            ("write", {"ids": ids, "vals": child}),
            ("copy", {"ids": ids, "default": commands}),
        ):
            with self.subTest(method=method):
                self.assertBeyond(self.json2("res.partner", method, **arguments))
        self.env.invalidate_all()
        self.assertEqual(self.env["res.partner.bank"].search([]), banks)

    def test_writing_through_a_related_field(self):
        self.open("res.company", "read", "create", "write")
        company = self.user.company_id
        name = company.name
        for method, arguments in (
            ("write", {"ids": company.ids, "vals": {"name": "Mine"}}),
            ("create", {"vals_list": [{"name": "Mine"}]}),
            ("name_create", {"name": "Mine"}),
        ):
            with self.subTest(method=method):
                answer = self.json2("res.company", method, **arguments)
                self.assertBeyond(answer)
        self.env.invalidate_all()
        self.assertEqual(company.name, name)

    def test_taking_over_a_record_by_delegation(self):
        self.open("res.users", "read", "create", "write")
        values = {"login": "mallory", "partner_id": self.partner.id, "name": "Mine"}
        self.assertBeyond(self.json2("res.users", "create", vals_list=[values]))
        answer = self.json2("res.users", "write", ids=self.user.ids, vals=values)
        self.assertBeyond(answer)
        self.env.invalidate_all()
        self.assertEqual(self.partner.name, "Deco")

    def test_redefining_properties(self):
        self.open_all()
        definition = self.partner.properties_base_definition_id
        before = definition.properties_definition
        properties = [
            {
                "name": "owner",
                "string": "Owner",
                "type": "many2one",
                "comodel": "res.users",
                "value": 2,
                "definition_changed": True,
            }
        ]
        for value in (properties, json.dumps(properties)):
            answer = self.json2(
                "res.partner",
                "write",
                ids=self.partner.ids,
                vals={"properties": value},
            )
            self.assertIn(answer.status_code, (400, 403), answer.text)
        self.env.invalidate_all()
        self.assertEqual(definition.properties_definition, before)

    def test_a_context_that_does_or_tells_something_else(self):
        self.open("res.partner", "read", "create", "write", methods="address_get")
        for context in (
            {"show_email": True},
            {"show_address": True, "html_format": True},
            {"default_bank_ids": [[0, 0, {"acc_number": "BE1"}]]},
            {"default_activity_summary": "x", "lang": "en_US", "prefetch_langs": True},
            {"default_res_model": "res.users"},
            {"uid": 1},
            {"name_create_enabled_fields": {"user_id": True}},
            {"import_file": True},
            "lang",
        ):
            for method, arguments in (
                ("read", {"ids": self.partner.ids, "fields": ["name"]}),
                ("create", {"vals_list": [{"name": "X"}]}),
                ("address_get", {"ids": self.partner.ids}),
            ):
                with self.subTest(context=context, method=method):
                    answer = self.json2(
                        "res.partner", method, context=context, **arguments
                    )
                    self.assertNotFollowed(answer)
        self.assertFalse(self.env["res.partner"].search([("name", "=", "X")]))

    @mute_logger("odoo.http")
    def test_the_users_companies_stay_the_outer_limit(self):
        foreign = self.env["res.company"].create({"name": "Foreign"})
        self.env.flush_all()
        answer = self.json2(
            "res.partner",
            "search_count",
            domain=[["company_id", "=", foreign.id]],
            context={"allowed_company_ids": foreign.ids},
        )
        self.assertEqual(answer.status_code, 403, answer.text)
        self.assertEqual(answer.json()["name"], "odoo.exceptions.AccessError")

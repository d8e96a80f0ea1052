import json

from odoo.tests import tagged
from odoo.tools import mute_logger

from .json2_common import Json2Case


@tagged("post_install", "-at_install")
class TestJson2Beyond(Json2Case):
    """Attempts to get, with a token for contacts, at what no scope opens.

    The user is a Settings administrator: only the scope stands in the way.
    """

    def setUp(self):
        super().setUp()
        self.user.group_ids |= self.env.ref("base.group_system")
        self.user.group_ids |= self.env.ref("base.group_allow_export")
        self.bank = self.env["res.partner.bank"].create(
            {"acc_number": "BE71096123456769", "partner_id": self.partner.id}
        )
        self.env.flush_all()

    def open_all(self, *operations):
        self.open("res.partner", *(operations or ("read", "create", "write", "unlink")))

    def test_reading_by_groups(self):
        login = {"login": {}}
        domain = [["user_ids", "!=", False]]
        for method, arguments in (
            (
                "web_read_group",
                {
                    "groupby": ["user_id"],
                    "groupby_read_specification": {"user_id": login},
                },
            ),
            (
                "web_read_group",
                {
                    "groupby": ["type"],
                    "auto_unfold": True,
                    "unfold_read_specification": {"user_ids": {"fields": login}},
                },
            ),
            (
                "web_read_group",
                {
                    "groupby": ["type"],
                    "opening_info": [
                        {
                            "value": "contact",
                            "folded": False,
                            "limit": 80,
                            "offset": 0,
                            "progressbar_domain": [["user_ids.login", "=", "admin"]],
                        }
                    ],
                },
            ),
            (
                "read_progress_bar",
                {
                    "group_by": "type",
                    "progress_bar": {"field": "user_id.login", "colors": {"admin": 1}},
                },
            ),
            ("formatted_read_group", {"groupby": ["user_id.login"]}),
            ("formatted_read_grouping_sets", {"grouping_sets": [["user_id.login"]]}),
        ):
            with self.subTest(method=method, arguments=arguments):
                answer = self.json2("res.partner", method, domain=domain, **arguments)
                self.assertBeyond(answer)

    def test_reading_by_names(self):
        # A user's name is looked for in the login, too.
        domain = [["user_ids.display_name", "ilike", "admin"]]
        self.assertBeyond(self.json2("res.partner", "search_count", domain=domain))
        for operator in ("any", "any!", "child_of"):
            answer = self.json2(
                "res.partner", "name_search", name=domain, operator=operator
            )
            self.assertNotFollowed(answer)

    def test_reading_by_sorting(self):
        answer = self.json2(
            "res.partner",
            "web_read",
            ids=self.partner.ids,
            specification={"user_ids": {"order": "login"}},
        )
        self.assertBeyond(answer)

    def test_reading_by_export(self):
        self.open("res.users", "read")
        # Odoo reads the first as oauth2_client_user_ids/identity_display.
        for path in ("oauth2_client_user_ids:identity_display", "company_id/vat"):
            with self.subTest(path=path):
                answer = self.json2(
                    "res.users",
                    "export_data",
                    ids=self.user.ids,
                    fields_to_export=[path],
                )
                self.assertBeyond(answer)

    def test_reading_by_import(self):
        self.open_all("create", "write")
        answer = self.json2(
            "res.partner", "load", fields=["name", "user_id"], data=[["X", "admin"]]
        )
        self.assertBeyond(answer)

    def test_emptying_a_list_deletes_what_was_in_it(self):
        self.open_all()
        for value in (False, None, [], [[5]], [[6, 0, []]], [[2, self.bank.id]]):
            with self.subTest(value=value):
                answer = self.json2(
                    "res.partner",
                    "write",
                    ids=self.partner.ids,
                    vals={"bank_ids": value},
                )
                if value == []:
                    self.assertServed(answer)  # no command at all
                else:
                    self.assertBeyond(answer)
        other = self.env["res.partner.bank"].create(
            {"acc_number": "BE2", "partner_id": self.user.partner_id.id}
        )
        self.env.flush_all()
        answer = self.json2(
            "res.partner", "write", ids=self.partner.ids, vals={"bank_ids": [other.id]}
        )
        self.assertBeyond(answer)
        self.env.invalidate_all()
        self.assertEqual(self.partner.bank_ids, self.bank)

    def test_writing_through_a_related_field(self):
        self.open("res.company", "read", "write")
        company, language = self.user.company_id, "en_US"
        name = company.name
        for method, arguments in (
            ("write", {"vals": {"name": "Mine"}}),
            ("web_save", {"vals": {"name": "Mine"}, "specification": {}}),
            ("web_resequence", {"field_name": "name", "specification": {}}),
            (
                "update_field_translations",
                {"field_name": "name", "translations": {language: "Mine"}},
            ),
            ("web_override_translations", {"values": {"name": "Mine"}}),
        ):
            with self.subTest(method=method):
                answer = self.json2("res.company", method, ids=company.ids, **arguments)
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
        answer = self.json2(
            "res.partner",
            "load",
            fields=["name", "properties"],
            data=[["X", json.dumps([{**properties[0], "type": "char", "value": "x"}])]],
        )
        self.assertNotFollowed(answer)
        self.env.invalidate_all()
        self.assertEqual(definition.properties_definition, before)

    def test_reading_through_properties(self):
        definition = self.partner.properties_base_definition_id
        definition.properties_definition = [
            {
                "name": "owner",
                "string": "Owner",
                "type": "many2one",
                "comodel": "res.users",
            }
        ]
        self.partner.properties = {"owner": self.user.id}
        self.env.flush_all()

        def read(inner):
            specification = {"properties": {"fields": {"owner": inner}}}
            return self.json2(
                "res.partner",
                "web_read",
                ids=self.partner.ids,
                specification=specification,
            )

        self.assertNotFollowed(read({"fields": {"login": {}}}))
        served = self.assertServed(read({}))
        self.assertEqual(served[0]["properties"][0]["value"][1], self.user.name)
        for path in ("properties.owner/login", "properties.owner/partner_id/email"):
            answer = self.json2(
                "res.partner",
                "export_data",
                ids=self.partner.ids,
                fields_to_export=[path],
            )
            self.assertNotFollowed(answer)

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
        self.assertNotIn("error_description", answer.json())  # it is Odoo's refusal

    def test_methods_that_are_not_of_the_record_need_their_name(self):
        for method in (
            "onchange",
            "get_views",
            "get_view",
            "get_property_definition",
            "search_panel_select_range",
            "copy_translations",
            "message_post",
            "sudo",
            "with_user",
            "with_context",
            "mapped",
            "_read_format",
            "__class__",
        ):
            with self.subTest(method=method):
                answer = self.json2("res.partner", method, ids=self.partner.ids)
                self.assertBeyond(answer)

from unittest.mock import patch

from odoo.tests import tagged

from .json2_common import NOTHING, REFUSED, ReachCase

PARTNER_READ = {("res.partner", "read")}
PARTNER_WRITE = {("res.partner", "write")}
CREATE = {("res.partner.bank", "create")}
WRITE = {("res.partner.bank", "write")}
UNLINK = {("res.partner.bank", "unlink")}
TAKE_OFF = WRITE | UNLINK
CREATE_CATEGORY = {("res.partner.category", "create")}
WRITE_CATEGORY = {("res.partner.category", "write")}
UNLINK_CATEGORY = {("res.partner.category", "unlink")}

BANK = {"acc_number": "BE1"}


@tagged("post_install", "-at_install")
class TestJson2Values(ReachCase):
    """Which models a JSON-2 call changes through what it writes."""

    def assertWritten(self, rows, model="res.partner"):
        """Check rows of ``(values, what is changed)`` for each way to give values."""
        for method, name in (
            ("write", "vals"),
            ("web_save", "vals"),
            ("copy_data", "default"),
            ("web_override_translations", "values"),
        ):
            self.assertReach(method, [({name: v}, e) for v, e in rows], model)
        for method in ("create", "web_save_multi"):
            table = [({"vals_list": [{"comment": "x"}, v]}, e) for v, e in rows]
            self.assertReach(method, table, model)

    def test_values_of_the_record_itself(self):
        self.assertWritten(
            [
                ({"name": "x", "user_id": 3, "active": False}, NOTHING),
                ({"parent_id": False, "unknown": [[0, 0, {}]]}, NOTHING),
                ({"user_id": {"id": 3, "login": "x"}}, REFUSED),
                ({"user_id": [3]}, REFUSED),
                ({"comment": "<p>x</p>"}, NOTHING),
                ({"comment": False}, NOTHING),
                ({"comment": None}, NOTHING),
                ({"comment": ["<p>x</p>"]}, REFUSED),
                ({"comment": {"en_US": "<p>x</p>"}}, REFUSED),
                ({"comment": 1}, REFUSED),
                ({"comment": True}, REFUSED),
                (["name"], REFUSED),
                ("name", REFUSED),
            ]
        )

    def test_no_values_at_all(self):
        self.assertReach("copy_data", [({"default": None}, NOTHING)])
        self.assertReach("write", [({"vals": None}, REFUSED)])
        self.assertReach("create", [({"vals_list": [{}, None]}, REFUSED)])

    def test_commands_on_a_one2many(self):
        self.assertWritten(
            [
                ({"bank_ids": []}, NOTHING),
                ({"bank_ids": [[0, 0, BANK]]}, CREATE),
                ({"bank_ids": [[1, 5, BANK]]}, WRITE),
                ({"bank_ids": [[2, 5, 0]]}, UNLINK),
                ({"bank_ids": [[3, 5]]}, TAKE_OFF),
                ({"bank_ids": [[4, 5]]}, WRITE),
                ({"bank_ids": [[5]]}, TAKE_OFF),
                ({"bank_ids": [[6, 0, [5]]]}, TAKE_OFF),
                ({"bank_ids": [[4, 5], [0, 0, BANK]]}, CREATE | WRITE),
                # Odoo takes these for commands, too.
                ({"bank_ids": [5, 6]}, TAKE_OFF),
                ({"bank_ids": False}, TAKE_OFF),
                ({"bank_ids": None}, TAKE_OFF),
                ({"bank_ids": [BANK]}, TAKE_OFF),
            ]
        )

    def test_commands_on_a_many2many(self):
        self.assertWritten(
            [
                ({"category_id": [[0, 0, {"name": "x"}]]}, CREATE_CATEGORY),
                ({"category_id": [[1, 5, {"name": "x"}]]}, WRITE_CATEGORY),
                ({"category_id": [[2, 5, 0]]}, UNLINK_CATEGORY),
                # Which records are linked belongs to the contact.
                ({"category_id": [[3, 5], [4, 5], [5], [6, 0, [5]]]}, NOTHING),
                ({"category_id": [5, 6]}, NOTHING),
                ({"category_id": False}, NOTHING),
            ]
        )

    def test_commands_inside_of_commands(self):
        child = {"name": "x", "bank_ids": [[0, 0, BANK]]}
        self.assertWritten(
            [
                (
                    {"child_ids": [[0, 0, child]]},
                    {("res.partner", "create")} | CREATE,
                ),
                ({"child_ids": [[1, 5, child]]}, PARTNER_WRITE | CREATE),
                (
                    {"category_id": [[1, 5, {"partner_ids": [[2, 7]]}]]},
                    WRITE_CATEGORY | {("res.partner", "unlink")},
                ),
                ({"child_ids": [[0, 0, {"bank_ids": [[9]]}]]}, REFUSED),
            ]
        )
        nested = {}
        for _ in range(30):
            nested = {"child_ids": [[0, 0, nested]]}
        self.assertWritten([(nested, REFUSED)])

    def test_commands_that_are_none(self):
        for value in (
            5,
            "x",
            {},
            BANK,
            [[]],
            [[7]],
            [["0", 0, BANK]],
            [[True, 5, BANK]],
            [[0.0, 0, BANK]],
            [[0, 0, "x"]],
            [[0, 0, [BANK]]],
            [[4, 5], 6],
            [[4, 5], BANK],
        ):
            self.assertWritten([({"bank_ids": value}, REFUSED)])

    def test_a_related_field_is_written_where_it_leads(self):
        self.assertWritten(
            [
                ({"street": "x"}, NOTHING),
                ({"email": "x@example.com"}, PARTNER_WRITE),
                ({"email": False}, PARTNER_WRITE),
                ({"bank_ids": [[0, 0, BANK]]}, PARTNER_WRITE | CREATE),
            ],
            "res.company",
        )
        activity = {("mail.activity", "write")}
        self.assertWritten([({"activity_summary": "x"}, activity)])
        # res.users has it from its contact, which is a part of it.
        self.assertWritten([({"activity_summary": "x"}, activity)], "res.users")

    def test_a_parent_by_delegation_is_a_part_of_the_record_until_it_is_changed(self):
        self.assertWritten(
            [
                ({"name": "x", "email": "x@example.com"}, NOTHING),
                ({"partner_id": False}, NOTHING),
                ({"partner_id": 3}, PARTNER_WRITE),
                ({"bank_ids": [[0, 0, BANK]]}, CREATE),
            ],
            "res.users",
        )

    def test_properties_are_values_unless_they_are_redefined(self):
        definition = {("properties.base.definition", "write")}
        prop = {"name": "color", "type": "char", "value": "red"}
        self.assertWritten(
            [
                ({"properties": {"color": "red"}}, NOTHING),
                ({"properties": False}, NOTHING),
                ({"properties": [prop]}, NOTHING),
                ({"properties": [{**prop, "definition_changed": True}]}, definition),
                ({"properties": [{**prop, "definition_deleted": True}]}, definition),
                ({"properties": '[{"definition_changed": true}]'}, REFUSED),
                ({"properties": ["color"]}, REFUSED),
            ]
        )

    def test_a_field_that_is_named_to_be_written(self):
        rows = [
            ("sequence", NOTHING),
            ("email", PARTNER_WRITE),
            ("bank_ids", REFUSED),
            (["email"], REFUSED),
        ]
        for method in ("web_resequence", "update_field_translations"):
            table = [({"field_name": v}, e) for v, e in rows]
            self.assertReach(method, table, "res.company")
        table = [({"field_name": "partner_id"}, PARTNER_WRITE)]
        self.assertReach("web_resequence", table, "res.users")

    def test_methods_that_write_a_field_without_naming_it(self):
        # A company is archived, and named, through its contact: here as if it were.
        company = self.registry["res.company"]
        self.assertReach("name_create", [({"name": "X"}, PARTNER_WRITE)], "res.company")
        self.assertReach("name_create", [({"name": "X"}, NOTHING)])
        for method in ("action_archive", "action_unarchive", "toggle_active"):
            self.assertReach(method, [({}, NOTHING)], "res.company")
            with patch.object(company, "_active_name", "email"):
                self.assertReach(method, [({}, PARTNER_WRITE)], "res.company")

    def test_a_copy_takes_its_lines_along(self):
        access = "ir.model.access"
        both = {(access, "read"), (access, "create")}
        self.assertReach("copy", [({}, both)], "res.groups")
        self.assertReach("copy_data", [({}, {(access, "read")})], "res.groups")
        self.assertReach("copy", [({}, NOTHING)])
        self.assertReach("copy", [({"default": {"bank_ids": [[0, 0, BANK]]}}, CREATE)])
        default = {"default": {"email": "x@example.com"}}
        self.assertReach("copy", [(default, PARTNER_WRITE)], "res.company")

    def test_an_import_writes_by_paths_and_looks_for_names(self):
        categories = {("res.partner.category", "read")}
        rows = [
            (["id", ".id", "name"], NOTHING),
            (["name", "parent_id/id", "parent_id/.id", "parent_id:id"], NOTHING),
            (["name", "parent_id"], PARTNER_READ),
            (["category_id"], categories),
            (["category_id/id"], NOTHING),
            (["bank_ids/acc_number"], CREATE | WRITE),
            (["bank_ids/.id"], CREATE | WRITE),
            (["child_ids/bank_ids/acc_number"], None),
            (["properties.owner"], REFUSED),
            (["properties"], REFUSED),
            (["child_ids/properties"], REFUSED),
            (["name/x"], REFUSED),
            ("name", REFUSED),
        ]
        child = {("res.partner", "create")} | PARTNER_WRITE
        rows = [
            ({"fields": v, "data": []}, child | CREATE | WRITE if e is None else e)
            for v, e in rows
        ]
        self.assertReach("load", rows)
        rows = [({"fields": ["email"]}, PARTNER_WRITE)]
        self.assertReach("load", rows, "res.company")
        rows = [({"fields": ["partner_id/.id"]}, PARTNER_WRITE)]
        self.assertReach("load", rows, "res.users")

    def test_context(self):
        uid = self.env.uid
        harmless = {"lang": "en_US", "tz": "UTC", "active_test": False, "uid": uid}
        rows = [
            (harmless, NOTHING),
            ({"allowed_company_ids": [1], "bin_size": True}, NOTHING),
            ({"tracking_disable": True, "mail_create_nolog": True}, NOTHING),
            ({"default_name": "x", "default_user_id": 3}, NOTHING),
            ({"default_properties.color": "red"}, NOTHING),
            ({"default_activity_summary": "x"}, {("mail.activity", "write")}),
            ({"uid": uid + 1}, REFUSED),
            ({"show_email": True}, REFUSED),
            ({"default_nothing_of_contacts": 1}, REFUSED),
            ({"default_category_id": [5]}, REFUSED),
            ({"default_bank_ids": [[0, 0, BANK]]}, REFUSED),
            ({"default_user_id": {"id": 3}}, REFUSED),
            (["lang"], REFUSED),
        ]
        for method in ("create", "write", "search_read", "name_create", "copy"):
            self.assertReach(method, [({"context": c}, e) for c, e in rows])

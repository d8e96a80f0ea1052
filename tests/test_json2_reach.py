import warnings
from unittest.mock import patch

from odoo.tests import tagged

from ..services.calls.json2_reach import MAX_TERMS
from .json2_common import NOTHING, REFUSED, ReachCase

PARTNERS = {("res.partner", "read")}
USERS = {("res.users", "read")}
BANKS = {("res.partner.bank", "read")}
CATEGORIES = {("res.partner.category", "read")}
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
class TestJson2ReachOfReading(ReachCase):
    """Which models a JSON-2 call reads through its arguments."""

    def test_domains(self):
        login = [["login", "=", "x"]]
        bank = [["bank_ids.acc_number", "like", "B"]]
        rows = [
            ([], NOTHING),
            (None, NOTHING),
            ([["name", "ilike", "x"], ["id", "in", [1, 2]]], NOTHING),
            (["|", ["name", "=", "x"], "!", ["email", "=", False]], NOTHING),
            ([[1, "=", 1]], NOTHING),
            ([["user_ids", "in", [3]]], NOTHING),
            ([["user_ids", "=", False]], NOTHING),
            ([["user_ids.id", "=", 3]], NOTHING),
            ([["user_ids.id", "not in", [3, False]]], NOTHING),
            ([["user_ids.id", "=", "3"]], USERS),
            ([["user_ids.id", "in", [3, "x"]]], USERS),
            ([["user_ids.id", ">", 3]], USERS),
            ([["user_ids.id", "child_of", "x"]], USERS),
            ([["user_ids.id", "parent_of", 3]], USERS),
            ([["parent_id.user_ids.id", "ilike", "x"]], PARTNERS | USERS),
            ([["user_ids.id.login", "=", "x"]], REFUSED),
            ([["create_date.year_number", "=", 2026]], NOTHING),
            ([["properties.color", "=", "red"]], NOTHING),
            ([["user_ids.login", "=", "x"]], USERS),
            ([["user_ids.display_name", "=", "x"]], USERS),
            ([["user_ids", "=", "x"]], USERS),
            ([["user_ids", "in", [1, "x"]]], USERS),
            ([["user_ids", "ilike", 5]], USERS),
            ([["user_ids", "!=", "x"]], USERS),
            ([["user_ids", "any", login]], USERS),
            ([["user_ids", "not any", login]], USERS),
            ([["user_ids", "any", []]], USERS),
            (["!", *bank], BANKS),
            (["&", ["name", "=", "x"], "|", *bank, ["id", "=", 1]], BANKS),
            ([["category_id", "child_of", 1]], CATEGORIES),
            ([["category_id", "parent_of", [1]]], CATEGORIES),
            ([["parent_id", "child_of", 1]], PARTNERS),
            ([["id", "child_of", 1]], NOTHING),
            (
                [["parent_id.user_ids.login", "=", "x"]],
                PARTNERS | USERS,
            ),
            (
                [["child_ids", "any", [["bank_ids", "any", [["id", ">", 1]]]]]],
                PARTNERS | BANKS,
            ),
            ([["user_ids", "any!", login]], REFUSED),
            ([["child_ids", "any", [["user_ids", "any!", login]]]], REFUSED),
            ([["name", "any", login]], REFUSED),
            ([["id", "any", login]], REFUSED),
            ([["user_ids.id", "any", login]], REFUSED),
            ([["user_ids", "any", "x"]], REFUSED),
            ([["user_ids", "any", True]], REFUSED),
            ([["name.login", "=", "x"]], REFUSED),
            ("[('name', '=', 'x')]", REFUSED),
            ([["name", "="]], REFUSED),
            ([["name", ["="], "x"]], REFUSED),
            ([{"name": "x"}], REFUSED),
            (True, REFUSED),
        ]
        for method in ("search", "search_read", "search_count", "name_search"):
            self.assertReach(method, [({"domain": d}, e) for d, e in rows])
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # upper case
            for condition in (["user_ids", "ANY", login], ["user_ids.id", "IN", ["x"]]):
                self.assertReach("search", [({"domain": [condition]}, USERS)])
        nested = [["parent_id.name", "=", "x"]]
        for _ in range(30):
            nested = [["child_ids", "any", nested]]
        self.assertReach("search", [({"domain": nested}, REFUSED)])
        self.assertReach("formatted_read_group", [({"having": v}, e) for v, e in rows])
        many = ["&"] * MAX_TERMS + [["id", "=", 1]] * (MAX_TERMS + 1)
        inside = [["child_ids", "any", [["id", "=", 1]] * MAX_TERMS]]
        searches = [["child_ids", "any", [["id", "=", 1]]]] * 50
        table = [({"domain": d}, REFUSED) for d in (many, inside, searches)]
        table += [({"domain": [sign] * MAX_TERMS * 20}, REFUSED) for sign in "&|!"]
        table += [({"domain": [["id", "in", list(range(20_000))]]}, NOTHING)]
        self.assertReach("search", table)
        self.assertReach("search", [({"domain": searches[:40]}, PARTNERS)])

    def test_what_is_read_grouped_and_sorted(self):
        for method, name in (
            ("read", "fields"),
            ("search_read", "order"),
            ("formatted_read_group", "groupby"),
            ("formatted_read_group", "aggregates"),
        ):
            rows = [
                (None, NOTHING),
                ("name", NOTHING),
                ("name desc nulls first, id", NOTHING),
                (["name", "user_ids", "create_date:month"], NOTHING),
                (["__count", "color:sum"], NOTHING),
                ("parent_id.id", NOTHING),
                ("properties.color", NOTHING),
                ("user_ids.login", USERS),
                ("name, user_ids.login desc", USERS),
                ("name,\tuser_ids.login\tdesc", USERS),
                (["name", "user_ids.login:array_agg"], USERS),
                (["total:sum(color)"], REFUSED),
                (["x:max(user_ids.login)"], REFUSED),
                ([["name"], ["user_ids"]], REFUSED),
                ([{"user_ids": {}}], REFUSED),
                (5, REFUSED),
                (["name"] * (MAX_TERMS + 1), REFUSED),
                ("name," * MAX_TERMS + "name", REFUSED),
            ]
            self.assertReach(method, [({name: v}, e) for v, e in rows])

    def test_a_name_is_looked_for_where_the_model_is_named_by(self):
        partner = self.registry["res.partner"]
        with patch.object(partner, "_rec_names_search", ["name", "user_ids"]):
            for domain, expected in (
                ([["display_name", "ilike", "x"]], USERS),
                ([["parent_id", "=", "x"]], PARTNERS | USERS),
                ([["id", "child_of", "x"]], USERS),
                ([["id", "child_of", 1]], NOTHING),
                ([["parent_id.display_name", "=", "x"]], PARTNERS | USERS),
            ):
                self.assertReach("search", [({"domain": domain}, expected)])
            rows = [({"name": "x"}, USERS), ({"name": ""}, NOTHING), ({}, NOTHING)]
            self.assertReach("name_search", rows)
        with patch.object(partner, "_rec_names_search", ["parent_id.bank_ids"]):
            self.assertReach("name_search", [({"name": "x"}, PARTNERS | BANKS)])

    def test_names_are_looked_for_by_text_alone(self):
        rows = [
            ({"name": "x", "operator": "ilike"}, NOTHING),
            ({"name": ["x"], "operator": "not in"}, NOTHING),
            ({"name": [["login", "=", "x"]], "operator": "any"}, REFUSED),
            ({"name": [["login", "=", "x"]], "operator": "any!"}, REFUSED),
            ({"name": [["login", "=", "x"]], "operator": "ANY"}, REFUSED),
            ({"name": 1, "operator": "child_of"}, REFUSED),
            ({"name": "x", "operator": ["ilike"]}, REFUSED),
        ]
        self.assertReach("name_search", rows)

    def test_unknown_arguments(self):
        self.assertReach("create", [({"lines": [{"name": "x"}]}, REFUSED)])
        self.assertReach("search_read", [({"model": "res.users"}, REFUSED)])
        # Not even where it is called as one of our shapes is.
        self.assertReach("search", [({"paths": []}, REFUSED)])
        self.assertReach(
            "search_read",
            [({"limit": 5, "offset": 0, "load": None, "order": "id"}, NOTHING)],
        )


@tagged("post_install", "-at_install")
class TestJson2ReachOfValues(ReachCase):
    """Which models a JSON-2 call changes through what it writes."""

    def assertWritten(self, rows, model="res.partner"):
        """Check rows of ``(values, what is changed)`` for each way to give values."""
        for name in ("vals", "values"):  # some models say values
            self.assertReach("write", [({name: v}, e) for v, e in rows], model)
        table = [({"vals_list": [{"comment": "x"}, v]}, e) for v, e in rows]
        self.assertReach("create", table, model)

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
        self.assertReach("copy", [({"default": None}, NOTHING)])
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

    def test_a_related_field_without_an_inverse_is_written_where_it_leads(self):
        """Methods of the ORM follow its path by themselves."""
        field = self.registry["res.company"]._fields["email"]
        with patch.object(field, "inverse", None):
            self.assertWritten([({"email": "x"}, PARTNER_WRITE)], "res.company")
            for name in ("copy", "name_create"):
                row = ({"context": {"default_email": "x"}}, PARTNER_WRITE)
                self.assertReach(name, [row], "res.company")

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

    def test_methods_that_write_a_field_without_naming_it(self):
        # A company is archived, and named, through its contact: here as if it were.
        company = self.registry["res.company"]
        self.assertReach("name_create", [({"name": "X"}, PARTNER_WRITE)], "res.company")
        self.assertReach("name_create", [({"name": "X"}, NOTHING)])
        for method in ("action_archive", "action_unarchive"):
            self.assertReach(method, [({}, NOTHING)], "res.company")
            with patch.object(company, "_active_name", "email"):
                self.assertReach(method, [({}, PARTNER_WRITE)], "res.company")

    def test_a_copy_takes_its_lines_along(self):
        access = "ir.model.access"
        both = {(access, "read"), (access, "create")}
        self.assertReach("copy", [({}, both)], "res.groups")
        self.assertReach("copy", [({}, NOTHING)])
        self.assertReach("copy", [({"default": {"bank_ids": [[0, 0, BANK]]}}, CREATE)])
        default = {"default": {"email": "x@example.com"}}
        self.assertReach("copy", [(default, PARTNER_WRITE)], "res.company")

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

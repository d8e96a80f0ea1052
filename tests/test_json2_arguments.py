import warnings

from odoo.tests import tagged

from .json2_common import NOTHING, REFUSED, ReachCase

PARTNERS = {("res.partner", "read")}
USERS = {("res.users", "read")}
BANKS = {("res.partner.bank", "read")}
CATEGORIES = {("res.partner.category", "read")}


@tagged("post_install", "-at_install")
class TestJson2Arguments(ReachCase):
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
            self.assertReach(
                "search", [({"domain": [["user_ids", "ANY", login]]}, USERS)]
            )
        nested = [["parent_id.name", "=", "x"]]
        for _ in range(30):
            nested = [["child_ids", "any", nested]]
        self.assertReach("search", [({"domain": nested}, REFUSED)])

    def test_what_is_read_grouped_and_sorted(self):
        for method, name in (
            ("read", "fields"),
            ("search_read", "order"),
            ("formatted_read_group", "groupby"),
            ("formatted_read_group", "aggregates"),
            ("formatted_read_grouping_sets", "grouping_sets"),
            ("read_group", "fields"),
            ("read_group", "orderby"),
            ("read_progress_bar", "group_by"),
            ("get_field_translations", "field_name"),
            ("check_field_access_rights", "field_names"),
        ):
            rows = [
                (None, NOTHING),
                ("name", NOTHING),
                ("name desc nulls first, id", NOTHING),
                (["name", "user_ids", "create_date:month"], NOTHING),
                (["__count", "color:sum", "total:sum(color)"], NOTHING),
                ([["name"], ["parent_id", "create_date:day_of_week"]], NOTHING),
                ("parent_id.id", NOTHING),
                ("properties.color", NOTHING),
                ("user_ids.login", USERS),
                ("name, user_ids.login desc", USERS),
                (["name", "user_ids.login:array_agg"], USERS),
                ([["name"], ["user_ids.login_date:month"]], USERS),
                (["x:max(user_ids.login)"], USERS),
                (["x:max( user_ids.login)"], REFUSED),
                (["x:max(user_ids.login"], REFUSED),
                ([{"user_ids": {}}], REFUSED),
                (5, REFUSED),
            ]
            self.assertReach(method, [({name: v}, e) for v, e in rows])

    def test_progress_bars(self):
        bar = {"colors": {"x": "red"}}
        rows = [
            ({**bar, "field": "type"}, NOTHING),
            ({**bar, "field": "user_ids.login"}, USERS),
            (["user_ids.login"], REFUSED),
        ]
        self.assertReach(
            "read_progress_bar", [({"progress_bar": v}, e) for v, e in rows]
        )

    def test_read_specifications(self):
        login = {"fields": {"login": {}}}
        rows = [
            ({}, NOTHING),
            ({"name": {}, "user_ids": {}}, NOTHING),
            ({"user_ids": {"fields": {}}}, NOTHING),
            ({"user_ids": {"fields": {"id": {}, "display_name": {}}}}, NOTHING),
            ({"user_ids": {"fields": {}, "limit": 3}}, NOTHING),
            ({"user_ids": {"context": {"active_test": False}}}, NOTHING),
            ({"user_ids": login}, USERS),
            ({"user_ids": {"order": "login"}}, USERS),
            (
                {"parent_id": {"fields": {"user_ids": login}}},
                PARTNERS | USERS,
            ),
            (
                {
                    "parent_id": {
                        "fields": {"bank_ids": {"fields": {"display_name": {}}}}
                    }
                },
                PARTNERS,
            ),
            ({"properties": {"fields": {"owner": {}}}}, NOTHING),
            ({"properties": {"fields": {"owner": {"fields": {"id": {}}}}}}, NOTHING),
            ({"properties": {"fields": {"owner": login}}}, REFUSED),
            ({"user_ids": {"context": {"show_email": True}}}, REFUSED),
            ({"user_ids": {"fields": ["login"]}}, REFUSED),
            ({"user_ids": ["login"]}, REFUSED),
            (["user_ids"], REFUSED),
        ]
        for method, name in (
            ("web_read", "specification"),
            ("web_search_read", "specification"),
            ("web_name_search", "specification"),
            ("web_save", "specification"),
            ("web_read_group", "unfold_read_specification"),
        ):
            self.assertReach(method, [({name: v}, e) for v, e in rows])

    def test_specifications_of_models_that_only_the_data_knows(self):
        for model, field in (
            ("ir.actions.server", "resource_ref"),
            ("mail.message", "res_id"),
        ):
            rows = [
                ({field: {"fields": {"display_name": {}}}}, NOTHING),
                ({field: {"fields": {"create_uid": {}}}}, REFUSED),
            ]
            self.assertReach(
                "web_read", [({"specification": v}, e) for v, e in rows], model
            )

    def test_groups_that_are_unfolded(self):
        condition = [["user_ids.login", "=", "x"]]
        group = {"value": 1, "folded": False, "limit": 5, "offset": 0}
        rows = [
            ({"groupby_read_specification": None}, NOTHING),
            ({"groupby_read_specification": {"parent_id": {"id": {}}}}, NOTHING),
            (
                {"groupby_read_specification": {"parent_id": {"name": {}}}},
                PARTNERS,
            ),
            ({"groupby_read_specification": ["parent_id"]}, REFUSED),
            ({"opening_info": None}, NOTHING),
            ({"opening_info": [group]}, NOTHING),
            ({"opening_info": [{**group, "progressbar_domain": condition}]}, USERS),
            (
                {
                    "opening_info": [
                        {
                            **group,
                            "groups": [{**group, "progressbar_domain": condition}],
                        }
                    ]
                },
                USERS,
            ),
            ({"opening_info": "x"}, REFUSED),
            ({"auto_unfold": True, "unfold_read_default_limit": 3}, NOTHING),
        ]
        self.assertReach("web_read_group", rows)

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

    def test_exports(self):
        rows = [
            (["name", "id", ".id"], NOTHING),
            (["user_ids", "user_ids/id", "user_ids/.id", "user_ids:id"], NOTHING),
            (["user_ids/display_name", "properties.owner"], NOTHING),
            (["user_ids/login"], USERS),
            (["parent_id/user_ids/login"], PARTNERS | USERS),
            # Odoo reads ":id" in the midst of a name as "/id".
            (["user_ids:identity"], USERS),
            (["properties.owner/id"], NOTHING),
            (["properties.owner/login"], REFUSED),
            (["name/login"], REFUSED),
            ("user_ids/login", REFUSED),
            ([["user_ids", "login"]], REFUSED),
        ]
        self.assertReach("export_data", [({"fields_to_export": v}, e) for v, e in rows])

    def test_unknown_arguments(self):
        self.assertReach("create", [({"lines": [{"name": "x"}]}, REFUSED)])
        self.assertReach("search_read", [({"model": "res.users"}, REFUSED)])
        # Not even where it is called as one of our shapes is.
        for name in ("paths", "groups", "written"):
            self.assertReach("search", [({name: []}, REFUSED)])
        self.assertReach(
            "search_read",
            [({"limit": 5, "offset": 0, "load": None, "order": "id"}, NOTHING)],
        )

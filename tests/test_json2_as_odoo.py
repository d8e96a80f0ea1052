from odoo.tests import tagged
from odoo.tools import mute_logger

from .json2_common import Json2Case


@tagged("post_install", "-at_install")
class TestJson2AsOdoo(Json2Case):
    """An opened model is served as Odoo's own JSON-2 serves it to the same user."""

    def setUp(self):
        super().setUp()
        self.open("res.partner", "read", "create", "write", "unlink")
        self.key = self.make_key()
        self.child = self.env["res.partner"].create(
            {"name": "Nora", "parent_id": self.partner.id, "user_id": self.user.id}
        )
        self.ids = (self.partner | self.child).ids
        self.env.flush_all()

    def both(self, method, **arguments):
        """Call ours with the token and Odoo's with an API key.

        :return: both responses
        """
        options = {"base": "", "token": self.key}
        return (
            self.json2("res.partner", method, **arguments),
            self.json2("res.partner", method, **options, **arguments),
        )

    def test_what_is_read(self):
        domain = [["id", "in", self.ids]]
        for method, arguments in (
            ("search", {"domain": domain, "order": "name desc, id", "limit": 1}),
            ("search_count", {"domain": [*domain, ["parent_id.name", "=", "Deco"]]}),
            ("search_read", {"domain": domain, "fields": ["name", "user_id"]}),
            ("search_read", {"domain": domain, "load": None, "fields": ["user_id"]}),
            ("read", {"ids": self.ids, "fields": ["name", "child_ids", "create_date"]}),
            ("name_search", {"name": "Deco", "domain": domain}),
            ("name_search", {"name": "Deco", "operator": "=", "limit": 3}),
            ("fields_get", {"allfields": ["name"], "attributes": ["string", "type"]}),
            ("default_get", {"fields": ["type", "name"]}),
            (
                "default_get",
                {"fields": ["name"], "context": {"default_name": "Given"}},
            ),
            ("formatted_read_group", {"domain": domain, "groupby": ["parent_id"]}),
            (
                "formatted_read_group",
                {
                    "domain": domain,
                    "groupby": ["create_date:month", "user_id"],
                    "aggregates": ["__count", "color:sum"],
                    "having": [["__count", ">", 0]],
                    "order": "user_id desc",
                },
            ),
            ("has_access", {"ids": self.ids, "operation": "write"}),
        ):
            with self.subTest(method=method, arguments=arguments):
                ours, odoos = self.both(method, **arguments)
                self.assertEqual(odoos.status_code, 200, odoos.text)
                self.assertEqual(self.assertServed(ours), odoos.json())

    def test_what_is_written(self):
        created = self.assertServed(
            self.json2(
                "res.partner", "create", vals_list=[{"name": "A"}, {"name": "B"}]
            )
        )
        records = self.env["res.partner"].browse(created)
        self.assertEqual(records.mapped("name"), ["A", "B"])
        self.assertEqual(records.create_uid, self.user)
        ids = records[0].ids
        answer = self.json2("res.partner", "write", ids=ids, vals={"name": "C"})
        self.assertServed(answer)
        self.assertEqual(records[0].name, "C")
        copied = self.assertServed(
            self.json2("res.partner", "copy", ids=records[0].ids, default={"name": "F"})
        )
        self.assertEqual(self.env["res.partner"].browse(copied).name, "F")
        made = self.assertServed(self.json2("res.partner", "name_create", name="G"))
        self.assertEqual(made[1], "G")
        for method, active in (("action_archive", False), ("action_unarchive", True)):
            self.assertServed(self.json2("res.partner", method, ids=records.ids))
            self.assertEqual(set(records.mapped("active")), {active})
        self.assertServed(
            self.json2(
                "res.partner",
                "write",
                ids=self.partner.ids,
                vals={"child_ids": [[0, 0, {"name": "I"}], [2, self.child.id, 0]]},
            )
        )
        self.assertIn("I", self.partner.child_ids.mapped("name"))
        self.assertFalse(self.child.exists())
        self.assertServed(self.json2("res.partner", "unlink", ids=records.ids))
        self.assertFalse(records.exists())

    @mute_logger("odoo.http", "odoo.sql_db")
    def test_what_is_wrong(self):
        for method, arguments in (
            ("write", {"ids": [2**30], "vals": {"name": "x"}}),
            ("search", {}),
            ("create", {"ids": self.ids, "vals_list": [{"name": "A"}]}),
            ("write", {"ids": self.ids, "vals": {"parent_id": self.partner.id}}),
        ):
            with self.subTest(method=method, arguments=arguments):
                ours, odoos = self.both(method, **arguments)
                self.assertGreaterEqual(odoos.status_code, 400)
                self.assertEqual(ours.status_code, odoos.status_code, ours.text)
                told = ours.json()
                self.assertIn(told.pop("error"), ("invalid_request", "not_found"))
                self.assertEqual(told.pop("error_description"), told["message"])
                self.assertEqual(told, {**odoos.json(), "debug": ""})

    @mute_logger("odoo.http")
    def test_a_body_that_is_not_json_is_refused(self):
        for body, content_type, status in (
            (b"{", "application/json", 400),
            (b"ids=1", "application/x-www-form-urlencoded", 415),
            (b"[" * 50_000, "application/json", 400),
        ):
            with self.subTest(body=body[:10]):
                answer = self.url_open(
                    "/orders/json/2/res.partner/search_count",
                    data=body,
                    headers={**self.access.headers, "Content-Type": content_type},
                )
                self.assertEqual(answer.status_code, status, answer.text)
                self.assertNotIn("Traceback", answer.text)

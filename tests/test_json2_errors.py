import json
import logging
import re

from odoo.tests import tagged
from odoo.tools import mute_logger

from .json2_common import Json2Case

_LOGGER = "odoo.addons.api_auth_oauth2.services.calls.json2_errors"


@tagged("post_install", "-at_install")
class TestJson2Errors(Json2Case):
    """What the caller did wrong is told as 4xx, what is wrong here as 500."""

    def setUp(self):
        super().setUp()
        self.open("res.partner", "read", "create", "write", methods="create_company")
        self.access.api.bearer_enabled = True
        self.env.flush_all()

    def both(self, method, body):
        """Send a call to our JSON-2 and to Odoo's own, with the token.

        :return: both responses
        """
        path = f"/json/2/res.partner/{method}"
        headers = {**self.access.headers, "Content-Type": "application/json"}
        data = body if isinstance(body, str) else json.dumps(body)
        return [
            self.url_open(prefix + path, data=data, headers=headers, method="POST")
            for prefix in ("/orders", "")
        ]

    def broken(self, method, error):
        """Have a method of contacts fail as one that an addon overrides with a bug."""

        def fail(*_args, **_kwargs):
            raise error

        self.patch(self.registry["res.partner"], method, fail)

    @mute_logger("odoo.sql_db")
    def test_a_value_that_the_orm_cannot_work_with_is_422(self):
        ids = self.partner.ids
        for method, arguments in (
            ("search_read", {"domain": [["nothing", "=", 1]]}),
            ("search_read", {"domain": [["id", "=", {}]]}),
            ("search", {"domain": [], "limit": {"a": 1}}),
            ("search", {"domain": [], "limit": "x"}),
            ("search", {"domain": [], "offset": -1}),
            ("read", {"ids": ids, "fields": ["nothing"]}),
            ("has_access", {"ids": ids, "operation": []}),
            ("write", {"ids": ids, "vals": {"nothing": 1}}),
            ("write", {"ids": ids, "vals": {"color": "red"}}),
            ("write", {"ids": ids, "vals": {"type": 7}}),
            ("create", {"vals_list": [{"name": "A", "color": 2**40}]}),
        ):
            for answer in self.both(method, arguments):
                with self.subTest(path=answer.request.path_url, arguments=arguments):
                    self.assertEqual(answer.status_code, 422, answer.text)
                    body = answer.json()
                    self.assertRegex(body["message"], r"\(error [0-9a-f]{32}\)$")
                    self.assertEqual(body["arguments"], [body["message"]])
                    self.assertEqual(body["debug"], "")

    def test_what_the_orm_says_of_a_value_is_told_with_the_log_s_error_id(self):
        for answer in self.both("search", {"domain": [["nothing", "=", 1]]}):
            self.assertIn("Invalid field res.partner.nothing", answer.text)
        with self.assertLogs(_LOGGER, logging.INFO) as logs:
            answer = self.json2("res.partner", "search", domain=[["nothing", "=", 1]])
        self.assertIn(logs.records[0].args[0], answer.text)
        self.assertTrue(logs.records[0].exc_info)

    @mute_logger("odoo.sql_db")
    def test_the_database_s_words_are_not_told(self):
        for answer in self.both("search", {"domain": [["color", "=", "x"]]}):
            self.assertEqual(answer.status_code, 422, answer.text)
            self.assertNotIn("SELECT", answer.text)
            self.assertNotIn("LINE 1", answer.text)

    def test_what_no_database_stores_is_400(self):
        for value in ("\0", "a\ud800", float("nan"), float("inf"), {"\udc00": 1}):
            for answer in self.both("search", {"domain": [["name", "=", value]]}):
                with self.subTest(value=ascii(value)):
                    self.assertEqual(answer.status_code, 400, answer.text)
                    self.assertEqual(answer.json()["error"], "invalid_request")

    def test_an_argument_that_does_not_exist_is_called_that(self):
        for method, arguments, name, takes in (
            ("search", {"filter": []}, "filter", "search takes ids, context, domain,"),
            ("search", {"domain": [], "vals": {}}, "vals", "search takes"),
            ("write", {"ids": [1], "values": {}}, "values", "takes ids, context, vals"),
            ("unlink", {"<b>": 1}, "sent", "unlink takes ids, context."),
        ):
            self.open("res.partner", "read", "write", "unlink")
            for answer in self.both(method, arguments):
                with self.subTest(method=method, path=answer.request.path_url):
                    self.assertEqual(answer.status_code, 400, answer.text)
                    body = answer.json()
                    self.assertEqual(body["error"], "invalid_request")
                    says = f"The argument {name} does not exist: "
                    self.assertIn(says, body["error_description"])
                    self.assertIn(takes, body["error_description"])

    def test_a_body_that_is_nested_too_deeply_is_the_caller_s_doing(self):
        for answer in self.both("search", "[" * 50_000):
            self.assertEqual(answer.status_code, 400, answer.text)

    def test_ids_that_are_no_record_ids_are_400(self):
        for method in ("read", "create_company"):
            for ids in ("x", [True], ["1"], [1.5], {}, {"a": 1}, [2**31], [[1]], True):
                if ids == {}:
                    continue  # nothing, as Odoo takes it
                for answer in self.both(method, {"ids": ids}):
                    with self.subTest(method=method, ids=ids):
                        self.assertEqual(answer.status_code, 400, answer.text)
                        self.assertEqual(answer.json()["error"], "invalid_request")

    @mute_logger("odoo.http", _LOGGER)
    def test_a_bug_of_an_addon_stays_500(self):
        for error in (ValueError("a bug"), KeyError("a bug"), TypeError("a bug")):
            self.broken("create", error)
            for answer in self.both("create", {"vals_list": [{"name": "A"}]}):
                self.assertEqual(answer.status_code, 500, answer.text)
                self.assertEqual(answer.json()["debug"], "")
                description = answer.json()["error_description"]
                [number] = re.findall("^Internal error ([0-9a-f]{32}): ", description)
                event = self.env["oauth2.event"].search([("reference", "=", number)])
                self.assertEqual(event.cause, "internal")
                self.assertEqual(event.client_id, self.access.client)

    @mute_logger("odoo.http", _LOGGER)
    def test_what_a_further_method_raises_stays_500(self):
        """It is not known what it does with the ORM."""
        env = self.env

        def fail(_records):
            env["res.partner"].search([("nothing", "=", 1)])

        fail.__doc__ = "Public, as methods that scopes open by name are."
        self.patch(self.registry["res.partner"], "create_company", fail)
        for answer in self.both("create_company", {"ids": self.partner.ids}):
            self.assertEqual(answer.status_code, 500, answer.text)

    @mute_logger("odoo.http")
    def test_no_traceback_reaches_an_application(self):
        for method, body in (("search", {}), ("nothing", {}), ("search", "[")):
            for answer in self.both(method, body):
                self.assertNotIn("Traceback", answer.text)

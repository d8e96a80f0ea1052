"""What is returned and is no JSON: never Python's name of it, never a page."""

from datetime import timedelta
from http import HTTPStatus
from types import MappingProxyType

from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from odoo import http
from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..oauth2 import oauth2, oauth2_route
from .json2_common import Json2Case
from .json_route_common import JsonRouteCase

_DISPATCHERS = "odoo.addons.api_auth_oauth2.controllers.dispatchers"
_ERRORS = "odoo.addons.api_auth_oauth2.services.calls.json2_errors"
_ORIGIN = "https://app.example.com"
_TODAY, _HALF = "Not today.", "\ud800 is half"


def _endless():
    told = []
    told.append(told)
    return told


class TestRouteValues(JsonRouteCase):
    """What a protected JSON route may return."""

    @classmethod
    def add_controllers(cls):
        class Routes(http.Controller):
            @oauth2_route("/<api>/value/<name>", methods=["GET"])
            def value(self, name):
                self.env.user.sudo().partner_id.comment = "changed"
                return cls.values[name]()

            @oauth2_route("/<api>/parts", methods=["GET"])
            def parts(self, fails: bool = False):
                yield 1
                if fails:
                    raise UserError(_TODAY)
                yield self.env.user

            @oauth2_route("/<api>/text-error", methods=["GET"])
            def text_error(self):
                raise UserError(_HALF)

        cls.values = {}

    def value(self, make):
        self.values["it"] = make
        return self.call("value/it", headers={"Origin": _ORIGIN})

    def test_sets_and_iterables_become_lists(self):
        for make, expected in (
            (lambda: {3}, [3]),
            (lambda: frozenset("a"), ["a"]),
            (lambda: map(str, (1, 2)), ["1", "2"]),
            (lambda: (n for n in (1, 2)), [1, 2]),
            (lambda: {"a": 1, "b": 2}.keys(), ["a", "b"]),
            (lambda: {"a": 1}.items(), [["a", 1]]),
            (lambda: range(2), [0, 1]),
            (lambda: {"all": oauth2.scopes - {"probe.write"}}, {"all": ["probe.read"]}),
            (lambda: MappingProxyType({"a": {1}}), {"a": [1]}),
            (lambda: [(1, "x")], [[1, "x"]]),
            (lambda: HTTPStatus.OK, 200),
        ):
            with self.subTest(expected=expected):
                self.assertEqual(self.assertServed(self.value(make)), expected)

    @mute_logger("odoo.http")
    def test_a_generator_method_answers_a_list_and_may_refuse(self):
        answer = self.call("parts")
        self.assertEqual(self.assertServed(answer), [1, self.user.ids])
        answer = self.call("parts?fails=1")
        self.assertTold(answer, 422, "invalid_request", says="Not today.")

    @mute_logger("odoo.http")
    def test_what_is_no_json_is_500_and_the_log_names_its_type(self):
        self.client.allowed_origins = _ORIGIN
        for make, name in (
            (lambda: timedelta(1), "timedelta"),
            (lambda: {"a": [object()]}, "object"),
            (lambda: oauth2, "_Context"),
            (lambda: UserError("x"), "UserError"),
            (lambda: {(1, 2): 3}, "tuple"),
            (lambda: b"\xff", "bytes"),
            (lambda: ["\ud800"], "surrogate"),
            (lambda: [float("nan")], "float"),
            (_endless, "Circular"),
            (lambda: (1, 2, 3), "tuple"),
            (lambda: ("a", 5), "tuple"),
            (lambda: ({}, True), "tuple"),
            (lambda: ({}, 204), "tuple"),
        ):
            with self.subTest(name), self.assertLogs(_DISPATCHERS, "ERROR") as logs:
                answer = self.value(make)
                self.assertTold(answer, 500, "server_error", says="Internal error")
                self.assertEqual(answer.headers["Access-Control-Allow-Origin"], _ORIGIN)
                self.assertIn(name, logs.output[0])
                self.env.invalidate_all()
                self.assertFalse(self.user.partner_id.comment, "it was rolled back")

    def test_a_pair_is_a_value_and_its_status(self):
        for make, status, expected in (
            (lambda: ({"id": 1}, 201), 201, {"id": 1}),
            (lambda: ({1}, HTTPStatus.ACCEPTED), 202, [1]),
            (lambda: ({"error": "conflict"}, 409), 409, {"error": "conflict"}),
        ):
            answer = self.value(make)
            self.assertEqual((answer.status_code, answer.json()), (status, expected))
        answer = self.value(lambda: (None, 204))
        self.assertEqual((answer.status_code, answer.content), (204, b""))

    @mute_logger("odoo.http")
    def test_responses_and_http_errors_that_are_returned_are_answers(self):
        answer = self.value(lambda: Response("as it is", status=202))
        self.assertEqual((answer.status_code, answer.text), (202, "as it is"))
        answer = self.value(lambda: NotFound("No such order."))
        self.assertTold(answer, 404, "not_found", says="No such order.")

    @mute_logger("odoo.http")
    def test_an_error_with_any_text_is_told_in_json(self):
        answer = self.call("text-error")
        self.assertTold(answer, 422, "invalid_request", says=" is half")


@tagged("post_install", "-at_install")
class TestJson2Answers(Json2Case):
    """JSON-2 under an API, and Odoo's own with a token of ours."""

    def setUp(self):
        super().setUp()
        self.open("res.partner", "read", "write", methods="create_company")
        self.access.api.bearer_enabled = True
        self.access.client.allowed_origins = _ORIGIN
        self.env.flush_all()

    def both(self, method, **arguments):
        for base in ("/orders", ""):
            yield self.url_open(
                f"{base}/json/2/res.partner/{method}",
                json=arguments,
                method="POST",
                headers={**self.access.headers, "Origin": _ORIGIN},
            )

    def returns(self, method, make):
        """Have a method of contacts change one, and return something."""

        def changed(records, *_args, **_kwargs):
            records.browse(partner_id).sudo().comment = "changed"
            return make()

        partner_id = self.partner.id
        changed.__doc__ = "Public, as a method that a scope line names."
        self.patch(self.registry["res.partner"], method, changed)

    def assertNotWritten(self, answer, status, error):
        self.assertEqual(answer.status_code, status, answer.text)
        told = answer.json()
        self.assertEqual(told["error"], error)
        self.assertRegex(told["error_description"], "[0-9a-f]{32}")
        self.assertEqual(told["debug"], "")
        self.assertEqual(answer.headers["Access-Control-Allow-Origin"], _ORIGIN)
        self.env.invalidate_all()
        self.assertFalse(self.partner.comment, "it was rolled back")

    def test_the_bytes_of_a_file_are_422(self):
        self.open("ir.attachment", "read")
        file = self.env["ir.attachment"].create({"name": "a.bin", "raw": b"\xff\xfe"})
        file.write({"res_model": "res.partner", "res_id": self.partner.id})
        self.env.flush_all()
        for base in ("/orders", ""):
            answer = self.json2(
                "ir.attachment",
                "search_read",
                base=base,
                domain=[["id", "=", file.id]],
                fields=["raw"],
            )
            self.assertNotJson(answer)

    def assertNotJson(self, answer):
        self.assertEqual(answer.status_code, 422, answer.text)
        self.assertEqual(answer.json()["error"], "invalid_request")
        self.assertRegex(answer.json()["message"], "JSON.*error [0-9a-f]{32}")

    @mute_logger("odoo.http", _ERRORS)
    def test_what_is_no_json_is_told_in_json_and_undone(self):
        for make in (
            lambda: [{"raw": b"\xff"}],
            lambda: ["\ud800"],
            lambda: {(1, 2): 3},
            lambda: [float("inf")],
            lambda: object(),
        ):
            self.returns("search_read", make)
            for answer in self.both("search_read", domain=[]):
                self.assertNotWritten(answer, 422, "invalid_request")
            self.returns("create_company", make)
            for answer in self.both("create_company", ids=self.partner.ids):
                self.assertNotWritten(answer, 500, "server_error")

    @mute_logger("odoo.http", _ERRORS)
    def test_an_error_whose_arguments_are_no_json_is_told_in_json(self):
        for error in (
            ValueError(b"\xff", object()),
            UserError(_HALF),
            KeyError((1, 2)),
            ValueError(float("nan"), {(1, 2): 3}),
        ):

            def fail(error=error):
                raise error

            self.returns("create_company", fail)
            for answer in self.both("create_company", ids=self.partner.ids):
                self.assertIn(answer.status_code, (422, 500))
                self.assertIn("error_description", answer.json())
                self.assertNotIn("NaN", answer.text)

    @mute_logger("odoo.http", _ERRORS, "odoo.sql_db")
    def test_odoos_errors_have_error_and_error_description_too(self):
        cases = (
            ("search", {}, 422, "invalid_request"),
            ("search", {"domain": [["nothing", "=", 1]]}, 422, "invalid_request"),
            ("write", {"ids": [2**30], "vals": {"name": "A"}}, 404, "not_found"),
        )
        for method, arguments, status, error in cases:
            for answer in self.both(method, **arguments):
                with self.subTest(method=method, path=answer.request.path_url):
                    told = answer.json()
                    found = answer.status_code, told["error"]
                    self.assertEqual(found, (status, error), answer.text)
                    self.assertEqual(told["error_description"], told["message"])
                    self.assertLessEqual({"name", "arguments", "context"}, set(told))

"""What a protected route takes, and what its answers and errors look like."""

import json
import re
from datetime import datetime

from werkzeug.exceptions import Conflict, NotFound, abort

from odoo import http
from odoo.exceptions import AccessDenied, AccessError, UserError, ValidationError
from odoo.http import request
from odoo.tools import mute_logger

from ..oauth2 import oauth2_route
from .route_common import RouteCase

_DISPATCHERS = "odoo.addons.api_auth_oauth2.controllers.dispatchers"


class TestArguments(RouteCase):
    """Query string, JSON body and path become the method's arguments."""

    @classmethod
    def add_controllers(cls):
        class Arguments(http.Controller):
            @oauth2_route("/<api>/sum/<int:first>", methods=["GET", "POST"])
            def sum(self, first, second, third=0):
                return [first, second, third]

            @oauth2_route("/<api>/any", methods=["GET", "POST"])
            def any(self, **values):
                return values

    def call(self, path, body=None, media_type="application/json"):
        if isinstance(body, dict | list):
            body = json.dumps(body)
        return self.get(
            path,
            self.token,
            data=body,
            method="GET" if body is None else "POST",
            headers={"Content-Type": media_type} if media_type else {},
        )

    def assertArguments(self, expected, *arguments):
        response = self.call(*arguments)
        self.assertEqual(response.status_code, 200, response.text)
        self.assertEqual(response.json(), expected)

    def assertBad(self, message, *arguments):
        response = self.call(*arguments)
        self.assertRefused(response, 400, "invalid_request")
        self.assertIn(message, response.json()["error_description"])

    def test_where_they_come_from(self):
        self.assertArguments([1, "2", 0], "/orders/sum/1?second=2")
        self.assertArguments([1, 2, "x"], "/orders/sum/1", {"second": 2, "third": "x"})
        self.assertArguments(
            [1, {"deep": [None]}, "3"],
            "/orders/sum/1?third=3",
            {"second": {"deep": [None]}},
        )

    def test_a_body_of_unknown_length_is_read_too(self):
        body = iter([b'{"second": ', b"2}"])
        self.assertArguments([1, 2, 0], "/orders/sum/1", body)

    def test_an_argument_comes_from_one_place(self):
        self.assertBad(
            "second was sent twice", "/orders/sum/1?second=8", '{"second": 2}'
        )
        self.assertBad("first is unknown", "/orders/sum/1?first=8&second=8")

    def test_an_unknown_or_a_missing_argument_is_refused_by_name(self):
        self.assertBad("fourth is unknown", "/orders/sum/1?second=2&fourth=4")
        self.assertBad("second is missing", "/orders/sum/1")
        self.assertBad("argument sent is unknown", "/orders/sum/1?second=2&%3Cb%3E=4")
        self.assertArguments({"api": "orders", "a": "1"}, "/orders/any?a=1")

    def test_a_body_that_is_no_json_object(self):
        for body in ("{", "[]", "nonsense", '"text"', "\xff"):
            with self.subTest(body):
                self.assertBad("JSON", "/orders/any", body)
        for media_type in ("text/plain", "application/x-www-form-urlencoded", None):
            with self.subTest(media_type):
                self.assertBad("application/json", "/orders/any", "{}", media_type)


class TestAnswers(RouteCase):
    """What a method returns becomes JSON; what it raises becomes JSON as well."""

    @classmethod
    def add_controllers(cls):
        class Answers(http.Controller):
            @oauth2_route("/<api>/value/<name>", methods=["GET"])
            def value(self, name):
                return {
                    "none": None,
                    "records": request.env.user,
                    "moment": datetime(2026, 1, 2, 3, 4, 5),
                    "response": request.make_response("as it is"),
                }[name]

            @oauth2_route("/<api>/fail/<name>", methods=["GET"])
            def fail(self, name):
                request.env.user.sudo().partner_id.comment = "changed"
                raised = {
                    "user": UserError("Not on a Sunday."),
                    "validation": ValidationError("A number, please."),
                    "access": AccessError("Not for you."),
                    "denied": AccessDenied(),
                    "not-found": NotFound("No such thing."),
                    "conflict": Conflict(),
                    "empty": UserError(""),
                    "bug": ZeroDivisionError("a secret detail"),
                }
                if name == "missing":
                    return request.env["res.partner"].browse(2**31 - 2).name
                if name == "forbidden":
                    request.env["oauth2.provider"].search([])
                if name == "sql":
                    request.env.cr.execute("SELECT a_secret_column FROM res_users")
                if name == "abort":
                    abort(request.make_json_response({"mine": True}, status=418))
                raise raised[name]

    def fail_with(self, name):
        response = self.get(f"/orders/fail/{name}", self.token)
        self.env.invalidate_all()
        self.assertFalse(self.user.partner_id.comment, "it was rolled back")
        return response

    def assertFails(self, name, status, error, message):
        with self.subTest(name):
            response = self.fail_with(name)
            self.assertRefused(response, status, error)
            self.assertIn(message, response.json()["error_description"])

    def test_values(self):
        for name, expected in (
            ("none", None),
            ("records", self.user.ids),
            ("moment", "2026-01-02 03:04:05"),
        ):
            answer = self.assertOpens(path=f"/orders/value/{name}")
            self.assertEqual(answer, expected)
        response = self.get("/orders/value/response", self.token)
        self.assertEqual(response.text, "as it is")

    @mute_logger("odoo.http")
    def test_what_odoo_refuses(self):
        for name, status, error, message in (
            ("user", 422, "invalid_request", "Not on a Sunday."),
            ("validation", 422, "invalid_request", "A number, please."),
            ("access", 403, "access_denied", "Not for you."),
            ("denied", 403, "access_denied", "Access Denied"),
            ("missing", 404, "not_found", "does not exist"),
            ("forbidden", 403, "access_denied", "not allowed"),
            ("not-found", 404, "invalid_request", "No such thing."),
            ("conflict", 409, "invalid_request", "conflict"),
            ("empty", 422, "invalid_request", ""),
        ):
            self.assertFails(name, status, error, message)

    def test_a_response_that_is_aborted_with_is_sent_as_it_is(self):
        response = self.fail_with("abort")
        self.assertEqual((response.status_code, response.json()), (418, {"mine": True}))

    @mute_logger("odoo.http", "odoo.sql_db")
    def test_a_bug_is_told_by_an_id_that_the_log_has_too(self):
        for name in ("bug", "sql", "unknown"):
            with self.subTest(name), self.assertLogs(_DISPATCHERS, "ERROR") as logs:
                response = self.fail_with(name)
            self.assertRefused(response, 500, "server_error")
            description = response.json()["error_description"]
            error_id = re.search(r"[0-9a-f]{32}", description)[0]
            self.assertIn(error_id, logs.output[0])
            self.assertIn(f"/orders/fail/{name}", logs.output[0])
            for detail in ("secret", "Error:", "File", ".py", "Zero", "Key"):
                self.assertNotIn(detail, response.text)

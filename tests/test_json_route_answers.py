import re
from datetime import date, datetime

from werkzeug.exceptions import Conflict, NotFound, abort

from odoo import http
from odoo.exceptions import (
    AccessDenied,
    AccessError,
    ConcurrencyError,
    LockError,
    MissingError,
    RedirectWarning,
    UserError,
    ValidationError,
)
from odoo.http import request
from odoo.service import model
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..oauth2 import oauth2, oauth2_route
from ..services.audit import auth_failure_log
from ..services.audit.auth_failure_log import AuthFailureLog
from .json_route_common import JsonRouteCase


@tagged("post_install", "-at_install")
class TestAnswers(JsonRouteCase):
    """Return values become JSON, exceptions become errors in JSON."""

    @classmethod
    def add_controllers(cls):
        class Routes(http.Controller):
            @oauth2_route("/<api>/answer/<kind>", methods=["GET"])
            def answer(self, kind):
                partners = self.env["res.partner"].search([], limit=2, order="id")
                return {
                    "dict": {"a": 1, "b": [True, None, 1.5, "ü"]},
                    "list": [1, 2],
                    "text": "plain",
                    "nothing": None,
                    "records": partners,
                    "no_records": partners.browse(),
                    "nested": {"found": [partners[:1], {"all": partners}]},
                    "dates": {
                        "day": date(2026, 11, 23),
                        "moment": datetime(2026, 11, 23, 10, 0, 0),
                    },
                    "rows": partners.read(["create_date", "user_id"]),
                    "response": request.make_json_response({"made": True}, status=201),
                }[kind]

            @oauth2_route("/<api>/raise/<kind>", methods=["POST"])
            def error(self, kind):
                partner = self.env["res.partner"].create({"name": "Half-written"})
                if kind == "access":
                    self.env["ir.config_parameter"].check_access("write")
                if kind == "missing":
                    partner.browse(2**30).name.upper()
                if kind == "constraint":
                    partner.parent_id = partner
                if kind == "unique":
                    self.env["res.currency"].sudo().create(
                        {"name": "EUR", "symbol": "€"}
                    )
                if kind == "sql":
                    self.env.cr.execute("SELECT a_secret_column FROM res_users")
                if kind == "abort":
                    abort(request.make_json_response({"mine": True}, status=418))
                if kind == "scope":
                    oauth2.require("probe.read admin")
                raise {
                    "user": UserError("The order is confirmed already."),
                    "empty": UserError(""),
                    "validation": ValidationError("The amount is negative: ü."),
                    "access_given": AccessError("Not for you."),
                    "denied": AccessDenied(),
                    "missing_given": MissingError("It is gone."),
                    "locked": LockError("Another call changes it."),
                    "redirect": RedirectWarning("Set it up first.", 1, "Go"),
                    "werkzeug": NotFound("No such order."),
                    "conflict": Conflict(),
                    "busy": ConcurrencyError("the same row, again and again"),
                    "bug": ZeroDivisionError("secret detail"),
                }[kind]

            @oauth2_route(
                "/<api>/file", type="http", methods=["GET"], scopes="probe.read"
            )
            def file(self, name="file"):
                headers = [
                    ("Content-Type", "text/csv"),
                    ("Content-Disposition", http.content_disposition(f"{name}.csv")),
                ]
                return request.make_response("a;b\n1;2\n", headers)

            @oauth2_route("/<api>/file/broken", type="http", methods=["GET"])
            def broken_file(self):
                raise UserError(self.env._("No file today."))

            @oauth2_route(
                "/<api>/who", methods=["GET"], readonly=True, scopes="probe.read"
            )
            def who(self):
                oauth2.require("probe.read probe.write")
                return {
                    "api": oauth2.api.endpoint,
                    "client": oauth2.client.name,
                    "grant": oauth2.client_user,
                    "scopes": sorted(oauth2.scopes),
                    "user": self.env.user.login,
                    "superuser": self.env.su,
                    "lang": self.env.lang,
                    "tz": self.env.context.get("tz"),
                    "readonly": self.env.cr.readonly,
                }

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.user.group_ids |= cls.env.ref("base.group_partner_manager")

    def answer(self, kind):
        response = self.call(f"answer/{kind}")
        self.assertEqual(
            response.headers["Content-Type"], "application/json; charset=utf-8"
        )
        return self.assertServed(response)

    def error(self, kind):
        response = self.call(f"raise/{kind}", {})
        # Whatever was written before is undone.
        self.assertFalse(
            self.env["res.partner"].search([("name", "=", "Half-written")])
        )
        self.assertEqual(response.headers["Cache-Control"], "no-store")
        return response

    def test_a_returned_value_becomes_json(self):
        self.assertEqual(self.answer("dict"), {"a": 1, "b": [True, None, 1.5, "ü"]})
        self.assertEqual(self.answer("list"), [1, 2])
        self.assertEqual(self.answer("text"), "plain")
        self.assertIsNone(self.answer("nothing"))

    def test_returned_records_become_their_ids(self):
        ids = self.env["res.partner"].search([], limit=2, order="id").ids
        self.assertEqual(self.answer("no_records"), [])
        self.assertEqual(len(self.answer("records")), 2)
        found = self.answer("nested")["found"]
        self.assertEqual(found[0], found[1]["all"][:1])
        self.assertTrue(set(found[1]["all"]) <= {*ids, *self.answer("records")})

    def test_returned_dates_become_what_odoo_writes(self):
        self.assertEqual(
            self.answer("dates"),
            {"day": "2026-11-23", "moment": "2026-11-23 10:00:00"},
        )
        row = self.answer("rows")[0]
        self.assertRegex(row["create_date"], r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$")

    def test_a_response_that_is_returned_or_aborted_with_is_sent_as_it_is(self):
        response = self.call("answer/response")
        self.assertEqual((response.status_code, response.json()), (201, {"made": True}))
        response = self.call("raise/abort", {})
        self.assertFalse(
            self.env["res.partner"].search([("name", "=", "Half-written")])
        )
        self.assertEqual((response.status_code, response.json()), (418, {"mine": True}))

    @mute_logger("odoo.http", "odoo.sql_db")
    def test_odoo_s_errors_in_a_route_are_4xx_with_odoo_s_message(self):
        for kind, status, error, says in (
            ("user", 422, "invalid_request", "The order is confirmed already."),
            ("empty", 422, "invalid_request", ""),
            ("validation", 422, "invalid_request", "The amount is negative: ü."),
            ("constraint", 422, "invalid_request", "recursive"),
            ("redirect", 422, "invalid_request", "Set it up first."),
            ("access_given", 403, "access_denied", "Not for you."),
            ("access", 403, "access_denied", "ir.config_parameter"),
            ("denied", 403, "access_denied", "Access Denied"),
            ("locked", 409, "invalid_request", "Another call changes it."),
            ("missing_given", 404, "not_found", "It is gone."),
            ("missing", 404, "not_found", "res.partner(1073741824,)"),
            ("unique", 422, "invalid_request", ""),
        ):
            with self.subTest(kind=kind):
                self.assertTold(self.error(kind), status, error, says=says)

    @mute_logger("odoo.http")
    def test_http_errors_raised_in_a_route_keep_their_status(self):
        answer = self.error("werkzeug")
        self.assertTold(answer, 404, "not_found", says="No such order.")
        self.assertTold(self.error("conflict"), 409, "invalid_request")

    @mute_logger("odoo.http")
    def test_a_database_that_stays_too_busy_asks_to_come_again(self):
        self.patch(model, "MAX_TRIES_ON_CONCURRENCY_FAILURE", 1)
        answer = self.error("busy")
        self.assertTold(answer, 503, "temporarily_unavailable")
        self.assertEqual(answer.headers["Retry-After"], "1")

    def test_a_scope_that_is_required_inside_of_a_route_is_told(self):
        answer = self.error("scope")
        self.assertTold(answer, 403, "insufficient_scope")
        self.assertIn('scope="admin probe.read"', answer.headers["WWW-Authenticate"])
        self.assertIn("resource_metadata=", answer.headers["WWW-Authenticate"])

    @mute_logger("odoo.http", "odoo.sql_db")
    def test_a_bug_is_500_with_an_error_id_that_is_in_the_log(self):
        for kind, error in (
            ("bug", "ZeroDivisionError"),
            ("sql", "UndefinedColumn"),
            ("unknown", "KeyError"),
        ):
            with (
                self.subTest(kind),
                self.assertLogs("odoo.addons.api_auth_oauth2.controllers") as logs,
            ):
                answer = self.error(kind)
            self.assertTold(answer, 500, "server_error")
            for detail in ("secret", "Error:", "File", ".py", "Zero", "Key", "Column"):
                self.assertNotIn(detail, answer.text)
            error_id = re.search(r"[0-9a-f]{32}", answer.text)[0]
            for logged in (error_id, error, f"/orders/raise/{kind}"):
                self.assertIn(logged, logs.output[0])
            event = self.env["oauth2.event"].search([("reference", "=", error_id)])
            self.assertEqual((event.kind, event.cause), ("refusal", "internal"))
            self.assertEqual((event.api_id, event.user_id), (self.api, self.user))
            for detail in (kind, error, "secret"):
                self.assertNotIn(detail, event.reason)

    @mute_logger("odoo.http", "odoo.addons.api_auth_oauth2.controllers.dispatchers")
    def test_bugs_that_come_many_times_have_few_lines_in_the_audit_log(self):
        before = self.env["oauth2.event"].search([])
        self.patch(auth_failure_log, "failures", AuthFailureLog())
        self.patch(auth_failure_log, "_ERRORS_OF_ROUTE", 2)
        for _each in range(4):
            self.error("bug")
        lines = self.env["oauth2.event"].search([]) - before
        self.assertEqual(lines.mapped("cause"), ["internal"] * 2)

    def test_a_bug_is_in_odoo_s_log_with_its_traceback(self):
        with (
            self.assertLogs("odoo.addons.api_auth_oauth2.controllers"),
            self.assertLogs("odoo.http", "ERROR") as logs,
        ):
            self.error("bug")
        self.assertIn("secret detail", "".join(logs.output))

    def test_files_are_served_by_http_routes(self):
        answer = self.call("file", params={"name": "week"})
        self.assertEqual(answer.text, "a;b\n1;2\n")
        self.assertIn("week.csv", answer.headers["Content-Disposition"])
        self.assertTold(self.call("file", token=""), 401, "invalid_token")

    @mute_logger("odoo.http")
    def test_an_http_route_raises_as_odoo_does(self):
        answer = self.call("file/broken")
        self.assertEqual(answer.status_code, 422)
        self.assertIn("No file today.", answer.text)
        self.assertNotIn("Traceback", answer.text)

    def test_a_handler_knows_its_caller_and_runs_read_only(self):
        self.user.tz = "Europe/Brussels"
        self.env.flush_all()
        self.assertEqual(
            self.assertServed(self.call("who")),
            {
                "api": "orders",
                "client": "Application",
                "grant": self.grant.ids,
                "scopes": ["probe.read", "probe.write"],
                "user": "olivia@example.com",
                "superuser": False,
                "lang": "en_US",
                "tz": "Europe/Brussels",
                "readonly": True,
            },
        )
        self.assertFalse(oauth2)
        self.assertEqual(oauth2.scopes, frozenset())
        self.assertIsNone(oauth2.api)

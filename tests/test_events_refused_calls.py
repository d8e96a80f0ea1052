"""Refused calls of protected routes are told of, and never each of them."""

from odoo import http

from ..oauth2 import oauth2_route
from ..services import auth_failure_log
from ..services.auth_failure_log import AuthFailureLog
from .route_common import RouteCase


class TestRefusedCalls(RouteCase):
    @classmethod
    def add_controllers(cls):
        class Probe(http.Controller):
            @oauth2_route("/<api>/probe", methods=["GET"])
            def probe(self):
                return {"probe": True}

            @oauth2_route("/<api>/probe/write", scopes="probe.write", methods=["GET"])
            def probe_write(self):
                return {}

            @oauth2_route("/<api>/probe/read", methods=["GET"], readonly=True)
            def probe_read(self):
                return {}

    def setUp(self):
        super().setUp()
        self.patch(auth_failure_log, "failures", AuthFailureLog())
        self.known = self.events()

    def events(self):
        self.env.invalidate_all()
        return self.env["oauth2.event"].search([("kind", "=", "refusal")])

    def told(self):
        lines = self.events() - self.known
        self.known += lines
        return lines.sorted("id")

    def test_refused_tokens_are_counted_and_told_of_in_one_line(self):
        for _time in range(3):
            self.assertEqual(self.get("/orders/probe", "made-up").status_code, 401)
        line = self.told()
        self.assertIn("1 invalid_token", line.reason)
        self.assertFalse(line.address or line.actor_id or line.api_id)
        self.patch(auth_failure_log.failures.of_callers, "window", 0)  # an hour later
        self.get("/orders/probe", "made-up")
        self.assertIn("3 invalid_token", self.told().reason)

    def test_a_missing_scope_names_the_grant_and_is_told_of_once(self):
        self.grant.scope_ids = False
        for _time in range(3):
            answer = self.get("/orders/probe/write", self.token)
            self.assertEqual(answer.status_code, 403)
        line = self.told()
        self.assertEqual((line.error, line.user_id), ("insufficient_scope", self.user))
        self.assertEqual(line.client_user_ref, self.grant.id)
        self.assertEqual((line.client_id, line.api_id), (self.client, self.api))
        self.assertIn("/<api>/probe/write", line.reason)
        self.assertEqual(line.address, "127.0.0.1")

    def test_a_call_without_a_token_is_not_in_the_audit_log(self):
        self.get("/orders/probe")
        self.assertFalse(self.told())

    def test_a_read_only_call_is_counted_and_told_of_with_the_next(self):
        for _time in range(2):
            self.get("/orders/probe/read", "made-up")
        self.assertFalse(self.told())
        self.get("/orders/probe", "made-up")
        self.assertIn("3 invalid_token", self.told().reason)

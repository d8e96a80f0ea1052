"""Refused calls of protected routes are counted, and told of, never each of them."""

from datetime import timedelta

from odoo import fields, http

from ..oauth2 import oauth2_route
from ..protocol.rate_limit import FixedWindowCounter
from ..services.audit import auth_failure_log
from ..services.audit.auth_failure_log import AuthFailureLog
from ..services.authentication import rate_limit
from ..services.authentication.rate_limit import LIMIT_PARAMETER, RateLimit
from .route_common import RouteCase


class TestRefusedTokens(RouteCase):
    """Refused tokens are counted by address in the process, valid ones not at all."""

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
        self.counter = FixedWindowCounter(capacity=10)
        self.patch(rate_limit, "refused_tokens", self.counter)
        self.limit(3)

    def events(self):
        self.env.invalidate_all()
        return self.env["oauth2.event"].search([("kind", "=", "refusal")])

    def told(self):
        lines = self.events() - self.known
        self.known += lines
        return lines.sorted("id")

    def limit(self, value):
        name = LIMIT_PARAMETER % "refused_tokens"
        self.env["ir.config_parameter"].set_param(name, value)

    def statuses(self, count, token="made-up", **options):
        """:return: the statuses of so many calls"""
        return [self.get(token=token, **options).status_code for _ in range(count)]

    def counted_queries(self, token):
        """:return: how many queries a protected call makes, once all caches are warm"""
        self.get(token=token)
        self.env.flush_all()
        before = self.cr.sql_log_count
        response = self.get(token=token)
        return response.status_code, self.cr.sql_log_count - before

    def test_too_many_refused_tokens_are_answered_429(self):
        self.assertEqual(self.statuses(5), [401, 401, 401, 429, 429])
        response = self.get(token="made-up", headers={"Origin": "https://x.example"})
        self.assertEqual(response.json()["error"], "temporarily_unavailable")
        self.assertIn(int(response.headers["Retry-After"]), range(1, 61))
        self.assertNotIn("WWW-Authenticate", response.headers)

    def test_a_valid_token_is_served_whatever_its_neighbours_do(self):
        self.statuses(10)
        self.assertOpens()
        self.assertEqual(self.statuses(1), [429])

    def test_valid_tokens_are_not_counted(self):
        for _time in range(5):
            self.assertOpens()
        self.assertEqual(len(self.counter), 0)
        self.assertEqual(self.statuses(4), [401, 401, 401, 429])

    def test_calls_without_a_token_are_neither_counted_nor_told_of(self):
        """A client that asks how to sign in has guessed nothing."""
        self.assertEqual(self.statuses(5, token=None), [401] * 5)
        self.assertEqual(len(self.counter), 0)
        self.assertFalse(self.told())

    def test_a_limit_that_is_deleted_is_the_default_again(self):
        parameters = self.env["ir.config_parameter"]
        parameters.set_param("api_auth_oauth2.limit_address", 7)
        parameters.set_param("api_auth_oauth2.limit_address", False)
        self.assertFalse(parameters.get_param("api_auth_oauth2.limit_address"))

    def test_a_limit_of_0_refused_tokens_is_none(self):
        self.limit(0)
        self.assertEqual(self.statuses(5), [401] * 5)

    def test_a_successful_call_pays_nothing_for_limits(self):
        """Not one query more than without limits."""
        limited = self.counted_queries(self.token)
        self.limit(0)
        self.assertEqual(self.counted_queries(self.token), limited)
        self.patch(RateLimit, "count_refused_token", None)  # would raise
        self.assertEqual(self.counted_queries(self.token), limited)
        self.assertEqual(limited[0], 200)

    def test_a_refused_call_writes_nothing(self):
        self.limit(100)
        status, refused = self.counted_queries("made-up")
        self.limit(1)
        self.assertEqual(self.counted_queries("made-up"), (429, refused))
        self.assertEqual(status, 401)

    def test_refused_tokens_are_counted_and_told_of_in_one_line(self):
        self.limit(0)
        for _time in range(3):
            self.assertEqual(self.get("/orders/probe", "made-up").status_code, 401)
        line = self.told()
        self.assertIn("1 invalid_token", line.reason)
        self.assertFalse(line.address or line.actor_id or line.api_id)
        self.patch(auth_failure_log.failures.of_callers, "window", 0)  # an hour later
        self.get("/orders/probe", "made-up")
        self.assertIn("3 invalid_token", self.told().reason)

    def test_a_known_token_that_is_refused_names_its_grant_and_why_once(self):
        group = self.env.ref("base.group_system")
        self.api.allowed_group_ids = group
        for _time in range(3):
            answer = self.get("/orders/probe", self.token)
            self.assertEqual(answer.status_code, 401)
        line = self.told()
        self.assertEqual((line.error, line.cause), ("invalid_token", "user_blocked"))
        self.assertIn("in no allowed group", line.reason)
        self.assertEqual(line.client_user_ref, self.grant.id)
        self.assertEqual((line.user_id, line.api_id), (self.user, self.api))

    def test_a_token_that_has_expired_is_only_counted(self):
        self.grant.token_ids.expires_at = fields.Datetime.now() - timedelta(minutes=1)
        self.env.flush_all()
        self.assertEqual(self.get("/orders/probe", self.token).status_code, 401)
        self.assertIn("1 invalid_token", self.told().reason)

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

    def test_a_read_only_call_is_counted_and_told_of_with_the_next(self):
        for _time in range(2):
            self.get("/orders/probe/read", "made-up")
        self.assertFalse(self.told())
        self.get("/orders/probe", "made-up")
        self.assertIn("3 invalid_token", self.told().reason)

from odoo import http

from ..oauth2 import oauth2_route
from ..protocol.rate_limit import FixedWindowCounter
from ..services import rate_limit
from ..services.rate_limit import LIMIT_PARAMETER, RateLimit
from .route_common import RouteCase


class TestRefusedTokens(RouteCase):
    """Refused tokens are counted by address in the process, valid ones not at all."""

    @classmethod
    def add_controllers(cls):
        class Probe(http.Controller):
            @oauth2_route("/<api>/probe", methods=["GET"])
            def probe(self):
                return {"probe": True}

    def setUp(self):
        super().setUp()
        self.counter = FixedWindowCounter(capacity=10)
        self.patch(rate_limit, "refused_tokens", self.counter)
        self.limit(3)

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

    def test_calls_without_a_token_are_not_counted(self):
        """A client that asks how to sign in has guessed nothing."""
        self.assertEqual(self.statuses(5, token=None), [401] * 5)
        self.assertEqual(len(self.counter), 0)

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

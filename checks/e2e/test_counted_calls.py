"""Calls of protected routes are counted, in whichever process they are served."""

import contextlib
import os
import re
import signal

import requests
from providers import QuickProvider
from server import SECONDS, ServerCase, at_once, log_of, sql, wait_until

COUNTED = "SELECT client_id, outcome, sum(calls)::int FROM oauth2_call_count"
NO_CLIENT = None


class TestCountedCalls(ServerCase):
    def setUp(self):
        super().setUp()
        self.site = self.make_site().use(self.enterContext(QuickProvider()))
        self.token = self.site.authorize()[0]["access_token"]

    def counted(self):
        rows = sql(f"{COUNTED} WHERE api_id = %s GROUP BY 1, 2", self.site.api_id)
        return {(client, outcome): calls for client, outcome, calls in rows}

    def ask_without_token(self):
        address = self.site.redirect_uri.replace("oauth2/callback", "partners")
        origin = {"Origin": "https://app.example.com"}
        question = {**origin, "Access-Control-Request-Method": "GET"}
        requests.get(address, timeout=SECONDS)
        requests.options(address, headers=question, timeout=SECONDS)

    def test_calls_at_two_servers_are_counted_by_client_and_outcome(self):
        second = self.site.on_the_second_server()
        calls = [
            lambda: self.site.partners(self.token),
            lambda: second.partners(self.token),
            lambda: second.partners("unknown"),
            lambda: self.site.get("probe/not-there", self.token),
            self.ask_without_token,
        ]
        at_once(*calls * 8)
        self.administrator.write("oauth2.client", self.site.client_id, scope_ids=[(5,)])
        self.assertEqual(self.site.partners(self.token).status_code, 403)
        client = self.site.client_id
        expected = {
            (client, "good"): 16,
            (client, "insufficient_scope"): 1,
            (NO_CLIENT, "invalid_token"): 8,
            (NO_CLIENT, "missing_token"): 8,
        }
        wait_until(lambda: sum(self.counted().values()) >= 33, seconds=20)
        self.assertEqual(self.counted(), expected)

    def test_a_worker_that_stops_writes_what_it_has_counted(self):
        for _call in range(3):
            self.assertOpens(self.site, self.token)
        lines = log_of(f"/{self.site.endpoint}/partners")
        workers = {int(re.match(r"\S+ \S+ (\d+) ", line)[1]) for line in lines}
        expected = {(self.site.client_id, "good"): 3}

        def is_written():
            for worker in workers:  # that is about to wait for a call misses a signal
                with contextlib.suppress(ProcessLookupError):
                    os.kill(worker, signal.SIGINT)
            return self.counted() == expected

        # Sooner than it is written while it serves.
        wait_until(is_written, 4)

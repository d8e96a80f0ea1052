"""What happens to codes and tokens of this Odoo: killed, restarted, in between."""

import contextlib
import os
import signal

import psycopg2
from server import held, in_background, is_a_session_locked_out, wait_until
from standard_client import StandardClient
from world import Fault, cluster, serving_worker

_GRANT = "SELECT 1 FROM oauth2_client_user WHERE client_id = {}"


class Issued(Fault):
    def setUp(self):
        super().setUp()
        self.client = StandardClient(self.site, self.administrator)

    def kill_in_between(self, call):
        """Kill the process that has claimed what it exchanges, and waits for the
        grant's row before it stores tokens.
        """
        with held(_GRANT.format(self.client.record_id)):
            future = in_background(call)
            wait_until(is_a_session_locked_out)
            os.kill(serving_worker(), signal.SIGKILL)
            self.assertDies(future.result)

    def restart_in_between(self, call, how):
        """Restart PostgreSQL at the same moment; return the caller's answer."""
        # The transaction that holds the row ends with PostgreSQL.
        with contextlib.suppress(psycopg2.Error):
            with held(_GRANT.format(self.client.record_id)):
                future = in_background(call)
                wait_until(is_a_session_locked_out)
                cluster().restart(how)
        answer = future.result()
        self.settle()
        return answer

    def assertGiven(self, answer):
        self.assertEqual(answer.status_code, 200, answer.text)
        told = answer.json()
        self.assertEqual(self.client.whoami(told["access_token"]).status_code, 200)
        return told

    def assertOneGrant(self):
        self.assertEqual(self.client.grants(), [("active", None)])


class Killed(Issued):
    def test_exchange(self):
        """killed between a code claimed and its tokens stored"""
        code, verifier = self.client.code()

        def call():
            return self.client.exchange(code, verifier)

        self.kill_in_between(call)
        told = self.assertGiven(call())
        self.assertGiven(self.client.refresh(told["refresh_token"]))
        self.assertOneGrant()

    def test_refresh(self):
        """killed while a refresh waits for its grant"""
        token = self.client.tokens()["refresh_token"]
        self.kill_in_between(lambda: self.client.refresh(token))
        told = self.assertGiven(self.client.refresh(token))
        self.assertGiven(self.client.refresh(told["refresh_token"]))
        self.assertOneGrant()

    def test_revocation(self):
        """killed while a token of this Odoo is revoked"""
        tokens = self.client.tokens()

        def call():
            return self.client.post("revoke", token=tokens["refresh_token"])

        self.kill_in_between(call)
        self.assertEqual(self.client.whoami(tokens["access_token"]).status_code, 200)
        self.assertEqual(call().status_code, 200)
        self.assertEqual(self.client.whoami(tokens["access_token"]).status_code, 401)
        self.assertEqual(self.client.grants(), [])

    def test_allow(self):
        """killed while it makes the grant of an Allow"""
        _verifier, address, form = self.client.page()

        def call():
            return self.client.press(address, form)

        self.kill_while_locked_out("oauth2_client_user", call)
        self.assertEqual(self.client.grants(), [])
        answer = call()  # the button is pressed once more
        self.assertEqual(answer.status_code, 303, answer.text)
        self.assertIn("code=", answer.headers["Location"])


class Restarted(Issued):
    how = signal.SIGINT

    def test_exchange(self):
        """PostgreSQL restarted between a code claimed and its tokens stored"""
        code, verifier = self.client.code()

        def call():
            return self.client.exchange(code, verifier)

        answer = self.restart_in_between(call, self.how)
        self.assertGreaterEqual(answer.status_code, 500, answer.text)
        self.assertIn("error", answer.json())
        self.assertGiven(call())
        self.assertOneGrant()

    def test_refresh(self):
        """PostgreSQL restarted during a refresh of a token of this Odoo"""
        token = self.client.tokens()["refresh_token"]
        answer = self.restart_in_between(lambda: self.client.refresh(token), self.how)
        self.assertGreaterEqual(answer.status_code, 500, answer.text)
        self.assertIn("error", answer.json())
        self.assertGiven(self.client.refresh(token))
        self.assertOneGrant()


class Crashed(Restarted):
    """The same, without a chance to finish anything."""

    how = signal.SIGQUIT

    def shortDescription(self):
        return super().shortDescription().replace("restarted", "crashed")

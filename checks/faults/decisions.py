"""A sign-in waits on the confirmation page, is decided upon, and something fails."""

import contextlib
import threading
import time

import psycopg2
from server import (
    ConfirmationPage,
    at_once,
    in_background,
    is_a_session_locked_out,
    locked,
    sql,
    visit,
    wait_until,
)
from world import Fault, cluster

CALLERS = 20


class Decision(Fault):
    def setUp(self):
        super().setUp()
        url = self.site.sign_in(self.site.ask()["authorization_url"])
        self.page = ConfirmationPage(url)
        self.assertExplained("recorded answer")

    def assertAllowed(self):
        answer = self.page.press("allow")
        self.assertEqual(answer.status_code, 200, answer.text)
        self.assertExplained("grant")


class Killed(Decision):
    def test_allow(self):
        """killed while it stores what a user has allowed; the user presses again"""
        self.kill_while_locked_out("oauth2_token", lambda: self.page.press("allow"))
        self.assertExplained("recorded answer")
        self.assertEqual(self.grants(), [])
        self.assertAllowed()

    def test_deny(self):
        """killed while it takes back what a user has denied; the user presses again"""
        self.kill_while_locked_out("oauth2_revocation", lambda: self.page.press("deny"))
        self.assertExplained("recorded answer")
        self.page.press("deny")
        self.assertExplained("revocation under way")
        self.tell_provider()
        self.assertExplained()
        self.assertEqual(self.grants(), [])


class Restarted(Decision):
    def test_allow(self):
        """PostgreSQL restarted while a grant that was allowed is stored"""
        gone = (psycopg2.OperationalError, psycopg2.InterfaceError)
        with contextlib.suppress(gone), locked("oauth2_token"):
            future = in_background(lambda: self.page.press("allow"))
            wait_until(is_a_session_locked_out)
            cluster().restart()
        self.assertGreaterEqual(future.result().status_code, 500)
        self.settle()
        self.assertExplained("recorded answer")
        self.assertAllowed()


class Serialization(Fault):
    """20 callers at once, while another transaction changes the rows that they need."""

    @contextlib.contextmanager
    def disturbed(self, *tables):
        stopped = threading.Event()

        def disturb():
            while not stopped.is_set():
                for table in tables:
                    sql(f"UPDATE {table} SET write_date = clock_timestamp()")

        disturber = threading.Thread(target=disturb)
        disturber.start()
        try:
            yield
        finally:
            stopped.set()
            disturber.join()

    def assertOne(self, call, again):
        """One of them succeeds, whenever; each other one is refused, or told to wait.

        :param again: the call of one who was told to wait
        """
        answers = at_once(*[call] * CALLERS)
        deadline = time.monotonic() + 20
        while not [one for one in answers if one.status_code == 200]:
            self.assertLess(time.monotonic(), deadline, "no call succeeds")
            answers.append(again())
        statuses = [answer.status_code for answer in answers]
        self.assertEqual(statuses.count(200), 1, statuses)
        self.assertLessEqual(set(statuses), {200, 400, 503})

    def test_allow(self):
        """20 presses on Allow while another one changes the sign-in's row"""
        url = self.site.sign_in(self.site.ask()["authorization_url"])
        page = ConfirmationPage(url)
        with self.disturbed("oauth2_authorization_request"):
            self.assertOne(lambda: page.press("allow"), lambda: page.press("allow"))
        self.assertEqual(len(self.grants()), 1)
        self.assertExplained("grant")

    def test_callback(self):
        """20 callbacks with one state while another one changes the sign-in's row"""
        url = self.site.sign_in(self.site.ask()["authorization_url"])
        with self.disturbed("oauth2_authorization_request"):
            answers = at_once(*[lambda: visit(url)] * CALLERS)
        statuses = sorted(answer.status_code for answer in answers)
        self.assertEqual(statuses, [200, *[400] * (CALLERS - 1)])
        self.assertEqual(self.provider.calls["token"], 1)
        self.assertExplained("grant")

    def test_revoke(self):
        """20 revocations of one grant while another one changes its row"""
        _tokens, identity = self.site.authorize()
        with self.disturbed("oauth2_client_user", "oauth2_client_user"):
            self.assertOne(
                lambda: self.site.revoke(identity), lambda: self.site.revoke(identity)
            )
        self.assertEqual(self.grants(), [])
        self.tell_provider()
        self.assertExplained()

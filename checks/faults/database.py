"""PostgreSQL is restarted, crashes, refuses to serialise, or has no room left."""

import contextlib
import signal
import threading
import time

import psycopg2
from server import DB, at_once, said_to_be_lost, sql, visit
from world import Fault, cluster

CALLERS = 20
_SPARE_BYTES = 64 << 20


class Restarted(Fault):
    how = signal.SIGINT

    def answer_after_restart(self, call):
        """Restart while the provider has a call's request and no answer sent."""
        # By this thread: a server ends with the thread that started it.
        with self.provider.kept_waiting(call) as future:
            cluster().restart(self.how)
        answer = future.result()
        self.settle()
        return answer

    def test_refresh(self):
        """PostgreSQL restarted while the provider answers a refresh"""
        _first, identity = self.site.authorize()
        answer = self.answer_after_restart(lambda: self.refresh(identity))
        self.assertGreaterEqual(answer.status_code, 500, answer.text)
        self.assertIn("error", answer.json())
        self.assertExplained("refresh without answer")
        self.assertEqual(self.refresh(identity).status_code, 400)
        self.assertTrue(self.losses())
        self.assertExplained()

    def test_callback(self):
        """PostgreSQL restarted while the provider answers with a sign-in's tokens"""
        url = self.site.sign_in(self.site.ask()["authorization_url"])
        answer = self.answer_after_restart(lambda: visit(url))
        self.assertGreaterEqual(answer.status_code, 500, answer.text)
        self.assertExplained("sign-in without answer")

    def test_revoke(self):
        """PostgreSQL restarted while the provider is told of a revocation"""
        tokens, identity = self.site.authorize()
        self.answer_after_restart(lambda: self.site.revoke(identity))
        refused = self.site.partners(tokens["access_token"])
        self.assertEqual(refused.status_code, 401, refused.text)
        self.tell_provider()
        self.assertEqual(self.revocations(), [])
        self.assertExplained()

    def test_between_calls(self):
        """PostgreSQL restarted between calls"""
        first, identity = self.site.authorize()
        cluster().restart(self.how)
        self.settle()
        opened = self.site.partners(first["access_token"])
        self.assertEqual(opened.status_code, 200, opened.text)
        self.refreshed(identity)
        self.assertExplained("grant")


class Crashed(Restarted):
    """The same, without a chance to finish anything."""

    how = signal.SIGQUIT

    def shortDescription(self):
        return super().shortDescription().replace("restarted", "crashed")


class Serialization(Fault):
    def setUp(self):
        super().setUp()
        _first, self.identity = self.site.authorize()
        self.provider.calls.clear()

    def refreshes(self):
        """Return the requests of refreshes that the provider got."""
        return [
            request
            for request in self.provider.requests
            if request["params"].get("grant_type") == "refresh_token"
        ]

    def test_conflicts(self):
        """20 callers refresh while others change the tokens' rows for 2 s"""
        end = time.monotonic() + 2

        def disturb():
            while time.monotonic() < end:
                sql("UPDATE oauth2_token SET scope = 'changed'")

        disturber = threading.Thread(target=disturb)
        disturber.start()
        try:
            answers = at_once(*[lambda: self.refresh(self.identity)] * CALLERS)
        finally:
            disturber.join()
        # A caller who comes more than 5 s after a refresh may have another one made.
        sent = [one["params"]["refresh_token"] for one in self.refreshes()]
        self.assertEqual(len(sent), len(set(sent)), "a spent refresh token was sent")
        self.assertLessEqual(len(sent), 3)
        good = [answer.json() for answer in answers if answer.status_code == 200]
        got = {one["access_token"] for one in good}
        self.assertLessEqual(got, set(self.provider.issued))
        self.assertLessEqual(len(got), len(sent))
        for answer in answers:
            self.assertIn(answer.status_code, (200, 503), answer.text)
        self.assertEqual(said_to_be_lost(self.site), [])
        self.assertExplained(*["grant" if good else "recorded answer"])
        self.refreshed(self.identity)
        self.assertExplained("grant")


class DiskFull(Fault):
    def setUp(self):
        if not cluster().is_small:
            self.skipTest("a file system of its own can be mounted by root alone")
        super().setUp()
        self.addCleanup(self.free)
        sql("DROP TABLE IF EXISTS ballast")
        sql("CREATE TABLE ballast (text text)")
        # No block with room is left that one connection alone knows of.
        with contextlib.closing(psycopg2.connect(dbname=DB)) as connection:
            connection.autocommit = True
            connection.cursor().execute("VACUUM FULL oauth2_event")
        # Most of it now: who waits meanwhile does so for some seconds only.
        cluster().fill_disk(spare=_SPARE_BYTES)

    def fill(self):
        """Leave no room, which PostgreSQL says itself."""
        sql("CHECKPOINT")  # one that came later would free what it no longer needs
        cluster().fill_disk()
        grow = "INSERT INTO ballast SELECT repeat(md5(n::text), 60) FROM"
        if self.until_refused(f"{grow} generate_series(1, 5000) n", refusals=1):
            # An event has no room either, in the blocks that its table has.
            line = "INSERT INTO oauth2_event (kind, create_date, reason) VALUES"
            self.until_refused(f"{line} ('configure', now(), 'ballast')", refusals=5)

    def until_refused(self, statement, refusals):
        """Repeat a statement until the full disk refuses it so often in a row.

        :return: whether PostgreSQL is still there
        """
        refused = 0
        for _times in range(10_000):
            try:
                sql(statement)
                refused = 0
            except psycopg2.errors.DiskFull:
                cluster().fill_disk()  # what the failed statement has freed
                refused += 1
                if refused == refusals:
                    return True
            except psycopg2.OperationalError:
                return False  # it gave up
        raise AssertionError(f"the disk did not fill up: {statement}")

    def free(self):
        cluster().free_disk()
        sql("DROP TABLE IF EXISTS ballast")
        sql("DELETE FROM oauth2_event WHERE reason = 'ballast'")
        self.settle()

    def until_it_fails(self, call, times=400):
        """Call until the full disk is felt; return the answer that tells of it."""
        self.fill()
        for _number in range(times):
            answer = call()
            if answer.status_code >= 500:
                return answer
        raise AssertionError("the full disk was not felt")

    def test_refresh(self):
        """no space left on the database's disk during refreshes"""
        first, identity = self.site.authorize()
        current = [first["refresh_token"]]

        def call():
            answer = self.refresh(identity, refresh_token=current[-1])
            if answer.status_code == 200:
                current.append(answer.json()["refresh_token"])
            return answer

        answer = self.until_it_fails(call)
        self.assertIn("error", answer.json())
        self.free()
        asked = self.provider.calls["token"]
        [held] = self.provider.grants
        known = self.explanation(held)
        self.assertIn(known, ("grant", "recorded answer", "refresh without answer"))
        self.assertExplained(known)
        answer = self.refresh(identity, refresh_token=current[-1])
        if known == "refresh without answer":
            self.assertEqual(answer.status_code, 400, answer.text)
            self.assertExplained()
        else:
            self.assertEqual(answer.status_code, 200, answer.text)
            self.assertExplained("grant")
        self.assertLessEqual(self.provider.calls["token"], asked + 1)

    def test_the_moment_the_provider_answers(self):
        """no space left from the moment the provider answers a refresh"""
        first, identity = self.site.authorize()

        def meanwhile(_params):
            self.provider.meanwhile = None
            self.fill()

        self.provider.meanwhile = meanwhile
        answer = self.refresh(identity, refresh_token=first["refresh_token"])
        self.assertGreaterEqual(answer.status_code, 500, "the full disk was not felt")
        self.free()
        [held] = self.provider.grants
        known = self.explanation(held)
        self.assertIn(known, ("recorded answer", "refresh without answer"))
        self.assertExplained(known)

    def test_sign_ins(self):
        """no space left on the database's disk during sign-ins"""

        def sign_in():
            answer = self.site.call("provider/authorize", {})
            if answer.status_code != 200:
                return answer
            return visit(self.site.sign_in(answer.json()["authorization_url"]))

        self.until_it_fails(sign_in, times=150)
        self.free()
        for held in self.provider.grants:
            self.assertTrue(self.explanation(held))
        self.site.authorize()

    def test_revocations(self):
        """no space left on the database's disk during revocations"""
        alive = [self.site.authorize() for _number in range(40)]
        taken = []

        def revoke():
            tokens, identity = alive.pop()
            taken.append((tokens["access_token"], identity))
            return self.site.revoke(identity)

        self.until_it_fails(revoke, times=len(alive))
        self.free()
        # The last one is either here and there, or ended here and told of there.
        access_token, identity = taken[-1]
        if self.site.partners(access_token).status_code == 200:
            self.assertEqual(self.site.revoke(identity).status_code, 200)
        self.tell_provider()
        self.assertEqual(self.revocations(), [])
        self.assertExplained(*["grant"] * len(alive))

"""Refreshing with several callers at once, on a server of several processes.

The providers rotate refresh tokens, and end the grant when an old one comes again: a
second call for the same refresh would lose everything.
"""

import threading
import time
import unittest

from providers import IndependentProvider, QuickProvider, independent
from server import (
    SECRET,
    ServerCase,
    at_once,
    in_background,
    is_caller_waiting,
    said_to_be_lost,
    sql,
    visit,
    wait_until,
)

CALLERS = 50


@unittest.skipUnless(independent.AVAILABLE, independent.MISSING)
class TestStorm(ServerCase):
    """Many callers refresh the same grant in the same moment."""

    def setUp(self):
        self.site = self.make_site()
        client = {
            "client_id": "demo-app",
            "client_secret": SECRET,
            "redirect_uris": [self.site.redirect_uri],
        }
        provider = IndependentProvider(clients=[client], delay={"token": 300})
        self.site.use(self.enterContext(provider))

    def refreshed_at_provider(self):
        return self.site.provider.stats().get("token:refresh_token", 0)

    def storm(self, identity, **options):
        """Return the one answer that all callers get, while the provider is asked once.

        `expires_in` apart: it counts from the answer.
        """

        def call():
            body = {"client_user_identity": identity, **options.get("body", {})}
            headers = options.get("headers", {})
            return self.site.call("token", body, headers=headers)

        before = self.refreshed_at_provider()
        answers = at_once(*[call] * CALLERS)
        self.assertEqual({answer.status_code for answer in answers}, {200})
        self.assertEqual(self.refreshed_at_provider(), before + 1)
        told = [answer.json() for answer in answers]
        lifetimes = [one.pop("expires_in") for one in told]
        self.assertLessEqual(max(lifetimes) - min(lifetimes), 5)
        for one in told:
            self.assertEqual(one, told[0])
        self.assertEqual(said_to_be_lost(self.site), [])
        self.assertOpens(self.site, told[0]["access_token"])
        return told[0]

    def assertGrantLives(self, identity, refresh_token):
        answer = self.site.refresh(identity, refresh_token=refresh_token)
        self.assertEqual(answer.status_code, 200, answer.text)
        self.assertOpens(self.site, answer.json()["access_token"])

    def test_refreshes_at_once_by_refresh_token_are_one_call_to_the_provider(self):
        first, identity = self.site.authorize("user-42")
        told = self.storm(identity, body={"refresh_token": first["refresh_token"]})
        self.assertNotEqual(told["refresh_token"], first["refresh_token"])
        self.assertGrantLives(identity, told["refresh_token"])

    def test_refreshes_at_once_by_access_token_are_one_call_to_the_provider(self):
        first, identity = self.site.authorize("user-43")
        bearer = {"Authorization": f"Bearer {first['access_token']}"}
        told = self.storm(identity, headers=bearer)
        self.assertNotIn("refresh_token", told)
        self.assertOpens(self.site, first["access_token"])  # for a minute

    def test_a_rotated_token_gives_the_same_answer_for_a_minute(self):
        first, identity = self.site.authorize()
        second = self.site.refresh(identity).json()
        late = self.site.refresh(identity, refresh_token=first["refresh_token"])
        self.assertEqual(late.json()["access_token"], second["access_token"])
        sql(
            "UPDATE oauth2_token SET rotated_at = rotated_at - interval '60s'"
            " WHERE rotated_at IS NOT NULL"
        )
        late = self.site.refresh(identity, refresh_token=first["refresh_token"])
        self.assertRefused(late, 400, "invalid_grant")
        self.assertEqual(self.refreshed_at_provider(), 1)
        self.assertGrantLives(identity, second["refresh_token"])


class TestMeanwhile(ServerCase):
    """What happens while the provider takes its time over a refresh."""

    def setUp(self):
        self.provider = self.enterContext(QuickProvider())
        # Without id_tokens: this provider's would name the user who signed in last.
        self.site = self.make_site().use(self.provider, scope="email profile")
        self.first, self.identity = self.site.authorize()
        self.provider.calls.clear()

    def refresh(self):
        return self.site.refresh(self.identity)

    def assertRefreshed(self, answer):
        self.assertEqual(answer.status_code, 200, answer.text)
        self.assertOpens(self.site, answer.json()["access_token"])
        return answer.json()

    def test_another_user_does_not_wait_for_a_refresh(self):
        other = self.site.make_user(f"other-{self.site.login}")
        _tokens, others = self.site.authorize(login=other)
        with self.provider.kept_waiting(self.refresh) as first:
            second = self.site.refresh(others)
            self.assertFalse(first.done())
        self.assertEqual(self.assertRefreshed(second)["login"], other)
        self.assertEqual(self.assertRefreshed(first.result())["login"], self.site.login)

    def test_the_old_token_opens_routes_while_a_refresh_is_under_way(self):
        with self.provider.kept_waiting(self.refresh) as refreshed:
            self.assertOpens(self.site, self.first["access_token"])
        self.assertRefreshed(refreshed.result())
        self.assertOpens(self.site, self.first["access_token"])

    def test_a_change_of_client_or_user_does_not_spoil_a_refresh_under_way(self):
        user = "SELECT user_id FROM oauth2_client_user WHERE api_id = %s"
        [[user_id]] = sql(user, self.site.api_id)
        for table, record_id in (
            ("oauth2_api", self.site.api_id),
            ("oauth2_client", self.site.client_id),
            ("oauth2_provider", self.site.provider_id),
            ("res_users", user_id),
        ):
            with self.subTest(table=table):
                self.provider.calls.clear()
                sql("UPDATE oauth2_client_user SET last_refresh_at = NULL")
                with self.provider.kept_waiting(self.refresh) as first:
                    change = f"UPDATE {table} SET write_date = now() WHERE id = %s"
                    sql(change, record_id)
                told = self.assertRefreshed(first.result())
                # Who waited gets the same.
                self.assertEqual(
                    self.refresh().json()["access_token"], told["access_token"]
                )
                self.assertEqual(self.provider.calls["token"], 1)

    def test_a_caller_during_a_refresh_waits_and_gets_the_same_answer(self):
        with self.provider.kept_waiting(self.refresh) as first:
            second = in_background(self.refresh)
            wait_until(is_caller_waiting)
        told = self.assertRefreshed(first.result())
        self.assertEqual(second.result().json()["access_token"], told["access_token"])
        self.assertEqual(self.provider.calls["token"], 1)

    def test_a_revocation_waits_for_a_refresh_and_ends_the_new_tokens(self):
        with self.provider.kept_waiting(self.refresh) as refreshed:
            revoked = in_background(lambda: self.site.revoke(self.identity))
            wait_until(is_caller_waiting)
        told = refreshed.result().json()
        self.assertEqual(
            revoked.result().json(), {"revoked": True, "provider_revoked": True}
        )
        answer = self.site.partners(told["access_token"])
        self.assertRefused(answer, 401, "invalid_token")
        self.assertEqual(self.provider.grants, [])

    def test_a_new_sign_in_waits_for_a_refresh_of_the_same_user_and_wins(self):
        asked = self.site.ask(self.identity)
        callback = self.site.sign_in(asked["authorization_url"])
        with self.provider.kept_waiting(self.refresh) as refreshed:
            signed_in = in_background(lambda: visit(callback))
            wait_until(is_caller_waiting)
        self.assertRefreshed(refreshed.result())
        told = self.assertRefreshed(signed_in.result())
        again = self.assertRefreshed(self.refresh())
        self.assertNotEqual(again["access_token"], told["access_token"])

    def test_a_job_that_locks_the_grant_makes_no_refresh_look_lost(self):
        # So that the one who has noted a refresh does not get the row back at once.
        rounds, over = 5, threading.Event()
        row = "SELECT 1 FROM oauth2_client_user WHERE api_id = %s FOR NO KEY UPDATE"

        def disturb():
            while not over.wait(0.005):
                sql(f"{row}; SELECT pg_sleep(0.02)", self.site.api_id)

        disturber = in_background(disturb)
        try:
            for _round in range(rounds):
                sql("UPDATE oauth2_client_user SET last_refresh_at = NULL")
                for answer in at_once(*[self.refresh] * 20):
                    self.assertEqual(answer.status_code, 200, answer.text)
        finally:
            over.set()
        disturber.result()
        self.assertEqual(self.provider.calls["token"], rounds)
        self.assertEqual(said_to_be_lost(self.site), [])


class TestProviderDown(ServerCase):
    def setUp(self):
        self.provider = self.enterContext(QuickProvider())
        self.site = self.make_site().use(self.provider)
        self.first, self.identity = self.site.authorize()

    def refresh(self):
        return self.site.refresh(self.identity)

    def assertNothingLost(self):
        self.assertOpens(self.site, self.first["access_token"])
        self.provider.behave()
        answer = self.refresh()
        self.assertEqual(answer.status_code, 200, answer.text)
        self.assertOpens(self.site, answer.json()["access_token"])

    def test_refreshes_at_once_of_a_provider_that_is_down_are_told_to_come_back(self):
        self.provider.close("token")
        begun = time.monotonic()
        answers = at_once(*[self.refresh] * CALLERS)
        self.assertLess(time.monotonic() - begun, 10)
        for answer in answers:
            self.assertRefused(answer, 503, "temporarily_unavailable")
            self.assertGreater(int(answer.headers["Retry-After"]), 0)
        self.assertNothingLost()

    def test_a_refresh_does_not_wait_long_for_a_provider_that_hangs(self):
        self.provider.hang = 60
        begun = time.monotonic()
        answers = at_once(self.refresh, self.refresh)
        self.assertLess(time.monotonic() - begun, 15)
        for answer in answers:
            self.assertRefused(answer, 503, "temporarily_unavailable")
        self.assertEqual(self.provider.calls["token"], 1 + 1)  # with the sign-in's
        self.provider.hang = 0
        self.assertNothingLost()

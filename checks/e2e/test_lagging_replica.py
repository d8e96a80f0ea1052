"""A replica lags: what was ended on one server opens nothing on another.

Changes are made through the first server; the second one, whose read-only routes read
from the replica, is called while the replica shows nothing new.
"""

import contextlib

import replica
from access_changes import CLOSED, MODEL, OPEN, AccessCase
from server import DB, SECOND_LOG, at_once, catch_up, log_of, sql


class LaggingCase(AccessCase, replica.ReplicaCase):
    """Calls go to the second server, which still knows the routes of an API."""

    without_api = CLOSED

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.called = cls.second = cls.site.on_the_second_server()

    def authorize(self):
        super().authorize()
        catch_up()
        self.assertAnswers(OPEN, [door() for door in self.doors()])

    def call(self, token=None):
        """Call a read-only route of the second server."""
        return self.second.get("probe/readonly", token or self.token)

    def call_json2(self):
        return self.second.json2(self.token, MODEL, "search_count", domain=[])


class TestReadOnlyRoutes(LaggingCase):
    def test_read_only_routes_run_on_the_replica_once(self):
        where = self.second.probe(self.token)
        self.assertEqual(
            (where["on_replica"], where["read_only"], where["database"]),
            (True, True, DB),
        )
        self.assertEqual(log_of("retrying with a read/write cursor", SECOND_LOG), [])
        self.assertEqual(log_of("Failed to open a readonly cursor", SECOND_LOG), [])

    def test_read_only_routes_run_on_the_replica_in_each_worker_process(self):
        calls = [lambda: self.second.probe(self.token)] * 20
        told = [told for _round in range(3) for told in at_once(*calls)]
        self.assertGreater(len({where["process"] for where in told}), 1)
        self.assertEqual({where["on_replica"] for where in told}, {True})

    def test_other_routes_run_on_the_primary(self):
        where = self.second.get("probe", self.token).json()
        self.assertEqual((where["on_replica"], where["read_only"]), (False, False))

    def test_reading_over_json2_runs_on_the_replica(self):
        before = self.call_json2().json()
        with replica.behind():
            self.administrator.create(MODEL, name="Unseen")
            self.assertEqual(self.call_json2().json(), before)
        self.assertEqual(self.call_json2().json(), before + 1)


class TestEndedOnAnotherServer(LaggingCase):
    """It is refused by the next call, whatever the replica still shows."""

    def test_what_another_server_ended_or_narrowed_is_refused_at_once(self):
        for name, change, expected in self.changes():
            with self.subTest(name):
                self.authorize()
                with replica.behind(), change:
                    self.assertAnswers(expected, [door() for door in self.doors()])

    def test_a_refresh_for_a_user_who_lost_the_group_on_another_server_is_refused(self):
        """Not a read-only route, and yet caches are renewed by what a replica says."""
        refreshed = self.second.refresh(self.identity)
        self.assertEqual(refreshed.status_code, 200, refreshed.text)
        with replica.behind(), self.leave(self.group):
            sql("UPDATE oauth2_client_user SET last_refresh_at = NULL")
            refused = self.second.refresh(self.identity)
            self.assertRefused(refused, 400, "invalid_grant")


class TestMadeOnAnotherServer(LaggingCase):
    """What is new opens at once, as far as the replica can serve it."""

    def test_a_token_issued_on_another_server_is_accepted_at_once(self):
        with replica.behind():
            told, _identity = self.site.authorize()
            self.assertEqual(self.call(told["access_token"]).status_code, 200)

    def test_a_user_whom_the_replica_does_not_know_yet_is_asked_to_come_back(self):
        with replica.behind():
            login = self.site.make_user(
                f"new-{self.site.login}", group_ids=[(4, self.group)]
            )
            told, _identity = self.site.authorize(login=login)
            early = self.call(told["access_token"])
            self.assertRefused(early, 503, "temporarily_unavailable")
            self.assertGreater(int(early.headers["Retry-After"]), 0)
            # The primary has no such trouble.
            answer = self.site.get("probe", told["access_token"])
            self.assertEqual(answer.json()["login"], login)
        self.assertEqual(self.call(told["access_token"]).json()["login"], login)

    def test_a_read_only_route_has_the_access_rights_of_the_replica(self):
        """They bound the call to Odoo's own data, which is as old as they are."""
        group = "SELECT res_id FROM ir_model_data WHERE name = 'group_user'"
        [[internal]] = sql(group)
        self.assertTrue(self.second.probe(self.token)["internal"])
        with contextlib.ExitStack() as stack:
            with replica.behind():
                stack.enter_context(self.leave(internal))
                self.assertTrue(self.second.probe(self.token)["internal"])
            self.assertFalse(self.second.probe(self.token)["internal"])

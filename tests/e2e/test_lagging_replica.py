"""A replica lags: what was ended on one server opens nothing on another.

Changes are made through the first server; the second one, whose read-only routes read
from the replica, is called while the replica shows nothing new.
"""

import replica
from providers import QuickProvider
from server import DB, SECOND_LOG, Site, at_once, log_of, sql

MODEL = "res.partner"


class LaggingCase(replica.ReplicaCase):
    """One site for each class, with a grant for each test."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.group = cls.make_group("Pilots")
        cls.site = Site(
            cls.administrator,
            {
                "json2_enabled": True,
                "bearer_enabled": True,
                "allowed_group_ids": [cls.group],
            },
        )
        cls.site.use(cls.enterClassContext(QuickProvider()))
        cls.line_id = cls.administrator.create(
            "oauth2.scope.line",
            scope_id=cls.site.scope_id,
            model_id=sql("SELECT id FROM ir_model WHERE model = %s", MODEL)[0][0],
        )
        user = "SELECT id FROM res_users WHERE login = %s"
        [[cls.user_id]] = sql(user, cls.site.login)
        cls.administrator.write("res.users", cls.user_id, group_ids=[(4, cls.group)])
        cls.second = cls.site.on_the_second_server()

    def setUp(self):
        super().setUp()
        told, self.identity = self.site.authorize()
        self.token = told["access_token"]
        replica.catch_up()
        self.assertEqual(self.call().status_code, 200)
        self.assertEqual(self.call_json2().status_code, 200)

    @classmethod
    def make_group(cls, name, **values):
        return cls.administrator.create("res.groups", name=name, **values)

    def change(self, model, record_id, name, value, back):
        """Change a field of a record until the test is over."""
        self.addCleanup(self.administrator.write, model, record_id, **{name: back})
        self.administrator.write(model, record_id, **{name: value})

    def archive(self, model, record_id):
        self.change(model, record_id, "active", False, back=True)

    def leave(self, group):
        """Take the user out of a group."""
        groups = "group_ids"
        self.change("res.users", self.user_id, groups, [(3, group)], back=[(4, group)])

    def call(self, token=None):
        """Call a read-only route of the second server."""
        return self.second.get("probe/readonly", token or self.token)

    def call_json2(self, **options):
        return self.second.json2(
            self.token, MODEL, "search_count", domain=[], **options
        )


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
    """Each is refused by the next call, whatever the replica still shows."""

    def setUp(self):
        super().setUp()
        self.enterContext(replica.behind())

    def assertStale(self, query, *params):
        """The replica still shows what was there before: it really lags."""
        self.assertTrue(replica.ask(query, *params))

    def api(self, name):
        """The arguments that name a field of the site's API."""
        return "oauth2.api", self.site.api_id, name

    def assertNoLongerOpens(self):
        self.assertRefused(self.call(), 401, "invalid_token")
        self.assertRefused(self.call_json2(), 401, "invalid_token")

    def test_a_grant_revoked_on_another_server_is_refused_at_once(self):
        revoked = self.site.revoke(self.identity)
        self.assertEqual(revoked.status_code, 200, revoked.text)
        grant = "SELECT 1 FROM oauth2_client_user WHERE api_id = %s"
        self.assertStale(grant, self.site.api_id)
        self.assertNoLongerOpens()

    def test_a_token_replaced_a_minute_ago_on_another_server_is_refused(self):
        new = self.site.refresh(self.identity).json()["access_token"]
        sql(
            "UPDATE oauth2_token SET expires_at = expires_at - interval '1 hour'"
            " WHERE rotated_at IS NOT NULL"
        )
        self.assertNoLongerOpens()
        self.assertEqual(self.call(new).status_code, 200)

    def test_a_user_archived_on_another_server_is_refused_at_once(self):
        self.archive("res.users", self.user_id)
        active = "SELECT 1 FROM res_users WHERE id = %s AND active"
        self.assertStale(active, self.user_id)
        self.assertNoLongerOpens()

    def test_a_client_archived_on_another_server_is_refused_at_once(self):
        self.archive("oauth2.client", self.site.client_id)
        self.assertNoLongerOpens()

    def test_a_provider_archived_on_another_server_is_refused_at_once(self):
        self.archive("oauth2.provider", self.site.provider_id)
        self.assertNoLongerOpens()

    def test_an_api_archived_on_another_server_is_refused_at_once(self):
        """Its routes are still known to the server: they open nothing."""
        self.archive("oauth2.api", self.site.api_id)
        self.assertNoLongerOpens()

    def test_a_client_taken_off_the_api_on_another_server_is_refused_at_once(self):
        client = self.site.client_id
        self.change(*self.api("client_ids"), [(3, client)], back=[(4, client)])
        self.assertNoLongerOpens()

    def test_a_user_who_lost_the_group_on_another_server_is_refused_at_once(self):
        self.leave(self.group)
        member = "SELECT 1 FROM res_groups_users_rel WHERE uid = %s AND gid = %s"
        self.assertStale(member, self.user_id, self.group)
        self.assertNoLongerOpens()

    def test_a_group_no_longer_implied_on_another_server_counts_at_once(self):
        captains = self.make_group(
            "Captains",
            implied_ids=[(4, self.group)],
            user_ids=[(4, self.user_id)],
        )
        self.leave(self.group)
        self.assertEqual(self.call().status_code, 200)
        self.administrator.write("res.groups", captains, implied_ids=[(5,)])
        self.assertNoLongerOpens()

    def test_a_group_no_longer_allowed_on_another_server_counts_at_once(self):
        others = self.make_group("Others")
        allowed, back = [(6, 0, [others])], [(6, 0, [self.group])]
        self.change(*self.api("allowed_group_ids"), allowed, back)
        self.assertNoLongerOpens()

    def test_a_scope_that_the_client_lost_on_another_server_counts_at_once(self):
        scope, client = self.site.scope_id, self.site.client_id
        scopes = "oauth2.client", client, "scope_ids"
        self.change(*scopes, [(3, scope)], back=[(4, scope)])
        self.assertRefused(self.call(), 403, "insufficient_scope")
        self.assertRefused(self.call_json2(), 403, "insufficient_scope")

    def test_a_scope_that_the_grant_lost_on_another_server_counts_at_once(self):
        """A new sign-in narrows it: its older token, good for a minute more, too."""
        client, scope = self.site.client_id, self.site.scope_id
        self.administrator.write("oauth2.client", client, scope_ids=[(3, scope)])
        self.site.authorize(self.identity)
        self.administrator.write("oauth2.client", client, scope_ids=[(4, scope)])
        self.assertRefused(self.call(), 403, "insufficient_scope")
        self.assertRefused(self.call_json2(), 403, "insufficient_scope")

    def test_a_scope_line_changed_on_another_server_counts_at_once_over_json2(self):
        line = "oauth2.scope.line", self.line_id, "perm_read"
        self.change(*line, False, back=True)
        was = "SELECT 1 FROM oauth2_scope_line WHERE id = %s AND perm_read"
        self.assertStale(was, self.line_id)
        self.assertRefused(self.call_json2(), 403, "insufficient_scope")
        self.assertRefused(self.call_json2(path="/json/2"), 403, "insufficient_scope")
        self.assertEqual(self.call().status_code, 200)

    def test_json2_switched_off_on_another_server_counts_at_once(self):
        self.change(*self.api("json2_enabled"), False, back=True)
        self.assertEqual(self.call_json2().status_code, 404)
        self.assertEqual(self.call_json2(path="/json/2").status_code, 200)

    def test_odoo_s_own_json2_switched_off_on_another_server_counts_at_once(self):
        self.assertEqual(self.call_json2(path="/json/2").status_code, 200)
        self.change(*self.api("bearer_enabled"), False, back=True)
        self.assertEqual(self.call_json2(path="/json/2").status_code, 401)
        self.assertEqual(self.call_json2().status_code, 200)

    def test_a_refresh_for_a_user_who_lost_the_group_on_another_server_is_refused(self):
        """Not a read-only route, and yet caches are renewed by what a replica says."""
        refreshed = self.second.refresh(self.identity)
        self.assertEqual(refreshed.status_code, 200, refreshed.text)
        self.leave(self.group)
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
        with replica.behind():
            self.leave(internal)
            self.assertTrue(self.second.probe(self.token)["internal"])
        self.assertFalse(self.second.probe(self.token)["internal"])

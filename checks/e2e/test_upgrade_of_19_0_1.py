"""A database of 19.0.1.0.0 that is in use goes on after an upgrade.

Its own code installs it; an administrator and applications fill it over HTTP, at two
providers that are not ours. Today's code upgrades it, and then the same applications go
on.
"""

import tempfile
import unittest

import older
import psycopg2
import requests
from lxml import etree
from providers import IndependentProvider, QuickProvider, independent
from server import (
    DB,
    SECONDS,
    SECRET,
    Administrator,
    ConfirmationPage,
    ServerCase,
    sql,
    visit,
)

#: What was renamed.
OLDER_COLUMNS = (
    "SELECT id, superseded_at FROM oauth2_token",
    "SELECT id, last_answer FROM oauth2_client_user",
)
COLUMNS = (
    "SELECT id, rotated_at FROM oauth2_token",
    "SELECT id, cached_token_response FROM oauth2_client_user",
)
REVOCABLE = """
    SELECT token.revocable_until = client_user.expires_at
      FROM oauth2_token token
      JOIN oauth2_client_user client_user ON client_user.id = token.client_user_id
     WHERE token.kind = 'access' AND token.rotated_at IS NULL"""
FORMS = ("api", "provider", "client", "client.user", "scope", "event", "revocation")


@unittest.skipUnless(independent.AVAILABLE, independent.MISSING)
class TestUpgradeOf19_0_1(ServerCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        folder = cls.enterClassContext(tempfile.TemporaryDirectory())
        with older.installed_by_older_code(folder):
            cls._fill(Administrator(older.URL, older.DB))
        cls.filled = older.contents(), list(map(older.rows, OLDER_COLUMNS))
        older.upgrade()
        cls.kept = list(map(older.rows, COLUMNS))
        cls.revocable = older.rows(REVOCABLE)
        cls.once = older.installed(), older.contents()
        cls.enterClassContext(older.upgraded_again())
        cls.administrator = Administrator(older.URL, older.DB)  # when it is over
        cls.twice = older.installed(), older.contents()

    @classmethod
    def _fill(cls, administrator):
        """Make what a database in use has, each grant for one test."""
        cls.orders = older.OlderSite(administrator, "orders")
        cls.stock = older.OlderSite(administrator, "stock", public=True)
        for site in (cls.orders, cls.stock):
            provider = IndependentProvider(clients=[site.known])
            site.use(cls.enterClassContext(provider))
            [partner] = administrator.call(
                "ir.model", "search", [("model", "=", "res.partner")]
            )
            administrator.create(
                "oauth2.scope.line", scope_id=site.scope_id, model_id=partner
            )
        unused = {"api_id": cls.orders.api_id, "name": "unused"}
        administrator.create("oauth2.scope", **unused)
        cls.open, cls.refreshed, cls.standard, cls.revoked = (
            cls.orders.authorize() for _grant in range(4)
        )
        answer = cls.orders.refresh(cls.refreshed[1], client_secret=SECRET)
        cls.refreshed = answer.json(), cls.refreshed[1]
        cls.public = cls.stock.authorize()
        cls.asked = cls.orders.ask()
        undecided = cls.orders.ask()["authorization_url"]
        cls.page = ConfirmationPage(cls.orders.sign_in(undecided))
        cls._queue_a_revocation(administrator)

    @classmethod
    def _queue_a_revocation(cls, administrator):
        """End a grant while its provider cannot be told."""
        cls.silent = older.OlderSite(administrator, "silent")
        provider = cls.enterClassContext(QuickProvider())
        cls.silent.use(provider, scope="email profile")
        _told, identity = cls.silent.authorize()
        provider.answer("revocation", status=503)
        answer = cls.silent.revoke(identity, client_secret=SECRET)
        if answer.json() != {"revoked": True, "provider_revoked": False}:
            raise AssertionError(answer.text)
        provider.behave()

    def read(self, model, domain, *names):
        """Return the fields of the records that meet a domain."""
        return self.administrator.call(model, "search_read", domain, list(names))

    def test_an_older_access_token_opens_what_it_opened(self):
        for site, (told, _identity) in (
            (self.orders, self.open),
            (self.stock, self.public),
        ):
            with self.subTest(site.endpoint):
                answer = site.whoami(told["access_token"])
                self.assertEqual(answer.status_code, 200, answer.text)
                self.assertEqual(answer.json()["login"], site.login)
                self.assertEqual(answer.json()["scopes"], ["partners.read"])
                call = told["access_token"], "res.partner"
                found = site.json2(*call, "search_count", domain=[])
                self.assertEqual(found.status_code, 200, found.text)
                written = site.json2(*call, "create", vals_list=[{"name": "Mallory"}])
                self.assertRefused(written, 403, "insufficient_scope")

    def test_an_older_token_is_good_on_its_own_api_alone(self):
        answer = self.stock.whoami(self.open[0]["access_token"])
        self.assertRefused(answer, 401, "invalid_token")

    def test_a_scope_that_an_upgraded_client_loses_counts_no_more_at_once(self):
        token = self.open[0]["access_token"]
        write, client = self.administrator.write, self.orders.client_id
        write("oauth2.client", client, scope_ids=[[6, 0, []]])
        again = {"scope_ids": [[6, 0, [self.orders.scope_id]]]}
        self.addCleanup(write, "oauth2.client", client, **again)
        self.assertEqual(self.orders.whoami(token).json()["scopes"], [])
        answer = self.orders.json2(token, "res.partner", "search_count", domain=[])
        self.assertRefused(answer, 403, "insufficient_scope")

    def test_an_older_refresh_token_names_its_grant_in_a_request_of_the_standard(self):
        answer = requests.post(
            f"{older.URL}/orders/oauth2/token",
            data={
                "grant_type": "refresh_token",
                "refresh_token": self.standard[0]["refresh_token"],
            },
            auth=("demo-app", SECRET),
            timeout=SECONDS,
        )
        self.assertEqual(answer.status_code, 200, answer.text)
        access_token = answer.json()["access_token"]
        self.assertEqual(self.orders.whoami(access_token).status_code, 200)

    def test_an_older_refresh_token_gets_new_tokens_of_the_provider(self):
        told, identity = self.refreshed
        answer = self.orders.refresh(identity, client_secret=SECRET)
        self.assertEqual(answer.status_code, 200, answer.text)
        again = answer.json()
        self.assertNotEqual(again["refresh_token"], told["refresh_token"])
        self.assertEqual(self.orders.whoami(again["access_token"]).status_code, 200)
        self.assertTrue(self.orders.introspect(again["access_token"]))

    def test_an_older_refresh_token_of_a_public_client_proves_its_grant(self):
        told, identity = self.public
        answer = self.stock.refresh(identity, refresh_token=told["refresh_token"])
        self.assertEqual(answer.status_code, 200, answer.text)
        access_token = answer.json()["access_token"]
        self.assertEqual(self.stock.whoami(access_token).status_code, 200)

    def test_revoke_ends_an_older_grant_here_and_at_its_provider(self):
        told, identity = self.revoked
        self.assertTrue(self.orders.introspect(told["refresh_token"]))
        answer = self.orders.revoke(identity, client_secret=SECRET)
        self.assertEqual(answer.json(), {"revoked": True, "provider_revoked": True})
        for token in (told["access_token"], told["refresh_token"]):
            self.assertFalse(self.orders.introspect(token))
        answer = self.orders.whoami(told["access_token"])
        self.assertRefused(answer, 401, "invalid_token")

    def test_a_sign_in_that_an_upgrade_interrupted_is_finished(self):
        callback = self.orders.sign_in(self.asked["authorization_url"])
        answer = visit(callback)
        self.assertEqual(answer.status_code, 200, answer.text)
        told = answer.json()
        self.assertEqual(self.orders.whoami(told["access_token"]).status_code, 200)

    def test_a_page_from_before_an_upgrade_grants_nothing_and_says_so(self):
        # It did not show what the scopes open.
        before = self.read("oauth2.client.user", [], "api_id")
        answer = self.page.press("allow")
        self.assertEqual(answer.status_code, 400)
        self.assertIn("start again there", answer.text)
        self.assertEqual(self.read("oauth2.client.user", [], "api_id"), before)

    def test_a_queued_revocation_reaches_the_provider_after_an_upgrade(self):
        calls = self.silent.provider.calls
        before = calls["revocation"]
        now = "UPDATE oauth2_revocation SET next_try_at = now() - interval '1 minute'"
        sql(now, dbname=older.DB)
        self.run_job("_cron_send")
        self.assertEqual(calls["revocation"], before + 2)  # access and refresh token
        self.assertEqual(self.read("oauth2.revocation", []), [])

    def run_job(self, code):
        [job] = self.read("ir.cron", [("code", "like", code)], "id")
        self.administrator.call("ir.cron", "method_direct_trigger", [job["id"]])

    def test_each_job_runs_on_an_upgraded_database(self):
        for code in ("_cron_clean_up", "_cron_keep_alive", "_cron_rotate"):
            with self.subTest(code):
                self.run_job(code)

    def test_clients_of_an_older_version_are_what_they_were(self):
        names = {
            "client_type": "confidential",
            "allows_authorization_code": True,
            "allows_refresh_token": True,
            "allows_client_credentials": False,
            "follows_sign_in": True,
            "secret_overlap": 24,
            "is_verified": False,
        }
        clients = self.read("oauth2.client", [], "client_identifier", *names)
        self.assertEqual({told["client_identifier"] for told in clients}, {"demo-app"})
        self.assertEqual(len(clients), 3)
        for client in clients:
            self.assertEqual({name: client[name] for name in names}, names)

    def test_no_provider_counts_as_one_for_client_identifiers(self):
        [index] = older.rows(
            "SELECT indexdef FROM pg_indexes"
            " WHERE indexname = 'oauth2_client_identifier_unique'"
        )
        self.assertIn("COALESCE(provider_id, 0), client_identifier", index)
        values = {"name": "Ours", "client_identifier": "demo-app"}
        ours = self.administrator.create("oauth2.client", **values)
        again = """
            INSERT INTO oauth2_client (name, client_identifier, client_type)
            SELECT name, client_identifier, client_type FROM oauth2_client
             WHERE id = %s"""
        with self.assertRaises(psycopg2.errors.UniqueViolation):
            sql(again, ours, dbname=older.DB)

    def test_scopes_that_users_granted_are_known_as_granted(self):
        granted = {self.orders.scope_id, self.stock.scope_id}
        found = self.read("oauth2.scope", [("was_granted", "=", True)], "id")
        self.assertEqual({scope["id"] for scope in found}, granted)

    def test_each_form_opens_and_saves_on_an_upgraded_database(self):
        for name in FORMS:
            model = f"oauth2.{name}"
            views = {"views": [[False, "form"], [False, "list"]]}
            found = self.administrator.call(model, "get_views", **views)["views"]
            arch = etree.fromstring(found["form"]["arch"])
            inside = arch.xpath("//field[not(ancestor::field)]/@name")
            ids = self.administrator.call(model, "search", [])
            with self.subTest(model):
                self.assertTrue(ids or name == "revocation")  # which may be sent
                specification = {field: {} for field in inside}
                read = self.administrator.call(model, "web_read", ids, specification)
                self.assertEqual([record["id"] for record in read], ids)
        for site in (self.orders, self.stock):
            for model, record in (
                ("oauth2.api", site.api_id),
                ("oauth2.provider", site.provider_id),
                ("oauth2.client", site.client_id),
            ):
                self.administrator.write(model, record, name=f"{site.endpoint} again")

    def test_older_access_tokens_are_kept_to_be_revoked_until_their_grants_end(self):
        self.assertEqual(set(self.revocable), {"(True,)"})

    def test_no_record_is_lost_by_an_upgrade(self):
        before, after = self.filled[0], self.once[1]
        self.assertLess({"oauth2_token", "oauth2_client_user"}, set(after))
        for table in before.keys() & after.keys():
            self.assertEqual(len(after[table]), len(before[table]), table)

    def test_renamed_columns_keep_their_values_in_an_upgrade(self):
        for before, after in zip(self.filled[1], self.kept, strict=True):
            self.assertTrue([row for row in before if "None" not in row])
            self.assertEqual(after, before)

    def test_an_upgraded_database_is_made_as_a_fresh_one(self):
        fresh = older.installed(DB)
        for kind, upgraded in self.once[0].items():
            with self.subTest(kind):
                self.assertEqual(set(upgraded) - set(fresh[kind]), set())
                self.assertEqual(set(fresh[kind]) - set(upgraded), set())

    def test_a_second_upgrade_changes_nothing(self):
        self.assertEqual(self.twice, self.once)

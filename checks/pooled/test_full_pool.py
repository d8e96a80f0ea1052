"""Where connections to the database are few, an API answers soon, if only with 503."""

import contextlib
import json
import os
import statistics

import psycopg2
import server
from providers import QuickProvider
from server import ServerCase, at_once, sql, visit

SERVERS = json.loads(os.environ["OAUTH2_POOLED"])
SOON = 4  # seconds at most, on a machine that is busy; half of them within one
CONNECTIONS = 3  # of each pool
WELL_KNOWN = "/.well-known/oauth-protected-resource"


class PooledCase(ServerCase):
    """Records and grants are made on a server that has connections enough for them."""

    server = ""

    def setUp(self):
        super().setUp()
        self.provider = self.enterContext(QuickProvider())
        # By this name the processes know an API since their start.
        sql("UPDATE oauth2_api SET endpoint = 'former-' || id, active = false")
        sql("UPDATE oauth2_provider SET name = 'former-' || id")
        self.site = self.make_site(endpoint="pooled", json2_enabled=True)
        self.site.use(self.provider)
        self.tokens, self.identity = self.site.authorize()
        self.url = SERVERS[self.server]["url"]

    def doors(self):
        """What every endpoint of the API, and its routes, are asked and answer."""
        token = self.tokens["access_token"]
        asked = self.site.ask()
        callback = self.site.sign_in(asked["authorization_url"])
        callback = callback.replace(server.URL, self.url)
        metadata = f"{self.url}{WELL_KNOWN}/{self.site.endpoint}"
        self.site._at(self.url, None)
        return {
            "metadata": (lambda: visit(metadata), 200),
            "route": (lambda: self.site.partners(token), 200),
            "no such token": (lambda: self.site.partners("unknown"), 401),
            "no such path": (lambda: self.site.get("nowhere", token), 404),
            "JSON-2": (lambda: self.site.json2(token, "res.users", "read"), 403),
            "authorize": (lambda: self.site.call("provider/authorize", {}), 200),
            "callback": (lambda: visit(callback), 200),
            "token": (lambda: self.site.refresh(self.identity), 200),
            "revoke": (lambda: self.site.revoke(self.identity), 200),
        }

    @contextlib.contextmanager
    def all_connections_taken(self):
        """Of a pooler of transactions."""
        with contextlib.ExitStack() as stack:
            for _number in range(CONNECTIONS):
                at = {name: SERVERS[self.server][name] for name in ("host", "port")}
                held = psycopg2.connect(dbname=server.DB, **at)
                stack.enter_context(contextlib.closing(held))
                held.cursor().execute("SELECT 1")  # its transaction stays open
            yield

    def assertTriesAgain(self, answer):
        self.assertEqual(answer.status_code, 503, answer.text)
        self.assertEqual(answer.json()["error"], "temporarily_unavailable")
        self.assertEqual(answer.headers["Retry-After"], "1")
        self.assertEqual(answer.headers["Cache-Control"], "no-store")
        seconds = answer.elapsed.total_seconds()
        print(f"refused after {seconds:.2f} s", flush=True)  # for the log
        self.assertLess(seconds, SOON)
        return seconds

    def assertAllRefused(self, doors):
        waited = []
        for name, (call, _status) in doors.items():
            with self.subTest(name):
                waited.append(self.assertTriesAgain(call()))
        self.assertLess(statistics.median(waited), 1)

    def assertAllServed(self, doors):
        """Also what was refused before: nothing of it was done."""
        for name, (call, status) in doors.items():
            with self.subTest(name):
                answer = call()
                self.assertEqual(answer.status_code, status, answer.text)


class TestPoolOfTransactions(PooledCase):
    """Behind pgbouncer, where a connection is one transaction's."""

    server = "transaction"

    def test_without_a_connection_every_door_says_to_try_again_and_does_nothing(self):
        doors = self.doors()
        with self.all_connections_taken():
            self.assertAllRefused(doors)
        self.assertAllServed(doors)

    def test_many_callers_get_the_same_answers_as_without_a_pooler(self):
        doors = self.doors()
        call = doors["route"][0]
        answers = at_once(*[call] * 12, *[doors["token"][0]] * 4)
        for answer in answers:
            if answer.status_code != 200:
                self.assertTriesAgain(answer)
        self.assertIn(200, [answer.status_code for answer in answers])
        self.assertAllServed(doors)


class TestProcessOfNoDatabase(PooledCase):
    """Behind pgbouncer, whose connections were all taken when the server started."""

    server = "cold"

    def test_a_process_that_has_loaded_no_database_says_to_try_again_too(self):
        doors = self.doors()
        with self.all_connections_taken():
            self.assertAllRefused(doors)
            page = visit(f"{self.url}/web/login")
            self.assertNotEqual(page.status_code, 503, "no page of ours")
        self.assertAllServed(doors)


class TestPoolOfSessions(PooledCase):
    """Behind pgbouncer, where a process of Odoo keeps the connection that it has."""

    server = "session"

    def test_a_process_without_a_connection_says_to_try_again(self):
        doors = self.doors()
        for _round in range(3):
            for name in ("route", "authorize", "metadata", "no such token"):
                call, status = doors[name]
                for answer in at_once(*[call] * 8):
                    with self.subTest(name):
                        if answer.status_code != status:
                            self.assertTriesAgain(answer)


class TestPoolOfOdoo(PooledCase):
    """A server of threads, all of whose connections wait for a provider."""

    server = "few"

    def test_while_a_provider_has_all_connections_every_door_says_to_try_again(self):
        doors = self.doors()
        grants = [self.site.authorize()[1] for _number in range(CONNECTIONS)]
        with contextlib.ExitStack() as stack:
            waiting = [
                stack.enter_context(
                    self.provider.kept_waiting(
                        lambda identity=identity: self.site.refresh(identity)
                    )
                )
                for identity in grants
            ]
            self.assertAllRefused(doors)
        for future in waiting:
            self.assertEqual(future.result().status_code, 200, future.result().text)
        self.assertAllServed(doors)

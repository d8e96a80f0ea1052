"""What the cases play on: a server of several processes, its database, its provider.

The invariants that must hold after each fault are here too: `Case.explanation`.
"""

import contextlib
import hashlib
import json
import os
import pathlib
import signal
import time
import unittest

import psutil
import requests
import server
from cryptography.fernet import Fernet
from providers import QuickProvider
from server import (
    at_once,
    in_background,
    is_a_session_locked_out,
    locked,
    sql,
    wait_until,
)

import rate_limits

KEY = os.environ["API_AUTH_OAUTH2_KEYS"]
_world = {}
_open = contextlib.ExitStack()


def set_up(odoo, databases, cluster, port, workers):
    """Note what there is; servers are started by the cases that need them."""
    _world.update(odoo=odoo, databases=databases, cluster=cluster)
    _world.update(port=port, workers=workers)


def tear_down():
    """End the server, if one runs."""
    _world.pop("server", None)
    _open.close()


def odoo():
    return _world["odoo"]


def databases():
    return _world["databases"]


def cluster():
    return _world["cluster"]


def start_server():
    """Start the server of several processes, unless it runs; return its process."""
    if "server" not in _world:
        set_parameters(server.DB, server.URL)
        arguments = [f"--workers={_world['workers']}", "--max-cron-threads=0"]
        serving = odoo().serving(
            server.DB, _world["port"], *arguments, log="faults-server.log"
        )
        _world["server"] = _open.enter_context(serving)
    return _world["server"]


def set_parameters(database, url):
    """Set base URL and limits of calls, while no Odoo runs on the database."""
    base_url = {"api_auth_oauth2.base_url": url}
    parameters = rate_limits.parameters(0) | base_url
    for key, value in parameters.items():
        databases().set_parameter(database, key, value)


@contextlib.contextmanager
def at(url, database):
    """Let `Site`, `sql` and the others work with another server and database."""
    before = server.URL, server.DB
    server.URL, server.DB = url, database
    try:
        yield
    finally:
        server.URL, server.DB = before


def worker_of(port, provider_port):
    """Return the process of our server that has this end of a connection.

    A port alone is not enough: others on this machine may use the same number.
    """
    master = _world["server"].pid
    for connection in psutil.net_connections("tcp"):
        ends = connection.laddr, connection.raddr
        if [end and end.port for end in ends] == [port, provider_port]:
            with contextlib.suppress(psutil.NoSuchProcess):
                if psutil.Process(connection.pid).ppid() == master:
                    return connection.pid
    return None  # it has gone


def stop(process):
    """Stop a process, and return when each of its threads has stopped."""
    os.kill(process, signal.SIGSTOP)
    states = pathlib.Path(f"/proc/{process}/task")
    deadline = time.monotonic() + 9
    while any(
        (thread / "stat").read_text().rpartition(")")[2].split()[0] != "T"
        for thread in states.iterdir()
    ):
        if time.monotonic() > deadline:
            raise AssertionError("it does not stop")
        time.sleep(0.001)


def serving_worker():
    """Return the process that is busy with the only request there is.

    Of the server that `at` names.
    """
    port = int(server.URL.rpartition(":")[2])
    [worker] = {
        connection.pid
        for connection in psutil.net_connections("tcp")
        if connection.laddr.port == port
        and connection.status == psutil.CONN_ESTABLISHED
        and connection.pid not in (None, os.getpid())
    }
    return worker


class Provider(QuickProvider):
    """Remembers what it ever gave out, and knows who is asking it.

    `kill` is the endpoint after whose answer the asking process is killed: it is
    stopped, gets its answer into its socket, and never reads it.
    """

    kill = None

    def __init__(self):
        super().__init__()
        self.issued = []

    def on_token(self, handler, params):
        return self._answered("token", handler, super().on_token(handler, params))

    def on_revocation(self, handler, params):
        if self.meanwhile:
            self.meanwhile(params)
        return self._answered(
            "revocation", handler, super().on_revocation(handler, params)
        )

    def on_jwks(self, handler, params):
        return self._answered("jwks", handler, super().on_jwks(handler, params))

    def asking(self):
        """Return the process whose request came last; it waits for the answer."""
        return worker_of(self.requests[-1]["port"], self._server.server_port)

    def _answered(self, endpoint, handler, answer):
        port = handler.client_address[1]
        asked_by = "server" in _world and worker_of(port, self._server.server_port)
        if self.kill != endpoint or not asked_by:
            return answer
        self.kill = None
        status, value = answer
        stop(asked_by)
        body = b"" if value is None else json.dumps(value).encode()
        handler.reply(status, body, {"Content-Type": "application/json"})
        handler.wfile.flush()
        os.kill(asked_by, signal.SIGKILL)
        return None

    def _token_answer(self, grant):
        answer = super()._token_answer(grant)
        self.issued.append(answer["access_token"])
        return answer


class Site(server.Site):
    """A site on whichever server `at` names, as its application finds it there."""

    @property
    def _url(self):
        return server.URL

    def _at(self, _url, _database):
        self.headers = {}


def sign_in_administrator():
    """Return an administrator who is signed in to the server that `at` names."""
    return server.Administrator(server.URL, server.DB)


class Case(unittest.TestCase):
    """The line that is printed is the docstring of the test."""

    maxDiff = None

    def setUp(self):
        super().setUp()
        self.provider = self.enterContext(Provider())

    def grants(self):
        """Return the site's client API users as dicts."""
        return rows(
            "SELECT id, state, refresh_began_at"
            " FROM oauth2_client_user WHERE api_id = %s ORDER BY id",
            self.site.api_id,
        )

    def events(self):
        """Return kind and reason of the site's events, oldest first."""
        query = "SELECT kind, reason FROM oauth2_event WHERE api_id = %s ORDER BY id"
        return sql(query, self.site.api_id)

    def revocations(self):
        query = "SELECT id, kind, value FROM oauth2_revocation WHERE client_id = %s"
        return rows(query, self.site.client_id)

    def run_job(self, name):
        """Run a scheduled job at once."""
        query = "SELECT res_id FROM ir_model_data WHERE name = %s"
        [[job]] = sql(query, name)
        self.administrator.call("ir.cron", "method_direct_trigger", [job])

    def tell_provider(self):
        """Run the job that sends revocations, with all of the site due."""
        sql(
            "UPDATE oauth2_revocation SET next_try_at = now() - interval '1 hour'"
            " WHERE client_id = %s",
            self.site.client_id,
        )
        self.run_job("ir_cron_revocations")

    def settle(self):
        """Let each process find out that its connections to the database are gone.

        Odoo answers 500 then, once for each: it has no look at them before.
        """
        deadline = time.monotonic() + 30
        while True:
            answers = at_once(*[lambda: self.site.partners("unknown")] * 16)
            if {answer.status_code for answer in answers} == {401}:
                return
            if time.monotonic() > deadline:
                raise AssertionError("the server does not recover")

    def refresh(self, identity, **body):
        return self.site.refresh(identity, **body)

    def refreshed(self, identity):
        """Refresh, which must work; return the token information."""
        answer = self.refresh(identity)
        self.assertEqual(answer.status_code, 200, answer.text)
        self.assertEqual(
            self.site.partners(answer.json()["access_token"]).status_code, 200
        )
        return answer.json()

    # What must hold, whatever happened.

    def assertExplained(self, *expected):
        """No token without a record; how the provider's are explained is `expected`.

        The words are those of `explanation`.
        """
        for token in self.provider.issued:
            if self.site.partners(token).status_code == 200:
                self.assertTrue(self.is_recorded(token), "accepted, and no record")
        found = [self.explanation(grant) for grant in self.provider.grants]
        self.assertNotIn(None, found, "the provider holds it, and no record says so")
        self.assertLessEqual(found.count("event"), len(self.losses()), "one event each")
        self.assertEqual(sorted(found), sorted(expected))

    def is_recorded(self, token):
        """Whether a grant and an event explain an access token."""
        return sql(
            "SELECT 1 FROM oauth2_token token"
            "  JOIN oauth2_client_user client_user"
            "    ON client_user.id = token.client_user_id"
            "  JOIN oauth2_event event ON event.client_user_ref = client_user.id"
            "   AND event.kind IN ('sign_in', 'refresh')"
            " WHERE token.digest = %s AND client_user.state = 'active'",
            digest(token),
        )

    def explanation(self, held):
        """Return what explains a grant that the provider holds, None if nothing.

        A record counts only for the very sign-in that it is of.
        """
        tokens = self.held_tokens()
        newest = {held["access"][-1], *held["refresh"][-1:]}
        known = {row["digest"] for row in tokens}
        if (
            newest <= self.decrypted(tokens)
            or {digest(token) for token in newest} <= known
        ):
            return "grant"
        if newest & self.decrypted(self.revocations()):
            return "revocation under way"
        requests = rows(
            "SELECT result AS value, exchange_began_at, decided_at"
            "  FROM oauth2_authorization_request"
            " WHERE api_id = %s AND used_at IS NOT NULL AND state_digest = %s",
            self.site.api_id,
            digest(held["asked"]["state"]),
        )
        ever = {digest(token) for token in (*held["access"], *held["refresh"])}
        holders = {row["client_user_id"] for row in tokens if row["digest"] in ever}
        grants = [row for row in self.grants() if row["id"] in holders]
        answers = self.decrypted(requests)
        if any(held["access"][-1] in answer for answer in answers):
            return "recorded answer"
        if any(row["exchange_began_at"] and not row["decided_at"] for row in requests):
            return "sign-in without answer"
        if any(row["refresh_began_at"] for row in grants):
            return "refresh without answer"
        return "event" if self.losses() else None

    def losses(self):
        """Return the events that tell of an answer which was lost."""
        told = [reason or "" for _kind, reason in self.events()]
        return [reason for reason in told if "was not recorded" in reason]

    def held_tokens(self):
        return rows(
            "SELECT token.client_user_id, token.digest, token.value"
            "  FROM oauth2_token token"
            "  JOIN oauth2_client_user client_user"
            "    ON client_user.id = token.client_user_id"
            " WHERE client_user.api_id = %s AND client_user.state = 'active'",
            self.site.api_id,
        )

    def decrypted(self, found):
        return {plain(row["value"]) for row in found if row["value"]}


class Fault(Case):
    """A case on the server of several processes, with a site of its own."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        start_server()
        cls.administrator = sign_in_administrator()

    def setUp(self):
        super().setUp()
        # Without id_tokens, where they are not what a case is about.
        self.site = self.make_site(scope="email profile")

    def make_site(self, **values):
        return Site(self.administrator).use(self.provider, **values)

    def assertDies(self, call):
        """The caller gets no answer: the process that served it is gone."""
        with self.assertRaises(requests.ConnectionError):
            call()

    def kill_while_locked_out(self, table, call):
        """Kill the process that serves a call while it waits to write to a table."""
        with locked(table):
            future = in_background(call)
            wait_until(is_a_session_locked_out)
            os.kill(serving_worker(), signal.SIGKILL)
            self.assertDies(future.result)


def rows(query, *params):
    """Run a query; return its rows as dicts by the names it gives."""
    import psycopg2.extras

    connection = psycopg2.connect(dbname=server.DB)
    factory = psycopg2.extras.RealDictCursor
    try:
        with connection, connection.cursor(cursor_factory=factory) as cursor:
            cursor.execute(query, params)
            return cursor.fetchall()
    finally:
        connection.close()


def plain(encrypted):
    return Fernet(KEY).decrypt(encrypted.rpartition(":")[2].encode()).decode()


def encrypted(text):
    return Fernet(KEY).encrypt(text.encode()).decode()


def digest(token):
    return hashlib.sha256(token.encode()).hexdigest()

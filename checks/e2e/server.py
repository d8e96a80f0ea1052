"""The running Odoo server, and what a test needs on it.

Its records are made as an administrator makes them: over HTTP, by a signed-in user. The
tables are read, and written to provoke a conflict, through a connection of their own.
"""

import contextlib
import copy
import functools
import os
import re
import secrets
import threading
import time
import unittest
from concurrent.futures import ThreadPoolExecutor

import psycopg2
import requests
from beside import ledger

URL = os.environ["OAUTH2_E2E_URL"]
DB = os.environ["OAUTH2_E2E_DB"]
LOG = os.environ["OAUTH2_E2E_SERVER_LOG"]
# A second server: the same database and another one, and a replica of both.
SECOND_URL = os.environ["OAUTH2_E2E_SECOND_URL"]
SECOND_LOG = os.environ["OAUTH2_E2E_SECOND_LOG"]
REPLICA_PORT = os.environ["OAUTH2_E2E_REPLICA_PORT"]  # empty where there is none
OTHER_DB = os.environ["OAUTH2_E2E_OTHER_DB"]
SECONDS = 60  # for one answer, far more than any takes
SECRET = "demo-secret"
#: APIs: after a new one, each process of a server makes its routing map anew.
AT_ONCE = 20

_threads = ThreadPoolExecutor()
_ready = []  # made, and of no test yet


class Administrator:
    """A signed-in administrator of a server."""

    def __init__(self, url=URL, database=DB):
        self._url = url
        self._session = requests.Session()
        self._post(
            "/web/session/authenticate",
            db=database,
            login=os.environ["OAUTH2_E2E_ADMIN_LOGIN"],
            password=os.environ["OAUTH2_E2E_ADMIN_PASSWORD"],
        )

    @property
    def session_id(self):
        """The cookie of the session, for a browser."""
        return self._session.cookies["session_id"]

    def call(self, model, method, *args, **kwargs):
        """Call a method of a model; return its result."""
        return self._post(
            f"/web/dataset/call_kw/{model}/{method}",
            model=model,
            method=method,
            args=args,
            kwargs=kwargs,
        )

    def create(self, model, **values):
        """Return the id of a new record."""
        return self.call(model, "create", values)

    def make_user(self, login, **values):
        """Return the id of a new internal user."""
        [user_id] = self.make_users({"name": login, "login": login, **values})
        return user_id

    def make_users(self, *values):
        """Return the ids of new internal users, whose email is their login."""
        # As Odoo's own tests do: an invitation takes as long as all the rest.
        quickly = {"no_reset_password": True, "tracking_disable": True}
        users = [{"email": each["login"], **each} for each in values]
        return self.call("res.users", "create", users, context=quickly)

    def write(self, model, record_id, **values):
        self.call(model, "write", [record_id], values)

    def _post(self, path, **params):
        body = {"jsonrpc": "2.0", "params": params}
        told = self._session.post(self._url + path, json=body, timeout=SECONDS).json()
        if "error" in told:
            raise RuntimeError(told["error"]["data"]["message"])
        return told["result"]


class Site:
    """An API of the server with a provider's record, a client and a user.

    `provider` is a running provider that knows the client `demo-app`; it may be set
    later, because some must know `redirect_uri` to start. `login` is the user's.
    """

    def __init__(
        self, administrator, api_values=None, url=URL, database=None, *, api=None
    ):
        self._administrator = administrator
        self._at(url, database)
        [api] = [api] if api else _make_apis(administrator, api_values or {})
        self.api_id, self.endpoint, self.scope_id, self.login = api
        self.redirect_uri = f"{url}/{self.endpoint}/oauth2/callback"
        self.provider = self.provider_id = self.client_id = None

    def _at(self, url, database):
        self._url = url
        # What a server with several databases is told.
        self.headers = {"X-Odoo-Database": database} if database else {}

    def on_the_second_server(self, database=DB):
        """Return the same site, its application talking to the second server, which
        knows it by now."""
        catch_up()
        twin = copy.copy(self)
        twin._at(SECOND_URL, database)
        return twin

    def use(self, provider, client_values=None, **values):
        """Make the records of a provider and of the client that it knows."""
        self.provider = provider
        provider.login = self.login  # of those who are not asked there
        values = {"allow_private_addresses": True, **provider.endpoints(), **values}
        self.provider_id = self._administrator.create(
            "oauth2.provider", name=self.endpoint, **values
        )
        client = {
            "name": "Application",
            "provider_id": self.provider_id,
            "client_identifier": "demo-app",
            "client_secret": SECRET,
            "follows_sign_in": True,
            "api_ids": [self.api_id],
            "scope_ids": [self.scope_id],
            **(client_values or {}),
        }
        self.client_id = self._administrator.create("oauth2.client", **client)
        return self

    def make_user(self, login, **values):
        """Make an internal user; return the login."""
        self._administrator.make_user(login, **{"name": "Olivia", **values})
        return login

    # The steps of the main job, as an application takes them.

    def call(self, name, body, *, method="POST", **options):
        """Call an endpoint with a JSON body; return the response."""
        headers = {**self.headers, **options.pop("headers", {})}
        return requests.request(
            method,
            f"{self._url}/{self.endpoint}/oauth2/{name}",
            json={"client_id": "demo-app", **body},
            headers=headers,
            timeout=SECONDS,
            **options,
        )

    def ask(self, identity=None):
        """Return the answer to a request for an authorization URL, a dict."""
        body = {} if identity is None else {"client_user_identity": identity}
        answer = self.call("provider/authorize", body)
        answer.raise_for_status()
        return answer.json()

    def sign_in(self, authorization_url, login=None):
        """Have the user sign in; return the callback's address, not visited yet."""
        return self.provider.sign_in(authorization_url, login or self.login)

    def authorize(self, identity=None, login=None):
        """Return token information and identity of a whole sign-in, by a script."""
        asked = self.ask(identity)
        callback = self.sign_in(asked["authorization_url"], login)
        answer = visit(callback, headers=self.headers)
        if answer.status_code != 200:
            raise AssertionError(answer.text)
        return answer.json(), asked["client_user_identity"]

    def refresh(self, identity, **body):
        return self.call("token", {"client_user_identity": identity, **body})

    def revoke(self, identity, **body):
        return self.call("revoke", {"client_user_identity": identity, **body})

    def partners(self, access_token):
        """Call a protected route; return the response."""
        return self.get("partners", access_token)

    def probe(self, access_token):
        """Return where a call of a read-only route was served, a dict."""
        answer = self.get("probe/readonly", access_token)
        answer.raise_for_status()
        return answer.json()

    def get(self, path, access_token):
        """Call a protected route of the API; return the response."""
        return requests.get(
            f"{self._url}/{self.endpoint}/{path}",
            headers={"Authorization": f"Bearer {access_token}", **self.headers},
            timeout=SECONDS,
        )

    def json2(self, access_token, model, method, *, path="", **arguments):
        """Call JSON-2 of the API, or Odoo's own (`path="/json/2"`)."""
        return requests.post(
            f"{self._url}{path or f'/{self.endpoint}/json/2'}/{model}/{method}",
            json=arguments,
            headers={"Authorization": f"Bearer {access_token}", **self.headers},
            timeout=SECONDS,
        )


def _make_apis(administrator, *api_values):
    """Make APIs at once, each with a scope, and a user for each.

    :return: list of (id, endpoint, id of the scope, login)
    """
    keys = [secrets.token_hex(4) for _each in api_values]
    logins = [f"olivia-{key}@example.com" for key in keys]
    administrator.make_users(*[{"name": "Olivia", "login": one} for one in logins])
    scope = [(0, 0, {"name": "partners.read"})]
    values = [
        {"endpoint": f"orders-{key}", "scope_ids": scope, **given}
        for key, given in zip(keys, api_values, strict=True)
    ]
    values = [{"name": each["endpoint"], **each} for each in values]
    ids = administrator.call("oauth2.api", "create", values)
    read = administrator.call("oauth2.api", "read", ids, ["endpoint", "scope_ids"])
    return [
        (api["id"], api["endpoint"], *api["scope_ids"], login)
        for api, login in zip(read, logins, strict=True)
    ]


class ConfirmationPage:
    """What a browser shows when a sign-in comes back, and its two buttons."""

    def __init__(self, callback):
        """:param str callback: the address, with state and code"""
        page = visit(callback, headers={"Accept": "text/html", "Accept-Language": "en"})
        page.raise_for_status()
        self._url = f"{callback.partition('/callback')[0]}/confirm"
        self._cookies = page.cookies
        found = re.search(r'name="csrf_token" value="([^"]+)"', page.text)
        ticked = re.findall(r'name="(scope_\d+)"', page.text)
        self._form = {"csrf_token": found[1], **dict.fromkeys(ticked, "on")}

    def press(self, decision):
        """Return the response to the button `allow` or `deny`."""
        return requests.post(
            self._url,
            data={**self._form, "decision": decision},
            cookies=self._cookies,
            timeout=SECONDS,
        )


@functools.cache
def _administrator():
    """Return the one of all tests: a login takes a second of a server's time."""
    return Administrator()


class ServerCase(unittest.TestCase):
    """A test against the running server."""

    maxDiff = None

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        ledger.in_test(cls.__qualname__)
        cls.administrator = _administrator()

    def run(self, result=None):
        ledger.in_test(self.id())
        return super().run(result)

    def make_site(self, **api_values):
        if api_values:
            return Site(self.administrator, api_values)
        if not _ready:
            _ready.extend(_make_apis(self.administrator, *[{}] * AT_ONCE))
        return Site(self.administrator, api=_ready.pop())

    def grants(self, site):
        """Return how many client API users an API has."""
        query = "SELECT count(*) FROM oauth2_client_user WHERE api_id = %s"
        return sql(query, site.api_id)[0][0]

    def assertOpens(self, site, access_token):
        answer = site.partners(access_token)
        self.assertEqual(answer.status_code, 200, answer.text)

    def assertRefused(self, answer, status, error):
        self.assertEqual(answer.status_code, status, answer.text)
        self.assertEqual(answer.json()["error"], error)


def visit(url, **options):
    """Open an address as a script does."""
    headers = {"Accept": "*/*", **options.pop("headers", {})}
    return requests.get(
        url, headers=headers, allow_redirects=False, timeout=SECONDS, **options
    )


def sql(query, *params, **where):
    """Run one statement in a transaction of its own; return its rows, if any.

    On the database of all tests, or where psycopg2's arguments say.
    """
    connection = psycopg2.connect(**{"dbname": DB, **where})
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute(query, params)
            return cursor.fetchall() if cursor.description else []
    finally:
        connection.close()


def catch_up():
    """Wait until the replica shows all that was written before.

    The second server reads from it which routes there are: it answers 404 for an API
    of which the replica does not know yet.
    """
    if not REPLICA_PORT:
        return
    [[written]] = sql("SELECT pg_current_wal_lsn()::text")
    there = "SELECT pg_last_wal_replay_lsn() >= %s::pg_lsn"
    wait_until(lambda: sql(there, written, port=REPLICA_PORT) == [(True,)], SECONDS)


def locked(table):
    """Let no other process write to a table while the block runs."""
    return _open_after(f"LOCK TABLE {table} IN SHARE MODE")


def held(query):
    """Hold the rows that a query gives, as a job does, while the block runs."""
    return _open_after(f"{query} FOR UPDATE")


@contextlib.contextmanager
def _open_after(statement):
    """Have a transaction open that began with a statement, and is rolled back."""
    with contextlib.closing(psycopg2.connect(dbname=DB)) as connection:
        with connection.cursor() as cursor:
            cursor.execute(statement)
            yield
        connection.rollback()


def is_a_session_locked_out():
    """Return whether a request to this database waits for a lock."""
    return bool(
        sql(
            "SELECT 1 FROM pg_stat_activity"
            " WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
    )


def in_background(call):
    """Make a call in a thread; return its future."""
    return _threads.submit(call)


def at_once(*calls):
    """Make calls in threads that start together; return their results in order."""
    barrier = threading.Barrier(len(calls))

    def begin(call):
        barrier.wait()
        return call()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(begin, calls))


def wait_until(condition, seconds=9):
    """Return as soon as a condition holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError("it did not happen in time")
        time.sleep(0.01)


def is_caller_waiting():
    """Return whether a request waits for a grant's row, in the pause between two tries.

    Then it has no transaction: a pooler of transactions has the connection for others.
    """
    return bool(
        sql(
            "SELECT 1 FROM pg_stat_activity WHERE datname = current_database()"
            " AND state = 'idle' AND query = 'ROLLBACK'"
            " AND state_change > clock_timestamp() - interval '1s'"
        )
    )


def said_to_be_lost(site):
    """Return kind and reason of a site's events that tell of a lost answer."""
    query = "SELECT kind, reason FROM oauth2_event WHERE api_id = %s ORDER BY id"
    return [line for line in sql(query, site.api_id) if "not recorded" in str(line)]


def log_of(text, log=LOG):
    """Return the lines of a server's log that contain a text."""
    with open(log, errors="replace") as file:
        return [line for line in file if text in line]

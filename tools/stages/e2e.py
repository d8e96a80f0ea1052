"""Tests against two real servers of several processes.

Odoo's own runner serialises requests on one transaction, which hides every bug of
locks and snapshots. Here unittest talks to worker processes over HTTP. The second
server has another database besides, and reads from a replica.
"""

import base64
import contextlib
import json
import secrets

import odoo_log
import places
import ports
import postgres
import selection
from e2e_site import e2e_variables, install
from stages import with_unittest
from stages.stage import Stage

WORKERS, SECOND_WORKERS = 8, 6  # each answers one request at a time
MODULES = [*places.all_modules(), places.PROBE.name]  # with a portal
LOGS = [places.LOGS / f"e2e-{name}.log" for name in ("install", "server", "second")]
#: Of a web client's websocket, which a reverse proxy would lead to another port.
NO_PROXY = "Couldn't bind the websocket."
# What upgrades a database of an older version.
UPGRADE = "test_upgrade_of_19_0_1."
UPGRADE_LOGS = [places.LOGS / f"e2e-{name}.log" for name in ("upgrade", "upgraded")]


class EndToEnd(Stage):
    """The tests of ``checks/e2e``."""

    name = "e2e"
    seconds = 350
    folder = selection.E2E

    def run(self, ground, words):
        """Make databases, replica and servers, and run the tests against them."""
        # As in production: then no dump holds what decrypts it.
        key = base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()
        ground.search.keep("encryption key", key)
        odoo = ground.with_variables({"API_AUTH_OAUTH2_KEYS": key})
        with contextlib.ExitStack() as stack:
            env = _serving(stack, odoo, ground.made, ground.search)
            ground.search.add(places.LOGS / "e2e.log")
            env |= ground.search.environment()
            clean, sockets = LOGS[:1], []
            if any(word.startswith(UPGRADE) for word in words):
                clean += UPGRADE_LOGS
                listening = stack.enter_context(ports.Listening())
                sockets.append(listening.socket.fileno())
                env |= _to_upgrade(stack, odoo, ground.made, ground.search, listening)
            verdict = with_unittest.run(
                odoo, selection.E2E, words, env=env, pass_fds=sockets
            )
        for log in clean:
            verdict.complaints += odoo_log.complaints(log)
        for log in LOGS[1:]:
            verdict.complaints += _server_complaints(log)
        return verdict


def _serving(stack, odoo, made, search):
    """Two servers until the stack ends; returns the variables by which tests find them.

    They share a database and, where the PostgreSQL is ours, a replica; the second has
    another database, too.
    """
    at_install, *arguments = map(search.odoo_arguments, LOGS)
    database = stack.enter_context(made.temporary("e2e"))
    install(odoo, database, MODULES, "e2e", *at_install)
    other = stack.enter_context(made.copied(database, "e2e_other"))
    ports_ = [stack.enter_context(ports.Listening()) for _log in arguments]
    urls = [f"http://localhost:{port.port}" for port in ports_]
    for name, url in zip((database, other), urls, strict=True):
        made.set_parameter(name, "api_auth_oauth2.base_url", url)
        made.replicate_at_once(name)
    replica = {}
    if not postgres.is_given():  # no other can be copied
        replica = stack.enter_context(postgres.replica(odoo.pg))
        search.add(postgres.REPLICA_LOG)
        arguments[1] += postgres.replica_options(replica)
    served = (database, WORKERS), (f"{database},{other}", SECOND_WORKERS)
    for (names, workers), port, options, log in zip(
        served, ports_, arguments, LOGS[1:], strict=True
    ):
        options = [f"--workers={workers}", "--max-cron-threads=0", *options]
        stack.enter_context(odoo.serving(names, port, *options, log=log.name))
    return e2e_variables(
        urls[0],
        database,
        LOGS[1],
        second=(urls[1], LOGS[2]),
        other_database=other,
        replica=replica.get("PGPORT", ""),
    )


def _to_upgrade(stack, odoo, made, search, listening):
    """A database without the addon, until the stack ends; what a test is told of it.

    ``checks/e2e/older.py`` installs an older version on it, and upgrades that.
    """
    database = stack.enter_context(made.temporary("e2e_upgrade"))
    url = f"http://localhost:{listening.port}"
    made.set_parameter(database, "api_auth_oauth2.base_url", url)
    given = {
        "database": database,
        "port": listening.port,
        "socket": listening.socket.fileno(),
        "addons": str(odoo.addons),
        "logs": {log.name: search.odoo_arguments(log) for log in UPGRADE_LOGS},
    }
    return {"OAUTH2_E2E_UPGRADE": json.dumps(given)}


def _server_complaints(log):
    """What should not be in a server's log.

    These tests provoke refusals on purpose, and our own addons warn the administrator
    of them; an error of theirs is one all the same.
    """
    ours = tuple(f"odoo.addons.{name}" for name in places.all_modules())
    return [
        entry
        for entry in odoo_log.complaints(log)
        if not (entry.level == "WARNING" and entry.logger.startswith(ours))
        and NO_PROXY not in entry.text
    ]

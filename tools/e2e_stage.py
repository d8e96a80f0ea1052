"""The second stage of the tests: two real servers of several processes.

Odoo's own runner serialises requests on one transaction, which hides every bug of
locks and snapshots. Here unittest talks to worker processes over HTTP. The second
server has another database besides, and reads from a replica.
"""

import base64
import contextlib
import secrets
from dataclasses import dataclass

import odoo_log
import places
import ports
import postgres
import selection
import unittest_stage
from e2e_site import e2e_variables, install

WORKERS = 8  # each answers one request at a time
SECOND_WORKERS = 6
MODULES = [*places.our_modules(), places.PROBE.name]


def run(odoo, made, search, names):
    """Run the tests of ``tests/e2e`` that bear the names.

    :return: (Verdict, what ``unittest_runner.py`` told of each test)
    """
    # As in production: then no dump holds what decrypts it.
    key = _new_key()
    search.keep("encryption key", key)
    odoo.extra_env |= {"API_AUTH_OAUTH2_KEYS": key}
    install_log = places.LOGS / "e2e-install.log"
    logs = [places.LOGS / "e2e-server.log", places.LOGS / "e2e-second.log"]
    with contextlib.ExitStack() as stack:
        site = installed(stack, odoo, made, *search.odoo_arguments(install_log))
        if site.replica:
            search.add(postgres.REPLICA_LOG)
        server = [f"--workers={WORKERS}", "--max-cron-threads=0"]
        server += search.odoo_arguments(logs[0])
        server = odoo.serving(site.database, site.port, *server, log=logs[0].name)
        stack.enter_context(server)
        second = _second_server(odoo, site, search, logs[1])
        stack.enter_context(second)
        verdict, told = _unittest(odoo, site, search, logs, names)
    verdict.complaints += odoo_log.complaints(install_log)
    for log in logs:
        verdict.complaints += _server_complaints(log)
    return verdict, told


@dataclass
class Site:
    """What two servers share: a database, another one, maybe a replica of both."""

    database: str
    other_database: str
    replica: dict  # its PG* variables, empty without one
    port: ports.Listening
    second_port: ports.Listening


def installed(stack, odoo, made, *arguments):
    """Make the databases and the replica; the stack ends them. Returns a ``Site``.

    The arguments are for the Odoo that installs.
    """
    database = stack.enter_context(made.temporary("e2e"))
    install(odoo, database, MODULES, "e2e", *arguments)
    other = stack.enter_context(made.copied(database, "e2e_other"))
    port, second_port = (stack.enter_context(ports.Listening()) for _ in range(2))
    for name, its_port in ((database, port), (other, second_port)):
        key, url = "api_auth_oauth2.base_url", f"http://localhost:{its_port.port}"
        made.set_parameter(name, key, url)
        made.replicate_at_once(name)
    is_ours = not postgres.is_given()  # no other can be copied
    following = stack.enter_context(postgres.replica(odoo.pg)) if is_ours else {}
    return Site(database, other, following, port, second_port)


def _second_server(odoo, site, search, log):
    """A second server, with both databases and the replica."""
    options = [f"--workers={SECOND_WORKERS}", "--max-cron-threads=0"]
    options += search.odoo_arguments(log)
    if site.replica:
        options += postgres.replica_options(site.replica)
    databases = f"{site.database},{site.other_database}"
    return odoo.serving(databases, site.second_port, *options, log=log.name)


def _new_key():
    """An encryption key: 32 bytes in URL-safe base64."""
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()


def _unittest(odoo, site, search, logs, names):
    """Run unittest against the servers; returns what ``unittest_stage.run`` does."""
    search.add(places.LOGS / "e2e.log")
    env = search.environment() | e2e_variables(
        f"http://localhost:{site.port.port}",
        site.database,
        logs[0],
        second=(f"http://localhost:{site.second_port.port}", logs[1]),
        other_database=site.other_database,
        replica=site.replica.get("PGPORT", ""),
    )
    return unittest_stage.run(odoo, selection.E2E, names, log="e2e.log", env=env)


def _server_complaints(log):
    """What should not be in the server's log.

    These tests provoke refusals on purpose, and our own addons warn the
    administrator of them; an error of theirs is one all the same.
    """
    ours = tuple(f"odoo.addons.{name}" for name in places.our_modules())
    return [
        entry
        for entry in odoo_log.complaints(log)
        if not (entry.level == "WARNING" and entry.logger.startswith(ours))
    ]

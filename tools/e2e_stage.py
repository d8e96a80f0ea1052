"""The second stage of the tests: two real servers of several processes.

Odoo's own runner serialises requests on one transaction, which hides every bug of
locks and snapshots. Here unittest talks to worker processes over HTTP. The second
server has another database besides, and reads from a replica.
"""

import base64
import contextlib
import json
import re
import secrets
from dataclasses import dataclass

import console
import odoo_log
import places
import ports
import postgres
import processes
import replica
import selection
from e2e_variables import e2e_variables
from odoo_log import Entry, Verdict

# Each answers one request at a time, and lets 8 more connections queue up: enough for
# the 50 callers of a storm, which would be turned away by the kernel otherwise.
WORKERS = 8
SECOND_WORKERS = 6  # for 50 callers too
RESULT = places.DEV / "e2e-result.json"
MODULES = ",".join([*places.our_modules(), places.PROBE.name])


def run(odoo, made, search, names):
    """Run the tests of ``tests/e2e`` that bear the names; returns a Verdict."""
    # As in production: then no dump holds what decrypts it.
    key = _new_key()
    search.keep("encryption key", key)
    odoo.extra_env |= {"API_AUTH_OAUTH2_KEYS": key}
    install_log = places.LOGS / "e2e-install.log"
    logs = [places.LOGS / "e2e-server.log", places.LOGS / "e2e-second.log"]
    with contextlib.ExitStack() as stack:
        site = installed(stack, odoo, made, *search.odoo_arguments(install_log))
        if site.replica:
            search.add(replica.LOG)
        server = [f"--workers={WORKERS}", "--max-cron-threads=0"]
        server += search.odoo_arguments(logs[0])
        server = odoo.serving(site.database, site.port, *server, log=logs[0].name)
        stack.enter_context(server)
        second = _second_server(odoo, site, search, logs[1])
        stack.enter_context(second)
        verdict = _unittest(odoo, site, search, logs, names)
    verdict.complaints += odoo_log.complaints(install_log)
    for log in logs:
        verdict.complaints += _server_complaints(log)
    return verdict


@dataclass
class Site:
    """What two servers share: a database, another one, maybe a replica of both."""

    database: str
    other_database: str
    replica: dict  # its PG* variables, empty without one
    port: int
    second_port: int


def installed(stack, odoo, made, *arguments):
    """Make the databases and the replica; the stack ends them. Returns a ``Site``.

    The arguments are for the Odoo that installs.
    """
    database = stack.enter_context(made.temporary("e2e"))
    with console.step(f"Installing {MODULES} for servers of several processes"):
        install = ["-i", MODULES, "--stop-after-init", *arguments]
        odoo.run(database, install, log="e2e-install.log")
    other = stack.enter_context(made.copied(database, "e2e_other"))
    port, second_port = ports.free(), ports.free()
    for name, its_port in ((database, port), (other, second_port)):
        made.set_parameter(
            name, "api_auth_oauth2.base_url", f"http://localhost:{its_port}"
        )
        made.replicate_at_once(name)
    is_ours = not postgres.is_given()  # no other can be copied
    following = stack.enter_context(replica.running(odoo.pg)) if is_ours else {}
    return Site(database, other, following, port, second_port)


def _second_server(odoo, site, search, log):
    """A second server, with both databases and the replica."""
    options = [f"--workers={SECOND_WORKERS}", "--max-cron-threads=0"]
    options += search.odoo_arguments(log)
    if site.replica:
        options += replica.options(site.replica)
    databases = f"{site.database},{site.other_database}"
    return odoo.serving(databases, site.second_port, *options, log=log.name)


def _new_key():
    """An encryption key: 32 bytes in URL-safe base64."""
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()


def _unittest(odoo, site, search, logs, names):
    """Run unittest against the servers; returns a Verdict without complaints."""
    result, log = RESULT, places.LOGS / "e2e.log"
    search.add(log)
    result.unlink(missing_ok=True)
    env = odoo.env() | search.environment()
    env |= {
        **e2e_variables(
            f"http://localhost:{site.port}",
            site.database,
            logs[0],
            second=(f"http://localhost:{site.second_port}", logs[1]),
            other_database=site.other_database,
            replica=site.replica.get("PGPORT", ""),
        ),
    }
    del env["PYTHONSAFEPATH"]  # the tests' own folder is theirs
    command = [odoo.python, places.TOOLS / "e2e_runner.py", result, *names]
    with console.step("tests/e2e with unittest", lambda: f"{_begun(log)} tests begun"):
        with (
            log.open("w") as output,
            processes.running(
                command,
                cwd=selection.E2E,
                env=env | {"PYTHONPATH": f"{selection.E2E}:{env['PYTHONPATH']}"},
                stdout=output,
                stderr=output,
            ) as child,
        ):
            child.wait()
    if not result.exists():
        tail = log.read_text(errors="replace")[-3000:]
        return Verdict(
            0, 1, 0, [Entry("ERROR", "e2e", f"unittest ended early\n{tail}")], []
        )
    told = json.loads(result.read_text())
    failures = [Entry("ERROR", "e2e", text) for text in told["failures"]]
    return Verdict(told["passed"], told["failed"], told["skipped"], failures, [])


def _begun(log):
    """How many tests unittest has begun."""
    return len(re.findall(r" \.\.\. ", log.read_text(errors="replace")))


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

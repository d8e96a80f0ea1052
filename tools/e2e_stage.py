"""The second stage of the tests: a real server of several processes.

Odoo's own runner serialises requests on one transaction, which hides every bug of
locks and snapshots. Here unittest talks to worker processes over HTTP.
"""

import json
import re

import console
import odoo_log
import places
import ports
import processes
import selection
from odoo_log import Entry, Verdict

# Each answers one request at a time, and lets 8 more connections queue up: enough for
# the 50 callers of a storm, which would be turned away by the kernel otherwise.
WORKERS = 8


def run(odoo, made, names):
    """Run the tests of ``tests/e2e`` that bear the names; returns a Verdict."""
    modules = ",".join(places.our_modules())
    with made.temporary("e2e") as database:
        with console.step(f"Installing {modules} for the server of several processes"):
            odoo.run(
                database, ["-i", modules, "--stop-after-init"], log="e2e-install.log"
            )
        port = ports.free()
        made.set_parameter(
            database, "api_auth_oauth2.base_url", f"http://localhost:{port}"
        )
        server = [f"--workers={WORKERS}", "--max-cron-threads=0"]
        with odoo.serving(database, port, *server, log="e2e-server.log"):
            verdict = _unittest(odoo, database, port, names)
    verdict.complaints += odoo_log.complaints(places.LOGS / "e2e-install.log")
    verdict.complaints += _server_complaints(places.LOGS / "e2e-server.log")
    return verdict


def _unittest(odoo, database, port, names):
    """Run unittest against the server; returns a Verdict without complaints."""
    result, log = places.DEV / "e2e-result.json", places.LOGS / "e2e.log"
    result.unlink(missing_ok=True)
    env = odoo.env() | {
        "OAUTH2_E2E_URL": f"http://localhost:{port}",
        "OAUTH2_E2E_DB": database,
        "OAUTH2_E2E_ADMIN_LOGIN": "admin",
        "OAUTH2_E2E_ADMIN_PASSWORD": "admin",
        "OAUTH2_E2E_SERVER_LOG": str(places.LOGS / "e2e-server.log"),
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

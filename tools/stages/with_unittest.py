"""Run tests that need no Odoo around them with unittest, in a process of its own."""

import json
import re

import console
import places
import processes
from odoo_log import Entry, Verdict
from unittest_runner import BROKEN, HOLDS, SKIPPED


def run(odoo, folder, names, *, env=None, beside=(), **options):
    """Run the named tests of a folder; returns a Verdict. What they print is logged.

    :param env: variables beside Odoo's own
    :param beside: folders that are on the tests' path too
    :param options: of the process
    """
    log = places.LOGS / f"{folder.name}.log"
    result = places.DEV / f"{folder.name}-result.json"
    result.unlink(missing_ok=True)
    env = odoo.env() | (env or {})
    env["PYTHONPATH"] = ":".join(map(str, (folder, *beside, env["PYTHONPATH"])))
    del env["PYTHONSAFEPATH"]  # the tests' own folder is theirs
    command = [odoo.python, places.TOOLS / "unittest_runner.py", result, *names]
    with log.open("w") as output, console.step("unittest", lambda: _done(log)):
        with processes.running(
            command, cwd=folder, env=env, stdout=output, stderr=output, **options
        ) as child:
            child.wait()
    if not result.exists():
        tail = log.read_text(errors="replace")[-3000:]
        ended = Entry("ERROR", folder.name, f"unittest ended early\n{tail}")
        return Verdict(0, 1, 0, [ended], [])
    told = json.loads(result.read_text())
    failures = [Entry("ERROR", folder.name, text) for text in told["failed"]]
    return Verdict(*told["counts"], failures, [])


def _done(log):
    """How many tests have come to a verdict."""
    ended = re.compile(rf"^(?:{HOLDS}|{BROKEN}|{SKIPPED}) ", re.M)
    return f"{len(ended.findall(log.read_text(errors='replace')))} tests done"

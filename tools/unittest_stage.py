"""Run tests that need no Odoo around them with unittest, in a process of its own."""

import json
import re

import console
import places
import processes
from odoo_log import Entry, Verdict


def run(odoo, folder, names, *, log, env=None, beside=()):
    """Run the named tests of a folder; returns (Verdict, what the runner told).

    :param log: the name of the file in ``.dev/log`` for what they print
    :param env: variables beside Odoo's own
    :param beside: folders that are on the tests' path too
    """
    log, result = places.LOGS / log, places.DEV / f"{folder.name}-result.json"
    result.unlink(missing_ok=True)
    env = odoo.env() | (env or {})
    env["PYTHONPATH"] = ":".join(map(str, (folder, *beside, env["PYTHONPATH"])))
    del env["PYTHONSAFEPATH"]  # the tests' own folder is theirs
    command = [odoo.python, places.TOOLS / "unittest_runner.py", result, *names]
    where = folder.relative_to(places.ROOT)
    with console.step(f"{where} with unittest", lambda: f"{_begun(log)} tests begun"):
        with log.open("w") as output:
            with processes.running(
                command, cwd=folder, env=env, stdout=output, stderr=output
            ) as child:
                child.wait()
    if not result.exists():
        tail = log.read_text(errors="replace")[-3000:]
        ended = Entry("ERROR", folder.name, f"unittest ended early\n{tail}")
        return Verdict(0, 1, 0, [ended], []), None
    told = json.loads(result.read_text())
    failures = [Entry("ERROR", folder.name, text) for text in told["failures"]]
    verdict = Verdict(told["passed"], told["failed"], told["skipped"], failures, [])
    return verdict, told


def _begun(log):
    """How many tests unittest has begun."""
    return len(re.findall(r" \.\.\. ", log.read_text(errors="replace")))

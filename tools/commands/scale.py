"""scale          two servers and a replica: show what holds, measure, write it down

Two Odoo servers of several processes share a PostgreSQL and a streaming replica that
is made for the run. What must hold is shown case by case; what it costs is measured.
The results are in ``benchmarks/scale.md``.
"""

import json
import re

import artifact
import console
import databases
import e2e_stage
import log_search
import odoo_server
import places
import postgres
from console import Failure
from scale import measurements, report

CASES = [
    "test_lagging_replica",
    "test_several_servers",
    "test_several_workers",
    "test_several_databases",
]


def run(args):
    """Show, measure, write; the status says whether everything held."""
    if args:
        raise Failure("./dev scale takes no arguments")
    if postgres.is_given():
        raise Failure("The replica is made of ./dev's own PostgreSQL: unset PGHOST")
    places.make_dev()
    # One set of logs with ./dev test.
    with artifact.locked(places.DEV / ".test.lock", "runs tests"):
        with odoo_server.ready() as odoo, databases.opened(odoo) as made:
            head = report.machine(odoo)
            with log_search.Search() as search:
                verdict = e2e_stage.run(odoo, made, search, CASES)
                verdict.complaints += search.verdict().complaints
            cases = _cases()
            _show(cases, verdict)
            told = measurements.measured(odoo, made)
    report.write(head, cases, told)
    console.say(report.PATH.read_text())
    held = not (verdict.failed or verdict.skipped or verdict.complaints)
    return 0 if held and cases else 1


def _cases():
    """[(name, verdict)] of the cases that were run."""
    if not e2e_stage.RESULT.exists():
        return []
    told = json.loads(e2e_stage.RESULT.read_text())
    return [(_in_words(case), _verdict(case, told)) for case in told["cases"]]


def _verdict(case, told):
    if case in told["skips"]:
        return "SKIPPED"
    whole = case.rpartition(".")[0]  # a class that could not be set up
    broken = any(name == case or f"({whole})" in name for name in told["broken"])
    return "BROKEN" if broken else "holds"


def _in_words(case):
    """m.TestSeveralServers.test_that_it_works: several servers: that it works"""
    _module, cls, test = case.split(".")
    cls = re.sub("(?<!^)([A-Z])", r" \1", cls.removeprefix("Test")).lower()
    return f"{cls}: {test.removeprefix('test_').replace('_', ' ')}"


def _show(cases, verdict):
    console.say()
    for name, told in cases:
        colour = "32" if told == "holds" else "31;1"
        console.say(f"  {console.paint(told, colour):<8} {name}")
    for entry in verdict.failures + verdict.complaints:
        console.say(f"\n{entry}")
    console.say()

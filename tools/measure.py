"""Load from wrk, in rounds in which all calls take turns, and what of it is told."""

import datetime
import json
import os
import platform
import random
import re
import statistics
import subprocess
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import console
import databases
import debian
import odoo_home
import places
from console import Failure


@dataclass(frozen=True)
class Call:
    """One kind of request: what is sent, and whether it is to be refused.

    ``expected`` is a Lua pattern that each answer has; ``chain`` is a file of refresh
    tokens, which are sent once each and take the place of one another: ``wrk.lua``.
    """

    url: str
    headers: tuple = ()
    body: str = ""
    refused: bool = False
    expected: str = ""
    chain: object = ""


@dataclass
class Series:
    """What one call reached, round by round: answers a second, and milliseconds."""

    rates: list = field(default_factory=list)
    p50s: list = field(default_factory=list)
    p99s: list = field(default_factory=list)

    def add(self, *measures):
        """Note a round: of several servers, what they did together, and the slowest."""
        rates, p50s, p99s = zip(*measures, strict=True)
        self.rates.append(sum(rates))
        self.p50s.append(max(p50s))
        self.p99s.append(max(p99s))


def load(call, *, seconds, connections):
    """Send one kind of request for a while; returns (answers a second, p50, p99).

    Raises Failure when an answer is not of the kind that is to be measured.
    """
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout=20s"]
    command += ["-s", places.TOOLS / "wrk.lua"]
    for header in call.headers:
        command += ["-H", ": ".join(header)]
    given = {"BODY": call.body, "EXPECTED": call.expected, "CHAIN": str(call.chain)}
    env = os.environ | {name: value for name, value in given.items() if value}
    done = subprocess.run(
        [*command, call.url], env=env, capture_output=True, text=True, check=False
    )
    before, found, told = done.stdout.partition("TOLD ")
    if not found:
        raise Failure(f"wrk failed on {call.url}: {done.stderr or done.stdout}")
    told = json.loads(told)
    refused = told["all"] if call.refused else 0
    if told["refused"] != refused or told["broken"] or told["wrong"]:
        _intro, _found, wrong = before.partition("WRONG ")
        text = f"{call.url}: not all answers were as they should be: {told}"
        raise Failure(f"{text}\n{wrong.strip()}".strip())
    return told["rate"], told["p50"], told["p99"]


def rounds(calls, *, rounds, seconds, connections, warm_up=2, settle=lambda: None):
    """Run all calls in each round; returns {name: Series}.

    A round is short, and a slower moment of the machine meets all of its contestants:
    only ratios within one round are told. ``settle()`` is called before each load.
    """
    found = {name: Series() for name in calls}
    for call in calls.values():
        settle()
        load(call, seconds=warm_up, connections=connections)
    order = list(calls)
    shuffle = random.Random(19).shuffle  # the same order each time
    for number in range(1, rounds + 1):
        shuffle(order)
        for name in order:
            settle()
            told = load(calls[name], seconds=seconds, connections=connections)
            found[name].add(told)
        rates = "  ".join(f"{n} {s.rates[-1]:.0f}" for n, s in found.items())
        console.say(f"  round {number}: {rates}")
    return found


def at_once(calls, *, rounds, seconds, connections):
    """Run all calls at the same time, in each round; returns one Series of all."""
    found = Series()
    with ThreadPoolExecutor(len(calls)) as pool:
        for _round in range(rounds):

            def one(call):
                return load(call, seconds=seconds, connections=connections)

            found.add(*pool.map(one, calls))
    return found


def ratio(ours, theirs):
    """(median, lowest, highest) of the ratios of two series, round by round."""
    ratios = [a / b for a, b in zip(ours, theirs, strict=True)]
    return statistics.median(ratios), min(ratios), max(ratios)


def spread(values, digits):
    """A median with the lowest and the highest, as a text."""
    low, high = min(values), max(values)
    return (
        f"{statistics.median(values):.{digits}f} ({low:.{digits}f}–{high:.{digits}f})"
    )


def machine(odoo, command):
    """The lines of a report that say on what and when it was measured."""
    debian.require("wrk")
    wrk = subprocess.run(["wrk", "-v"], capture_output=True, text=True, check=False)
    wrk = (wrk.stdout or wrk.stderr).split("Copyright")[0].strip()
    [[version]] = databases.rows(odoo, "postgres", "SHOW server_version")
    processor = re.search(r"^model name\s*: (.+)$", open("/proc/cpuinfo").read(), re.M)
    cores, busy = os.cpu_count(), os.getloadavg()[0]
    git = ["git", "-C", places.ROOT, "rev-parse", "--short", "HEAD"]
    commit = subprocess.run(git, capture_output=True, text=True, check=False).stdout
    lines = [
        f"- {datetime.datetime.now(datetime.UTC):%Y-%m-%d %H:%M} UTC, `{command}`,"
        f" commit {commit.strip() or 'unknown'}",
        f"- {cores} cores ({processor[1] if processor else platform.machine()});"
        " servers, databases and load generator share them",
        f"- PostgreSQL {version.split()[0]}, Python {platform.python_version()},"
        f" Odoo {odoo_home.SERIES} ({odoo.home.key}), {wrk}",
        f"- load average before the run: {busy:.1f}",
    ]
    if busy > cores / 2:
        lines += ["", "**Measured on a busy machine:** compare within the run only."]
    return lines


def table(heads, rows):
    """The lines of a Markdown table."""
    yield f"| {' | '.join(heads)} |"
    yield "|---" * len(heads) + "|"
    for row in rows:
        yield f"| {' | '.join(map(str, row))} |"

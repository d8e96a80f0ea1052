"""bench [ROUNDS]  measure the check beside Odoo's and OCA's, write benchmarks/

Sets up an Odoo of two worker processes, loads it with wrk, and has the contestants
take turns in rounds. What counts are ratios within one run; on a busy machine they
are told as well, but say less.
"""

import contextlib
import dataclasses
import json
import os

import artifact
import console
import databases
import odoo_server
import places
import ports
from bench import contestants, growth, load, oca, profile, report, rounds
from console import Failure

ROUNDS = 9
SECONDS = 4  # of load, for each contestant in each round
CONNECTIONS = 4
SERVER = (
    "--workers=2",
    "--max-cron-threads=0",
    "--log-level=warn",
    "--limit-request=1000000000",  # no worker is replaced meanwhile
    "--limit-time-cpu=100000",
)
MODULES = f"{places.ADDON},api_auth_oauth2_bench"


def run(args):
    """Run all measurements; returns 1 where a target was missed."""
    how_many = _rounds(args)
    wrk = load.require()
    places.make_dev()
    with artifact.locked(places.DEV / ".bench.lock", "runs benchmarks"):
        with contextlib.ExitStack() as stack:
            odoo = stack.enter_context(odoo_server.ready())
            folders = (*odoo.home.addons, oca.addons(), places.ROOT / "benchmarks")
            odoo.home = dataclasses.replace(odoo.home, addons=folders)
            made = stack.enter_context(databases.opened(odoo))
            small = Site.start(stack, odoo, made, "bench")
            results = {
                "wrk": wrk,
                "rounds": how_many,
                "seconds": SECONDS,
                "load": "%.1f" % os.getloadavg()[0],
            }
            results["speed"] = _speed(small, how_many)
            results["profile"] = _profile(odoo, small)
            results["growth"] = _growth(stack, odoo, made, small, how_many)
        verdicts = report.write(results, odoo)
    return 0 if all(verdicts) else 1


def _rounds(args):
    if not args:
        return ROUNDS
    if len(args) == 1 and args[0].isdigit() and int(args[0]):
        return int(args[0])
    raise Failure("./dev bench takes the number of rounds, if anything")


@dataclasses.dataclass
class Site:
    """A running Odoo with the contestants' routes and records."""

    database: str
    url: str
    told: dict  # secrets and ids of its records

    @classmethod
    def start(cls, stack, odoo, made, name):
        """Make the database and serve it, until the stack is left."""
        database = stack.enter_context(made.temporary(name))
        result = places.DEV / f"{name}-records.json"
        with console.step(f"Installing {MODULES}"):
            odoo.run(
                database,
                ["-i", MODULES, "--stop-after-init"],
                log=f"{name}-install.log",
            )
            script = contestants.records_script(result)
            odoo.run(database, [], log=f"{name}-records.log", script=script)
        told = json.loads(result.read_text())
        result.unlink()
        port = ports.free()
        stack.enter_context(
            odoo.serving(database, port, *SERVER, log=f"{name}-server.log")
        )
        return cls(database, f"http://127.0.0.1:{port}", told)

    @property
    def calls(self):
        return contestants.calls(self.url, self.told)


def _speed(site, how_many):
    """Every contestant in every round."""
    with console.step(f"{how_many} rounds of all contestants"):
        return rounds.play(
            site.calls,
            rounds=how_many,
            seconds=SECONDS,
            connections=CONNECTIONS,
            folder=places.DEV,
        )


def _profile(odoo, site):
    """Where the time goes inside one call."""
    result = places.DEV / "bench-profile.json"
    script = profile.script(
        result, token=site.told["token"], host=site.url.partition("//")[2]
    )
    with console.step("A profile of the check"):
        odoo.run(
            site.database, ["--log-level=warn"], log="bench-profile.log", script=script
        )
    told = json.loads(result.read_text())
    result.unlink()
    return told


def _growth(stack, odoo, made, small, how_many):
    """The same call beside a database with a million tokens and events."""
    large = Site.start(stack, odoo, made, "bench_large")
    grant = large.told["grant"]
    with console.step("Filling a database with a million tokens and events"):
        made.execute(large.database, *growth.statements(growth.FILL, grant))
    calls = {"small": small.calls["ours"], "large": large.calls["ours"]}
    options = {"seconds": SECONDS, "folder": places.DEV}
    with console.step(f"{how_many} rounds of small and large"):
        sizes = rounds.play(calls, rounds=how_many, connections=CONNECTIONS, **options)
    with console.step("A million tokens end"):
        made.execute(large.database, *growth.statements(growth.DIE, grant))
    alone = {"large": large.calls["ours"]}
    # One connection: the clean-up has a processor of its own.
    with console.step("Calls without a clean-up"):
        before = rounds.play(alone, rounds=how_many, connections=1, **options)
    with console.step("Calls while a million dead tokens are removed"):
        during, cleaned = _while_cleaning(odoo, large, alone, options)
    return {
        "sizes": sizes,
        "before": before["large"],
        "during": during,
        "cleaned": cleaned,
    }


def _while_cleaning(odoo, site, calls, options):
    """Measure as long as the clean-up runs; returns (Series, what the job said)."""
    log = "bench-clean-up.log"
    script = growth.clean_up_script(site.told["grant"])
    series = rounds.Series()
    with odoo.shell(site.database, "--log-level=warn", log=log, script=script) as job:
        while job.poll() is None:
            series.add(load.run(calls["large"], connections=1, **options))
    series.rates.pop()  # the job ended in it, or before
    series.p99s.pop()
    told = (places.LOGS / log).read_text()
    if "CLEANED" not in told:
        raise Failure(f"The clean-up failed; see {os.path.relpath(places.LOGS)}/{log}")
    return series, told.rpartition("CLEANED ")[2].split()

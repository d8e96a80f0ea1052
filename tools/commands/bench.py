"""bench [--only PART…] [ROUNDS]  measure the check beside Odoo's and OCA's, and more

Sets up an Odoo of two worker processes, loads it with wrk, and has the contestants
take turns in rounds. What counts are ratios within one run; on a busy machine they
are told as well, but say less.

The parts are ``speed`` (all contestants), ``profile`` (where the check's time goes) and
``growth`` (a million tokens, and the job that removes them beside calls). All of them
write ``benchmarks/results.md`` with a plot; some alone print what they reached.
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

PARTS = ("speed", "profile", "growth")
ROUNDS = 9
SECONDS = 4  # of load, for each contestant in each round
SHORT = 2  # the same beside the job, which is soon done
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
    """Run the measurements; returns 1 where a target was missed."""
    parts, how_many = _wanted(args)
    wrk = load.require()
    places.make_dev()
    with artifact.locked(places.DEV / ".bench.lock", "runs benchmarks"):
        with contextlib.ExitStack() as stack:
            odoo = stack.enter_context(odoo_server.ready())
            folders = (*odoo.home.addons, oca.addons(), places.ROOT / "benchmarks")
            odoo.home = dataclasses.replace(odoo.home, addons=folders)
            made = stack.enter_context(databases.opened(odoo))
            results = {
                "wrk": wrk,
                "rounds": how_many,
                "seconds": SECONDS,
                "load": f"{os.getloadavg()[0]:.1f}",
            }
            small = Site.start(stack, odoo, made, "bench")
            if "speed" in parts:
                results["speed"] = _speed(small, how_many)
            if "profile" in parts:
                results["profile"] = _profile(odoo, small)
            if "growth" in parts:
                results["growth"] = _growth(stack, odoo, made, small, how_many)
        if parts == PARTS:
            verdicts = report.write(results, odoo)
        else:
            verdicts = report.show(results)
    return 0 if all(verdicts) else 1


def _wanted(args):
    """(parts in their order, number of rounds) of the command line."""
    args, parts, how_many = list(args), PARTS, ROUNDS
    if args and args[-1].isdigit() and int(args[-1]):
        how_many = int(args.pop())
    if args and args[0] == "--only":
        named = args[1:]
        parts = tuple(part for part in PARTS if part in named)
        args = [] if parts and set(named) == set(parts) else args
    if args:
        raise Failure(
            f"./dev bench takes --only with some of {', '.join(PARTS)},"
            " and the number of rounds, if anything"
        )
    return parts, how_many


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
    """The same call beside few and many tokens and events, and beside the job."""
    large = Site.start(stack, odoo, made, "bench_large")
    for site, size in ((small, growth.SMALL), (large, growth.LARGE)):
        with console.step(f"Filling a database with {size.tokens:,} tokens"):
            _execute(made, site, growth.FILL, size)
    calls = {"small": small.calls["ours"], "large": large.calls["ours"]}
    with console.step(f"{how_many} rounds of small and large"):
        sizes = rounds.play(
            calls,
            rounds=how_many,
            seconds=SECONDS,
            connections=CONNECTIONS,
            folder=places.DEV,
        )
    with console.step("All tokens but the newest of each grant are replaced or expire"):
        _execute(made, large, growth.DIE)
    tokens = _clean_up(odoo, made, large, how_many)
    with console.step(f"{growth.LAPSING:,} grants lapse"):
        _execute(made, large, growth.LAPSE)
    grants = _clean_up(odoo, made, large, how_many)
    return {"sizes": sizes, "tokens": tokens, "grants": grants}


def _execute(made, site, templates, size=growth.LARGE):
    """Run statements of ``growth`` on a site's database; returns the last's rows."""
    statements = growth.statements(templates, site.told["grant"], size)
    return made.execute(site.database, *statements)


def _clean_up(odoo, made, site, how_many):
    """Measure calls before the job runs, and as long as it does; returns CleanUp.

    One connection: calls have a processor of their own beside PostgreSQL's work for
    the job, as far as the machine has two.
    """
    options = {"seconds": SHORT, "connections": 1, "folder": places.DEV}
    call = site.calls["ours"]
    with console.step("Calls without the job"):
        before = rounds.play({"calls": call}, rounds=how_many, **options)["calls"]
    log = "bench-clean-up.log"
    during = rounds.Series()
    with (
        console.step("Calls while the job runs"),
        odoo.shell(
            site.database, "--log-level=warn", log=log, script=growth.CLEAN_UP
        ) as job,
    ):
        growth.wait_for_begin(places.LOGS / log, job)
        while job.poll() is None:
            during.add(load.run(call, **options))
    told = growth.told((places.LOGS / log).read_text())
    [[left]] = _execute(made, site, [growth.LEFT])
    if not told or left:
        raise Failure(f"The job failed or left {left} behind; see {places.LOGS / log}")
    return growth.CleanUp(before, growth.without_end(during), *told)

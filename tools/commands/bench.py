"""bench [--only PART…] [ROUNDS]  measure beside Odoo, OCA and django-oauth-toolkit

Sets up an Odoo of two worker processes, loads it with wrk, and has the contestants
take turns in rounds. What counts are ratios within one run; on a busy machine they
are told as well, but say less.

The parts are ``speed`` (the check beside Odoo's and OCA's), ``growth`` (a million
tokens, and the job that removes them beside calls), ``profile`` (where the check's time
goes) and ``tokens`` (issuing and introspection beside django-oauth-toolkit's). All of
them write ``benchmarks/results.md``; some alone print what they reached.
"""

import contextlib
import dataclasses

import artifact
import bench_contestants as contestants
import bench_growth as growth
import bench_report
import bench_tokens as tokens
import console
import databases
import django_server
import measure
import measured_records
import odoo_server
import places
import ports
from console import Failure

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
    with artifact.locked(places.make_dev() / ".bench.lock", "runs benchmarks"):
        with contextlib.ExitStack() as stack:
            odoo = stack.enter_context(odoo_server.ready())
            others = contestants.oca_addons(), places.ROOT / "benchmarks"
            addons = (*odoo.home.addons, *others)
            odoo.home = dataclasses.replace(odoo.home, addons=addons)
            head = measure.machine(odoo, f"./dev bench {how_many}")
            made = stack.enter_context(databases.opened(odoo))
            small = Site(stack, odoo, made, "bench")
            measured = {
                "speed": lambda: _rounds(small.calls, how_many),
                "growth": lambda: _growth(stack, odoo, made, small, how_many),
                "profile": lambda: _profile(odoo, small),
                "tokens": lambda: _tokens(stack, odoo, made, small, how_many),
            }
            results = {part: measured[part]() for part in parts}
        all_of_it = len(parts) == len(bench_report.PARTS)
        verdicts = bench_report.tell(results, head if all_of_it else None)
    return 0 if all(verdicts) else 1


def _wanted(args):
    """(parts in their order, number of rounds) of the command line."""
    args, parts, how_many = list(args), list(bench_report.PARTS), ROUNDS
    if args and args[-1].isdigit() and int(args[-1]):
        how_many = int(args.pop())
    if args and args[0] == "--only" and set(args[1:]) <= set(parts):
        args, parts = [], [part for part in parts if part in args[1:]]
    if args or not parts:
        known = ", ".join(bench_report.PARTS)
        raise Failure(
            f"./dev bench takes --only with some of {known}, and the number of rounds,"
            " if anything"
        )
    return parts, how_many


class Site:
    """A running Odoo with the contestants' routes and records, until the stack ends."""

    def __init__(self, stack, odoo, made, name):
        self.database = stack.enter_context(made.temporary(name))
        words = {"endpoint": "orders", "scope": "bench"}
        self.told = measured_records.make(odoo, self.database, name, MODULES, **words)
        listening = stack.enter_context(ports.Listening())
        self.host = f"127.0.0.1:{listening.port}"
        serving = odoo.serving(
            self.database, listening, *SERVER, log=f"{name}-server.log"
        )
        self.server = stack.enter_context(serving)
        self.calls = contestants.calls(f"http://{self.host}", self.told)


def _rounds(calls, how_many, **options):
    with console.step(f"{how_many} rounds of {', '.join(calls)}"):
        options |= {"seconds": SECONDS, "connections": CONNECTIONS}
        return measure.rounds(calls, rounds=how_many, **options)


def _tokens(stack, odoo, made, site, how_many):
    """Issuing, refreshing and asking about tokens, here and at django-oauth-toolkit."""
    database = stack.enter_context(made.empty("bench_django"))
    listening = stack.enter_context(ports.Listening())
    with console.step("Making clients and tokens here and in django-oauth-toolkit"):
        django = django_server.serving(odoo.pg, database, listening)
        django = stack.enter_context(django)
        ours = tokens.make(odoo, made, site.database)
    their_host = f"127.0.0.1:{listening.port}"
    calls = tokens.calls(site.host, ours, their_host, django.told)
    tokens.prove(calls)

    def settle():
        tokens.until_quiet(site.server, django.process)

    return _rounds(calls, how_many, settle=settle)


def _profile(odoo, site):
    """Where the time goes inside one call."""
    words = {"TOKEN": site.told["token"], "HOST": site.host}
    with console.step("A profile of the check"):
        return measured_records.ask(
            odoo, site.database, "bench-profile", contestants.PROFILE, **words
        )


def _growth(stack, odoo, made, small, how_many):
    """The same call beside few and many tokens and events, and beside the job."""
    large = Site(stack, odoo, made, "bench_large")
    for site, size in ((small, growth.SMALL), (large, growth.LARGE)):
        with console.step(f"Filling a database with {size}"):
            made.execute(site.database, *growth.fill(site.told["grant"], size))
    told = _rounds(
        {"small": small.calls["ours"], "large": large.calls["ours"]}, how_many
    )
    for name, statements, what in (
        ("tokens", growth.die, "All tokens but the newest of each grant expire"),
        ("grants", growth.lapse, f"{growth.LAPSING:,} grants lapse"),
    ):
        with console.step(what):
            made.execute(large.database, *statements(large.told["grant"]))
        told[name] = _clean_up(odoo, made, large, how_many)
    return told


def _clean_up(odoo, made, site, how_many):
    """Measure calls before the job runs, and as long as it does; returns CleanUp.

    One connection: calls have a processor of their own beside PostgreSQL's work for
    the job, as far as the machine has two.
    """
    call, options = site.calls["ours"], {"seconds": SHORT, "connections": 1}
    with console.step("Calls without the job"):
        before = measure.rounds({"calls": call}, rounds=how_many, **options)["calls"]
    log, quiet = "bench-clean-up.log", ["--log-level=warn"]
    during = measure.Series()
    with (
        console.step("Calls while the job runs"),
        odoo.process(site.database, quiet, log=log, script=growth.CLEAN_UP) as job,
    ):
        growth.wait_for_begin(places.LOGS / log, job)
        while job.poll() is None:
            during.add(measure.load(call, **options))
    told = growth.told((places.LOGS / log).read_text())
    [[left]] = made.execute(site.database, growth.left(site.told["grant"]))
    if not told or left:
        raise Failure(f"The job failed or left {left} behind; see {places.LOGS / log}")
    return growth.CleanUp(before, growth.without_end(during), *told)

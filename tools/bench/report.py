"""``benchmarks/results.md`` and its plot, and the verdict on each target."""

import json
import os
import platform
import statistics
import subprocess
from datetime import date

import console
import odoo_home
import places
import processes
import python_env
from bench import contestants, growth, oca
from bench.rounds import ratio

FOLDER = places.ROOT / "benchmarks"
MAX_CHECK_PYTHON = 150  # microseconds
MAX_GROWTH = 1.05  # small over large
MAX_CLEAN_UP = 1.5  # p99 during over before


def show(results):
    """Print the verdict on each target of the parts that were run; returns them."""
    verdicts = _verdicts(results)
    _print(verdicts)
    for line in _growth_section(results["growth"]) if "growth" in results else ():
        console.say(line)
    return [passed for passed, _text in verdicts]


def _verdicts(results):
    """[(whether it was reached, in words)] of the parts that were run."""
    parts = {
        "speed": _speed_verdicts,
        "profile": _profile_verdicts,
        "growth": _growth_verdicts,
    }
    return [
        verdict
        for part, judge in parts.items()
        if part in results
        for verdict in judge(results[part])
    ]


def _print(verdicts):
    for passed, text in verdicts:
        console.say(f"  {'reached' if passed else 'MISSED '}  {text}")


def write(results, odoo):
    """Write results and plot, print the verdicts; returns them as booleans."""
    verdicts = _verdicts(results)
    _print(verdicts)
    lines = [
        "# Results of `./dev bench`",
        "",
        f"Written by the command on {date.today()}. What counts are ratios within the"
        " run.",
        "",
        *_versions(results, odoo),
        "",
        "## Targets",
        "",
        *(f"- {'reached' if ok else '**missed**'}: {text}" for ok, text in verdicts),
        "",
        *_speed_table(results["speed"]),
        "",
        "![Answers per second, as a multiple of public](results.svg)",
        "",
        *_growth_section(results["growth"]),
        "",
        *_profile_section(results["profile"]),
        "",
    ]
    (FOLDER / "results.md").write_text("\n".join(lines))
    _plot(results["speed"])
    console.say(f"Written: {FOLDER.name}/results.md, {FOLDER.name}/results.svg")
    return [passed for passed, _text in verdicts]


def _speed_verdicts(speed):
    for ours, theirs, what, wanted in contestants.TARGETS:
        attribute = "rates" if what == "throughput" else "p99s"
        middle, low, high = ratio(
            getattr(speed[ours], attribute), getattr(speed[theirs], attribute)
        )
        passed = middle >= wanted if what == "throughput" else middle <= wanted
        sign = "≥" if what == "throughput" else "≤"
        yield (
            passed,
            f"{what} of {ours} = {middle:.2f} × {theirs}, wanted {sign} {wanted:.2f}"
            f" (single rounds {low:.2f} to {high:.2f})",
        )


def _profile_verdicts(profile):
    yield (
        profile["check_queries"] <= 1,
        f"SQL queries of the check: {profile['check_queries']}, wanted at most 1",
    )
    yield (
        profile["check_python"] < MAX_CHECK_PYTHON,
        f"Python time of the check: {profile['check_python']:.0f} µs, wanted under"
        f" {MAX_CHECK_PYTHON} µs (its query: {profile['check_sql']:.0f} µs)",
    )


def _growth_verdicts(grown):
    sizes = grown["sizes"]
    middle, low, high = ratio(sizes["small"].rates, sizes["large"].rates)
    yield (
        middle <= MAX_GROWTH,
        f"throughput beside {_size(growth.SMALL)} = {middle:.2f} × beside"
        f" {_size(growth.LARGE)}, wanted ≤ {MAX_GROWTH} ({low:.2f} to {high:.2f})",
    )
    yield (
        _slowdown(grown["tokens"]) <= MAX_CLEAN_UP,
        f"p99 while {growth.LARGE.tokens:,} dead tokens are removed ="
        f" {_slowdown(grown['tokens']):.2f} × the p99 before, wanted ≤ {MAX_CLEAN_UP}",
    )


def _slowdown(cleaned):
    """p99 of calls beside the job as a multiple of the p99 before."""
    return statistics.median(cleaned.during.p99s) / statistics.median(
        cleaned.before.p99s
    )


def _size(size):
    return (
        f"{size.tokens:,} tokens of {size.grants:,} grants and {size.events:,} events"
    )


def _versions(results, odoo):
    postgres = _said(["psql", "--version"]) or "PostgreSQL (private cluster)"
    commit = _said(["git", "-C", places.ROOT, "rev-parse", "--short", "HEAD"])
    processor = next(
        (
            line.partition(":")[2].strip()
            for line in open("/proc/cpuinfo", encoding="utf-8")
            if line.startswith("model name")
        ),
        platform.machine(),
    )
    return [
        f"- command: `./dev bench {results['rounds']}`: {results['rounds']} rounds of"
        f" {results['seconds']} s for each contestant, in a changing order",
        f"- Odoo {odoo_home.SERIES} ({odoo.home.key}), 2 HTTP worker processes, no"
        " cron, one warm database",
        f"- Python {platform.python_version()}, {postgres}, {results['wrk']},"
        f" {oca.PACKAGE}",
        f"- {os.cpu_count()} processors ({processor}); load before the run:"
        f" {results.get('load', '?')}",
        f"- commit {commit or 'unknown'}",
    ]


def _said(command):
    try:
        told = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return ""
    return told.stdout.strip() if not told.returncode else ""


def _speed_table(speed):
    yield "## Throughput and latency"
    yield ""
    yield (
        "The same small JSON answer behind each kind of check. Medians of the rounds,"
        " lowest and highest in brackets."
    )
    yield ""
    yield "| contestant | answers/s | × public | p99, ms |"
    yield "|---|---|---|---|"
    for name, series in speed.items():
        middle, low, high = ratio(series.rates, speed["public"].rates)
        yield (
            f"| {contestants.LABELS[name]} | {_spread(series.rates, 0)} |"
            f" {middle:.2f} ({low:.2f}–{high:.2f}) | {_spread(series.p99s, 1)} |"
        )


def _spread(values, digits):
    return (
        f"{statistics.median(values):.{digits}f}"
        f" ({min(values):.{digits}f}–{max(values):.{digits}f})"
    )


def _growth_section(grown):
    sizes, large = grown["sizes"], growth.LARGE
    yield "## Growth"
    yield ""
    for name, size in (("small", growth.SMALL), ("large", large)):
        yield f"- {_size(size)}: {_spread(sizes[name].rates, 0)} answers/s"
    for name, what in (
        ("tokens", f"{large.tokens:,} dead tokens of {large.grants:,} living grants"),
        (
            "grants",
            f"{growth.LAPSING:,} grants that lapse at once, with two tokens and an"
            " event each",
        ),
    ):
        cleaned = grown[name]
        yield (
            f"- {what}: the job did {cleaned.done:,} records in {cleaned.seconds:.0f} s"
            f" and {cleaned.runs} runs; p99 of calls over one connection meanwhile"
            f" {_spread(cleaned.during.p99s, 1)} ms, before"
            f" {_spread(cleaned.before.p99s, 1)} ms: {_slowdown(cleaned):.2f} ×"
        )


def _profile_section(profile):
    yield "## Where the time of a call goes"
    yield ""
    yield (
        f"One process, median of 2,000 calls: {profile['whole']:.0f} µs for the whole"
        f" call; the check takes {profile['check_python']:.0f} µs of Python and"
        f" {profile['check_sql']:.0f} µs for its {profile['check_queries']} query."
    )
    yield ""
    yield "The same calls under cProfile, which makes Python slower (µs for each call):"
    for title, key in (
        ("Longest own time", "rows"),
        ("This addon's functions", "ours"),
    ):
        yield ""
        yield f"| {title} | calls | own | with callees |"
        yield "|---|---|---|---|"
        for place, calls, own, whole in profile[key]:
            yield f"| `{place}` | {calls:.1f} | {own:.0f} | {whole:.0f} |"


def _plot(speed):
    """Have the plotting library draw, in an environment of its own."""
    rows = []
    for name, series in speed.items():
        ratios = [
            a / b for a, b in zip(series.rates, speed["public"].rates, strict=True)
        ]
        rows.append([contestants.LABELS[name], ratios])
    command = [
        python_env.for_plots(),
        places.TOOLS / "bench" / "plot.py",
        FOLDER / "results.svg",
        json.dumps(rows),
    ]
    processes.run_logged(command, "plot.log", "draw the plot")

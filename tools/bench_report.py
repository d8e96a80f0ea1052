"""``benchmarks/results.md``, and the verdict on each target of ``./dev bench``."""

import statistics

import bench_growth as growth
import bench_tokens as tokens
import console
import django_server
import places
from bench_contestants import LABELS, OCA, TARGETS
from measure import ratio, spread, table

PATH = places.ROOT / "benchmarks" / "results.md"
MAX_CHECK_PYTHON = 150  # microseconds
MAX_GROWTH = 1.05  # small over large
MAX_CLEAN_UP = 1.5  # p99 during over before


def tell(results, head=None):
    """Print the verdict on each target of the parts that were run; returns them.

    With the head's lines all of it is written to the file.
    """
    verdicts, sections = [], []
    for part, (judge, section) in PARTS.items():
        if part in results:
            verdicts += judge(results[part])
            sections += ["", *section(results[part])]
    for passed, text in verdicts:
        console.say(f"  {'reached' if passed else 'MISSED '}  {text}")
    if head is None:
        console.say("\n".join(sections))
        return [passed for passed, _text in verdicts]
    lines = ["# Results of `./dev bench`", "", "What counts are ratios within the run."]
    against = f"- against {OCA}, {django_server.packages()}"
    lines += ["", *head, against, "", "## Targets", ""]
    lines += [f"- {'reached' if ok else '**missed**'}: {text}" for ok, text in verdicts]
    PATH.write_text("\n".join([*lines, *sections, ""]))
    console.say(f"Written: {PATH.relative_to(places.ROOT)}")
    return [passed for passed, _text in verdicts]


def _judge_speed(speed):
    return _judge_ratios(speed, TARGETS)


def _judge_ratios(series, targets):
    for ours, theirs, what, wanted in targets:
        values = "rates" if what == "throughput" else "p99s"
        middle, low, high = ratio(
            getattr(series[ours], values), getattr(series[theirs], values)
        )
        passed = middle >= wanted if what == "throughput" else middle <= wanted
        sign = "≥" if what == "throughput" else "≤"
        yield (
            passed,
            f"{what} of {ours} = {middle:.2f} × {theirs}, wanted {sign} {wanted:.2f}"
            f" (single rounds {low:.2f} to {high:.2f})",
        )


def _speed(speed):
    yield "## Throughput and latency"
    yield ""
    yield "The same small JSON answer behind each kind of check: medians of the rounds,"
    yield "lowest and highest in brackets."
    yield ""
    rows = []
    for name, series in speed.items():
        middle, low, high = ratio(series.rates, speed["public"].rates)
        times = f"{middle:.2f} ({low:.2f}–{high:.2f})"
        rows.append(
            (LABELS[name], spread(series.rates, 0), times, spread(series.p99s, 1))
        )
    yield from table(("contestant", "answers/s", "× public", "p99, ms"), rows)


def _judge_profile(profile):
    yield (
        profile["queries"] <= 1,
        f"SQL queries of the check: {profile['queries']:.0f}, wanted at most 1",
    )
    yield (
        profile["python"] < MAX_CHECK_PYTHON,
        f"Python time of the check: {profile['python']:.0f} µs, wanted under"
        f" {MAX_CHECK_PYTHON} µs (its query: {profile['sql']:.0f} µs)",
    )


def _profile(profile):
    yield "## Where the time of a call goes"
    yield ""
    yield f"One process, median of 2,000 calls: {profile['whole']:.0f} µs for a whole"
    yield f"call, of which the check takes {profile['python']:.0f} µs in Python and"
    yield f"{profile['sql']:.0f} µs in SQL. 500 calls under cProfile:"
    yield ""
    yield from ("```", *profile["printed"].strip().splitlines(), "```")


def _judge_growth(grown):
    small, large = grown["small"], grown["large"]
    middle, low, high = ratio(small.rates, large.rates)
    yield (
        middle <= MAX_GROWTH,
        f"throughput beside {growth.SMALL} = {middle:.2f} × beside {growth.LARGE},"
        f" wanted ≤ {MAX_GROWTH} ({low:.2f} to {high:.2f})",
    )
    slowdown = _slowdown(grown["tokens"])
    yield (
        slowdown <= MAX_CLEAN_UP,
        f"p99 while {growth.LARGE.tokens:,} dead tokens are removed = {slowdown:.2f} ×"
        f" the p99 before, wanted ≤ {MAX_CLEAN_UP}",
    )


def _growth(grown):
    yield "## Growth"
    yield ""
    for name, size in (("small", growth.SMALL), ("large", growth.LARGE)):
        yield f"- {size}: {spread(grown[name].rates, 0)} answers/s"
    dead = f"{growth.LARGE.tokens:,} dead tokens of {growth.LARGE.grants:,} grants"
    lapsed = f"{growth.LAPSING:,} grants that lapse at once, with two tokens each"
    for what, cleaned in ((dead, grown["tokens"]), (lapsed, grown["grants"])):
        yield (
            f"- {what}: the job did {cleaned.done:,} records in {cleaned.seconds:.0f} s"
            f" and {cleaned.runs} runs; p99 of calls over one connection meanwhile"
            f" {spread(cleaned.during.p99s, 1)} ms, before"
            f" {spread(cleaned.before.p99s, 1)} ms: {_slowdown(cleaned):.2f} ×"
        )


def _slowdown(cleaned):
    """p99 of calls beside the job as a multiple of the p99 before."""
    before = statistics.median(cleaned.before.p99s)
    return statistics.median(cleaned.during.p99s) / before


def _judge_tokens(measured):
    return _judge_ratios(measured, tokens.TARGETS)


def _tokens(measured):
    yield "## Issuing, refreshing and asking about tokens"
    yield ""
    yield "This Odoo, rate limits on, and django-oauth-toolkit in gunicorn: two workers"
    yield "each, one PostgreSQL. Clients authenticate by Basic unless told otherwise; a"
    yield "refresh token is sent once. Medians of the rounds, lowest and highest in"
    yield "brackets."
    yield ""
    rows = []
    for name, series in measured.items():
        what, server = name.split(" ")
        times = ratio(measured[f"{what} ours"].rates, series.rates)
        rate = spread(series.rates, 0 if min(series.rates) >= 100 else 1)
        row = what, tokens.LABELS[server], rate, "{:.2f} ({:.2f}–{:.2f})".format(*times)
        rows.append((*row, spread(series.p99s, 1)))
    yield from table(("request", "server", "answers/s", "ours ×", "p99, ms"), rows)


PARTS = {
    "speed": (_judge_speed, _speed),
    "growth": (_judge_growth, _growth),
    "profile": (_judge_profile, _profile),
    "tokens": (_judge_tokens, _tokens),
}

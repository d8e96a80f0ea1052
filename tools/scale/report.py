"""``benchmarks/scale.md``: what ``./dev scale`` saw."""

import datetime
import os
import platform
import re

import databases
import places

PATH = places.ROOT / "benchmarks" / "scale.md"
NAMES = {
    "oauth2_client_user": "grant (client API user)",
    "oauth2_event": "event",
    "oauth2_token": "token",
}


def machine(odoo):
    """The lines that say where and on what it was measured."""
    [[version]] = databases.rows(odoo, "postgres", "SHOW server_version")
    cores, load = os.cpu_count(), os.getloadavg()[0]
    lines = [
        f"- {datetime.datetime.now(datetime.UTC):%Y-%m-%d %H:%M} UTC, `./dev scale`",
        f"- {cores} cores{_processor()}; servers, databases and load generator share",
        "  them",
        f"- PostgreSQL {version.split()[0]} (fsync off), Python"
        f" {platform.python_version()}, Odoo {_release(odoo)}",
        f"- load average before the run: {load:.1f}",
    ]
    if load > cores / 2:
        lines += ["", "**Measured on a busy machine:** compare within the run only."]
    return lines


def _processor():
    found = re.search(r"^model name\s*: (.+)$", open("/proc/cpuinfo").read(), re.M)
    return f" ({found[1]})" if found else ""


def _release(odoo):
    text = (odoo.home.python_path / "odoo" / "release.py").read_text()
    found = re.search(r"^version = ['\"]([^'\"]+)", text, re.M)
    return found[1] if found else "19.0"


def write(head, cases, told):
    """Write the file.

    :param head: lines of ``machine``, taken before the run
    :param cases: ``[(name, verdict)]``
    :param told: of ``measurements.measured``
    """
    lines = ["# Scale-out", "", "Written by `./dev scale`; `docs/scaling.md` reads it."]
    lines += ["", *head, "", "## What holds", ""]
    lines += ["| case | verdict |", "|---|---|"]
    lines += [f"| {name} | {verdict} |" for name, verdict in cases]
    lines += ["", "## Load", "", *_loads(told["loads"])]
    lines += ["", "## Replica", "", *_lag(told["lag"])]
    lines += ["", "## Tables", "", *_sizes(told["sizes"])]
    PATH.parent.mkdir(exist_ok=True)
    PATH.write_text("\n".join(lines) + "\n")


def _loads(loads):
    yield "A read-only route with a token; four calls under way for each worker."
    yield ""
    yield (
        "| servers × workers | replica | requests/s | p50 ms | p99 ms"
        " | connections to primary | to replica |"
    )
    yield "|---|---|---|---|---|---|---|"
    for one in loads:
        yield (
            f"| {one['servers']} × {one['workers']}"
            f" | {'yes' if one['replica'] else 'no'} | {one['per_second']:.0f}"
            f" | {one['p50']:.1f} | {one['p99']:.1f}"
            f" | {one['primary']} | {one['on_replica']} |"
        )


def _lag(lag):
    yield (
        f"A commit is seen on an otherwise idle replica after {lag['median']:.1f} ms"
        f" (median of 100), at most {lag['max']:.1f} ms."
    )


def _sizes(sizes):
    yield "| one row | rows | bytes in the table | bytes in its indexes |"
    yield "|---|---|---|---|"
    for table, rows, data, indexes in sizes:
        yield (
            f"| {NAMES[table]} | {rows:,} | {data / rows:.0f} | {indexes / rows:.0f} |"
        )

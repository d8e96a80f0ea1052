"""What ``./dev scale`` measures: load, connections, lag, sizes."""

import contextlib
import json
import os
import secrets
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor

import console
import databases
import debian
import places
import ports
import replica
from console import Failure
from scale import load, records

MODULES = f"{places.ADDON},{places.PROBE.name}"
CONNECTIONS = 4  # of the load, for each worker: none is ever idle
# (servers, workers of each, with a replica)
SETUPS = ((1, 1, False), (1, 2, False), (1, 4, False), (1, 2, True), (2, 2, True))
CONNECTED = """
    SELECT count(*) FROM pg_stat_activity
     WHERE application_name LIKE 'odoo-%' AND datname = current_database()"""


def measured(odoo, made):
    """Run all measurements; returns a dict of what they told."""
    debian.require("wrk")
    token = secrets.token_urlsafe(32)
    with made.temporary("scale") as database:
        with console.step(f"Installing {MODULES} to measure"):
            arguments = ["-i", MODULES, "--stop-after-init"]
            odoo.run(database, arguments, log="scale-install.log")
            script = records.script(token)
            odoo.run(database, [], log="scale-records.log", script=script)
        _check_records()
        made.replicate_at_once(database)
        with replica.running(odoo.pg) as following:
            loads = [_load(odoo, database, token, following, setup) for setup in SETUPS]
            with console.step("Measuring how far the replica is behind"):
                lag = _lag(odoo, database, following)
        with console.step(f"Making {records.ROWS:,} rows of each table"):
            databases.rows(odoo, database, *records.multiplied(), "SELECT 1")
            sizes = databases.rows(odoo, database, records.sizes())
    return {"loads": loads, "lag": lag, "sizes": sizes}


def _check_records():
    log = places.LOGS / "scale-records.log"
    if "RECORDS WRITTEN" not in log.read_text(errors="replace"):
        raise Failure(f"The records to measure with were not made; see {log}")


def _load(odoo, database, token, following, setup):
    """Measure one set-up of servers; returns a dict for the report."""
    servers, workers, with_replica = setup
    options = [f"--workers={workers}", "--max-cron-threads=0"]
    options += replica.options(following) if with_replica else []
    what = f"{servers} × {workers} workers{', replica' if with_replica else ''}"
    with contextlib.ExitStack() as stack:
        urls = []
        for number in range(servers):
            port, log = ports.free(), f"scale-server-{number}.log"
            stack.enter_context(odoo.serving(database, port, *options, log=log))
            urls.append(f"http://localhost:{port}/scale/probe/readonly")
        with console.step(f"Load on {what}"), ThreadPoolExecutor(1) as pool:
            connections = CONNECTIONS * workers
            told = pool.submit(load.measure, urls, token, connections)
            used = _connections(odoo, database, following, told)
            told = told.result()
    return {
        "servers": servers,
        "workers": workers,
        "replica": with_replica,
        "per_second": told.per_second,
        "p50": told.p50,
        "p99": told.p99,
        "primary": used[0],
        "on_replica": used[1],
    }


def _connections(odoo, database, following, future):
    """The most connections that were there at once, (primary, replica)."""
    most = [0, 0]
    while not future.done():
        for index, pg in enumerate((odoo.pg, following)):
            [[count]] = databases.rows(odoo, database, CONNECTED, pg=pg)
            most[index] = max(most[index], count)
        time.sleep(1)  # asking is a load, too
    return most


def _lag(odoo, database, following):
    """Median and maximum of milliseconds until the replica shows a commit."""
    answer = subprocess.run(
        [
            odoo.python,
            places.TOOLS / "scale" / "lag.py",
            database,
            following["PGPORT"],
        ],
        env=os.environ | odoo.pg,
        capture_output=True,
        text=True,
        check=False,
    )
    if answer.returncode:
        raise Failure(f"The lag was not measured: {answer.stderr.strip()}")
    return json.loads(answer.stdout)

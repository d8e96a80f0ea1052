"""scale          measure several servers and a replica, and the size of rows

Two Odoo servers of several processes share a PostgreSQL and a streaming replica that
is made for the run. The results are in ``benchmarks/scale.md``; what must hold there is
shown by ``./dev test e2e``.
"""

import contextlib
import statistics
import time
from concurrent.futures import ThreadPoolExecutor

import artifact
import console
import databases
import measure
import measured_records
import odoo_server
import places
import ports
import postgres
from console import Failure

PATH = places.ROOT / "benchmarks" / "scale.md"
MODULES = f"{places.ADDON},{places.PROBE.name}"
CONNECTIONS = 4  # of the load, for each worker: none is ever idle
ROUNDS, SECONDS = 3, 4
# (servers, workers of each, with a replica)
SETUPS = ((1, 1, False), (1, 2, False), (1, 4, False), (1, 2, True), (2, 2, True))
CONNECTED = """
    SELECT count(*) FROM pg_stat_activity
     WHERE application_name LIKE 'odoo-%' AND datname = current_database()"""
SAMPLES = 100  # of the replica's lag
ROWS = 100_000
TABLES = {
    "oauth2_client_user": "grant (client API user)",
    "oauth2_event": "event",
    "oauth2_token": "token",
}
SIZES = """
    SELECT relname, reltuples::bigint, pg_table_size(oid) / reltuples,
           pg_indexes_size(oid) / reltuples
      FROM pg_class WHERE relname IN %s ORDER BY relname"""


def run(args):
    """Measure and write."""
    if args:
        raise Failure("./dev scale takes no arguments")
    with artifact.locked(places.make_dev() / ".scale.lock", "measures"):
        with odoo_server.ready() as odoo, databases.opened(odoo) as made:
            head = measure.machine(odoo, "./dev scale")
            sections = list(_measured(odoo, made))
    lines = ["# Scale-out", "", "Written by `./dev scale`; `docs/scaling.md` reads it."]
    PATH.write_text("\n".join([*lines, "", *head, *sections, ""]))
    console.say(PATH.read_text())


def _measured(odoo, made):
    """Run all measurements; yields the lines that tell of them."""
    with made.temporary("scale") as database:
        words = {"endpoint": "scale", "scope": "partners.read"}
        told = measured_records.make(odoo, database, "scale", MODULES, **words)
        made.replicate_at_once(database)
        with postgres.replica(odoo.pg) as following:
            rows = [
                _load(odoo, database, told["token"], following, *setup)
                for setup in SETUPS
            ]
            yield from ("", "## Load", "")
            yield "A read-only route with a token; four calls a worker at a time."
            yield ""
            heads = "servers × workers", "replica", "requests/s", "p50 ms", "p99 ms"
            heads = (*heads, "connections to primary", "to replica")
            yield from measure.table(heads, rows)
            with console.step("Measuring how far the replica is behind"):
                lag = _lag(odoo, database, following)
        yield from ("", "## Replica", "")
        yield (
            "A commit is seen on an otherwise idle replica after"
            f" {statistics.median(lag):.1f} ms (median of {SAMPLES}), at most"
            f" {max(lag):.1f} ms."
        )
        with console.step(f"Making {ROWS:,} rows of each table"):
            grant = told["grant"]
            statements = [measured_records.grants(grant, ROWS)]
            statements += measured_records.tokens(grant, ROWS, ROWS)
            statements += [measured_records.events(ROWS), "VACUUM ANALYZE"]
            sizes = made.execute(database, *statements, SIZES % (tuple(TABLES),))
        yield from ("", "## Tables", "")
        heads = "one row", "rows", "bytes in the table", "bytes in its indexes"
        told = [
            (TABLES[name], f"{rows:,}", f"{data:.0f}", f"{indexes:.0f}")
            for name, rows, data, indexes in sizes
        ]
        yield from measure.table(heads, told)


def _load(odoo, database, token, following, servers, workers, with_replica):
    """Measure one set-up of servers; returns its row of the table."""
    options = [f"--workers={workers}", "--max-cron-threads=0"]
    options += postgres.replica_options(following) if with_replica else []
    header = (("Authorization", f"Bearer {token}"),)
    what = f"{servers} × {workers} workers{', replica' if with_replica else ''}"
    with contextlib.ExitStack() as stack:
        calls = []
        for number in range(servers):
            listening = stack.enter_context(ports.Listening())
            log = f"scale-server-{number}.log"
            stack.enter_context(odoo.serving(database, listening, *options, log=log))
            url = f"http://127.0.0.1:{listening.port}/scale/probe/readonly"
            calls.append(measure.Call(url, header))
        with console.step(f"Load on {what}"), ThreadPoolExecutor(1) as pool:
            load = {"seconds": SECONDS, "connections": CONNECTIONS * workers}
            told = pool.submit(measure.at_once, calls, rounds=ROUNDS, **load)
            used = _connections(odoo, database, following, told)
            told = told.result()
    figures = (told.rates, 0), (told.p50s, 1), (told.p99s, 1)
    return (
        f"{servers} × {workers}",
        "yes" if with_replica else "no",
        *(f"{statistics.median(values):.{digits}f}" for values, digits in figures),
        *used,
    )


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
    """Milliseconds until the replica shows a commit, of each of SAMPLES."""
    milliseconds = []
    with (
        contextlib.closing(databases.connect(odoo.pg, database)) as primary,
        contextlib.closing(databases.connect(following, database)) as replica,
    ):
        here, there = primary.cursor(), replica.cursor()
        here.execute("CREATE TABLE lag (sample integer)")
        for sample in range(SAMPLES):
            here.execute("INSERT INTO lag VALUES (%s)", [sample])
            begun = time.monotonic()
            while not _shows(there, sample):
                pass
            milliseconds.append((time.monotonic() - begun) * 1000)
        here.execute("DROP TABLE lag")
    return milliseconds


def _shows(cursor, sample):
    cursor.execute("SELECT to_regclass('lag')")
    if cursor.fetchone() == (None,):
        return False
    cursor.execute("SELECT 1 FROM lag WHERE sample = %s", [sample])
    return bool(cursor.fetchone())

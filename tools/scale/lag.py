"""How far a replica is behind: ``lag.py DATABASE REPLICA_PORT``, printing JSON.

Runs under the virtual environment's Python, which has psycopg2; the tools do not.
"""

import json
import statistics
import sys
import time

import psycopg2

SAMPLES = 100


def main(database, port):
    """Commit on the primary; wait until the replica shows it."""
    primary = psycopg2.connect(dbname=database)
    replica = psycopg2.connect(dbname=database, port=port)
    primary.autocommit = replica.autocommit = True
    milliseconds = []
    with primary.cursor() as here, replica.cursor() as there:
        here.execute("CREATE TABLE lag (sample integer)")
        for sample in range(SAMPLES):
            here.execute("INSERT INTO lag VALUES (%s)", [sample])
            begun = time.monotonic()
            while not _shows(there, sample):
                pass
            milliseconds.append((time.monotonic() - begun) * 1000)
        here.execute("DROP TABLE lag")
    told = {"median": statistics.median(milliseconds), "max": max(milliseconds)}
    print(json.dumps(told))


def _shows(cursor, sample):
    cursor.execute("SELECT to_regclass('lag')")
    if cursor.fetchone() == (None,):
        return False
    cursor.execute("SELECT 1 FROM lag WHERE sample = %s", [sample])
    return bool(cursor.fetchone())


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])

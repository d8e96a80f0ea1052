"""Debian's pgbouncer, a pooler of connections, in front of a PostgreSQL."""

import contextlib
import pathlib
import shutil
import tempfile
import time

import psycopg2

import databases
import debian
import places
import processes
from cluster import as_server_user, give_to_server_user
from console import Failure

PORT = "6432"  # names the socket
START_SECONDS = 15
#: As ``docs/scaling.md`` recommends it: a call that gets no connection fails soon.
WAIT_SECONDS = 0.2
SETTINGS = """
[databases]
* = host={host} port={port} user={user}
[pgbouncer]
listen_port = {listen_port}
unix_socket_dir = {folder}
auth_type = any
pool_mode = {mode}
default_pool_size = {size}
query_wait_timeout = {wait}
"""


@contextlib.contextmanager
def running(pg, mode, size, name=""):
    """A pooler for the length of a ``with`` block; yields its PG* variables.

    :param pg: the PG* variables of the PostgreSQL, which is found by a socket
    :param str mode: ``session`` or ``transaction``
    :param int size: how many connections it has to each database
    :param str name: of its log, the mode's without one
    """
    debian.require("pgbouncer")
    # A socket's path is short.
    with tempfile.TemporaryDirectory(prefix="aao2-", dir="/tmp") as folder:
        give_to_server_user(folder)
        settings = pathlib.Path(folder, "pgbouncer.ini")
        settings.write_text(
            SETTINGS.format(
                host=pg["PGHOST"],
                port=pg["PGPORT"],
                user=pg["PGUSER"],
                listen_port=PORT,
                folder=folder,
                mode=mode,
                size=size,
                wait=WAIT_SECONDS,
            )
        )
        program = shutil.which("pgbouncer") or "/usr/sbin/pgbouncer"
        with (places.LOGS / f"pgbouncer-{name or mode}.log").open("w") as log:
            options = {"cwd": "/", "stdout": log, "stderr": log} | as_server_user()
            with processes.running([program, settings], **options):
                variables = pg | {"PGHOST": folder, "PGPORT": PORT}
                _wait(variables)
                yield variables


def _wait(variables):
    """Return when the pooler gives out connections."""
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            databases.connect(variables, "postgres").close()
            return
        except psycopg2.OperationalError:
            if time.monotonic() > deadline:
                raise Failure(f"pgbouncer does not answer; see {places.LOGS}") from None
            time.sleep(0.05)

"""A streaming replica of this checkout's private PostgreSQL, for the length of a run.

It is a copy of the whole cluster (``pg_basebackup -R``) that goes on by itself with
what the primary writes. Its socket is beside the primary's, on a port of its own.
"""

import contextlib
import shutil
import signal
import subprocess
import time

import artifact
import console
import places
import postgres
import processes
from console import Failure

PORT = "5433"
START_SECONDS = 60
LOG = places.LOGS / "replica.log"


@contextlib.contextmanager
def running(pg):
    """A replica for the length of a ``with`` block; yields its PG* variables.

    :param pg: the primary's PG* variables; it must be this checkout's own
    """
    if postgres.is_given():
        raise Failure("A replica is made of ./dev's own PostgreSQL: unset PGHOST")
    with artifact.locked(places.DEV / ".replica.lock", "has a replica"):
        folder = postgres.home_folder() / "replica"
        shutil.rmtree(folder, ignore_errors=True)
        try:
            _copy(pg, folder)
            with _serving(pg, folder):
                yield pg | {"PGPORT": PORT}
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def options(replica):
    """Odoo's options that have read-only routes served by the replica."""
    return [
        f"--db_replica_host={replica['PGHOST']}",
        f"--db_replica_port={replica['PGPORT']}",
    ]


def _copy(pg, folder):
    """Copy the primary's cluster, set to follow it."""
    command = [postgres.binaries() / "pg_basebackup", "-D", folder, "-R"]
    command += ["--no-sync", "--checkpoint=fast", "-h", pg["PGHOST"]]
    command += ["-p", pg["PGPORT"], "-U", pg["PGUSER"]]
    with console.step("Copying the database cluster for a replica"):
        processes.run_logged(
            command,
            "replica-copy.log",
            "copy the database cluster",
            cwd="/",
            **postgres.as_server_user(),
        )


@contextlib.contextmanager
def _serving(pg, folder):
    """The replica's server for the length of a ``with`` block."""
    settings = postgres.SETTINGS | {
        "port": PORT,
        "unix_socket_directories": pg["PGHOST"],
        # How far it is behind is known at any time.
        "wal_receiver_status_interval": "1",
        "hot_standby_feedback": "on",
    }
    command = [postgres.binaries() / "postgres", "-D", folder]
    for name, value in settings.items():
        command += ["-c", f"{name}={value}"]
    with LOG.open("w") as output:
        server = processes.start(
            command,
            stop_signal=signal.SIGINT,
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            **postgres.as_server_user(),
        )
        try:
            _wait_until_answering(server, pg)
            yield
        finally:
            processes.stop(server, stop_signal=signal.SIGINT, seconds=30)


def _wait_until_answering(server, pg):
    """Return when the replica takes connections."""
    ready = [postgres.binaries() / "pg_isready", "-q", "-h", pg["PGHOST"], "-p", PORT]
    deadline = time.monotonic() + START_SECONDS
    while subprocess.run(ready, check=False).returncode:
        if server.poll() is not None or time.monotonic() > deadline:
            raise Failure(f"The replica did not start; see {LOG}")
        time.sleep(0.1)

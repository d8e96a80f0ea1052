"""PostgreSQL: the one ``PG*`` variables name, else a private one for this checkout.

The private server listens on a Unix socket only. A keeper process runs it for as
long as any ``./dev`` needs it: each of those holds a shared lock on one file, the
keeper waits for the exclusive lock, and the kernel frees a lock however its holder
ends.
"""

import contextlib
import fcntl
import os
import pathlib
import pwd
import shutil
import signal
import subprocess
import sys
import time

import artifact
import console
import places
from cluster import Cluster, as_server_user, binaries, give_to_server_user, server_user
from console import Failure

SOCKET_PATH_LIMIT = 107 - len("/.s.PGSQL.5432")
REPLICA_PORT = "5433"
#: Of the private server, which writes a statement that fails, with its values.
LOG = places.LOGS / "postgres.log"
REPLICA_LOG = places.LOGS / "replica.log"

# Speed over durability: whatever is lost with the machine is made again.
SETTINGS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "200",
    "shared_buffers": "256MB",
}


def is_given():
    """Whether the environment names a PostgreSQL to use."""
    return any(
        os.environ.get(f"PG{name}") for name in ("HOST", "PORT", "DATABASE", "USER")
    )


@contextlib.contextmanager
def running():
    """PostgreSQL for the length of a ``with`` block; yields its PG* variables."""
    if is_given():
        yield _given()
        return
    places.make_dev()
    with (places.DEV / "pg.users").open("w") as users:
        try:
            fcntl.flock(users, fcntl.LOCK_SH)
            with artifact.locked(places.DEV / ".pg.lock"):
                private = _private()
                if not private.answers():
                    _start(private)
            yield private.variables
        finally:
            _leave(users)


def _leave(users):
    """Need the server no more; the last one to leave waits for its end."""
    fcntl.flock(users, fcntl.LOCK_UN)
    time.sleep(0.05)  # the keeper comes first
    fcntl.flock(users, fcntl.LOCK_SH)


def _given():
    """The environment's own PG* variables, checked for what Odoo refuses."""
    given = {key: value for key, value in os.environ.items() if key.startswith("PG")}
    given.setdefault("PGUSER", pwd.getpwuid(os.geteuid()).pw_name)
    if given["PGUSER"] == "postgres":
        raise Failure("Odoo refuses the database user postgres: set PGUSER to another")
    return given


def _private():
    """The private cluster, running or not."""
    home = _home()
    socket = home / "socket"
    if len(str(socket)) > SOCKET_PATH_LIMIT:
        socket = short_socket_folder()
    return Cluster(home / "data", socket, LOG, **SETTINGS)


def short_socket_folder():
    """Where the socket is when the checkout's path is too long for one."""
    return pathlib.Path("/tmp") / f"aao2-{places.checkout_key()}"


def _home():
    """The folder of the private server: in ``.dev`` if its user can get there."""
    home = places.DEV / "pg"
    home.mkdir(exist_ok=True)
    if os.geteuid() != 0:
        return home
    give_to_server_user(home)
    probe = subprocess.run(["test", "-w", home], check=False, **as_server_user())
    if probe.returncode == 0:
        return home
    outside = pathlib.Path("/var/tmp") / f"{places.ADDON}-{places.checkout_key()}"
    if not outside.exists():
        console.say(
            f"· The server's user may not enter {places.ROOT}: "
            f"PostgreSQL's files go to {outside} (./dev clean removes them)"
        )
        outside.mkdir(mode=0o700)
        give_to_server_user(outside)
    _check_owner(outside)
    (places.DEV / "pg.outside").write_text(str(outside))
    return outside


def outside_folder():
    """The folder that the cluster has outside of ``.dev``, or None."""
    record = places.DEV / "pg.outside"
    return pathlib.Path(record.read_text()) if record.exists() else None


def _check_owner(folder):
    """Leave a folder alone that another user made where ours should be."""
    owner = server_user()[0] if os.geteuid() == 0 else os.geteuid()
    if folder.is_symlink() or folder.stat().st_uid not in (owner, os.geteuid()):
        raise Failure(f"{folder} belongs to another user; please remove it")


def _start(private):
    """Make the cluster's files, or again where that was cut short; start its keeper."""
    stamp = private.data.with_name("cluster-made-by")
    if not stamp.exists() or stamp.read_text() != str(binaries()):
        stamp.unlink(missing_ok=True)
        shutil.rmtree(private.data, ignore_errors=True)
        with console.step("Making a private PostgreSQL cluster"):
            private.make("--no-sync")
        stamp.write_text(str(binaries()))
    socket = pathlib.Path(private.socket)
    socket.mkdir(mode=0o700, exist_ok=True)
    _check_owner(socket)
    give_to_server_user(socket)
    with LOG.open("a") as log:
        subprocess.Popen(
            [sys.executable, places.TOOLS / "postgres.py"],
            start_new_session=True,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
    private.wait()


def _keep():
    """The keeper: run the server until no process needs it any more."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    private = _private()
    private.start()
    with (places.DEV / "pg.users").open("r") as users:
        fcntl.flock(users, fcntl.LOCK_EX)
        private.stop()


@contextlib.contextmanager
def replica(pg):
    """A streaming replica for the length of a ``with`` block; yields its PG* variables.

    :param pg: the primary's PG* variables; it must be this checkout's own
    """
    if is_given():
        raise Failure("A replica is made of ./dev's own PostgreSQL: unset PGHOST")
    # How far it is behind is known at any time.
    settings = SETTINGS | {
        "wal_receiver_status_interval": "1",
        "hot_standby_feedback": "on",
    }
    with artifact.locked(places.DEV / ".replica.lock", "has a replica"):
        folder = _home() / "replica"
        shutil.rmtree(folder, ignore_errors=True)
        REPLICA_LOG.unlink(missing_ok=True)
        following = Cluster(
            folder, pg["PGHOST"], REPLICA_LOG, port=REPLICA_PORT, **settings
        )
        try:
            with console.step("Copying the database cluster for a replica"):
                following.copy_from(pg)
            following.start()
            yield pg | {"PGPORT": REPLICA_PORT}
        finally:
            following.stop()
            shutil.rmtree(folder, ignore_errors=True)


def replica_options(following):
    """Odoo's options that have read-only routes served by the replica."""
    return [
        f"--db_replica_host={following['PGHOST']}",
        f"--db_replica_port={following['PGPORT']}",
    ]


if __name__ == "__main__":
    _keep()

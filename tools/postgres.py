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
import debian
import places
import processes
from console import Failure

ROLE = "odoo"  # Odoo refuses to be the user "postgres"
SERVER_ROOT_USER = "postgres"  # who runs the server where we are root
SOCKET_PATH_LIMIT = 107 - len("/.s.PGSQL.5432")
START_SECONDS = 60
#: Of the private server, which writes a statement that fails, with its values.
LOG = places.LOGS / "postgres.log"

# Speed over durability: whatever is lost with the machine is made again.
SETTINGS = {
    "listen_addresses": "",
    "port": "5432",
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
                home = home_folder()
                if not _answers(home):
                    _start(home)
            socket = str(_socket_folder(home))
            yield {"PGHOST": socket, "PGPORT": "5432", "PGUSER": ROLE}
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


def home_folder():
    """The folder of the private server: in ``.dev`` if its user can get there."""
    home = places.DEV / "pg"
    home.mkdir(exist_ok=True)
    if os.geteuid() != 0:
        return home
    server_user()
    os.chown(home, *server_user())
    probe = subprocess.run(["test", "-w", home], check=False, **as_server_user())
    if probe.returncode == 0:
        return home
    outside = pathlib.Path("/var/tmp") / f"{places.ADDON}-{places.checkout_key()}"
    if not outside.exists():
        console.say(
            f"· The user {SERVER_ROOT_USER} may not enter {places.ROOT}: "
            f"PostgreSQL's files go to {outside} (./dev clean removes them)"
        )
        outside.mkdir(mode=0o700)
        os.chown(outside, *server_user())
    elif outside.stat().st_uid != server_user()[0] or outside.is_symlink():
        raise Failure(f"{outside} belongs to somebody else; please remove it")
    (places.DEV / "pg.outside").write_text(str(outside))
    return outside


def server_user():
    """(uid, gid) of the user that runs the server where we are root."""
    try:
        user = pwd.getpwnam(SERVER_ROOT_USER)
    except KeyError:
        debian.require("postgresql")
        user = pwd.getpwnam(SERVER_ROOT_USER)
    return user.pw_uid, user.pw_gid


def as_server_user():
    """Options of ``subprocess`` that leave root behind."""
    if os.geteuid() != 0:
        return {}
    uid, gid = server_user()
    return {"user": uid, "group": gid, "extra_groups": []}


def binaries():
    """The newest PostgreSQL server's folder of programs, installed if missing."""
    for attempt in ("look", "install"):
        found = sorted(
            pathlib.Path("/usr/lib/postgresql").glob("*/bin/postgres"),
            key=lambda path: int(path.parts[-3]),
        )
        if found:
            return found[-1].parent
        if shutil.which("postgres") and shutil.which("initdb"):
            return pathlib.Path(shutil.which("postgres")).parent
        if attempt == "look":
            debian.require("postgresql")
    raise Failure("No PostgreSQL server in /usr/lib/postgresql; set PGHOST to use one")


def _socket_folder(home):
    """Where the socket is; the system limits the length of its path."""
    folder = home / "socket"
    if len(str(folder)) > SOCKET_PATH_LIMIT:
        return pathlib.Path("/tmp") / f"aao2-{places.checkout_key()}"
    return folder


def _answers(home):
    """Whether the private server is there and takes connections."""
    ready = [binaries() / "pg_isready", "-q", "-h", _socket_folder(home)]
    return subprocess.run(ready, check=False).returncode == 0


def _start(home):
    """Start the keeper and wait until the server answers."""
    _init_cluster(home)
    socket = _socket_folder(home)
    socket.mkdir(mode=0o700, exist_ok=True)
    if os.geteuid() == 0:
        os.chown(socket, *server_user())
    if socket.stat().st_uid not in (os.geteuid(), _server_uid()):
        raise Failure(f"{socket} belongs to somebody else; please remove it")
    with LOG.open("a") as log:
        subprocess.Popen(
            [sys.executable, places.TOOLS / "postgres.py", home, socket],
            start_new_session=True,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
    deadline = time.monotonic() + START_SECONDS
    while not _answers(home):
        if time.monotonic() > deadline:
            raise Failure(f"PostgreSQL did not start; see {LOG}")
        time.sleep(0.1)


def _server_uid():
    """The user id the server runs under."""
    return server_user()[0] if os.geteuid() == 0 else os.geteuid()


def _init_cluster(home):
    """Make the cluster's files, or make them again where that was cut short."""
    programs = binaries()
    data, stamp = home / "data", home / "cluster-made-by"
    if stamp.exists() and stamp.read_text() == str(programs):
        return
    stamp.unlink(missing_ok=True)
    shutil.rmtree(data, ignore_errors=True)
    with console.step("Making a private PostgreSQL cluster"):
        command = [programs / "initdb", "-D", data, "-U", ROLE, "--auth=trust"]
        command += ["--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"]
        processes.run_logged(
            command,
            "initdb.log",
            "make a PostgreSQL cluster",
            cwd="/",
            **as_server_user(),
        )
        stamp.write_text(str(programs))


def _keep(home, socket):
    """The keeper: run the server until nobody needs it any more."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    settings = SETTINGS | {"unix_socket_directories": str(socket)}
    command = [binaries() / "postgres", "-D", home / "data"]
    for name, value in settings.items():
        command += ["-c", f"{name}={value}"]
    server = processes.start(
        command, stop_signal=signal.SIGINT, cwd="/", **as_server_user()
    )
    with (places.DEV / "pg.users").open("r") as users:
        fcntl.flock(users, fcntl.LOCK_EX)
        processes.stop(server, stop_signal=signal.SIGINT, seconds=30)


def outside_folder():
    """The folder that the cluster has outside of ``.dev``, or None."""
    record = places.DEV / "pg.outside"
    return pathlib.Path(record.read_text()) if record.exists() else None


if __name__ == "__main__":
    _keep(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]))

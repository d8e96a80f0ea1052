"""A PostgreSQL server on a folder of files: made, started, waited for, stopped.

The private one of ``./dev``, its replica and the one that faults are played on.
"""

import os
import pathlib
import pwd
import shutil
import signal
import subprocess
import time

import debian
import processes
from console import Failure

ROLE = "odoo"  # Odoo refuses to be the user "postgres"
SERVER_ROOT_USER = "postgres"  # who runs the server where we are root
START_SECONDS = 60


class Cluster:
    """A server that listens on a socket in a folder."""

    def __init__(self, data, socket, log, *, port="5432", **settings):
        self.data, self.log = pathlib.Path(data), pathlib.Path(log)
        self.socket, self.port = str(socket), port
        self._settings = settings | {
            "listen_addresses": "",
            "port": port,
            "unix_socket_directories": self.socket,
        }
        self.server = None

    @property
    def variables(self):
        """The PG* variables of its clients."""
        return {"PGHOST": self.socket, "PGPORT": self.port, "PGUSER": ROLE}

    def make(self, *options):
        """Make the files of a cluster without databases."""
        command = [binaries() / "initdb", "-D", self.data, "-U", ROLE, "--auth=trust"]
        command += ["--encoding=UTF8", "--locale=C.UTF-8", *options]
        what = "make a PostgreSQL cluster"
        processes.run_logged(command, "initdb.log", what, cwd="/", **as_server_user())

    def copy_from(self, other):
        """Make the files of a replica that follows another server."""
        command = [binaries() / "pg_basebackup", "-D", self.data, "-R", "--no-sync"]
        command += ["--checkpoint=fast", "-h", other["PGHOST"], "-p", other["PGPORT"]]
        what, user = "copy the database cluster", as_server_user()
        command += ["-U", other["PGUSER"]]
        processes.run_logged(command, "replica-copy.log", what, cwd="/", **user)

    def start(self):
        """Start the server, to end with the thread that does; wait until it answers."""
        command = [binaries() / "postgres", "-D", self.data]
        for name, value in self._settings.items():
            command += ["-c", f"{name}={value}"]
        with self.log.open("a") as log:
            self.server = processes.start(
                command,
                stop_signal=signal.SIGINT,
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                **as_server_user(),
            )
        self.wait()

    def answers(self):
        """Whether the server takes connections."""
        ready = [binaries() / "pg_isready", "-q", "-h", self.socket, "-p", self.port]
        return subprocess.run(ready, check=False).returncode == 0

    def wait(self):
        """Return when the server takes connections; recovery is waited for."""
        deadline = time.monotonic() + START_SECONDS
        while not self.answers():
            has_ended = self.server and self.server.poll() is not None
            if has_ended or time.monotonic() > deadline:
                raise Failure(f"PostgreSQL does not answer; see {self.log}")
            time.sleep(0.05)

    def stop(self, how=signal.SIGINT):
        """End the server: SIGINT is its fast shutdown, SIGQUIT its immediate one."""
        if self.server:
            processes.stop(self.server, stop_signal=how, seconds=30)


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


def give_to_server_user(folder):
    """Have the server's user own a folder."""
    if os.geteuid() == 0:
        os.chown(folder, *server_user())


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

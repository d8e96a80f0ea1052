"""A PostgreSQL cluster that may be restarted, killed and starved of disk space.

Where we are root it lives on a small file system of its own, so that a full disk is a
real one.
"""

import contextlib
import errno
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time

import places
import postgres
import processes
from console import Failure

MOUNT_MEGABYTES = 1500
SETTINGS = {
    "listen_addresses": "",
    "port": "5432",
    "max_connections": "100",
    "max_wal_size": "64MB",
    "min_wal_size": "32MB",
    "shared_buffers": "64MB",
}
_RECORD = places.DEV / "faults.folder"


@contextlib.contextmanager
def running():
    """A cluster for the length of a ``with`` block; yields it started."""
    _remove_leftover()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="aao2-faults-"))
    _RECORD.write_text(str(folder))
    cluster = None
    try:
        cluster = Cluster(folder, _mount(folder))
        cluster.start()
        yield cluster
    finally:
        if cluster:
            cluster.stop(signal.SIGQUIT)
        _remove_leftover()


def _mount(folder):
    """Give a folder a small file system of its own, if we may; returns whether."""
    if os.geteuid() != 0:
        return False
    options = f"size={MOUNT_MEGABYTES}m,mode=0755"
    command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", folder]
    done = subprocess.run(command, check=False, capture_output=True)
    return done.returncode == 0


def _remove_leftover():
    """Remove the folder of this run, or of one that was killed before it could."""
    if not _RECORD.exists():
        return
    folder = pathlib.Path(_RECORD.read_text())
    if folder.is_dir() and folder.name.startswith("aao2-faults-"):
        if os.path.ismount(folder):
            # Lazily: a server that was killed may still be on its way out.
            subprocess.run(["umount", "--lazy", folder], check=True)
        shutil.rmtree(folder, ignore_errors=True)
    _RECORD.unlink()


class Cluster:
    """The server and its files; `is_small` tells whether its disk can be filled."""

    def __init__(self, folder, is_small):
        self.folder = folder
        self.is_small = is_small
        self._data = folder / "data"
        self._ballast = folder / "ballast"
        self._server = None
        self._user = postgres.as_server_user()
        if self._user:
            os.chown(folder, *postgres.server_user())
        initdb = [postgres.binaries() / "initdb", "-D", self._data]
        initdb += ["-U", postgres.ROLE, "--auth=trust", "--encoding=UTF8"]
        processes.run_logged(
            [*initdb, "--locale=C.UTF-8", "--wal-segsize=4"],
            "faults-initdb.log",
            "make a PostgreSQL cluster",
            cwd="/",
            **self._user,
        )

    @property
    def variables(self):
        """The PG* variables of its clients."""
        return {
            "PGHOST": str(self.folder),
            "PGPORT": "5432",
            "PGUSER": postgres.ROLE,
        }

    def start(self):
        """Start the server and wait until it answers; recovery is waited for."""
        command = [postgres.binaries() / "postgres", "-D", self._data]
        settings = SETTINGS | {"unix_socket_directories": str(self.folder)}
        for name, value in settings.items():
            command += ["-c", f"{name}={value}"]
        with (places.LOGS / "faults-postgres.log").open("a") as log:
            self._server = processes.start(
                command,
                stop_signal=signal.SIGINT,
                cwd="/",
                stdout=log,
                stderr=log,
                **self._user,
            )
        self.wait()

    def wait(self):
        """Return when the server takes connections."""
        ready = [postgres.binaries() / "pg_isready", "-q", "-h", self.folder]
        deadline = time.monotonic() + postgres.START_SECONDS
        while subprocess.run(ready, check=False).returncode:
            if self._server.poll() is not None:
                raise Failure("PostgreSQL has ended; see faults-postgres.log")
            if time.monotonic() > deadline:
                raise Failure("PostgreSQL does not answer; see faults-postgres.log")
            time.sleep(0.05)

    def stop(self, how=signal.SIGINT):
        """End the server: SIGINT is its fast shutdown, SIGQUIT its immediate one."""
        if self._server:
            processes.stop(self._server, stop_signal=how, seconds=30)

    def restart(self, how=signal.SIGINT):
        """Stop and start, as an upgrade of the system does it."""
        self.stop(how)
        self.start()

    def fill_disk(self):
        """Leave not one free block on the file system of the cluster."""
        if not self.is_small:
            raise Failure("this disk is not the cluster's own")
        with self._ballast.open("ab", buffering=0) as file:
            for size in (1 << 20, 1 << 12):
                with contextlib.suppress(OSError):
                    while file.write(bytes(size)):
                        pass
        try:
            (self.folder / "probe").write_bytes(bytes(1 << 13))
        except OSError as error:
            if error.errno == errno.ENOSPC:
                return
            raise
        finally:
            (self.folder / "probe").unlink(missing_ok=True)
        raise Failure("the disk is not full")

    def free_disk(self):
        """Make room again; a server that gave up is started anew."""
        self._ballast.unlink(missing_ok=True)
        if self._server.poll() is not None:
            self.start()
        self.wait()

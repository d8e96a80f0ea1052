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

import places
from cluster import Cluster, give_to_server_user
from console import Failure

MOUNT_MEGABYTES = 1500
SETTINGS = {
    "max_connections": "100",
    "max_wal_size": "64MB",
    "min_wal_size": "32MB",
    "shared_buffers": "64MB",
    # Either would free disk space at a moment of its own.
    "autovacuum": "off",
    "checkpoint_timeout": "1h",
}
_RECORD = places.DEV / "faults.folder"


@contextlib.contextmanager
def running():
    """A cluster for the length of a ``with`` block; yields it started."""
    _remove_leftover()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="aao2-faults-"))
    _RECORD.write_text(str(folder))
    cluster = FaultyCluster(folder, _mount(folder))
    try:
        give_to_server_user(folder)
        cluster.make("--wal-segsize=4")
        cluster.start()
        yield cluster
    finally:
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


class FaultyCluster(Cluster):
    """The server and its files; `is_small` tells whether its disk can be filled."""

    def __init__(self, folder, is_small):
        log = places.LOGS / "faults-postgres.log"
        super().__init__(folder / "data", folder, log, **SETTINGS)
        self.is_small = is_small
        self._ballast, self._probe = folder / "ballast", folder / "probe"

    def restart(self, how=signal.SIGINT):
        """Stop and start, as an upgrade of the system does it."""
        self.stop(how)
        self.start()

    def fill_disk(self, spare=0):
        """Leave not one free block on the file system of the cluster.

        :param int spare: bytes to leave, of what this call takes
        """
        if not self.is_small:
            raise Failure("this disk is not the cluster's own")
        with self._ballast.open("ab", buffering=0) as file:
            for size in (1 << 20, 1 << 12):
                with contextlib.suppress(OSError):
                    while file.write(bytes(size)):
                        pass
            if spare:
                file.truncate(file.tell() - spare)
                return
        try:
            self._probe.write_bytes(bytes(1 << 13))
        except OSError as error:
            if error.errno == errno.ENOSPC:
                return
            raise
        finally:
            self._probe.unlink(missing_ok=True)
        raise Failure("the disk is not full")

    def free_disk(self):
        """Make room again; a server that gave up is started again."""
        self._ballast.unlink(missing_ok=True)
        if self.server.poll() is not None:
            self.start()
        self.wait()

"""Folders that are built once: never half a one, never by two at a time."""

import contextlib
import fcntl
import hashlib
import os
import shutil

import console
import places
from console import Failure

STAMP = ".complete"


def fingerprint(*inputs):
    """A short text that changes when an input (text, or a file) does."""
    digest = hashlib.sha256()
    for item in inputs:
        data = item.read_bytes() if hasattr(item, "read_bytes") else str(item).encode()
        digest.update(len(data).to_bytes(8, "big") + data)
    return digest.hexdigest()[:12]


@contextlib.contextmanager
def locked(path, busy="is setting up", *, waits=True):
    """Hold an exclusive lock on a file; the kernel frees it if we are killed.

    ``busy`` says what the other one does that we may have to wait for, or fail of.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if not waits:
                raise Failure(f"Another run of this checkout {busy}") from None
            console.say(f"· Waiting for another run that {busy} …")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def built(name, key, build):
    """The folder ``<cache>/<name>-<key>``, built by ``build(folder)`` if need be.

    The stamp is written last: a folder without it is a build that was cut short,
    and is thrown away. (It is built in place because a virtual environment
    cannot be moved.)
    """
    folder = places.CACHE / f"{name}-{key}"
    if (folder / STAMP).exists():
        return folder
    places.make_dev()
    with locked(places.CACHE / f".{name}.lock"):
        if (folder / STAMP).exists():
            return folder
        if folder.exists():
            console.say(f"· A set-up of {name} was cut short: doing it again")
            # A killed run's children may still be writing: they go on elsewhere.
            trash = folder.with_name(f".trash-{os.getpid()}-{folder.name}")
            shutil.rmtree(folder.rename(trash), ignore_errors=True)
        folder.mkdir(parents=True)
        build(folder)
        (folder / STAMP).write_text(key)
    return folder

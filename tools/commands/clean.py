"""clean          stop what is left running and remove .dev/"""

import contextlib
import fcntl
import os
import pathlib
import shutil
import signal
import time

import console
import places
import postgres
from console import Failure

PATIENCE_SECONDS = 40


def run(args):
    """Stop other ./dev of this checkout, then remove all that they made."""
    if not places.DEV.exists():
        console.say("There is no .dev/ here.")
        return 0
    _stop_others()
    _wait_for_postgres()
    outside = postgres.outside_folder()
    sockets = pathlib.Path("/tmp") / f"aao2-{places.checkout_key()}"
    for folder in filter(None, (outside, sockets)):
        if folder.is_dir() and not folder.is_symlink():
            shutil.rmtree(folder)
            console.say(f"Removed {folder}")
    shutil.rmtree(places.DEV)
    console.say(f"Removed {places.DEV}")
    if places.DEV not in places.CACHE.parents:
        console.say(f"The shared cache stays: {places.CACHE}")
    return 0


def _stop_others():
    """Ask every other ``./dev`` of this checkout to end."""
    for process in _others():
        console.say(f"· Stopping the ./dev that is process {process}")
        with contextlib.suppress(ProcessLookupError):
            os.kill(process, signal.SIGTERM)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while _others():
        if time.monotonic() > deadline:
            raise Failure(f"Process {_others()[0]} does not stop; please end it")
        time.sleep(0.2)


def _others():
    """The processes of other ``./dev`` commands of this checkout.

    Each has written its number; that it is still a ``./dev`` is read from the
    system, because numbers are used again.
    """
    found = []
    for record in places.running_records():
        with contextlib.suppress(ValueError, OSError):
            process = pathlib.Path("/proc") / record.name
            words = (process / "cmdline").read_bytes().split(b"\0")
            folder = os.readlink(process / "cwd")
            if b"tools" in words and folder == str(places.ROOT):
                found.append(int(record.name))
    return [process for process in found if process != os.getpid()]


def _wait_for_postgres():
    """Wait until the private server has ended; it does so by itself."""
    users = places.DEV / "pg.users"
    if not users.exists():
        return
    with users.open("r") as lock:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise Failure("PostgreSQL is still in use by somebody") from None
                time.sleep(0.1)

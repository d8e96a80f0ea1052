"""Child processes that never outlive us, whatever ends us."""

import contextlib
import ctypes
import os
import re
import signal
import subprocess
import threading

import places
from console import Failure

PR_SET_PDEATHSIG = 1
_children, _is_ending, _lock = set(), False, threading.Lock()
_libc = ctypes.CDLL(None, use_errno=True)


class Ended(Exception):
    """``end_all`` was called meanwhile: another thread says why."""


def _die_with_parent(number):
    """A function that asks the kernel for a signal when our parent dies.

    That is the thread which starts the child: it must not end before.
    """
    parent = os.getpid()

    def ask():
        _libc.prctl(PR_SET_PDEATHSIG, number)
        if os.getppid() != parent:  # it died before we asked
            os._exit(1)

    return ask


def start(command, *, stop_signal=signal.SIGTERM, **options):
    """Start a child in a process group of its own; returns the ``Popen``.

    The terminal's Ctrl-C reaches us only, and we end the children in order. Raises
    ``Ended`` after ``end_all``.
    """
    with _lock:
        if _is_ending:
            raise Ended
        child = subprocess.Popen(
            [str(part) for part in command],
            start_new_session=True,
            preexec_fn=_die_with_parent(stop_signal),
            **options,
        )
        _children.add(child)
    return child


def end_all():
    """Ask each child for its end, and start none from now on.

    For threads that wait for one: they go on, and leave through their ``finally``.
    """
    global _is_ending
    with _lock:
        _is_ending = True
        for child in _children:
            child.terminate()


def stop(child, *, stop_signal=signal.SIGTERM, seconds=15):
    """End a child and every process of its group."""
    if child.poll() is None:
        with contextlib.suppress(ProcessLookupError):
            child.send_signal(stop_signal)
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(seconds)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()
    with _lock:
        _children.discard(child)


@contextlib.contextmanager
def running(command, **options):
    """A child for the length of a ``with`` block."""
    stop_signal = options.get("stop_signal", signal.SIGTERM)
    child = start(command, **options)
    try:
        yield child
    finally:
        stop(child, stop_signal=stop_signal)


def foreground(command, **options):
    """Run a child on our terminal, in our process group; returns its status.

    Ctrl-C is for the child: we wait until it has dealt with it.
    """
    with subprocess.Popen(
        list(map(str, command)),
        preexec_fn=_die_with_parent(signal.SIGTERM),
        **options,
    ) as child:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        try:
            return child.wait()
        finally:
            child.terminate()


def run_logged(command, log_name, what, **options):
    """Run a set-up command; its output goes to a log file in ``.dev/log``.

    Raises Failure with ``what`` could not be had and the output's last words.
    """
    places.make_dev()
    log = places.LOGS / log_name
    with log.open("w") as output:
        options = {"stdin": subprocess.DEVNULL, "stderr": output} | options
        try:
            with running(command, stdout=output, **options) as child:
                status = child.wait()
        except FileNotFoundError as missing:
            raise Failure(f"Could not {what}: no {missing.filename} here") from None
    if status:
        raise Failure(f"Could not {what}: {_last_words(log)}\n(all of it: {log})")


UNREACHABLE = re.compile(
    r"name resolution|could not resolve|name or service not known|network is unreach"
    r"|connection refused|could not connect|newconnectionerror|ENOTFOUND|EAI_AGAIN",
    re.IGNORECASE,
)


def _last_words(log):
    """What a log says of the cause: the first line with an error, else the last."""
    text = log.read_text(errors="replace")
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    errors = [
        line for line in lines if line.lower().startswith(("e:", "error", "npm err"))
    ]
    cause = (errors or lines[-1:] or ["it said nothing"])[0][:300]
    if UNREACHABLE.search(text):
        return f"the network, or what it should come from, is not reached. {cause}"
    return cause

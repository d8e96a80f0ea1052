"""What a person sees: lines, steps with their time, failures without traceback."""

import contextlib
import contextvars
import os
import sys
import threading
import time

HEARTBEAT_SECONDS = 20

#: What stands before each line of this thread, where several print.
_before = contextvars.ContextVar("before", default="")


class Failure(Exception):
    """Something a person can act on; its text is all that is shown."""


class Stopped(Exception):
    """SIGTERM or SIGHUP arrived; unwinds the stack so that all is cleaned up."""

    def __init__(self, number):
        super().__init__(f"signal {number}")
        self.status = 128 + number


def stop_on_signal(number, _frame):
    """Signal handler: leave through every ``finally``."""
    raise Stopped(number)


def coloured(stream=None):
    """Whether the stream is a terminal that wants colours."""
    stream = stream or sys.stdout
    return stream.isatty() and "NO_COLOR" not in os.environ


def paint(text, code, stream=None):
    """The text in a terminal colour (an SGR code), plain elsewhere."""
    return f"\x1b[{code}m{text}\x1b[0m" if coloured(stream) else text


def say(text=""):
    """Print a line at once, in order with what sub-processes print."""
    print(f"{_before.get()}{text}\n", end="", flush=True)  # one write, unlike print's


def begin_lines_with(text):
    """Put a text before each line that this thread says from now on."""
    _before.set(text)


def error(text):
    """Print a line about something that went wrong."""
    sys.stdout.flush()
    print(paint(text, "31", sys.stderr), file=sys.stderr, flush=True)


@contextlib.contextmanager
def step(text, progress=None):
    """Show what is being done, that it goes on, and how long it took.

    ``progress()`` may give the text that says how far it is.
    """
    started = time.monotonic()
    done = threading.Event()
    say(f"· {text} …")

    def heartbeat():
        while not done.wait(HEARTBEAT_SECONDS):
            far = f", {progress()}" if progress else ""
            say(f"  … {text}: {time.monotonic() - started:.0f} s so far{far}")

    inside = contextvars.copy_context()
    thread = threading.Thread(target=inside.run, args=[heartbeat], daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
    # Not after a failure: what failed is the next line then.
    say(f"  done in {time.monotonic() - started:.1f} s")

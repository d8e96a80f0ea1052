"""What ``./dev`` runs: finds the command's module and calls its ``run(args)``.

A command is a module of ``commands/``: its file name is the command's name, the
first line of its docstring is its line in ``./dev help``.
"""

import importlib
import os
import signal
import sys

import console
import places
import python_env
from console import Failure, Stopped


def main(argv):
    """Run one command; return its exit status."""
    _forget_applications()
    name, args = (argv[0], argv[1:]) if argv else ("help", [])
    if name in ("-h", "--help"):
        name = "help"
    if name not in places.command_names():
        console.error(f"./dev knows no command {name!r}. See: ./dev help")
        return 2
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, console.stop_on_signal)
    try:
        if name in ("help", "clean"):
            return _run(name, args)
        with places.in_use():
            if name not in ("lint", "package"):
                python_env.enter(argv)
            return _run(name, args)
    except Failure as failure:
        console.error(str(failure))
        return 1
    except (KeyboardInterrupt, Stopped) as stop:
        console.error("Stopped.")
        return getattr(stop, "status", 130)
    except BrokenPipeError:
        # The reader of our output has gone (`./dev help | head`).
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


def _forget_applications():
    """Remove variables that the terminal has for an application, as those of a demo.

    The examples read them, which walks and tests start. OAUTH2_TEST_… are our own.
    """
    for name in list(os.environ):
        if name.startswith("OAUTH2_") and not name.startswith("OAUTH2_TEST_"):
            del os.environ[name]


def _run(name, args):
    return importlib.import_module(f"commands.{name}").run(args) or 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

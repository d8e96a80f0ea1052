"""Odoo processes: their command line, their environment, their start and end."""

import contextlib
import os
import subprocess
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field

import console
import odoo_home
import places
import processes
import python_env
from console import Failure

START_SECONDS = 120
SESSIONS = places.DATA / "sessions"  # where Odoo keeps them


def filestore(database):
    """Where Odoo keeps a database's files."""
    return places.DATA / "filestore" / database


@dataclass
class Odoo:
    """An installed Odoo: which one, which Python, which PostgreSQL."""

    home: odoo_home.OdooHome
    python: object
    pg: dict
    extra_env: dict = field(default_factory=dict)
    addons: object = None  # the folder of our addons; the checkout's without one

    def env(self):
        """The environment of Odoo's processes."""
        path = [str(self.home.python_path)]
        given = {name: value for name, value in os.environ.items() if name != "ODOO_RC"}
        return (
            given
            | self.pg
            | {
                "PYTHONPATH": os.pathsep.join(path),
                # The checkout as current directory must not shadow Python's modules.
                "PYTHONSAFEPATH": "1",
                "PYTHONUNBUFFERED": "1",
                # Odoo looks for a browser and other programs there.
                "PATH": os.pathsep.join(
                    [str(self.python.parent), os.environ.get("PATH", os.defpath)]
                ),
            }
            | self.extra_env
        )

    def command(self, database, *arguments, subcommand=()):
        """The command line of an Odoo process on a database."""
        addons = [*self.home.addons, self.addons or places.link_addons()]
        return [
            self.python,
            places.TOOLS / "odoo_program.py",
            *subcommand,
            "-c",
            _empty_configuration(),
            "-d",
            database,
            "-D",
            places.DATA,
            "--addons-path",
            ",".join(map(str, addons)),
            "--http-interface=127.0.0.1",
            *arguments,
        ]

    def run(self, database, arguments, *, log, check=True, **options):
        """Run Odoo until it ends by itself; returns its exit status.

        The options are those of ``process``.
        """
        with self.process(database, arguments, log=log, **options) as child:
            status = child.wait()
        if check and status:
            raise Failure(f"Odoo ended with status {status}; see {places.LOGS / log}")
        return status

    @contextlib.contextmanager
    def serving(self, database, at, *arguments, log):
        """A running server for the length of a ``with`` block; yields its process.

        :param at: a ``ports.Listening``, or the number of a port
        """
        options = {"port": getattr(at, "port", at)}
        if options["port"] is not at:
            options["pass_fds"] = [at.socket.fileno()]
            options["env"] = {"DEV_LISTENING": str(at.socket.fileno())}
        with self.process(database, arguments, log=log, **options) as child:
            _wait_until_answering(child, options["port"], places.LOGS / log)
            yield child

    @contextlib.contextmanager
    def process(
        self,
        database,
        arguments,
        *,
        log,
        script="",
        subcommand=(),
        port=0,
        env=(),
        **options,
    ):
        """An Odoo for the length of a ``with`` block; yields its process.

        Its output goes to ``.dev/log/<log>``. A ``script`` is run by ``odoo shell``
        (``env`` is there, what it changes must be committed by it), or a
        ``subcommand`` of Odoo's is.
        """
        http = ["--http-port", port, "--gevent-port", 0]  # 0: any that is free
        subcommand = subcommand or (["shell"] if script else ())
        command = self.command(database, *arguments, *http, subcommand=subcommand)
        with (places.LOGS / log).open("w") as output:
            with processes.running(
                command,
                env=self.env() | dict(env),
                cwd=places.DEV,
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=output,
                **options,
            ) as child:
                child.stdin.write(script.encode())
                child.stdin.close()
                yield child


def _empty_configuration():
    """A configuration file with nothing in it: the user's own must not count."""
    path = places.DEV / "odoo.conf"
    if not path.exists():
        path.write_text("[options]\nlist_db = False\n")
    return path


def _wait_until_answering(child, port, log):
    """Return when the server answers over HTTP."""
    deadline = time.monotonic() + START_SECONDS
    url = f"http://localhost:{port}/web/health"
    while time.monotonic() < deadline:
        if child.poll() is not None:
            raise Failure(f"Odoo ended before it answered; see {log}")
        with contextlib.suppress(urllib.error.URLError, OSError):
            with urllib.request.urlopen(url, timeout=5) as answer:
                if answer.status == 200:
                    return
        time.sleep(0.2)
    raise Failure(f"Odoo did not answer at {url}; see {log}")


@contextlib.contextmanager
def ready(extra_env=None):
    """Odoo, its Python and PostgreSQL, set up where missing; yields an ``Odoo``."""
    import postgres

    places.make_dev()
    home = odoo_home.find()
    python = python_env.for_odoo()
    with postgres.running() as pg:
        console.say(f"· Odoo at {home.python_path}")
        yield Odoo(home, python, pg, extra_env or {})

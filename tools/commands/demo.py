"""demo [--once]    start everything and walk the main job, leave Odoo running

With ``--once`` it ends after the walk; its status says whether every step did what
it should.
"""

import contextlib
import fcntl

import artifact
import console
import databases
import demo_records
import odoo_log
import odoo_server
import places
import ports
import processes
import provider
from console import Failure

DATABASE = f"{places.ADDON}_demo"
ODOO_PORT = 8069
PROVIDER_PORT = 4400
CLIENT = {"client_id": "demo-app", "client_secret": "demo-secret"}


def run(args):
    """Run the demo; returns the exit status."""
    if set(args) - {"--once"}:
        raise Failure("./dev demo knows only --once")
    once = "--once" in args
    with contextlib.ExitStack() as stack:
        if once:
            lock = artifact.locked(places.make_dev() / ".walk.lock", "walks the demo")
        else:
            lock = _only_demo()
        stack.enter_context(lock)
        odoo = stack.enter_context(odoo_server.ready())
        made = stack.enter_context(databases.opened(odoo))
        installed = provider.install(odoo.python)
        if once:
            database = stack.enter_context(made.temporary("walk", kind="demo"))
        else:
            database = made.create(DATABASE, kind="demo")
        name = "walk" if once else "demo"
        url, server = _start(stack, odoo, installed, database, name)
        status = _walk(odoo, url)
        if once:
            _show_complaints(name)
            return status
        _tell(url, odoo, database)
        if server.wait():
            raise Failure(f"Odoo has ended; see {places.LOGS}/demo-server.log")
    return status


@contextlib.contextmanager
def _only_demo():
    """One demo at a time: it has one database."""
    with (places.make_dev() / ".demo.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Failure("A demo of this checkout is already running") from None
        yield


def _start(stack, odoo, installed, database, name):
    """Start provider and Odoo on the database; returns (Odoo's URL, its process).

    The logs' names begin with ``name``.
    """
    modules = ",".join(places.our_modules())
    with console.step(f"Installing {modules} with demo data"):
        odoo.run(
            database,
            ["-i", modules, "--with-demo", "--stop-after-init"],
            log=f"{name}-install.log",
        )
    port = ports.free(ODOO_PORT)
    url = f"http://localhost:{port}"
    if port != ODOO_PORT:
        console.say(f"· Port {ODOO_PORT} is taken: Odoo gets {port}")
    endpoints = _start_provider(stack, installed, url)
    with console.step("Writing the addresses into the database"):
        script = demo_records.script(url, endpoints)
        odoo.run(database, [], log=f"{name}-records.log", script=script)
    with console.step("Starting Odoo"):
        server = stack.enter_context(
            odoo.serving(database, port, log=f"{name}-server.log")
        )
    return url, server


def _start_provider(stack, installed, url):
    """Start the OpenID provider; returns its endpoints."""
    port = ports.free(PROVIDER_PORT)
    if port != PROVIDER_PORT:
        console.say(f"· Port {PROVIDER_PORT} is taken: the provider gets {port}")
    callback = f"{url}/demo/oauth2/callback"
    document = {"port": port, "clients": [CLIENT | {"redirect_uris": [callback]}]}
    return stack.enter_context(provider.serving(installed, document))


def _walk(odoo, url):
    """Walk the main job over HTTP; returns 0 if every step did what it should."""
    console.say()
    command = [odoo.python, places.TOOLS / "demo_walk.py", url]
    with processes.running(command) as walk:
        return walk.wait()


def _show_complaints(name):
    """Print what the servers logged and should not have."""
    for part in ("install", "records", "server"):
        log = places.LOGS / f"{name}-{part}.log"
        for entry in odoo_log.complaints(log):
            console.say(f"{log.name}: {entry.first_line}")


def _tell(url, odoo, database):
    """Say what is running and what can be done with it."""
    console.say(
        f"""
{console.paint("Odoo is running", "1")} at {url} (database {database})
  administrator   admin / admin
  demo user       olivia@example.com / olivia@example.com
  the addon       Settings, API OAuth2
  its log         {places.LOGS}/demo-server.log

Next:
  export OAUTH2_BASE_URL={url}
  python3 examples/clients/python_client.py authorize
                 the walk above as a program of yours: see examples/README.md;
                 it needs requests (apt-get install python3-requests)
  ./dev shell    Odoo's shell on this database
  README.rst     connect your own provider; the next ./dev demo begins
                 with a fresh database

Ctrl-C ends Odoo, the provider and PostgreSQL."""
    )

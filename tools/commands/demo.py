"""demo [--once]    start everything and walk the main job, leave Odoo running

With ``--once`` it ends after the walk; its status says whether every step did what
it should.
"""

import contextlib

import artifact
import console
import databases
import demo_walk
import odoo_log
import odoo_server
import places
import ports
import provider
from console import Failure

DATABASE = f"{places.ADDON}_demo"
ODOO_PORT, PROVIDER_PORT = 8069, 4400  # if they are free
CLIENT = {"client_id": "demo-app", "client_secret": "demo-secret"}

# The provider's READY line says where it is.
RECORDS = """
told = {told!r}
provider = env.ref("api_auth_oauth2.provider_demo")
provider.write({{name: value for name, value in told.items() if name in provider._fields
                and provider[name] != value}})
env["ir.config_parameter"].set_param("api_auth_oauth2.base_url", {url!r})
env.cr.commit()
"""


def run(args):
    """Run the demo; returns the exit status."""
    if set(args) - {"--once"}:
        raise Failure("./dev demo knows only --once")
    once = "--once" in args
    with contextlib.ExitStack() as stack:
        name = "walk" if once else "demo"
        lock = places.make_dev() / f".{name}.lock"
        stack.enter_context(artifact.locked(lock, "runs a demo", waits=once))
        odoo = stack.enter_context(odoo_server.ready())
        made = stack.enter_context(databases.opened(odoo))
        if once:
            database = stack.enter_context(made.temporary("walk", kind="demo"))
        else:
            database = made.create(DATABASE, kind="demo")
        url, server = _start(stack, odoo, database, name)
        status = demo_walk.Walk(url, database).run()
        if once:
            _show_complaints(name)
            return status
        _tell(url, database)
        if server.wait():
            raise Failure(f"Odoo has ended; see {places.LOGS}/demo-server.log")
    return status


def _start(stack, odoo, database, name):
    """Start provider and Odoo on the database; returns (Odoo's URL, its process).

    The logs' names begin with ``name``.
    """
    modules = ",".join(places.our_modules())
    with console.step(f"Installing {modules} with demo data"):
        install = ["-i", modules, "--with-demo", "--stop-after-init"]
        odoo.run(database, install, log=f"{name}-install.log")
    # Held from now on: another server could answer there otherwise.
    listening = stack.enter_context(ports.Listening(ODOO_PORT))
    url = f"http://localhost:{listening.port}"
    if listening.port != ODOO_PORT:
        console.say(f"· Port {ODOO_PORT} is taken: Odoo gets {listening.port}")
    client = CLIENT | {"redirect_uris": [f"{url}/demo/oauth2/callback"]}
    document = {"preferred_port": PROVIDER_PORT, "clients": [client]}
    serving = provider.serving(provider.install(odoo.python), document)
    told = stack.enter_context(serving)
    with console.step("Writing the addresses into the database"):
        script = RECORDS.format(told=told, url=url)
        odoo.run(database, [], log=f"{name}-records.log", script=script)
    with console.step("Starting Odoo"):
        serving = odoo.serving(database, listening, log=f"{name}-server.log")
        return url, stack.enter_context(serving)


def _show_complaints(name):
    """Print what the servers logged and should not have."""
    for part in ("install", "records", "server"):
        log = places.LOGS / f"{name}-{part}.log"
        for entry in odoo_log.complaints(log):
            console.say(f"{log.name}: {entry.first_line}")


def _tell(url, database):
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

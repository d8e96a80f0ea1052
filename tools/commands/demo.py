"""demo [FOLDER]    start Odoo and walk the main job, leave Odoo running

With the folder of an addon, or of several, these are installed, too. With ``--provider
oidc`` users sign in at an independent provider, and the JSON contract is walked. With
``--once`` it ends after the walk; its status says whether every step did what it
should.
"""

import argparse
import contextlib
import pathlib
import sys
import tempfile

import artifact
import console
import databases
import demo_json_contract
import demo_standard
import odoo_log
import odoo_server
import other_addons
import places
import ports
import provider
from console import Failure

DATABASE = f"{places.ADDON}_demo"
ODOO_PORT, PROVIDER_PORT = 8069, 4400  # if they are free
PROVIDER_CLIENT = {
    "client_id": demo_json_contract.CLIENT_ID,
    "client_secret": "demo-secret",
}

BASE_URL = """
env["ir.config_parameter"].set_param("api_auth_oauth2.base_url", {url!r})
env.cr.commit()
"""
# The secret takes the way of a file, as what Odoo prints is its log.
SECRET = """
secret = env.ref("api_auth_oauth2.client_demo_standard")._generate_secret()
with open({file!r}, "w") as file:
    file.write(secret)
env.cr.commit()
"""
# Clients of the provider that Odoo does not know yet: a person connects them. An API
# has each identifier once.
SPARE_IDS, SPARE_SECRET = ("spare-app", "spare-app-2"), "spare-secret"
# The provider's READY line says where it is.
PROVIDER = """
told = {told!r}
provider = env.ref("api_auth_oauth2.provider_demo")
provider.write({{name: value for name, value in told.items() if name in provider._fields
                and provider[name] != value}})
env.cr.commit()
"""


def run(args):
    """Run the demo; returns the exit status."""
    given = _given(args)
    with contextlib.ExitStack() as stack:
        name = "walk" if given.once else "demo"
        lock = places.make_dev() / f".{name}.lock"
        stack.enter_context(artifact.locked(lock, "runs a demo", waits=given.once))
        odoo = stack.enter_context(odoo_server.ready())
        made = stack.enter_context(databases.opened(odoo))
        if given.once:
            database = stack.enter_context(made.temporary("walk", kind="demo"))
        else:
            database = made.create(DATABASE, kind="demo")
        addons = other_addons.found(given.folder) if given.folder else []
        if not given.once:
            other_addons.remember(database, addons)
        demo = Demo(stack, odoo, made, database, name, addons)
        walk, what_next = demo.prepare_oidc() if given.provider else demo.prepare()
        server = demo.serve()
        status = walk.run()
        if given.once:
            _show_complaints(name)
            return status
        _tell(demo.url, database, what_next)
        if server.wait():
            raise Failure(f"Odoo has ended; see {places.LOGS}/demo-server.log")
    return status


def _given(args):
    """What the command line says."""
    parser = argparse.ArgumentParser("./dev demo")
    parser.add_argument("folder", nargs="?", help="an addon, or what several lie in")
    parser.add_argument("--once", action="store_true", help="end after the walk")
    parser.add_argument(
        "--provider",
        choices=["oidc"],
        help="users sign in at an independent provider; the JSON contract is walked",
    )
    return parser.parse_args(args)


class Demo:
    """A database with demo data, and the Odoo that serves it until the stack ends."""

    def __init__(self, stack, odoo, made, database, name, addons):
        """:param str name: how the logs' names begin
        :param addons: folders of more to install
        """
        self.stack, self.odoo = stack, odoo
        self.database, self.name = database, name
        modules = ",".join([*places.our_modules(), *(addon.name for addon in addons)])
        with console.step(f"Installing {modules} with demo data"):
            install = ["-i", modules, "--with-demo", "--stop-after-init"]
            if addons:
                other_addons.put_on_path(odoo, addons)
            odoo.run(database, install, log=f"{name}-install.log")
            other_addons.check_installed(made, database, addons, f"{name}-install.log")
        # Held from now on: another server could answer there otherwise.
        self.listening = stack.enter_context(ports.Listening(ODOO_PORT))
        self.url = f"http://localhost:{self.listening.port}"
        if self.listening.port != ODOO_PORT:
            console.say(f"· Port {ODOO_PORT} is taken: Odoo gets {self.listening.port}")

    def prepare(self):
        """Make what a standard client needs; returns ``(its walk, what to tell)``."""
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder, "secret")
            with console.step("Making the client's secret"):
                self._change(BASE_URL + SECRET, url=self.url, file=str(file))
            secret = file.read_text()
        issuer = f"{self.url}/demo"
        what_next = STANDARD.format(
            authorization_url=f"{issuer}/oauth2/authorize",
            token_url=f"{issuer}/oauth2/token",
            client_id=demo_standard.CLIENT_ID,
            secret=secret,
            redirect_uri=demo_standard.REDIRECT_URI,
            scope=" ".join(demo_standard.SCOPE),
            url=self.url,
            python=sys.executable,
        )
        return demo_standard.StandardWalk(self.url, secret), what_next

    def prepare_oidc(self):
        """Start the independent provider; returns ``(a walk, what to tell)``."""
        program = provider.install(self.odoo.python)
        serving = provider.serving(program, provider_document(self.url))
        told = self.stack.enter_context(serving)
        with console.step("Writing the addresses into the database"):
            self._change(BASE_URL + PROVIDER, url=self.url, told=told)
        walk = demo_json_contract.JsonContractWalk(self.url, self.database)
        return walk, json_contract(self.url, told["issuer"])

    def serve(self):
        """Start Odoo; returns its process."""
        with console.step("Starting Odoo"):
            serving = self.odoo.serving(
                self.database, self.listening, log=f"{self.name}-server.log"
            )
            return self.stack.enter_context(serving)

    def _change(self, script, **values):
        """Run a script on the database."""
        script = script.format(**values)
        log = f"{self.name}-records.log"
        self.odoo.run(self.database, [], log=log, script=script)


def spare_redirect_uris(url):
    """Those of the demo's API, and of the one that *Connect an Application* offers."""
    return [f"{url}/{api}/oauth2/callback" for api in ("demo", "api")]


def provider_document(url):
    """What the provider is started with for the Odoo at a URL."""
    uris = spare_redirect_uris(url)
    spare = {"client_secret": SPARE_SECRET, "redirect_uris": uris}
    clients = [PROVIDER_CLIENT | {"redirect_uris": uris[:1]}]
    clients += [{"client_id": name, **spare} for name in SPARE_IDS]
    return {"preferred_port": PROVIDER_PORT, "clients": clients}


def json_contract(url, issuer):
    """What can be done with Odoo and the provider, as a text."""
    return JSON_CONTRACT.format(
        url=url,
        issuer=issuer,
        ids=" or ".join(SPARE_IDS),
        secret=SPARE_SECRET,
        uris=" and ".join(spare_redirect_uris(url)),
    )


def _show_complaints(name):
    """Print what the servers logged and should not have."""
    for part in ("install", "records", "server"):
        log = places.LOGS / f"{name}-{part}.log"
        for entry in odoo_log.complaints(log):
            console.say(f"{log.name}: {entry.first_line}")


STANDARD = """\
Connect a client of yours:
  authorization URL  {authorization_url}
  token URL          {token_url}
  client ID          {client_id}
  client secret      {secret}
  redirect URI       {redirect_uri} (any port), or that of n8n or Postman
  scopes             {scope}

The first example (docs/first-example.md), in another terminal:
  export OAUTH2_BASE_URL={url}
  export OAUTH2_CLIENT_SECRET={secret}
  {python} examples/clients/standard_client.py
"""
JSON_CONTRACT = """\
The walk above as a program of yours (see examples/README.md); it needs requests
(apt-get install python3-requests):
  export OAUTH2_BASE_URL={url}
  unset OAUTH2_CLIENT_SECRET
  python3 examples/clients/python_client.py authorize

Connect an application whose users sign in at this provider: API OAuth2, Connect an
Application, At a provider that is here already, Demo provider. Or make a provider: any
preset, with this issuer and Allow Private Addresses, then Read from Issuer.
  issuer         {issuer}
  client ID      {ids}
  client secret  {secret}
  its user       olivia, with any password (olivia@example.com here)
  registered     {uris}
"""


def _tell(url, database, what_next):
    """Say what is running and what can be done with it."""
    console.say(
        f"""
{console.paint("Odoo is running", "1")} at {url} (database {database})
  administrator   admin / admin
  demo user       olivia@example.com / olivia@example.com
  the addon       Settings, API OAuth2
  its log         {places.LOGS}/demo-server.log

{what_next}
More:
  ./dev shell    Odoo's shell on this database
  docs/          the rest; the next ./dev demo begins with a fresh database

Ctrl-C ends all of it."""
    )

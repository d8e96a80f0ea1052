"""A database of version 19.0.1.0.0, made by its own code, and what upgrades it.

``19.0.1.0.0.tar.xz`` is what was installed then, as it stands in git (a clone may lack
the commit):

    git archive --prefix=api_auth_oauth2/ 79ffb19 __init__.py __manifest__.py \\
        hooks.py controllers data demo models oauth2.py protocol security static \\
        views | xz -9e > checks/e2e/19.0.1.0.0.tar.xz
"""

import contextlib
import json
import os
import pathlib
import socket
import sys
import tarfile
import types

import psycopg2
import requests
from server import SECONDS, SECRET, Site

sys.path.append(str(pathlib.Path(__file__).parents[2] / "tools"))

import odoo_home
import odoo_server
import places

ARCHIVE = pathlib.Path(__file__).with_name("19.0.1.0.0.tar.xz")
ADDON = places.ADDON
#: What the tests' stage made: a database without the addon, a port and its socket,
#: where the addon of today is, arguments that write logs.
GIVEN = json.loads(os.environ["OAUTH2_E2E_UPGRADE"])
DB, URL = GIVEN["database"], f"http://localhost:{GIVEN['port']}"
#: A second upgrade may change no row of these tables.
TABLES = """
    SELECT relname FROM pg_class
     WHERE relkind = 'r' AND relname LIKE 'oauth2%' ORDER BY relname"""
#: What an installation makes, but for the example addons' and for what portal adds to
#: each model with messages (this site has one, the upgraded one has none), by queries
#: whose rows name no id of a record.
INSTALLED = {
    "columns": """
        SELECT table_name, column_name, data_type, is_nullable, column_default
          FROM information_schema.columns
         WHERE table_schema = 'public' AND table_name ~ '^oauth2_(?!example)'""",
    "indexes": """
        SELECT tablename, indexname, indexdef FROM pg_indexes
         WHERE tablename ~ '^oauth2_(?!example)'""",
    "constraints": """
        SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid)
          FROM pg_constraint WHERE conrelid::regclass::text ~ '^oauth2_(?!example)'""",
    "functions and triggers": """
        SELECT proname, '' FROM pg_proc WHERE proname LIKE 'oauth2%'
         UNION ALL
        SELECT tgname, tgrelid::regclass::text FROM pg_trigger
         WHERE NOT tgisinternal AND tgrelid::regclass::text ~ '^oauth2_(?!example)'""",
    "records": """
        SELECT model, name, noupdate FROM ir_model_data
         WHERE module = 'api_auth_oauth2' AND name !~ '__website_message_ids$'""",
    "views": """
        SELECT data.name, view.active, view.priority,
               md5(regexp_replace(view.arch_db->>'en_US', '"\\d+"', '"id"', 'g'))
          FROM ir_ui_view view JOIN ir_model_data data
            ON data.model = 'ir.ui.view' AND data.res_id = view.id
         WHERE data.module = 'api_auth_oauth2'""",
    "jobs": """
        SELECT data.name, action.name->>'en_US', action.code, cron.active,
               cron.interval_number, cron.interval_type
          FROM ir_cron cron JOIN ir_model_data data
            ON data.model = 'ir.cron' AND data.res_id = cron.id
          JOIN ir_act_server action ON action.id = cron.ir_actions_server_id
         WHERE data.module = 'api_auth_oauth2'""",
    "access": """
        SELECT access.name, model.model, perm_read, perm_write, perm_create,
               perm_unlink
          FROM ir_model_access access JOIN ir_model model ON model.id = model_id
         WHERE model.model ~ '^oauth2[.](?!example)'""",
    "parameters": """
        SELECT key FROM ir_config_parameter WHERE key LIKE 'api_auth_oauth2.%'""",
}


class OlderSite(Site):
    """An API with a provider, a client and a user, as 19.0.1.0.0 had them.

    Each client is `demo-app` at a provider of its own, by its secret or public.
    """

    def __init__(self, administrator, endpoint, *, public=False):
        values = {"endpoint": endpoint, "json2_enabled": True}
        super().__init__(administrator, values, URL)
        known = {"client_id": "demo-app", "redirect_uris": [self.redirect_uri]}
        if public:
            known["token_endpoint_auth_method"] = "none"
        else:
            known["client_secret"] = SECRET
        self.known = known

    def use(self, provider, **values):
        self.provider = provider
        provider.login = self.login  # of those who are not asked there
        method = self.known.get("token_endpoint_auth_method", "client_secret_basic")
        create = self._administrator.create
        self.provider_id = create(
            "oauth2.provider",
            name=self.endpoint,
            allow_private_addresses=True,
            token_endpoint_auth_method=method,
            **provider.endpoints(),
            **values,
        )
        self.client_id = create(
            "oauth2.client",
            name=f"Application of {self.endpoint}",
            provider_id=self.provider_id,
            client_identifier="demo-app",
            client_secret=self.known.get("client_secret", False),
            api_ids=[self.api_id],
            scope_ids=[self.scope_id],
        )

    def whoami(self, access_token):
        return self.get("oauth2/whoami", access_token)

    def introspect(self, token):
        """Ask the provider whether a token is good for anything there."""
        answer = requests.post(
            f"{self.provider.issuer}/token/introspection",
            data={"token": token},
            auth=("demo-app", SECRET),
            timeout=SECONDS,
        )
        return answer.json()["active"]


def rows(query, database=DB):
    """Return the rows of a query, sorted, as texts."""
    with contextlib.closing(psycopg2.connect(dbname=database)) as connection:
        cursor = connection.cursor()
        cursor.execute(query)
        return sorted(map(str, cursor.fetchall()))


def installed(database=DB):
    """Return what an installation made of a database, {kind: rows}."""
    return {kind: rows(query, database) for kind, query in INSTALLED.items()}


def contents():
    """Return all rows of the addon's tables, {table: rows}."""
    with contextlib.closing(psycopg2.connect(dbname=DB)) as connection:
        cursor = connection.cursor()
        cursor.execute(TABLES)
        tables = [name for (name,) in cursor.fetchall()]
    return {table: rows(f"SELECT * FROM {table}") for table in tables}


def installed_by_older_code(folder):
    """A server of 19.0.1.0.0 that has just installed itself, while the block runs.

    :param folder: an empty one, for its code
    """
    with tarfile.open(ARCHIVE) as archive:
        archive.extractall(folder)  # made from our own git
    return _serving(folder, "-i", "e2e-older.log")


def upgrade():
    """Upgrade as an administrator does, from the command line."""
    log = "e2e-upgrade.log"
    arguments = ["-u", ADDON, "--stop-after-init", *GIVEN["logs"][log]]
    _odoo(GIVEN["addons"]).run(DB, arguments, log=log)


def upgraded_again():
    """A server that upgrades once more before it serves, while the block runs."""
    return _serving(GIVEN["addons"], "-u", "e2e-upgraded.log")


def _serving(addons, switch, log):
    """A server of one process that installs or upgrades before it serves."""
    held = socket.socket(fileno=os.dup(GIVEN["socket"]))
    at = types.SimpleNamespace(port=GIVEN["port"], socket=held)
    arguments = [switch, ADDON, "--max-cron-threads=0", *GIVEN["logs"].get(log, [])]
    return _odoo(addons).serving(DB, at, *arguments, log=log)


def _odoo(addons):
    """Odoo with the addon of a folder."""
    pg = {name: os.environ[name] for name in os.environ if name.startswith("PG")}
    python = pathlib.Path(sys.executable)
    return odoo_server.Odoo(odoo_home.find(), python, pg, {}, addons)

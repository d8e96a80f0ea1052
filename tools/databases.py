"""Databases of runs: copied from a template, dropped again, never anyone else's."""

import contextlib
import os
import shutil

import psycopg2

import artifact
import console
import odoo_server
import places
import postgres
from console import Failure

# Odoo's own modules that a kind of template has, and whether with demo data.
# auth_timeout changes files of the web client: here they are built once.
KINDS = {
    "plain": ("base,web,rpc,auth_oauth,auth_timeout", False),
    "bare": ("base,web,rpc,auth_oauth", False),
    "demo": ("base,web,rpc,auth_oauth", True),
    "website": ("base,web,rpc,auth_oauth,website", False),
    "odoos_own": ("base,web,rpc,auth_oauth,website,test_http,test_lint", False),
}
# The kind whose template another one's begins as, which has more modules.
GROWN_FROM = {"odoos_own": "website"}
PREFIX = places.ADDON

# Files of pages that tests ask for, built once in the template, else by each of them;
# of the backend they are others as soon as the addon is there. Of other kinds all are
# built, for a person who clicks through them.
_LOGIN = (
    "web.assets_frontend",
    "web.assets_frontend_lazy",
    "web.assets_frontend_minimal",
)
BUNDLES = {"plain": _LOGIN, "bare": (), "website": (), "odoos_own": _LOGIN[1:]}
_BUILD = """
for name in {names}:
    env["ir.qweb"]._get_asset_bundle(name, css=False, js=True).js()
    env["ir.qweb"]._get_asset_bundle(name, css=True, js=False).css()
env.cr.commit()
"""
_BUILD_ALL = "env['ir.qweb']._pregenerate_assets_bundles(); env.cr.commit()\n"


@contextlib.contextmanager
def opened(odoo):
    """The databases of one ``./dev``, for the length of a ``with`` block."""
    databases = Databases(odoo)
    databases.drop_leftovers()
    try:
        yield databases
    finally:
        databases.close()


class Databases:
    """The databases that one ``./dev`` makes on one PostgreSQL server."""

    def __init__(self, odoo, private=None):
        """On a private server every database is ours: ``./dev``'s own, by default."""
        self.odoo = odoo
        self.private = not postgres.is_given() if private is None else private
        self.records = places.DEV / "databases"
        self.records.mkdir(exist_ok=True)

    def create(self, name, *, kind="plain"):
        """Make a database with Odoo's own modules installed; replaces its namesake.

        ``kind`` is one of ``KINDS``.
        """
        self.copy(self._template(kind), name)
        return name

    @contextlib.contextmanager
    def temporary(self, purpose, *, kind="plain"):
        """A database for the length of a ``with`` block; yields its name."""
        name = f"{PREFIX}_{purpose}_{os.getpid()}"
        try:
            yield self.create(name, kind=kind)
        finally:
            self.drop(name)

    @contextlib.contextmanager
    def empty(self, purpose):
        """A database with nothing in it, for the length of a ``with`` block."""
        name = f"{PREFIX}_{purpose}_{os.getpid()}"
        try:
            self.copy("template0", name)
            yield name
        finally:
            self.drop(name)

    @contextlib.contextmanager
    def copied(self, source, purpose):
        """A copy of an unused database, for the length of a ``with`` block."""
        name = f"{PREFIX}_{purpose}_{os.getpid()}"
        try:
            self.copy(source, name)
            yield name
        finally:
            self.drop(name)

    def copy(self, source, name, options=""):
        """Copy a database without connections, with its files."""
        self.drop(name)
        self._record(name)
        self._sql(f'CREATE DATABASE "{name}" TEMPLATE "{source}" {options}')
        files, target = odoo_server.filestore(source), odoo_server.filestore(name)
        if files.is_dir():
            shutil.copytree(files, target)

    def prepare(self):
        """Make the template now, so that the first run need not."""
        if self.private:
            self._template("plain")

    def close(self):
        """Drop what must not stay on a server that is not our own."""
        if not self.private:
            for kind in KINDS:
                self.drop(self._template_name(kind))

    def exists(self, name):
        """Whether the server has such a database."""
        quoted = name.replace("'", "''")
        return bool(self._sql(f"SELECT 1 FROM pg_database WHERE datname = '{quoted}'"))

    def drop(self, name):
        """Drop a database that a ``./dev`` made, with its files."""
        if self._is_ours(name):
            self._sql(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
            (self.records / name).unlink(missing_ok=True)
        elif self.exists(name):
            raise Failure(f"There is a database {name} that ./dev did not make")
        shutil.rmtree(odoo_server.filestore(name), ignore_errors=True)

    def drop_leftovers(self):
        """Drop databases of runs that were killed before they could."""
        for record in self.records.iterdir():
            process = record.read_text().strip()
            if process and not os.path.exists(f"/proc/{process}"):
                self.drop(record.name)

    def _is_ours(self, name):
        return self.private or (self.records / name).exists()

    def _template_name(self, kind):
        """On a private server the template stays; elsewhere it goes with the run."""
        if self.private:
            return f"template_{kind}_{self._template_key(kind)}"
        return f"{PREFIX}_template_{kind}_{os.getpid()}"

    def _template_key(self, kind):
        modules, _demo = KINDS[kind]
        return artifact.fingerprint(
            self.odoo.home.key, self.odoo.python.parents[1].name, modules
        )

    def _template(self, kind):
        """The name of the template, made if there is none."""
        modules, demo = KINDS[kind]
        parent = GROWN_FROM.get(kind)
        if parent:
            modules = modules.removeprefix(f"{KINDS[parent][0]},")
        name = self._template_name(kind)
        stamp = places.DEV / f".{name}"
        with artifact.locked(places.DEV / f".template-{kind}.lock"):
            if self.exists(name) and (stamp.exists() or not self.private):
                return name
            if parent:
                self.copy(self._template(parent), name)
            else:
                self.copy("template0", name, "ENCODING 'UTF8'")
            with console.step(f"Installing Odoo's own modules ({modules})"):
                arguments = ["-i", modules, "--stop-after-init"]
                arguments += ["--with-demo"] if demo else []
                self.odoo.run(name, arguments, log=f"{name}.log")
            script = _build(kind)
            if self.private and script:
                with console.step("Building the web client's files"):
                    self.odoo.run(name, [], log=f"{name}-files.log", script=script)
            stamp.write_text("")
        return name

    def _record(self, name):
        """Note that the database is ours, and which process will drop it."""
        keep = name.startswith("template_") or not name.endswith(str(os.getpid()))
        if not (keep and self.private):
            (self.records / name).write_text("" if keep else str(os.getpid()))

    def set_parameter(self, database, key, value):
        """Set a system parameter while no Odoo runs on the database."""
        key, value = key.replace("'", "''"), value.replace("'", "''")
        self._sql(
            f"INSERT INTO ir_config_parameter (key, value) VALUES ('{key}', '{value}') "
            "ON CONFLICT (key) DO UPDATE SET value = EXCLUDED.value",
            database=database,
        )

    def replicate_at_once(self, database):
        """Have commits reach the disk before they return: a replica soon follows."""
        self._sql(f'ALTER DATABASE "{database}" SET synchronous_commit = on')

    def execute(self, database, *statements):
        """Run statements on a database, each for itself; returns the last's rows."""
        return self._sql(*statements, database=database)

    def _sql(self, *statements, database=None):
        """Run statements, by default on the maintenance database; returns rows."""
        maintenance = database or self.odoo.pg.get("PGDATABASE") or "postgres"
        return rows(self.odoo, maintenance, *statements)


def _build(kind):
    """Return the script that builds files in the template of a kind, if any."""
    names = BUNDLES.get(kind)
    if names is None:
        return _BUILD_ALL
    return _BUILD.format(names=names) if names else ""


def rows(odoo, database, *statements, pg=None):
    """Run statements on a database, each for itself; returns the last one's rows.

    ``pg`` are the PG* variables of another server than the primary.
    """
    try:
        with contextlib.closing(connect(pg or odoo.pg, database)) as connection:
            cursor = connection.cursor()
            for statement in statements:
                cursor.execute(statement)
            return cursor.fetchall() if cursor.description else []
    except psycopg2.Error as error:
        raise Failure(f"PostgreSQL said no: {error}") from None


def connect(pg, database):
    """A connection without transactions, by PG* variables."""
    names = {"PGHOST": "host", "PGPORT": "port", "PGUSER": "user"}
    names["PGPASSWORD"] = "password"
    given = {names[name]: value for name, value in pg.items() if name in names}
    connection = psycopg2.connect(dbname=database, **given)
    connection.autocommit = True
    return connection

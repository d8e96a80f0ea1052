"""A database's life: upgraded, uninstalled and installed, copied, restored."""

import contextlib
import pathlib

import server
import world
from server import sql
from world import (
    Case,
    Site,
    at,
    databases,
    odoo,
    set_parameters,
    sign_in_administrator,
)

import odoo_log
import places
import ports

ADDONS = ",".join(places.our_modules())

# Odoo's own functions, as its database manager calls them.
MANAGER = """
from odoo.service import db
from odoo.tools import config
config['list_db'] = True
"""

# What an uninstalled module must not leave; the rest of Odoo changes none of these.
LEFTOVERS = {
    "tables and columns": """
        SELECT table_name || '.' || column_name FROM information_schema.columns
         WHERE table_schema = 'public'""",
    "sequences": "SELECT sequencename FROM pg_sequences",
    "indexes": "SELECT indexname FROM pg_indexes WHERE schemaname = 'public'",
    "parameters": "SELECT key FROM ir_config_parameter",
    "jobs": "SELECT cron_name FROM ir_cron",
    "actions": "SELECT name::text FROM ir_actions",
    "menus": "SELECT name::text FROM ir_ui_menu",
    "models": "SELECT model FROM ir_model",
    "fields": "SELECT model || '.' || name FROM ir_model_fields",
    "groups": "SELECT name::text FROM res_groups",
    "privileges": "SELECT name::text FROM res_groups_privilege",
    "categories": "SELECT name::text FROM ir_module_category",
    "views": "SELECT name FROM ir_ui_view",
    "rules": "SELECT name FROM ir_rule",
    "access rights": "SELECT name FROM ir_model_access",
    "external ids": "SELECT module || '.' || name FROM ir_model_data",
    "attachments": "SELECT name FROM ir_attachment WHERE url IS NULL",
}

# What an older version may not have had.
NEWER = """
    ALTER TABLE oauth2_client_user DROP refresh_began_at;
    ALTER TABLE oauth2_event DROP actor_id, DROP actor_login, DROP changes;
"""


class Life(Case):
    """Each case has a database of its own, on which a server runs now and then."""

    database = "life"

    def setUp(self):
        super().setUp()
        self.copies = []
        databases().copy("fresh", self.database)
        self.addCleanup(self.drop)

    def drop(self):
        for name in [self.database, *self.copies]:
            databases().drop(name)

    @contextlib.contextmanager
    def serving(self, database=None, complaints=()):
        """A server on the database, which `Site` and `sql` talk to meanwhile.

        Its log is clean, but for complaints with one of these texts.
        """
        log = "faults-life.log"
        database = database or self.database
        port = ports.free()
        url = f"http://localhost:{port}"
        set_parameters(database, url)
        arguments = ["--workers=2", "--max-cron-threads=0"]
        with odoo().serving(database, port, *arguments, log=log), at(url, database):
            self.administrator = sign_in_administrator()
            yield
        self.assertClean(log, complaints)

    def assertClean(self, log, expected=()):
        found = [str(entry) for entry in odoo_log.complaints(places.LOGS / log)]
        found = [text for text in found if not any(part in text for part in expected)]
        self.assertEqual(found, [])

    def run_odoo(self, *arguments, database=None, script="", complaints=()):
        """Run Odoo until it ends by itself; its log must be clean, but for these."""
        arguments = [*arguments, "--stop-after-init"] if arguments else []
        odoo().run(database or self.database, arguments, log="life.log", script=script)
        self.assertClean("life.log", complaints)

    def sign_in(self):
        """Make a site and a grant on it, and a second one that waits for its end."""
        self.site = Site(self.administrator).use(self.provider, scope="email profile")
        _first, self.identity = self.site.authorize()
        self.provider.close("revocation")
        _second, ended = self.site.authorize()
        self.site.revoke(ended)
        self.provider.behave()
        self.provider.calls.clear()

    def secrets_of(self, *, but=()):
        """Return how many of a provider's secrets a database holds, by column."""
        return {
            f"{table}.{column}": sql(f"SELECT count({column}) FROM {table}")[0][0]
            for table, column in (
                ("oauth2_token", "digest"),
                ("oauth2_token", "value"),
                ("oauth2_revocation", "value"),
                ("oauth2_authorization_request", "code_verifier"),
                ("oauth2_authorization_request", "result"),
                ("oauth2_client", "client_secret_encrypted"),
                ("oauth2_client_user", "cached_token_response"),
            )
            if table not in but
        }

    def leave_secrets(self):
        """Have each column with secrets hold one, as a copy may find it."""
        self.refreshed(self.identity)
        self.site.ask()
        self.site.authorize()
        self.provider.grants.pop()  # no caller asks for it again
        newest = "WHERE id = (SELECT max(id) FROM"
        for table, column in (("oauth2_authorization_request", "result"),):
            query = f"UPDATE {table} SET {column} = %s {newest} {table})"
            sql(query, world.encrypted("a secret"))
        held = self.secrets_of()
        self.assertTrue(all(held.values()), held)


class Upgrade(Life):
    def test_upgrade(self):
        """upgraded over existing data: grants, tokens and revocations go on"""
        with self.serving():
            self.sign_in()
            self.refreshed(self.identity)
        self.run_odoo("-u", ADDONS)
        with self.serving():
            self.refreshed(self.identity)
            self.assertExplained("grant", "revocation under way")
            self.tell_provider()
            self.assertExplained("grant")


class Uninstall(Life):
    def leftovers(self, database):
        with at(server.URL, database):
            return {
                name: {row[0] for row in sql(query)}
                for name, query in LEFTOVERS.items()
            }

    def test_uninstall_and_reinstall(self):
        """uninstalled: nothing is left, Odoo works; installed again: all works"""
        with self.serving():
            self.sign_in()
        self.run_odoo(
            script="env['ir.module.module'].search([('name', '=',"
            f" '{places.ADDON}')]).button_immediate_uninstall()\n"
        )
        before = self.leftovers("bare")
        after = self.leftovers(self.database)
        for name, left in after.items():
            self.assertEqual(left - before[name], set(), f"left behind: {name}")
            self.assertEqual(before[name] - left, set(), f"taken along: {name}")
        port = ports.free()
        url = f"http://localhost:{port}"
        with (
            odoo().serving(self.database, port, log="faults-life.log"),
            at(url, self.database),
        ):
            users = sign_in_administrator().call("res.users", "search_count", [])
            self.assertGreater(users, 0)
        self.assertClean("faults-life.log")
        self.run_odoo("-i", ADDONS)
        with self.serving():
            self.sign_in()
            self.refreshed(self.identity)


class Copies(Life):
    """The server has a configured key: a copy could read every secret."""

    def setUp(self):
        super().setUp()
        self.copies.append("life_copy")
        with self.serving():
            self.sign_in()
            self.leave_secrets()

    def assertLetGo(self):
        """The copy does not speak to the provider, and says why."""
        self.provider.requests.clear()
        with self.serving("life_copy"):
            self.tell_provider()
            self.run_job("ir_cron_clean_up")
            answer = self.site.refresh(self.identity)
            self.assertEqual(answer.status_code, 400, answer.text)
            self.assertEqual(answer.json()["error"], "invalid_grant")
            for token in self.provider.issued:
                self.assertEqual(self.site.partners(token).status_code, 401)
            held = self.secrets_of(but=["oauth2_client"])
            self.assertEqual(set(held.values()), {0}, held)
            reasons = sql("SELECT reason FROM oauth2_event")
            self.assertIn("This database is a copy", str(reasons))
        self.assertEqual(self.provider.requests, [])

    def assertNeutralised(self):
        self.provider.requests.clear()
        with self.serving("life_copy"):
            self.tell_provider()
            self.run_job("ir_cron_clean_up")
            self.assertEqual(self.site.refresh(self.identity).status_code, 401)
            held = self.secrets_of()
            self.assertEqual(set(held.values()), {0}, held)
        self.assertEqual(self.provider.requests, [])

    def assertOriginalGoesOn(self):
        with self.serving():
            self.refreshed(self.identity)
            self.tell_provider()
            self.assertExplained("grant")

    def manage(self, call, complaints=()):
        """Call a function of Odoo's database manager, from another database."""
        script = f"{MANAGER}{call}\n"
        self.run_odoo(database="fresh", script=script, complaints=complaints)

    def dump(self):
        dump = pathlib.Path(places.DEV) / "faults.dump"
        self.addCleanup(dump.unlink, missing_ok=True)
        self.manage(f"db.dump_db('life', open('{dump}', 'wb'), 'zip')")
        return dump

    def test_duplicate(self):
        """duplicated: the copy lets go of the grants, the original keeps them"""
        self.manage("db.exp_duplicate_database('life', 'life_copy')")
        self.assertLetGo()
        self.assertOriginalGoesOn()
        with self.serving("life_copy"):
            _first, identity = self.site.authorize()
            self.assertEqual(self.site.refresh(identity).status_code, 200)

    def test_duplicate_neutralised(self):
        """duplicated and neutralised: no secret, not a word to the provider"""
        self.manage("db.exp_duplicate_database('life', 'life_copy', True)")
        self.assertNeutralised()
        self.assertOriginalGoesOn()

    def test_restored_as_copy(self):
        """dumped and restored as a copy: it lets go of the grants"""
        self.manage(f"db.restore_db('life_copy', '{self.dump()}', copy=True)")
        self.assertLetGo()
        self.assertOriginalGoesOn()

    def test_older_version_restored_as_copy(self):
        """an older version's dump restored as a copy: it lets go of the grants"""
        with at(server.URL, "life"):
            sql(NEWER)
        restore = f"db.restore_db('life_copy', '{self.dump()}', copy=True)"
        self.manage(restore, complaints=["odoo.schema: Missing"])
        with at(server.URL, "life_copy"):
            self.assertEqual(sql("SELECT 1 FROM oauth2_token"), [])
        self.run_odoo("-u", ADDONS, database="life_copy")
        self.assertLetGo()

    def test_older_version_duplicated_neutralised(self):
        """an older version's database duplicated and neutralised: no secret"""
        with at(server.URL, "life"):
            sql(NEWER)
        duplicate = "db.exp_duplicate_database('life', 'life_copy', True)"
        self.manage(duplicate, complaints=["odoo.schema: Missing"])
        self.run_odoo("-u", ADDONS, database="life_copy")
        self.assertNeutralised()

    def test_restored_as_moved(self):
        """dumped and restored as moved: it goes on where the original stopped"""
        self.manage(f"db.restore_db('life_copy', '{self.dump()}')")
        with self.serving("life_copy"):
            self.refreshed(self.identity)
            self.tell_provider()
            self.assertExplained("grant")

    def test_neutralised_by_command(self):
        """a raw copy, neutralised by Odoo's command: no secret, not a word"""
        databases().copy("life", "life_copy")
        odoo().run("life_copy", [], log="life.log", subcommand=["neutralize"])
        self.assertNeutralised()
        self.assertOriginalGoesOn()

    def test_restored_without_the_key(self):
        """restored where the key is missing: refused, and nothing is lost"""
        self.manage(f"db.restore_db('life_copy', '{self.dump()}')")
        machine = odoo()
        key = machine.extra_env["API_AUTH_OAUTH2_KEYS"]
        machine.extra_env["API_AUTH_OAUTH2_KEYS"] = ""
        try:
            with at(server.URL, "life_copy"):
                held = self.secrets_of()
            with self.serving("life_copy", complaints=("The key with fingerprint",)):
                answer = self.site.refresh(self.identity)
                self.assertEqual(answer.status_code, 503, answer.text)
                self.assertEqual(self.secrets_of(), held)
        finally:
            machine.extra_env["API_AUTH_OAUTH2_KEYS"] = key
        with self.serving("life_copy"):
            self.refreshed(self.identity)

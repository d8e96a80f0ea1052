"""The dump of an older version is restored where a newer version runs.

Odoo makes it a copy, or neutralises it, before the addon is upgraded: tables and
columns of the newer version are not there yet.
"""

from odoo.modules.neutralize import get_neutralization_queries
from odoo.tests import tagged

from .test_secrets import SecretsCase

#: What a version may have added: (table, column), or all of a table.
NEWER = (
    ("oauth2_revocation", "client_secret_encrypted"),
    ("oauth2_client_user", "refresh_began_at"),
    ("oauth2_event", "actor_id"),
    ("oauth2_event", "actor_login"),
    ("oauth2_event", "record_model"),
    ("oauth2_event", "changes"),
    ("oauth2_authorization_request", "exchange_began_at"),
)


@tagged("post_install", "-at_install")
class TestOlderSchema(SecretsCase):
    def setUp(self):
        super().setUp()
        self.whole_life()
        self.env.flush_all()
        self.provider.requests.clear()

    def drop(self, *places):
        for table, column in places:
            self.env.cr.execute(
                f"ALTER TABLE {table} DROP COLUMN {column}"
                if column
                else f"DROP TABLE {table}"
            )

    def make_copy(self):
        """What Odoo does to a database that was duplicated or restored as a copy."""
        self.env["ir.config_parameter"].init(force=True)

    def neutralise(self):
        for query in get_neutralization_queries(["api_auth_oauth2"]):
            self.env.cr.execute(query)

    def query(self, query):
        self.env.cr.execute(query)
        return self.env.cr.fetchall()

    def assertLetGo(self, missing):
        columns = {"cached_token_response"} - {c for _t, c in missing}
        for column in columns:
            [[count]] = self.query(f"SELECT count({column}) FROM oauth2_client_user")
            self.assertEqual(count, 0, column)
        states = self.query("SELECT DISTINCT state FROM oauth2_client_user")
        self.assertEqual(states, [("expired",)])
        for table in (
            "oauth2_token",
            "oauth2_revocation",
            "oauth2_authorization_request",
        ):
            if (table, None) not in missing:
                self.assertEqual(self.rows(table), "", table)

    def test_a_copy_lets_go(self):
        self.drop(*NEWER)
        self.make_copy()
        self.assertLetGo(missing=NEWER)
        [[kind, reason]] = self.query(
            "SELECT kind, reason FROM oauth2_event ORDER BY id DESC LIMIT 1"
        )
        self.assertEqual(kind, "revoke")
        self.assertIn("this database is a copy", reason)

    def test_one_column_less_keeps_no_secret_of_another(self):
        self.env.cr.execute(
            "UPDATE oauth2_client_user SET cached_token_response = 'secret'"
        )
        missing = [("oauth2_client_user", "refresh_began_at")]
        self.drop(*missing)
        self.make_copy()
        self.assertLetGo(missing=missing)

    def test_a_copy_without_tables_that_came_later(self):
        missing = [("oauth2_revocation", None), ("oauth2_event", None)]
        self.drop(*missing)
        self.make_copy()
        self.assertLetGo(missing=missing)

    def test_a_neutralised_copy_has_no_secret(self):
        self.drop(*NEWER)
        self.neutralise()
        self.assertLetGo(missing=NEWER)
        [[count]] = self.query(
            "SELECT count(client_secret_encrypted) FROM oauth2_client"
        )
        self.assertEqual(count, 0)
        active = self.query("SELECT DISTINCT active FROM oauth2_provider")
        self.assertEqual(active, [(False,)])
        kept = "SELECT 1 FROM ir_config_parameter WHERE key LIKE 'api_auth_oauth2.%'"
        self.assertEqual(self.query(kept), [])

    def test_a_neutralised_copy_of_19_0_1_0_0_keeps_no_answer(self):
        """Its columns have other names."""
        for statement in (
            "ALTER TABLE oauth2_client_user"
            " RENAME cached_token_response TO last_answer",
            "ALTER TABLE oauth2_client_user ADD received_answer varchar",
            "UPDATE oauth2_client_user SET last_answer = 'a', received_answer = 'b'",
        ):
            self.env.cr.execute(statement)
        self.neutralise()
        answers = "SELECT count(last_answer), count(received_answer)"
        self.assertEqual(self.query(f"{answers} FROM oauth2_client_user"), [(0, 0)])

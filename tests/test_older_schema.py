"""The dump of an older version is restored where a newer version runs.

Odoo makes it a copy, or neutralises it, before the addon is upgraded: tables and
columns of the newer version are not there yet.
"""

from odoo.tests import tagged

from .test_secrets import SecretsCase

#: What a version may have added: (table, column), or all of a table.
NEWER = (
    # First: calls are written meanwhile, by a transaction that takes it first, too.
    ("oauth2_call_count", None),
    ("oauth2_api", "company_id"),
    ("oauth2_client", "company_id"),
    ("oauth2_revocation", "client_secret_encrypted"),
    ("oauth2_client", "private_key_encrypted"),
    ("oauth2_client", "secret_digest"),
    ("oauth2_client", "former_secret_digest"),
    ("oauth2_client", "former_secret_encrypted"),
    ("oauth2_client_user", "refresh_began_at"),
    ("oauth2_client_user", "agreement"),
    ("oauth2_client_user", "browser"),
    ("oauth2_event", "actor_id"),
    ("oauth2_event", "actor_login"),
    ("oauth2_event", "record_model"),
    ("oauth2_event", "changes"),
    ("oauth2_event", "is_unproven"),
    ("oauth2_authorization_request", "exchange_began_at"),
)


@tagged("post_install", "-at_install")
class TestOlderSchema(SecretsCase):
    def setUp(self):
        super().setUp()
        self.whole_life()

    def drop(self, *places):
        for table, column in places:
            self.env.cr.execute(
                f"ALTER TABLE {table} DROP COLUMN {column}"
                if column
                else f"DROP TABLE {table}"
            )

    def test_a_copy_of_an_older_version_lets_go(self):
        self.drop(*NEWER)
        self.make_copy()
        self.assertLetGo(missing=NEWER)
        [[kind, reason]] = self.query(
            "SELECT kind, reason FROM oauth2_event ORDER BY id DESC LIMIT 1"
        )
        self.assertEqual(kind, "revoke")
        self.assertIn("This database is a copy", reason)

    def test_a_copy_that_lacks_something_of_a_newer_version_lets_the_rest_go(self):
        answers = "UPDATE oauth2_client_user SET cached_token_response = 'secret'"
        self.env.cr.execute(answers)
        for missing in (
            [("oauth2_client_user", "refresh_began_at")],
            [("oauth2_revocation", None), ("oauth2_event", None)],
        ):
            with self.row(str(missing)):
                self.drop(*missing)
                self.make_copy()
                self.assertLetGo(missing=missing)

    def test_a_neutralised_copy_of_an_older_version_has_no_secret(self):
        self.drop(*NEWER)
        self.neutralize()
        self.assertLetGo(missing=NEWER)
        self.assertNeutral(missing=NEWER)

    def test_a_neutralised_copy_of_19_0_1_0_0_keeps_no_answer_in_its_columns(self):
        for statement in (
            "ALTER TABLE oauth2_client_user"
            " RENAME cached_token_response TO last_answer",
            "ALTER TABLE oauth2_client_user ADD received_answer varchar",
            "UPDATE oauth2_client_user SET last_answer = 'a', received_answer = 'b'",
        ):
            self.env.cr.execute(statement)
        self.neutralize()
        answers = "SELECT count(last_answer), count(received_answer)"
        self.assertEqual(self.query(f"{answers} FROM oauth2_client_user"), [(0, 0)])

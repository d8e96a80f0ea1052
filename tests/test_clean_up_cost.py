"""What a batch of the scheduled job costs, however much was removed before it.

PostgreSQL leaves removed rows where they are until it vacuums them. A batch that passes
by them once more makes the whole quadratic: a million rows then take hours.
"""

import re

from odoo.tests import TransactionCase, tagged
from odoo.tools import SQL

from .common import OAuth2Records

BATCH = 10
BATCHES = 30
#: Many more, as in a big table: PostgreSQL reads the whole of a small one.
ROWS = 5000


@tagged("post_install", "-at_install")
class TestCleanUpCost(OAuth2Records, TransactionCase):
    """In pages and index entries that PostgreSQL looks at, as it counts them itself."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        access = cls.make_access()
        cls.api, cls.grant, cls.user = access.api, access.grant, access.user
        cls.env["oauth2.authorization.request"].search([]).unlink()
        cls.env.flush_all()

    def fill(self, query, **values):
        """Make rows, of which PostgreSQL knows: what it was told of the table last may
        be of a time when it was empty.
        """
        values = {"grant": self.grant.id, "rows": ROWS, **values}
        self.env.cr.execute(SQL(query, **values))
        [table] = re.findall(r"INSERT INTO (\w+)", query)
        self.env.cr.execute(SQL("ANALYZE %s", SQL.identifier(table)))
        self.env.invalidate_all()

    def make_tokens(self, moment, replaced):
        """Tokens of the grant, all of one moment."""
        self.fill(
            """
            INSERT INTO oauth2_token
                   (client_user_id, kind, digest, expires_at, superseded_at)
            SELECT %(grant)s, 'access', 'digest-' || n, %(moment)s, %(replaced)s
              FROM generate_series(1, %(rows)s) n
            """,
            moment=moment,
            replaced=replaced,
        )

    def make_grants(self, ends_at):
        """Grants of the same client, each of an account of its own."""
        self.fill(
            """
            INSERT INTO oauth2_client_user (api_id, client_id, user_id, issuer, subject,
                   identity_digest, state, authorized_at, expires_at, last_answer,
                   last_refresh_at)
            SELECT api_id, client_id, user_id, issuer, 'subject-' || n, 'digest-' || n,
                   'active', authorized_at, %(ends_at)s, 'answer', '2020-01-01'
              FROM oauth2_client_user, generate_series(1, %(rows)s) n
             WHERE id = %(grant)s
            """,
            ends_at=ends_at,
        )

    def looked_at(self, *tables):
        """:return: pages and index entries of these tables in this transaction"""
        self.env.cr.execute(
            SQL(
                """
                SELECT sum(pg_stat_get_xact_blocks_fetched(oid)
                           + pg_stat_get_xact_tuples_returned(oid)) FROM pg_class
                 WHERE relname IN %(tables)s
                    OR oid IN (SELECT indexrelid FROM pg_index JOIN pg_class of
                                 ON of.oid = indrelid WHERE of.relname IN %(tables)s)
                """,
                tables=tables,
            )
        )
        return self.env.cr.fetchone()[0]

    def assertLinear(self, chore, *tables):
        """It takes everything, and the last batches cost what the first ones do."""
        costs, place, whole = [], None, 0
        for _number in range(BATCHES):
            before = self.looked_at(*tables)
            done, place = chore(BATCH, place)
            self.env.flush_all()
            costs.append(self.looked_at(*tables) - before)
            whole += done
        self.assertEqual(whole, BATCH * BATCHES)
        while place is not None:
            done, place = chore(ROWS // 10, place)
            whole += done
        self.assertEqual(whole, ROWS)
        # Passing by what was removed, or by what is left, would be a batch more, or
        # less, for each batch.
        # The first ones meet what other tests have left behind.
        first, last = sum(costs[10:13]), sum(costs[-4:-1])
        self.assertLess(abs(last - first), 8 * BATCH, costs)
        # A row takes a few steps in each of some ten indexes, and none through a table.
        self.assertLess(max(costs[10:]), 100 * BATCH, costs)

    def test_of_replaced_tokens(self):
        self.make_tokens("2020-01-01", "2020-01-01")
        self.assertLinear(self.env["oauth2.token"]._forget_replaced, "oauth2_token")

    def test_of_expired_tokens(self):
        self.make_tokens("2020-01-01", None)
        self.assertLinear(self.env["oauth2.token"]._forget_expired, "oauth2_token")

    def test_of_grants_that_end(self):
        self.make_grants("2020-01-01")
        self.assertLinear(
            self.env["oauth2.client.user"]._end_lapsed,
            "oauth2_client_user",
            "oauth2_token",
        )

    def test_of_grants_that_lapse_from_disuse(self):
        self.make_grants("2999-01-01")
        self.assertLinear(
            self.env["oauth2.client.user"]._end_lapsed,
            "oauth2_client_user",
            "oauth2_token",
        )

    def test_of_answers(self):
        self.make_grants("2999-01-01")
        self.assertLinear(
            self.env["oauth2.client.user"]._clean_up, "oauth2_client_user"
        )

    def test_of_events(self):
        self.fill(
            """
            INSERT INTO oauth2_event (create_date, kind)
            SELECT timestamp '2020-01-01' + n * interval '1 second', 'refresh'
              FROM generate_series(1, %(rows)s + %(grant)s * 0) n
            """
        )
        self.assertLinear(self.env["oauth2.event"]._clean_up, "oauth2_event")

    def test_of_sign_ins(self):
        self.fill(
            """
            INSERT INTO oauth2_authorization_request (api_id, client_id,
                   identity_digest, redirect_uri, expires_at)
            SELECT api_id, client_id, 'digest-' || n, 'https://odoo.example.com/',
                   timestamp '2020-01-01' + n * interval '1 second'
              FROM oauth2_client_user, generate_series(1, %(rows)s) n
             WHERE id = %(grant)s
            """
        )
        self.assertLinear(
            self.env["oauth2.authorization.request"]._clean_up,
            "oauth2_authorization_request",
        )

    def test_no_batch_waits_for_the_disk(self):
        self.env.cr.execute("SET LOCAL synchronous_commit = on")
        self.env["oauth2.token"]._forget_replaced(BATCH)
        self.env.cr.execute("SHOW synchronous_commit")
        self.assertEqual(self.env.cr.fetchone(), ("off",))


@tagged("post_install", "-at_install")
class TestTokensOfSeveralAPIs(OAuth2Records, TransactionCase):
    def test_each_is_kept_as_its_own_api_says(self):
        day = 24 * 3600
        short = self.make_access("short", refresh_token_lifetime=day)
        long = self.make_access(
            "long", user=short.user, refresh_token_lifetime=100 * day
        )
        self.env.cr.execute(
            "UPDATE oauth2_token SET expires_at = now() - interval '50 days'"
        )
        self.env.invalidate_all()
        self.env["oauth2.token"]._forget_expired(100)
        self.env.invalidate_all()
        self.assertFalse(short.grant.token_ids)
        self.assertTrue(long.grant.token_ids)

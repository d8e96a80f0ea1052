"""Two changes of the configuration at once cannot overlook each other."""

import contextlib

import psycopg2
from providers import QuickProvider
from psycopg2.extensions import ISOLATION_LEVEL_REPEATABLE_READ
from server import DB, ServerCase, in_background, sql, wait_until

SERVED = "SELECT 1 FROM oauth2_served_client WHERE api_id = %s AND client_id = %s"


class TestChangesAtOnce(ServerCase):
    def setUp(self):
        self.site = self.make_site().use(self.enterContext(QuickProvider()))
        self.other_api = self.make_site().api_id
        self.addCleanup(
            sql,
            "UPDATE oauth2_provider SET active = true WHERE id = %s",
            self.site.provider_id,
        )

    def archive_the_provider(self, cursor):
        cursor.execute(
            "UPDATE oauth2_provider SET active = false WHERE id = %s",
            [self.site.provider_id],
        )

    def give_the_client_to_another_api(self, cursor):
        cursor.execute(
            "INSERT INTO oauth2_api_client_rel (api_id, client_id) VALUES (%s, %s)",
            [self.other_api, self.site.client_id],
        )

    def test_the_one_with_the_older_snapshot_is_run_again(self):
        """As Odoo's transactions are: with one snapshot from their first query on."""
        with _transaction() as first, _transaction() as second:
            for cursor in (first, second):
                cursor.execute("SELECT 1 FROM oauth2_provider")
            self.archive_the_provider(first)
            waiting = in_background(lambda: self.give_the_client_to_another_api(second))
            wait_until(lambda: sql("SELECT 1 FROM pg_locks WHERE NOT granted"))
            first.connection.commit()
            with self.assertRaises(psycopg2.errors.SerializationFailure):
                waiting.result()
            second.connection.rollback()
            self.give_the_client_to_another_api(second)  # Odoo runs it again
            second.connection.commit()
        self.assertFalse(sql(SERVED, self.other_api, self.site.client_id))

    def test_an_administrator_s_sql_sees_what_it_waited_for(self):
        """PostgreSQL's own transactions have a new snapshot for each statement."""
        with _transaction() as first, _transaction(isolation=None) as second:
            self.archive_the_provider(first)
            waiting = in_background(lambda: self.give_the_client_to_another_api(second))
            wait_until(lambda: sql("SELECT 1 FROM pg_locks WHERE NOT granted"))
            first.connection.commit()
            waiting.result()
            second.connection.commit()
        self.assertFalse(sql(SERVED, self.other_api, self.site.client_id))


@contextlib.contextmanager
def _transaction(isolation=ISOLATION_LEVEL_REPEATABLE_READ):
    with contextlib.closing(psycopg2.connect(dbname=DB)) as connection:
        if isolation:
            connection.set_isolation_level(isolation)
        with connection.cursor() as cursor:
            yield cursor
        connection.rollback()

from contextlib import closing

from psycopg2.errors import DivisionByZero

from odoo.sql_db import db_connect
from odoo.tests import TransactionCase, tagged
from odoo.tools import SQL

from ..services.server.transactions import (
    begin_read_committed,
    commit_now,
    execute_alone,
)


@tagged("post_install", "-at_install", "api_auth_oauth2")
class TestReadCommitted(TransactionCase):
    """Transactions that see what others commit, on a cursor of their own."""

    def setUp(self):
        super().setUp()
        cursor = db_connect(self.env.cr.dbname).cursor()
        self.own = self.env(cr=self.enterContext(closing(cursor)))

    def isolation(self):
        self.own.cr.execute("SHOW transaction_isolation")
        [(level,)] = self.own.cr.fetchall()
        return level

    def test_it_is_one_transaction_and_the_next_is_odoos_again(self):
        for end in (lambda: commit_now(self.own), self.own.cr.rollback):
            self.assertEqual(self.isolation(), "repeatable read")
            begin_read_committed(self.own)
            self.assertEqual(self.isolation(), "read committed")
            end()
            self.assertEqual(self.isolation(), "repeatable read")

    def test_it_may_follow_another_one_or_end_before_its_first_statement(self):
        for _time in range(2):
            begin_read_committed(self.own)
            begin_read_committed(self.own)
            self.assertEqual(self.isolation(), "read committed")
        begin_read_committed(self.own)
        self.own.cr.rollback()
        self.assertEqual(self.isolation(), "repeatable read")

    def test_it_takes_no_statement_to_begin(self):
        before = self.own.cr.sql_log_count
        begin_read_committed(self.own)
        self.assertEqual(self.own.cr.sql_log_count, before)

    def test_a_statement_alone_is_committed_and_the_next_transaction_is_odoos(self):
        key = "api_auth_oauth2.alone"
        self.addCleanup(self.forget, key)
        execute_alone(
            self.own,
            SQL(
                "INSERT INTO ir_config_parameter (key, value) VALUES"
                " (%s, current_setting('transaction_isolation')) RETURNING value",
                key,
            ),
        )
        self.assertEqual(self.own.cr.fetchall(), [("read committed",)])
        self.own.cr.rollback()
        self.assertEqual(self.isolation(), "repeatable read")
        self.own.cr.execute("SHOW transaction_read_only")
        self.assertEqual(self.own.cr.fetchall(), [("off",)])
        self.own.cr.execute(
            SQL("SELECT key FROM ir_config_parameter WHERE key = %s", key)
        )
        self.assertEqual(self.own.cr.fetchall(), [(key,)])

    def forget(self, key):
        execute_alone(
            self.own, SQL("DELETE FROM ir_config_parameter WHERE key = %s", key)
        )

    def test_a_statement_alone_that_fails_leaves_the_cursor_as_it_was(self):
        with self.assertRaises(DivisionByZero):
            execute_alone(self.own, SQL("SELECT 1 / 0"))
        self.assertEqual(self.isolation(), "repeatable read")

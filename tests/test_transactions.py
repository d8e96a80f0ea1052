from contextlib import closing

from odoo.sql_db import db_connect
from odoo.tests import TransactionCase, tagged

from ..services.transactions import begin_read_committed, commit_now


@tagged("post_install", "-at_install", "api_auth_oauth2")
class TestReadCommitted(TransactionCase):
    """A transaction that sees what others commit, on a cursor of its own."""

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

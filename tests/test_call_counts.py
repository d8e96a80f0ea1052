"""What was counted reaches the table once, whatever happens before it is written."""

import logging
import os
import threading
import time
from unittest.mock import patch

from odoo import SUPERUSER_ID, api
from odoo.modules.registry import Registry
from odoo.tests import BaseCase, get_db_name, tagged
from odoo.tools import config

from ..protocol.scope import TokenContext
from ..services.calls import call_counts
from ..services.calls.call_counts import GOOD, CallCounts
from .common import OAuth2Records

NO_SUCH_DATABASE = "oauth2_of_nobody"
NO_SUCH_CLIENT = 2_000_000_000
#: Where no PostgreSQL listens.
UNREACHABLE = {"db_host": "127.0.0.1", "db_port": 9}


@tagged("post_install", "-at_install", "api_auth_oauth2")
class TestCallCounts(OAuth2Records, BaseCase):
    """The cursors are real ones here: counts are written outside of any test."""

    def setUp(self):
        super().setUp()
        self.database = get_db_name()
        self.counts = CallCounts()
        self.addCleanup(self.execute, "DELETE FROM oauth2_event")
        self.addCleanup(self.execute, "DELETE FROM oauth2_api WHERE name = 'Counted'")
        with Registry(self.database).cursor() as cr:
            type(self).env = api.Environment(cr, SUPERUSER_ID, {})
            self.api_id = self.make_api("counted", ()).id

    def execute(self, statement):
        with Registry(self.database).cursor() as cr:
            cr.execute(statement)
            return cr.fetchall() if cr.description else None

    def count(self, calls=1, database=None, endpoint="counted", token=None):
        for _call in range(calls):
            self.counts.count(database or self.database, token, endpoint, GOOD)

    def written(self):
        [(calls,)] = self.execute("SELECT sum(calls) FROM oauth2_call_count")
        return calls or 0

    def test_calls_that_cannot_be_written_are_written_once_when_they_can(self):
        self.count(3)
        with patch.dict(config.options, UNREACHABLE):
            self.counts.flush()
        self.count(2)
        self.counts.flush()
        self.counts.flush()
        self.assertEqual(self.written(), 5)

    def test_calls_that_could_not_be_written_for_a_day_are_given_up(self):
        """A server may say in any language that the database is gone."""
        with patch.dict(config.options, UNREACHABLE):
            self.count(3)
            self.counts.flush()
            with patch.object(time, "time", return_value=time.time() + 2 * 24 * 3600):
                self.count()
                self.counts.flush()
        self.counts.flush()
        self.assertEqual(self.written(), 1)

    def test_after_a_failure_calls_are_written_without_another_call(self):
        self.patch(call_counts, "EVERY", 0.01)
        with patch.dict(config.options, UNREACHABLE):
            self.count()
            self.counts.flush()
        for _try in range(1000):
            if self.written():
                return
        self.fail("nothing was written")

    def test_calls_of_a_database_that_is_gone_are_forgotten_and_keep_none_back(self):
        self.count(database=NO_SUCH_DATABASE)
        self.count()
        with self.assertLogs(call_counts.__name__, logging.INFO) as logged:
            self.counts.flush()
            self.counts.flush()
        self.assertEqual(len(logged.output), 1, "of the first alone")
        self.assertEqual(self.written(), 1)

    def test_calls_of_a_database_without_the_table_are_forgotten(self):
        table, aside = "oauth2_call_count", "oauth2_call_count_aside"
        self.execute(f"ALTER TABLE {table} RENAME TO {aside}")
        try:
            self.count()
            self.counts.flush()
        finally:
            self.execute(f"ALTER TABLE {aside} RENAME TO {table}")
        self.counts.flush()
        self.assertEqual(self.written(), 0)

    def test_calls_of_no_api_or_of_a_deleted_client_are_not_counted(self):
        self.count(endpoint="nowhere")
        deleted = TokenContext(
            self.api_id, NO_SUCH_CLIENT, 1, 1, False, frozenset(), None
        )
        self.count(token=deleted)
        self.counts.flush()
        self.assertEqual(self.written(), 0)

    def test_a_call_is_counted_where_no_thread_can_be_started(self):
        refused = RuntimeError("can't start new thread")
        with patch.object(threading.Thread, "start", side_effect=refused):
            self.count()
        self.counts.flush()
        self.assertEqual(self.written(), 1)

    def test_a_forked_process_does_not_write_what_its_parent_counted(self):
        self.counts = call_counts.counts  # those that know of forks
        self.counts.flush()
        self.count()
        if child := os.fork():
            os.waitpid(child, 0)
        else:
            try:
                self.counts.flush()
            finally:
                os._exit(0)
        self.counts.flush()
        self.assertEqual(self.written(), 1)

"""Between the note of a refresh and its question, the grant's row is free."""

import contextlib
import unittest

from odoo import SUPERUSER_ID, api, fields
from odoo.tests import tagged

from ..protocol.errors import InvalidGrant, TemporarilyUnavailable
from ..services.transactions import commit_now
from .test_rerun import RealCursorsCase


@tagged("post_install", "-at_install")
class TestRefreshPromise(RealCursorsCase):
    """Nobody who comes in between takes the note for that of a killed process."""

    def setUp(self):
        super().setUp()
        self.names = self.authorize()
        self.begun = self.enterContext(self.somebody())

    @contextlib.contextmanager
    def somebody(self):
        """Yields the grant, as a process with a connection of its own sees it."""
        with self.registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {})
            yield env["oauth2.client.user"].search([])

    @contextlib.contextmanager
    def between(self):
        """While the block runs a refresh is noted, and the row is free."""
        self.begun._lock()
        with self.begun._promise():
            self.begun.refresh_began_at = fields.Datetime.now()
            commit_now(self.begun.env)
            yield

    def told(self):
        with self.registry.cursor() as cr:
            cr.execute("SELECT kind, reason FROM oauth2_event ORDER BY id DESC LIMIT 1")
            return cr.fetchone()

    def test_nobody_else_gets_the_grant_as_long_as_its_beginner_lives(self):
        with self.between(), self.somebody() as grant:
            self.assertFalse(grant._try_lock())
            self.assertTrue(self.begun._try_lock(promised=True))
        with self.somebody() as grant:
            self.assertFalse(grant._try_lock())  # it is the beginner's now
            self.begun.env.cr.rollback()
            self.assertTrue(grant._try_lock())

    def test_whoever_comes_after_one_that_was_killed_is_told(self):
        with self.between(), self.somebody() as grant:
            self.assertTrue(grant.refresh_began_at)
            self.assertIsNone(grant._lost_answer())
        with self.somebody() as grant:
            self.assertTrue(grant._try_lock())
            self.assertIn("was not recorded", grant._lost_answer())

    def test_a_beginner_whose_promise_is_lost_asks_to_come_again(self):
        """With its connection, which somebody has ended."""
        self.begun._lock()
        with (
            unittest.TestCase.assertRaises(self, TemporarilyUnavailable) as raised,
            self.begun._promise(),
            self.somebody() as grant,
        ):
            grant.env.cr.execute(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_locks"
                " WHERE locktype = 'advisory' AND database ="
                " (SELECT oid FROM pg_database WHERE datname = current_database())"
            )
            self.assertEqual(grant.env.cr.fetchall(), [(True,)])
        self.assertEqual(raised.exception.retry_after, 1)

    def test_a_deletion_in_between_tells_of_nothing_lost(self):
        with self.between():
            with self.somebody() as grant:
                grant.unlink()
            self.assertEqual(self.told(), ("revoke", None))
            # Odoo's own one would make a savepoint on a cursor that is closed.
            with unittest.TestCase.assertRaises(self, InvalidGrant):
                self.begun._lock(promised=True)

    def test_the_end_of_a_lapsed_grant_in_between_tells_of_nothing_lost(self):
        self.change("UPDATE oauth2_client_user SET expires_at = now() - interval '1 d'")
        with self.between():
            with self.somebody() as grant:
                self.assertEqual(grant._end_lapsed(limit=1)[0], 1)
            self.assertEqual(self.told(), ("end", "its authorization lifetime is over"))
            self.begun._lock(promised=True)
            self.assertFalse(self.begun._is_usable())

    def test_a_refresh_that_went_well_has_kept_no_promise(self):
        status, _body = self.request("POST", "/reruns/oauth2/token", self.names)
        self.assertEqual(status, 200)
        with self.somebody() as grant:
            self.assertTrue(grant._try_lock())
        self.assertEqual(self.told(), ("refresh", None))

"""The replica that the second server reads from, held back where a test needs it."""

import contextlib
import unittest

from server import REPLICA_PORT, ServerCase, catch_up, sql, wait_until


@unittest.skipUnless(
    REPLICA_PORT, "there is no replica: the PostgreSQL is not ./dev's own"
)
class ReplicaCase(ServerCase):
    """A test of the second server, which reads from the replica."""

    def setUp(self):
        super().setUp()
        self.addCleanup(resume)


def ask(query, *params, **where):
    """Run a query on the replica; return its rows."""
    return sql(query, *params, port=REPLICA_PORT, **where)


def pause():
    """Have the replica show nothing new from now on; what it has is complete."""
    catch_up()
    ask("SELECT pg_wal_replay_pause()")
    wait_until(lambda: ask("SELECT pg_get_wal_replay_pause_state()") == [("paused",)])


def resume():
    """Have the replica go on, and wait until it has caught up."""
    ask("SELECT pg_wal_replay_resume()")
    catch_up()


@contextlib.contextmanager
def behind():
    """Hold the replica back while the block runs."""
    pause()
    try:
        yield
    finally:
        resume()

"""The lock of a grant's row, for callers that refresh, revoke or renew it.

- One caller at a time has the row. The others wait for it in short tries, and find what
  it left.
- While a caller is about to ask the provider, as it has noted on the grant, no other
  takes the row.
"""

import time

import psycopg2.errors

from odoo.tools import SQL

from ...protocol.errors import InvalidGrant, TemporarilyUnavailable
from ..server.transactions import begin_read_committed, commit_now

_LOCK_WAIT = 8  # seconds a caller waits for another one
_LOCK_PAUSE = 0.05  # seconds between two tries
#: So long after its note a caller may be about to take the row back; then it is gone.
_NOTE_SECONDS = 2


class GrantLock:
    def __init__(self, env):
        self.env = env

    def lock(self, grant, *, is_marked=False):
        """Take the grant's row, with a fresh snapshot, so that others' work is seen.

        Under REPEATABLE READ a lock that was waited for does not show newer rows, so
        each try begins a transaction of its own.

        :param bool is_marked: whether the note on the grant is this caller's own
        :raises TemporarilyUnavailable: when another caller holds it for too long
        :raises InvalidGrant: when it is gone
        """
        deadline = time.monotonic() + _LOCK_WAIT
        # With the answer in hand a conflict must not let go of the row: then the store
        # waits for another one's changes, and does not fail for them.
        begin = begin_read_committed if is_marked else commit_now
        while True:
            begin(self.env)
            self.env.invalidate_all()
            if self.try_lock(grant, is_marked=is_marked):
                return
            if not grant.exists():
                raise InvalidGrant(reason="The grant was revoked meanwhile.")
            if time.monotonic() > deadline:
                raise TemporarilyUnavailable(
                    reason="Another call refreshes this grant, and takes too long.",
                    cause="busy",
                    retry_after=1,
                )
            # Behind a pooler of transactions others have the connection meanwhile.
            self.env.cr.rollback()
            time.sleep(_LOCK_PAUSE)

    def try_lock(self, grant, *, is_marked=False):
        """:return: whether the row is this caller's, and no other is about to ask"""
        try:
            self.env.cr.execute(
                SQL(
                    """
                    SELECT id FROM oauth2_client_user
                     WHERE id = %s
                       AND (%s OR refresh_began_at IS NULL OR refresh_began_at
                            < clock_timestamp() AT TIME ZONE 'UTC' - %s * interval '1s')
                       FOR UPDATE SKIP LOCKED
                    """,
                    grant.id,
                    is_marked,
                    _NOTE_SECONDS,
                ),
                log_exceptions=False,
            )
        except psycopg2.errors.SerializationFailure:
            # Another one committed between our snapshot and our lock: take a newer one.
            self.env.cr.rollback()
            return False
        return bool(self.env.cr.rowcount)

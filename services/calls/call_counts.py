"""How many calls of protected routes were answered, and how.

- A call is counted in the memory of its process, by day (UTC), API, client and outcome;
  a thread writes the counts every few seconds. No call waits for that.
- All processes add to one row. Each statement is a transaction of its own and takes its
  rows in one order: so those that write at once wait for each other, and none fails.
- What could not be written is kept, and written later, until the day after it was
  counted: a database that is gone may say so in any language. A process that stops
  writes what it has; one that is killed loses the calls since it wrote last.
- A caller without a valid token is none of the clients.
- What callers send is no part of what is kept: it is APIs, clients and outcomes.
"""

import atexit
import logging
import os
import threading
import time
from collections import Counter
from datetime import date, timedelta
from typing import NamedTuple

import psycopg2
from psycopg2.extensions import ISOLATION_LEVEL_READ_COMMITTED

from odoo.service.server import CommonServer
from odoo.sql_db import PoolError, db_connect
from odoo.tools import SQL

_logger = logging.getLogger(__name__)

EVERY = 5  # seconds
_DAY = 24 * 3600
_EPOCH = date(1970, 1, 1)

GOOD = "good"
#: The outcomes beside it are error codes, but for what an RFC has no code of its own.
MISSING_TOKEN, TOO_MANY_REQUESTS = "missing_token", "too_many_requests"
OUTCOMES = {
    GOOD,
    MISSING_TOKEN,
    "invalid_token",
    "insufficient_scope",
    "invalid_request",
    "access_denied",
    "not_found",
    TOO_MANY_REQUESTS,
    "temporarily_unavailable",
    "server_error",
}

_ADD = """
    INSERT INTO oauth2_call_count (day, api_id, client_id, outcome, calls)
    SELECT told.day, api.id, client.id, told.outcome, sum(told.calls)
      FROM (VALUES %s) told (day, api_id, endpoint, client_id, outcome, calls)
      JOIN oauth2_api api ON api.id = told.api_id OR api.endpoint = told.endpoint
      LEFT JOIN oauth2_client client ON client.id = told.client_id
     WHERE client.id IS NOT NULL OR told.client_id = 0
     GROUP BY told.day, api.id, client.id, told.outcome
     ORDER BY told.day, api.id, client.id, told.outcome
    ON CONFLICT (day, api_id, COALESCE(client_id, 0), outcome)
    DO UPDATE SET calls = oauth2_call_count.calls + excluded.calls
"""


class Call(NamedTuple):
    """What calls have in common that are counted together."""

    day: int  # since 1970
    api_id: int  # 0: the endpoint names it
    endpoint: str
    client_id: int  # 0: of no valid token
    outcome: str


class CallCounts:
    """The counts of this process, which are not written yet."""

    def __init__(self):
        self.forget()

    def forget(self):
        """Begin without any: also in a child process, whose parent has its own."""
        self._lock = threading.Lock()
        self._writing = threading.Lock()
        self._counted = {}  # {database: Counter of Call}
        self._timer = None

    def count(self, database, token, endpoint, outcome):
        """Count a call.

        :param token: its ``TokenContext``; ``None`` where none was valid
        :param str endpoint: of the called API, where no token tells it
        :param str outcome: one of :data:`OUTCOMES`
        """
        day = int(time.time()) // _DAY
        if token:
            call = Call(day, token.api_id, "", token.client_id, outcome)
        else:
            call = Call(day, 0, endpoint, 0, outcome)
        self._keep(database, {call: 1})

    def flush(self):
        """Write all counts; those that cannot be written are kept for later."""
        with self._writing:
            with self._lock:
                counted, self._counted, self._timer = self._counted, {}, None
            yesterday = int(time.time()) // _DAY - 1
            for database, calls in counted.items():
                if _add(database, calls):
                    continue
                late = {c: n for c, n in calls.items() if c.day >= yesterday}
                if late:
                    self._keep(database, late)

    def _keep(self, database, calls):
        with self._lock:
            self._counted.setdefault(database, Counter()).update(calls)
            if self._timer is None:
                timer = threading.Timer(EVERY, self.flush)
                timer.daemon = True
                try:
                    timer.start()
                except RuntimeError:  # no more threads: the next call tries again
                    return
                self._timer = timer


def _add(database, calls):
    """:param Counter calls: of ``Call``
    :return: whether they were added to the table, or never can be
    """
    values = [
        SQL(
            "(%s::date, %s::int, %s, %s::int, %s, %s)",
            _EPOCH + timedelta(days=call.day),
            call.api_id,
            call.endpoint,
            call.client_id,
            call.outcome,
            number,
        )
        for call, number in calls.items()
    ]
    try:
        # Not the registry's cursor: under Odoo's tests that is the test's own.
        with db_connect(database).cursor() as cr:
            # Under Odoo's REPEATABLE READ one of two that write a row at once fails.
            cr.connection.isolation_level = ISOLATION_LEVEL_READ_COMMITTED
            cr.execute(SQL(_ADD, SQL(", ").join(values)), log_exceptions=False)
    except (psycopg2.Error, PoolError) as error:
        _logger.info("Calls are not counted in the database: %s", error)
        # An earlier version's, or no database any more: no time brings the table.
        is_absent = isinstance(error, psycopg2.ProgrammingError)
        return is_absent or "does not exist" in str(error)
    return True


counts = CallCounts()
os.register_at_fork(after_in_child=counts.forget)
# A server that restarts replaces its process; a worker process ends, and tells no one.
CommonServer.on_stop(counts.flush)
atexit.register(counts.flush)

"""When something was last used: written down after the call, now and then."""

import logging

import psycopg2

from odoo.sql_db import PoolError

from ...protocol.rate_limit import FixedWindowCounter
from .request_context import remote_address

_logger = logging.getLogger(__name__)

_EVERY = 300  # seconds; a last use is known to within these
#: Never waits: where the row is held, another call or an administrator writes there.
_NOTE = """
    UPDATE {table} SET {column} = now() AT TIME ZONE 'UTC' {address}
     WHERE id = (SELECT id FROM {table} WHERE id = %(id)s AND {condition}
                    AND ({column} IS NULL OR {column}
                         < now() AT TIME ZONE 'UTC' - %(every)s * interval '1s')
                    FOR NO KEY UPDATE SKIP LOCKED)
"""


class LastUse:
    def __init__(
        self, table, column, *, capacity, condition="true", address_column=None
    ):
        """
        :param int capacity: how many records are remembered as noted, which spares the
            database most notes
        :param str condition: SQL, of a record that can be used
        :param str address_column: where the caller's address is noted besides, if any
        """
        address = f", {address_column} = %(address)s" if address_column else ""
        self._statement = _NOTE.format(
            table=table, column=column, condition=condition, address=address
        )
        self.column = column
        self.noted = FixedWindowCounter(capacity, _EVERY)

    def note(self, env, record_id):
        """Have the use of a record written down, once its call is committed."""
        registry = env.registry
        values = {"id": record_id, "every": _EVERY, "address": remote_address()}

        @env.cr.postcommit.add  # a refused call is rolled back: it is no use
        def note():
            if not self.noted.is_due((registry.db_name, record_id)):
                return
            # The call was answered well: whatever happens here must not undo that.
            try:
                with registry.cursor() as cr:
                    cr.execute(self._statement, values, log_exceptions=False)
            except (psycopg2.Error, PoolError) as error:
                _logger.info("%s was not noted: %s", self.column, error)


GRANT = LastUse(
    "oauth2_client_user",
    "last_used_at",
    capacity=10_000,
    address_column="last_used_from",
)
FORMER_SECRET = LastUse(
    "oauth2_client",
    "former_secret_used_at",
    capacity=1000,
    condition="former_secret_ends_at IS NOT NULL",
)

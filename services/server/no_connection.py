"""The database gives a call no connection, or takes it away in the middle."""

import logging

import psycopg2

from odoo.sql_db import PoolError

from ...protocol.errors import TemporarilyUnavailable

_logger = logging.getLogger(__name__)

#: SQLSTATE of PostgreSQL and of poolers before it: connection exceptions, none left,
#: shutdown. Where a connection breaks there is no number at all.
_SQLSTATES = ("08", "53", "57P")


def is_no_connection(error):
    """:return: whether an exception says so; nothing of its transaction was done"""
    if isinstance(error, psycopg2.OperationalError):
        return not error.pgcode or error.pgcode.startswith(_SQLSTATES)
    return isinstance(error, (psycopg2.InterfaceError, PoolError))


def refusal(error):
    """:return: what the caller is told (RFC 9110 section 15.6.4); the log has more"""
    _logger.warning("No connection to the database: %s", str(error).strip())
    return TemporarilyUnavailable(
        "The database cannot be reached right now; try again.",
        reason="There is no connection to the database.",
        retry_after=1,
    )

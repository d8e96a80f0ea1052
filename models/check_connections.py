"""Connections of the token check alone, kept open from call to call.

Odoo's pool has PostgreSQL forget all it knows of a connection whenever it is handed out
(``DISCARD ALL``): the plans of queries too, and planning the check takes fifty times as
long as running it. So each process keeps a connection on which it does nothing else. It
leads to the primary database: a replica lags, and would honour what was just revoked.
It commits each statement by itself, so each sees the latest.
"""

import os

import psycopg2

from odoo.modules import module
from odoo.sql_db import connection_info_for

# More are open at once in a server of threads, but not kept.
_MAX_KEPT = 8
_kept = {}  # {(process id, database): [connection]}; a fork must not use its parent's


def fetch_latest(cr, query, parameters):
    """Run a query that only reads, on what is committed at this moment.

    :param cr: the request's cursor
    :return: the first row, or ``None``
    :raises psycopg2.OperationalError: when the database cannot be reached
    """
    if module.current_test:
        # What a test has made is in its own transaction, seen by nobody else.
        cr.execute(query, parameters)
        return cr.fetchone()
    kept = _kept.setdefault((os.getpid(), cr.dbname), [])
    while True:
        try:
            connection = kept.pop()
        except IndexError:  # another thread may have taken the last one
            break
        try:
            return _fetch(connection, kept, query, parameters)
        except (psycopg2.OperationalError, psycopg2.InterfaceError):
            connection.close()  # ended by the server since; the next may be, too
    return _fetch(_connect(cr.dbname), kept, query, parameters)


def _connect(database):
    """:return: a new connection to the primary database"""
    _name, info = connection_info_for(database)
    connection = psycopg2.connect(**info)
    connection.autocommit = True
    return connection


def _fetch(connection, kept, query, parameters):
    """Run the query, and keep the connection."""
    with connection.cursor() as cursor:
        cursor.execute(query, parameters)
        row = cursor.fetchone()
    if len(kept) < _MAX_KEPT:
        kept.append(connection)
    else:
        connection.close()
    return row

"""Connections of the token check alone, kept open from call to call.

Odoo's pool has PostgreSQL forget all it knows of a connection whenever it is handed out
(``DISCARD ALL``): the plans of queries too, and planning the check takes fifty times as
long as running it. So each process keeps a connection on which it does nothing else. It
leads to the primary database: a replica lags, and would honour what was just revoked.
It commits each statement by itself, so each sees the latest.
"""

import os
import threading

import psycopg2

from odoo.modules import module
from odoo.sql_db import connection_info_for

# In each process, for all databases together. More are open at once in a server of
# threads, but not kept; of many databases, those keep one that were called last.
_MAX_KEPT = 16
_kept = []  # (database, cursor), the one that was used last at the end
_lock = threading.Lock()


def _forget():
    """A forked process must not use its parent's connections."""
    global _lock
    _kept.clear()  # psycopg2 leaves a connection of another process open
    _lock = threading.Lock()  # a thread of the parent may have held it


os.register_at_fork(after_in_child=_forget)


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
    database = cr.dbname
    while cursor := _take(database):
        try:
            return _fetch(database, cursor, query, parameters)
        except (psycopg2.OperationalError, psycopg2.InterfaceError):
            cursor.connection.close()  # ended by the server since; so may be the next
    return _fetch(database, _connect(database), query, parameters)


def _take(database):
    """:return: cursor of a kept connection to the database, now the caller's, or
    ``None``
    """
    with _lock:
        for position in range(len(_kept) - 1, -1, -1):
            if _kept[position][0] == database:
                return _kept.pop(position)[1]
    return None


def _keep(database, cursor):
    with _lock:
        _kept.append((database, cursor))
        surplus = _kept.pop(0)[1] if len(_kept) > _MAX_KEPT else None
    if surplus:
        surplus.connection.close()


def _connect(database):
    """:return: cursor of a new connection to the primary database"""
    _name, info = connection_info_for(database)
    connection = psycopg2.connect(**info)
    connection.autocommit = True
    return connection.cursor()


def _fetch(database, cursor, query, parameters):
    """Run the query, and keep the connection."""
    cursor.execute(query, parameters)
    row = cursor.fetchone()
    _keep(database, cursor)
    return row

"""Transactions of a request or a job, where one is not enough."""

import contextlib
import logging

import psycopg2
from psycopg2.extensions import (
    ISOLATION_LEVEL_READ_COMMITTED,
    ISOLATION_LEVEL_REPEATABLE_READ,
    TRANSACTION_STATUS_IDLE,
)

from odoo.sql_db import PoolError
from odoo.tools import config

_logger = logging.getLogger(__name__)

_SIGNAL = "api_auth_oauth2.signal"


def commit_now(env):
    """Commit what a request has done so far, on its own cursor.

    Odoo commits what a handler returns and rolls back what it raises. Some things must
    stand whatever comes after: a state that was taken, tokens that died, an answer that
    a provider gives only once. A cursor of their own would conflict with the later
    write of the same row. A commit also takes a new snapshot, with others' work in it.
    """
    cursor = env.cr  # any other `env.cr.commit()` is a mistake to ./dev lint
    cursor.commit()


def database_now(env):
    """:return: naive UTC datetime by PostgreSQL's clock, whole seconds"""
    query = "SELECT date_trunc('second', statement_timestamp() AT TIME ZONE 'UTC')"
    env.cr.execute(query)
    return env.cr.fetchone()[0]


@contextlib.contextmanager
def primary_cursor(env):
    """A cursor that sees the latest, for what must not be told by a replica that lags.

    Yields the environment's own where that reads the primary database.
    """
    if env.cr.readonly and config["db_replica_host"]:
        with env.registry.cursor() as cr:
            yield cr
    else:
        yield env.cr


def signal_change(env):
    """Have every process forget what it remembers of users and configuration.

    The number that the token check reads rises twice. Within the transaction, so that
    the change counts from the commit on, whatever happens to this process, and not
    at all when it is rolled back. And after it, because two transactions may commit in
    another order than they drew their numbers.

    :param env: of the transaction that changes something
    """
    registry, cr = env.registry, env.cr
    registry.clear_cache()
    cr.execute("INSERT INTO orm_signaling_default DEFAULT VALUES")
    if cr.postcommit.data.get(_SIGNAL):
        return
    cr.postcommit.data[_SIGNAL] = True

    @cr.postcommit.add
    def signal():
        registry.clear_cache()  # a call may have filled it before the commit
        if not registry.ready:
            return  # Odoo signals when it is
        try:
            registry.signal_changes()
        except (psycopg2.Error, PoolError):
            # The change itself is committed, and its number with it.
            _logger.exception("A change of the configuration was not signalled.")


def begin_read_committed(env):
    """Commit, and have the next statement begin a transaction that sees what others
    commit meanwhile.

    Odoo's own ones keep their first snapshot, and fail where they waited for a row that
    another one changed. A counter is to be raised by all who come, one after another.
    It ends with the next commit or rollback.
    """
    commit_now(env)
    cursor, connection = env.cr, env.cr.connection
    if not _is_idle(connection):
        return

    def restore():
        connection.isolation_level = ISOLATION_LEVEL_REPEATABLE_READ

    # The next BEGIN says it: a SET would be one round trip more.
    connection.isolation_level = ISOLATION_LEVEL_READ_COMMITTED
    cursor.postcommit.add(restore)
    cursor.postrollback.add(restore)


def execute_alone(env, query, parameters=None):
    """Commit, and run one statement that is a transaction of its own.

    It sees what others commit meanwhile, and saves the round trips of a BEGIN and a
    COMMIT. What is refused afterwards does not take it back.
    """
    commit_now(env)
    connection = env.cr.connection
    if not _is_idle(connection):
        env.cr.execute(query, parameters, log_exceptions=False)
        return
    odoos = {
        "isolation_level": ISOLATION_LEVEL_REPEATABLE_READ,
        "readonly": env.cr.readonly,
    }
    # Outside of a transaction psycopg2 would SET what is not the server's default.
    connection.set_session(isolation_level="DEFAULT", readonly="DEFAULT")
    connection.autocommit = True
    try:
        env.cr.execute(query, parameters, log_exceptions=False)
    finally:
        if not connection.closed:
            connection.autocommit = False
            connection.set_session(**odoos)


def _is_idle(connection):
    """:return: whether it is in no transaction; in Odoo's HttpCase all share one"""
    return connection.get_transaction_status() == TRANSACTION_STATUS_IDLE

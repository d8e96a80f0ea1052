"""Batches of a job: each takes the next rows of a table, and those that no other holds.

A batch begins where the one before ended, so that none looks again at what was removed:
dead rows stay in table and index until PostgreSQL vacuums them.
"""

import psycopg2.errors

from odoo.tools import SQL


def lock_batch(records, domain, limit, after):
    """Lock the next records of a domain, by id.

    :param records: an empty record of the model
    :param after: where the batch before ended
    :return: ``(records, where the batch ended)``
    """
    place = [("id", ">", after[0])] if after else []
    query = records._search([*domain, *place], limit=limit, order="id")
    lock = SQL("%s FOR UPDATE SKIP LOCKED", query.select())
    rows, place = fetch_batch(records.env, lock, limit)
    return records.browse(row_id for (row_id,) in rows), place


def change_batch(env, table, statement, over, limit, after):
    """Change the next rows of a table, by id, by a statement over ``chosen``.

    :param statement: ``SQL``, to be completed by the rows that it is about
    :param over: ``SQL``, the condition
    :param after: where the batch before ended
    :return: ``(how many, where the batch ended)``
    """
    query = SQL(
        """
        WITH chosen AS MATERIALIZED (
            SELECT id FROM %(table)s WHERE %(place)s AND %(over)s
             ORDER BY id LIMIT %(limit)s FOR NO KEY UPDATE SKIP LOCKED)
        %(statement)s WHERE %(table)s.id = chosen.id RETURNING chosen.id
        """,
        table=SQL.identifier(table),
        place=keyset_after(after, "id"),
        over=over,
        limit=limit,
        statement=statement,
    )
    changed, place = fetch_batch(env, query, limit)
    return len(changed), place


def fetch_batch(env, query, limit):
    """Run a job's statement that takes the next rows of a table, in an index's order:
    the first one of its transaction.

    Under REPEATABLE READ it fails when another transaction changes one of its rows;
    what it was to do is then left to the next run.

    :param query: ``SQL`` with ``RETURNING``, or a ``SELECT`` that locks; a row begins
        with its place: its values of the columns by which the statement is ordered
    :param int limit: rows at most, as in the statement
    :return: ``(rows, place)``: none when another transaction was faster; the last row's
        place, ``None`` when nothing may be left
    """
    env.flush_all()
    try:
        env.cr.execute(query, log_exceptions=False)
        rows = env.cr.fetchall()
    except psycopg2.errors.SerializationFailure:
        env.cr.rollback()
        rows = []
    env.invalidate_all(flush=False)
    # It need not wait for the disk: what a crash takes back, the next run does again.
    env.cr.execute("SET LOCAL synchronous_commit = off")
    return rows, max(rows, default=None) if len(rows) == limit else None


def keyset_after(place, *columns):
    """:return: ``SQL``, true of rows that come after a place

    :param place: of :func:`fetch_batch`; ``None`` before the first batch
    """
    if place is None:
        return SQL("true")
    names = SQL(", ").join(SQL.identifier(*column.split(".")) for column in columns)
    return SQL("(%s) > %s", names, tuple(place[: len(columns)]))

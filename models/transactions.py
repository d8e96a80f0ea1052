"""Transactions of a request, where one is not enough."""

import contextlib

from odoo.tools import config


def commit_now(env):
    """Commit what a request has done so far, on its own cursor.

    Odoo commits what a handler returns and rolls back what it raises. Some things must
    stand whatever comes after: a state that was taken, tokens that died, an answer that
    a provider gives only once. A cursor of their own would conflict with the later
    write of the same row. A commit also takes a new snapshot, with others' work in it.
    """
    env.cr.commit()  # pylint: disable=invalid-commit


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

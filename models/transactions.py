"""Transactions of a request, where one is not enough."""


def commit_now(env):
    """Commit what a request has done so far, on its own cursor.

    Odoo commits what a handler returns and rolls back what it raises. Some things must
    stand whatever comes after: a state that was taken, tokens that died, an answer that
    a provider gives only once. A cursor of their own would conflict with the later
    write of the same row. A commit also takes a new snapshot, with others' work in it.
    """
    env.cr.commit()  # pylint: disable=invalid-commit

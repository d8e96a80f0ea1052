"""Who may run a job: Odoo's scheduler, and Settings administrators by hand."""

from odoo.exceptions import AccessError


def check_runner(env):
    """Odoo itself lets any internal user run a server action that has no group.

    :raises AccessError: for others
    """
    if not env.is_system():
        raise AccessError(env._("Only Settings administrators may do that."))

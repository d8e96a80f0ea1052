"""A copied database lets go of the grants of its original.

- With a configured key the copy could use the original's tokens: one refresh at a
  provider that rotates would end the original's grant, and so would a revocation.
- Client secrets and private keys are kept: the copy's own users may authorize.
- Providers are told nothing, for the tokens live on in the original.
"""

import contextlib

from psycopg2.errors import UndefinedColumn, UndefinedTable

from odoo.tools import SQL

from ..audit.audit import Audit
from ..keys.encrypted_field import encrypted_fields

_ON_ENCRYPTED_FIELD = {
    "clear": "UPDATE %(table)s SET %(column)s = NULL WHERE %(column)s IS NOT NULL",
    "delete": "DELETE FROM %(table)s",
}
_ON_GRANTS = (
    "UPDATE oauth2_client_user SET state = 'expired'",
    "UPDATE oauth2_client_user SET refresh_began_at = NULL",
)


class DatabaseCopy:
    def __init__(self, env):
        self.env = env

    def let_go(self):
        """End all grants here, in SQL: an unlink would revoke at the providers."""
        statements = [
            SQL(_ON_ENCRYPTED_FIELD[field.on_database_copy], **field.names(self.env))
            for field in encrypted_fields(self.env)
            if field.on_database_copy != "keep"
        ]
        self.env.flush_all()
        for statement in [*statements, *map(SQL, _ON_GRANTS)]:
            # The dump of an earlier version: what is not there yet holds nothing.
            with contextlib.suppress(UndefinedColumn, UndefinedTable):
                with self.env.cr.savepoint(flush=False):
                    self.env.cr.execute(SQL("%s", statement), log_exceptions=False)
        self.env.invalidate_all(flush=False)
        Audit(self.env).record_in_any_version(
            "revoke", "This database is a copy: its grants stay with the original."
        )

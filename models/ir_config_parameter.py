import contextlib

from psycopg2.errors import UndefinedColumn, UndefinedTable

from odoo import api, models
from odoo.tools import SQL

_OURS = "api_auth_oauth2."

# A plain unlink would revoke, at the provider, what belongs to the original.
_LET_GO = (
    "DELETE FROM oauth2_revocation",
    "DELETE FROM oauth2_authorization_request",
    "DELETE FROM oauth2_token",
    "UPDATE oauth2_client_user SET state = 'expired'",
    "UPDATE oauth2_client_user SET last_answer = NULL",
    "UPDATE oauth2_client_user SET received_answer = NULL",
    "UPDATE oauth2_client_user SET refresh_began_at = NULL",
)


class IrConfigParameter(models.Model):
    """Our settings and keys: the audit log tells of a change, not the value.

    And a copied database lets go of the grants of its original.
    """

    _inherit = "ir.config_parameter"

    @api.private
    def init(self, force=False):
        """Odoo gives a copy an identity of its own, by force: duplicated or restored.

        With a configured key the copy could use the original's tokens. One refresh of
        a provider that rotates would end the original's grant, and so would a
        revocation that both send.

        The tables may be of an earlier version, whose dump was restored: what they do
        not have yet, they need not let go.
        """
        result = super().init(force=force)
        if force:
            self.env.flush_all()
            for statement in _LET_GO:
                with contextlib.suppress(UndefinedColumn, UndefinedTable):
                    with self.env.cr.savepoint(flush=False):
                        self.env.cr.execute(SQL(statement), log_exceptions=False)
            self.env.invalidate_all(flush=False)
            self.env["oauth2.event"]._record_in_any_version(
                "revoke", "this database is a copy: its grants stay with the original"
            )
        return result

    @api.model_create_multi
    def create(self, vals_list):
        parameters = super().create(vals_list)
        parameters._record_configuration("created")
        return parameters

    def write(self, vals):
        self._record_configuration("changed")
        result = super().write(vals)
        if "key" in vals:
            self._record_configuration("changed")
        return result

    def unlink(self):
        self._record_configuration("deleted")
        return super().unlink()

    def _record_configuration(self, changes):
        """:param str changes: what happens to these parameters"""
        for parameter in self.sudo():
            if (parameter.key or "").startswith(_OURS):
                self.env["oauth2.event"]._record(
                    "configure",
                    record_model=self._name,
                    record_ref=parameter.id,
                    record_name=parameter.key,
                    changes=changes,
                )

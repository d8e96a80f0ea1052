from odoo import api, models

from ..services.audit import Audit
from ..services.database_copy import DatabaseCopy

_OURS = "api_auth_oauth2."


class IrConfigParameter(models.Model):
    """Our settings and keys: the audit log tells of a change, not the value.

    And a copied database lets go of the grants of its original.
    """

    _inherit = "ir.config_parameter"

    @api.private
    def init(self, force=False):
        """Odoo forces it where a database was duplicated, or restored as a copy."""
        result = super().init(force=force)
        if force:
            DatabaseCopy(self.env).let_go()
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
                Audit(self.env).record_configuration(
                    parameter, changes, name=parameter.key
                )

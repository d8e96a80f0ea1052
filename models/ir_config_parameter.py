from odoo import api, models

from ..services.audit.audit import Audit
from ..services.authentication.rate_limit import LIMIT_PARAMETER
from ..services.configuration.configuration_changes import (
    default_of,
    describe_setting,
    setting,
)
from ..services.jobs.database_copy import DatabaseCopy

_OURS = "api_auth_oauth2."
#: In the context of what Odoo's settings form stores
SETTINGS_FORM = "api_auth_oauth2_settings_form"
_LIMITS = LIMIT_PARAMETER % ""


class IrConfigParameter(models.Model):
    """Our settings and keys: the audit log tells of a change, of numbers the value.

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

    @api.model
    def set_param(self, key, value):
        """Of a limit 0 means none. Odoo's settings form would have it deleted, and the
        default would be back.
        """
        is_form = self.env.context.get(SETTINGS_FORM)
        if is_form and value is False and key.startswith(_LIMITS):
            value = 0
        return super().set_param(key, value)

    @api.model_create_multi
    def create(self, vals_list):
        parameters = super().create(vals_list)
        for parameter in parameters._ours():
            changes = default_of(parameter), setting(parameter)
            parameter._record_configuration("created", *changes)
        return parameters

    def write(self, vals):
        before = {parameter: setting(parameter) for parameter in self._ours()}
        if "key" in vals:
            for parameter in before:
                parameter._record_configuration("changed")
            before = {}
        result = super().write(vals)
        for parameter in self._ours():
            changes = before.get(parameter), setting(parameter)
            parameter._record_configuration("changed", *changes)
        return result

    def unlink(self):
        for parameter in self._ours():
            changes = setting(parameter), default_of(parameter)
            parameter._record_configuration("deleted", *changes)
        return super().unlink()

    def _ours(self):
        return self.sudo().filtered(lambda p: (p.key or "").startswith(_OURS))

    def _record_configuration(self, changes, old=None, new=None):
        """:param str changes: what happens to the parameter
        :param old: the number that counted, where it is one; ``new``: from now on
        """
        if old is not None and new is not None:
            if old == new:  # the settings store a default when they are saved
                return
            changes = describe_setting(self, old, new)
        Audit(self.env).record_configuration(self, changes, name=self.key)

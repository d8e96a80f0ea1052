from odoo import api, models
from odoo.exceptions import AccessError

from ..services.jobs.key_rotation import KeyRotation


class OAuth2KeyRotation(models.AbstractModel):
    """What the server action and the scheduled job of key rotation call."""

    _name = "oauth2.key.rotation"
    _description = "OAuth2 Key Rotation"

    @api.model
    def _start(self):
        """:raises AccessError: for others than Settings administrators"""
        if not self.env.is_system():
            raise AccessError(self.env._("Only Settings administrators may do that."))
        return KeyRotation(self.env).start()

    @api.model
    def _cron_rotate(self):
        KeyRotation(self.env).run_job()

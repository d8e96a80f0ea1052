from odoo import api, models

from ..services.jobs.key_rotation import KeyRotation
from ..services.jobs.runner import check_runner


class OAuth2KeyRotation(models.AbstractModel):
    """What the server action and the scheduled job of key rotation call."""

    _name = "oauth2.key.rotation"
    _description = "OAuth2 Key Rotation"

    @api.model
    def _start(self):
        """:raises AccessError: for others than Settings administrators"""
        check_runner(self.env)
        return KeyRotation(self.env).start()

    @api.model
    def _cron_rotate(self):
        check_runner(self.env)
        KeyRotation(self.env).run_job()

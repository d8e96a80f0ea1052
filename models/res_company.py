from odoo import api, models

from ..services.server.transactions import signal_change

#: What decides who is of a company.
_MEMBERSHIP = {"user_ids", "active"}


class ResCompany(models.Model):
    """A change of who is of a company counts for the very next call."""

    _inherit = "res.company"

    @api.model_create_multi
    def create(self, vals_list):
        companies = super().create(vals_list)
        if any("user_ids" in vals for vals in vals_list):
            signal_change(self.env)
        return companies

    def write(self, vals):
        result = super().write(vals)
        if _MEMBERSHIP & vals.keys():
            signal_change(self.env)
        return result

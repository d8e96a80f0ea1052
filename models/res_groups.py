from odoo import api, models

from ..services.server.transactions import signal_change

#: What decides who is in a group.
_MEMBERSHIP = {"user_ids", "all_user_ids", "implied_ids", "implied_by_ids"}


class ResGroups(models.Model):
    """A change of who is in a group counts for the very next call."""

    _inherit = "res.groups"

    @api.model_create_multi
    def create(self, vals_list):
        groups = super().create(vals_list)
        if any(_MEMBERSHIP & vals.keys() for vals in vals_list):
            signal_change(self.env)
        return groups

    def write(self, vals):
        result = super().write(vals)
        if _MEMBERSHIP & vals.keys():
            signal_change(self.env)
        return result

    def unlink(self):
        """An API whose last allowed group goes is archived.

        No group would mean everyone.
        """
        self.check_access("unlink")
        Api = self.env["oauth2.api"].sudo().with_context(active_test=False)
        for oauth2_api in Api.search([("allowed_group_ids", "in", self.ids)]):
            left = oauth2_api.allowed_group_ids - self
            values = {"allowed_group_ids": [(6, 0, left.ids)]}
            if not left:
                values["active"] = False
            oauth2_api.write(values)
        result = super().unlink()
        signal_change(self.env)
        return result

from odoo import models


class ResGroups(models.Model):
    _inherit = "res.groups"

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
        return super().unlink()

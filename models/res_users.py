from odoo import fields, models


class ResUsers(models.Model):
    _inherit = "res.users"

    oauth2_client_user_ids = fields.One2many(
        "oauth2.client.user", "user_id", "Client API Users"
    )

    @property
    def SELF_READABLE_FIELDS(self):
        return [*super().SELF_READABLE_FIELDS, "oauth2_client_user_ids"]

    def unlink(self):
        """A user's grants end with the user, at the providers too."""
        grants = self.env["oauth2.client.user"].sudo()
        grants.search([("user_id", "in", self.ids)]).unlink()
        requests = self.env["oauth2.authorization.request"].sudo()
        requests.search([("user_id", "in", self.ids)]).unlink()
        return super().unlink()

from odoo import fields, models


class OAuth2ClientSecret(models.AbstractModel):
    """What a dialog shows of a new secret, once: there is no table, nothing is kept."""

    _name = "oauth2.client.secret"
    _description = "New Secret of an OAuth2 Client"

    # Odoo's dialog needs it, to be answered with the default values.
    id = fields.Id()
    client_secret = fields.Char("Secret", readonly=True)
    former_secret_ends_at = fields.Datetime("Former Secret Ends", readonly=True)

    def _show(self, client, secret):
        """:param str secret: that was made for the client just now
        :return: the action of the dialog
        """
        former_end = client.has_former_secret and str(client.former_secret_ends_at)
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Secret of %s", client.name),
            "res_model": self._name,
            "views": [(False, "form")],
            "target": "new",
            "context": {
                "default_client_secret": secret,
                "default_former_secret_ends_at": former_end,
            },
        }

from odoo import fields, models


class OAuth2ClientSecret(models.AbstractModel):
    """What a dialog shows of a new secret, once: there is no table, nothing is kept."""

    _name = "oauth2.client.secret"
    _description = "New Secret of an OAuth2 Client"

    # Odoo's dialog needs it, to be answered with the default values.
    id = fields.Id()
    client_secret = fields.Char("Secret", readonly=True)
    former_secret_ends_at = fields.Datetime("Former Secret Ends", readonly=True)

from odoo import fields, models


class OAuth2CreatedUser(models.Model):
    """Which account at a provider a portal user was made for.

    Its sign-ins are known by issuer and subject from then on, beyond any one grant: an
    email address alone never opens an existing user.
    """

    _name = "oauth2.created.user"
    _description = "OAuth2 User Made by a Sign-in"
    _rec_name = "user_id"

    issuer = fields.Char(required=True, readonly=True)
    subject = fields.Char(required=True, readonly=True)
    user_id = fields.Many2one(
        "res.users", required=True, readonly=True, ondelete="cascade", index=True
    )

    _account_unique = models.Constraint(
        "UNIQUE (issuer, subject)", "A user was made for this account already."
    )

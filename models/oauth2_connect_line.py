from odoo import fields, models


class OAuth2ConnectLine(models.TransientModel):
    """A model that the dialog opens to an application, and what it may do there."""

    _name = "oauth2.connect.line"
    _description = "Model of a New OAuth2 Application"

    connect_id = fields.Many2one(
        "oauth2.connect", required=True, ondelete="cascade", index=True
    )
    model_id = fields.Many2one(
        "ir.model",
        required=True,
        ondelete="cascade",
        domain=[("transient", "=", False)],
    )
    perm_read = fields.Boolean("Read", default=True)
    perm_create = fields.Boolean("Create")
    perm_write = fields.Boolean("Change")
    perm_unlink = fields.Boolean("Delete")

from odoo import fields, models


class OAuth2ScopeChoiceLine(models.TransientModel):
    """A ready scope that may be added to an API."""

    _name = "oauth2.scope.choice.line"
    _description = "Ready Scope"
    _order = "id"

    choice_id = fields.Many2one(
        "oauth2.scope.choice", required=True, ondelete="cascade", index=True
    )
    is_chosen = fields.Boolean("Add")
    description = fields.Text("What For", readonly=True)  # a list wraps it
    name = fields.Char("Scope", readonly=True)

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..protocol.scope import SCOPE_TOKEN


class OAuth2Scope(models.Model):
    """A named permission of one API."""

    _name = "oauth2.scope"
    _description = "OAuth2 Scope"
    _order = "api_id, name"

    name = fields.Char(
        required=True,
        help="What routes ask for and challenges name, such as partners.read."
        " No spaces, quotes or backslashes.",
    )
    description = fields.Char(
        translate=True,
        help="What the user reads when asked for consent: Read your contacts.",
    )
    api_id = fields.Many2one(
        "oauth2.api", "API", required=True, ondelete="cascade", index=True
    )

    _name_unique = models.Constraint(
        "UNIQUE (api_id, name)", "This API already has a scope of that name."
    )

    @api.constrains("name")
    def _check_name(self):
        for scope in self:
            if not SCOPE_TOKEN.fullmatch(scope.name):
                raise ValidationError(
                    self.env._(
                        "%s is no scope name: use visible ASCII characters without"
                        " spaces, quotes and backslashes.",
                        scope.name,
                    )
                )

    def write(self, vals):
        if "name" in vals:
            renamed = self.filtered(lambda scope: scope.name != vals["name"])
            Grant = self.env["oauth2.client.user"].sudo()
            if Grant.search_count([("scope_ids", "in", renamed.ids)], limit=1):
                raise ValidationError(
                    self.env._(
                        "A granted scope keeps its name: its users agreed to that one."
                        " Make a new scope instead."
                    )
                )
        return super().write(vals)

    @api.constrains("api_id")
    def _check_api_is_fixed(self):
        Client = self.env["oauth2.client"].sudo().with_context(active_test=False)
        for scope in self:
            clients = Client.search([("scope_ids", "in", scope.ids)])
            if any(scope.api_id not in client.api_ids for client in clients):
                raise ValidationError(
                    self.env._("A scope in use cannot move to another API.")
                )

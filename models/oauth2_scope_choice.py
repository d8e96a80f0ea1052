from odoo import Command, api, fields, models

from ..services.scopes.scope_templates import add_offered, offered


class OAuth2ScopeChoice(models.TransientModel):
    """The dialog in which ready scopes are added to an API."""

    _name = "oauth2.scope.choice"
    _description = "Add Ready Scopes"

    api_id = fields.Many2one("oauth2.api", "API", required=True, ondelete="cascade")
    line_ids = fields.One2many("oauth2.scope.choice.line", "choice_id")

    @api.model
    def _open(self, oauth2_api):
        """:return: the action of a dialog for an API"""
        lines = [
            Command.create({"name": t.name, "description": t.description or t.label})
            for t in offered(oauth2_api)
        ]
        choice = self.create({"api_id": oauth2_api.id, "line_ids": lines})
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Add Ready Scopes"),
            "res_model": self._name,
            "res_id": choice.id,
            "view_mode": "form",
            "target": "new",
        }

    def action_add(self):
        """Make the chosen scopes on the API."""
        chosen = self.line_ids.filtered("is_chosen")
        add_offered(self.api_id, set(chosen.mapped("name")))
        return {"type": "ir.actions.act_window_close"}

from odoo import api, fields, models

from ..services.connect.snippets import Snippets


def _snippet(label):
    return fields.Text(label, compute="_compute_snippets")


class OAuth2ClientSnippets(models.AbstractModel):
    """What a client's form gives developers to paste."""

    _name = "oauth2.client.snippets"
    _description = "OAuth2 Client Snippets"

    snippet_api_id = fields.Many2one(
        "oauth2.api",
        "For the API",
        compute="_compute_snippet_api_id",
        readonly=False,
        domain="[('id', 'in', api_ids)]",
    )
    snippet_authorization_url = fields.Char(
        "Authorization URL", compute="_compute_snippets"
    )
    snippet_token_url = fields.Char("Token URL", compute="_compute_snippets")
    snippet_curl = _snippet("curl")
    snippet_python = _snippet("Python")
    snippet_javascript = _snippet("JavaScript")
    snippet_n8n = _snippet("n8n")
    snippet_postman = _snippet("Postman")

    def _compute_snippet_api_id(self):
        for client in self:
            client.snippet_api_id = client._origin.api_ids[:1]

    @api.depends("snippet_api_id")
    def _compute_snippets(self):
        for client in self:
            oauth2_api = client.snippet_api_id._origin
            made = oauth2_api and Snippets(client._origin, oauth2_api).snippets()
            texts = {key: text for key, _label, text in made or ()}
            client.snippet_authorization_url = oauth2_api.authorization_url
            client.snippet_token_url = oauth2_api.token_url
            for key in ("curl", "python", "javascript", "n8n", "postman"):
                client[f"snippet_{key}"] = texts.get(key)

    def action_download_postman(self):
        """:return: the download of the client's collection"""
        self.ensure_one()
        return {
            "type": "ir.actions.act_url",
            "target": "download",
            "url": f"/oauth2/clients/{self.id}/postman_collection",
        }

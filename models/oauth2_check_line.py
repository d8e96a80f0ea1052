from odoo import api, fields, models

from ..services.checks.check_line import BAD, GOOD, WARNING
from ..services.server.docs_address import docs_address


class OAuth2CheckLine(models.TransientModel):
    _name = "oauth2.check.line"
    _description = "OAuth2 Check Line"

    check_id = fields.Many2one("oauth2.check", required=True, ondelete="cascade")
    code = fields.Char(readonly=True)
    docs_url = fields.Char("More About It", compute="_compute_docs_url")
    level = fields.Selection(
        [(BAD, "Wrong"), (WARNING, "Look at it"), (GOOD, "Good")], readonly=True
    )
    text = fields.Char(readonly=True)
    advice = fields.Char("What to Do", readonly=True)
    trial_url = fields.Char("Sign In as Me", readonly=True)
    record_model = fields.Char(readonly=True)
    record_ids = fields.Json(readonly=True)

    @api.depends("code")
    def _compute_docs_url(self):
        for line in self:
            line.docs_url = docs_address("checks.md", line.code)

    def action_open(self):
        """:return: the form of the record that the line is about, a list of several"""
        records = self.env[self.record_model].browse(self.record_ids)
        name = self.env["ir.model"]._get(self.record_model).name
        return records._get_records_action(name=name)

from odoo import fields, models


class OAuth2CallCount(models.Model):
    """How many calls of an API a client made on a day that ended the same way.

    Only ``services/calls/call_counts.py`` writes it, by SQL.
    """

    _name = "oauth2.call.count"
    _description = "OAuth2 Calls"
    _order = "day desc, id desc"
    _rec_name = "day"
    _log_access = False

    day = fields.Date("Day (UTC)", required=True, readonly=True)
    api_id = fields.Many2one(
        "oauth2.api", "API", required=True, readonly=True, ondelete="cascade"
    )
    client_id = fields.Many2one(
        "oauth2.client",
        readonly=True,
        ondelete="cascade",
        help="Empty where no valid token told it.",
    )
    outcome = fields.Selection(
        [
            ("good", "Answered"),
            ("missing_token", "No token was sent"),
            ("invalid_token", "Token not valid"),
            ("insufficient_scope", "A scope is missing"),
            ("invalid_request", "Malformed request"),
            ("access_denied", "Not allowed to this user"),
            ("not_found", "Not found"),
            ("too_many_requests", "Called too often"),
            ("temporarily_unavailable", "Odoo could not serve it then"),
            ("server_error", "Error in Odoo"),
        ],
        required=True,
        readonly=True,
    )
    calls = fields.Integer(required=True, readonly=True)

    _key_unique = models.UniqueIndex(
        "(day, api_id, COALESCE(client_id, 0), outcome)",
        "These calls are counted already.",
    )

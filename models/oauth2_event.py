from odoo import api, fields, models

from .request_memory import remote_address


class OAuth2Event(models.Model):
    """One line of the audit log: who did what, from where, and how it ended.

    It is only ever added to. It keeps names beside references, so that it still
    explains what happened after a record is gone, and never a token, secret or
    identity.
    """

    _name = "oauth2.event"
    _description = "OAuth2 Event"
    _order = "id desc"
    _rec_name = "kind"
    _log_access = False

    create_date = fields.Datetime(
        "Time", required=True, readonly=True, default=fields.Datetime.now, index=True
    )
    kind = fields.Selection(
        [
            ("sign_in", "Signed in"),
            ("deny", "Denied by the user"),
            ("refresh", "Refreshed"),
            ("revoke", "Revoked"),
            ("refusal", "Refused"),
        ],
        required=True,
        readonly=True,
    )
    api_id = fields.Many2one("oauth2.api", "API", readonly=True, ondelete="set null")
    api_name = fields.Char("API Name", readonly=True)
    client_id = fields.Many2one("oauth2.client", readonly=True, ondelete="set null")
    client_name = fields.Char(readonly=True)
    user_id = fields.Many2one("res.users", readonly=True, ondelete="set null")
    client_user_ref = fields.Integer(
        "Client API User", readonly=True, help="Its database id, kept after its end."
    )
    address = fields.Char("From Address", readonly=True)
    error = fields.Char(readonly=True, help="The error code that the caller received.")
    reason = fields.Char(readonly=True, help="Why, for the administrator.")

    @api.model
    def _record(self, kind, *, oauth2_api=None, client=None, **values):
        """Add a line.

        :param str kind: a value of the field
        :param oauth2_api: record of ``oauth2.api`` or nothing
        :param client: record of ``oauth2.client`` or nothing
        :param values: further fields
        """
        return self.sudo().create(
            {
                "kind": kind,
                "address": remote_address(),
                "api_id": oauth2_api.id if oauth2_api else False,
                "api_name": oauth2_api.name if oauth2_api else False,
                "client_id": client.id if client else False,
                "client_name": client.name if client else False,
                **values,
            }
        )

from odoo import api, fields, models

from ..services.jobs.runner import check_runner
from ..services.keys.encrypted_field import EncryptedChar
from ..services.tokens.revocation_outbox import RevocationOutbox


class OAuth2Revocation(models.Model):
    """A token that a provider has still to be told to revoke (RFC 7009).

    It is written in the transaction that ends the grant here, so that a revocation is
    never lost, and deleted once the provider has confirmed.
    """

    _name = "oauth2.revocation"
    _description = "OAuth2 Revocation Under Way"
    _order = "id"
    _rec_name = "kind"

    client_id = fields.Many2one("oauth2.client", readonly=True, ondelete="set null")
    client_name = fields.Char(readonly=True, help="Of a client that was deleted.")
    # As JSON, with all else that a call needs of a client that was deleted.
    client_secret_encrypted = EncryptedChar(on_database_copy="delete")
    kind = fields.Selection(
        [("access", "Access"), ("refresh", "Refresh")], required=True, readonly=True
    )
    value = EncryptedChar(on_database_copy="delete")
    state = fields.Selection(
        [("pending", "To Be Sent"), ("given_up", "Given Up")],
        "Status",
        required=True,
        readonly=True,
        default="pending",
        help="Given up: the provider could not be told for three days. The token lives"
        " there until it expires; revoke it at the provider by hand.",
    )
    tries = fields.Integer(
        readonly=True, help="The pause doubles with each, from a minute to 34 hours."
    )
    next_try_at = fields.Datetime(
        readonly=True, required=True, default=fields.Datetime.now, index=True
    )
    reason = fields.Char("Last Failure", readonly=True)

    @api.model
    def _cron_send(self, limit=100):
        check_runner(self.env)
        RevocationOutbox(self.env).send_due(limit)

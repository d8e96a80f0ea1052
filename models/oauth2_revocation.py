import logging
from datetime import timedelta

from odoo import api, fields, models

from ..protocol.provider_client import UNSUPPORTED_TOKEN_TYPE
from ..protocol.provider_errors import ProviderError, ProviderRefused
from .provider_failures import OWN_ERROR
from .request_memory import once

_logger = logging.getLogger(__name__)

_MAX_TRIES = 13  # with doubling pauses from a minute: about three days


class OAuth2Revocation(models.Model):
    """A token that a provider has still to be told to revoke (RFC 7009).

    It is written in the transaction that ends the grant here, so that a revocation is
    never lost, and deleted once the provider has confirmed.
    """

    _name = "oauth2.revocation"
    _description = "OAuth2 Revocation Under Way"
    _order = "id"
    _rec_name = "kind"

    client_id = fields.Many2one(
        "oauth2.client", required=True, readonly=True, ondelete="cascade"
    )
    kind = fields.Selection(
        [("access", "Access"), ("refresh", "Refresh")], required=True, readonly=True
    )
    value = fields.Char(
        readonly=True,
        groups=fields.NO_ACCESS,
        copy=False,
        prefetch=False,
    )
    state = fields.Selection(
        [("pending", "To Be Sent"), ("given_up", "Given Up")],
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
    def _queue(self, client, kind, text):
        """:return: a new record, empty when the provider offers no revocation"""
        return self._queue_all([(client, kind, text)])

    @api.model
    def _queue_all(self, tokens):
        """:param tokens: a ``(client, kind, text)`` for each
        :return: new records, in that order, for providers that offer revocation
        """
        told = [token for token in tokens if token[0].provider_id.revocation_endpoint]
        if not told:
            return self.browse()
        keyring = self.env["oauth2.keyring"]
        values = keyring._encrypt_all([text for _client, _kind, text in told])
        return self.sudo().create(
            [
                {"client_id": client.id, "kind": kind, "value": value}
                for (client, kind, _text), value in zip(told, values, strict=True)
            ]
        )

    def _send(self):
        """Tell the provider, each token on its own.

        A kind of token that it cannot revoke, as signed access tokens often are, lives
        on until it expires: then what it confirmed of the other counts.

        :return: whether it confirmed; what failed is tried again by the cron
        """
        answers = [revocation._send_one() for revocation in self.sudo()]
        return True in answers and False not in answers

    def _send_one(self):
        """:return: whether the provider confirmed; ``None`` when it never will"""
        text = self.env["oauth2.keyring"]._decrypt(self.value)
        if text is None:
            # Nothing can be sent, now or later: the token lives until it expires.
            _logger.warning("A token that was to be revoked cannot be decrypted.")
            self._record_given_up("the token cannot be decrypted with the present keys")
            self.unlink()
            return False
        hint = f"{self.kind}_token"
        client = self.client_id._provider_client()
        try:
            once(("tell", self.id), lambda: client.revoke_token(text, hint))
        except ProviderError as failure:
            if _is_unsupported(failure):
                _logger.info("A provider cannot revoke %s tokens.", self.kind)
                self.unlink()
                return None
            self._postpone(failure.reason)
            return False
        self.unlink()
        return True

    def _postpone(self, reason):
        if self.tries + 1 >= _MAX_TRIES:
            # The line explains; the secret is of no more use.
            self.write({"state": "given_up", "value": False})
            self._record_given_up(reason)
            _logger.error(
                "Giving up revoking a token of client %s at its provider: %s",
                self.client_id.id,
                reason,
            )
        self.write(
            {
                "tries": self.tries + 1,
                "next_try_at": fields.Datetime.now()
                + timedelta(minutes=2 ** min(self.tries, 11)),
                "reason": reason,
            }
        )

    def _record_given_up(self, reason):
        for revocation in self:
            self.env["oauth2.event"]._record(
                "given_up",
                client=revocation.client_id,
                reason=f"{revocation.kind} token not revoked at the provider: {reason}",
            )

    @api.model
    def _clean_up(self, limit, after=None):
        """Forget what was given up when the audit log forgets it.

        :param int limit: revocations at most
        :param after: where the batch before ended
        :return: ``(how many were forgotten, where the batch ended)``
        """
        kept = self.env["oauth2.event"]._retention()
        over = self.search(
            [
                ("id", ">", after or 0),
                ("state", "=", "given_up"),
                ("write_date", "<", fields.Datetime.now() - kept),
            ],
            limit=limit,
        ).try_lock_for_update()
        place = over[-1].id if len(over) == limit else None
        done = len(over)
        over.unlink()
        return done, place

    def _trigger(self):
        """Have the cron send these as soon as the transaction is committed."""
        if self:
            self.env.ref("api_auth_oauth2.ir_cron_revocations").sudo()._trigger()

    @api.model
    def _cron_send(self, limit=100):
        """Send what is due, each in a transaction of its own.

        :param int limit: revocations in one run of the job
        """
        domain = [
            ("next_try_at", "<=", fields.Datetime.now()),
            ("state", "=", "pending"),
        ]
        due = self.search(domain, limit=limit)
        remaining = self.search_count(domain)
        self.env["ir.cron"]._commit_progress(remaining=remaining)
        for revocation in due:
            if revocation := revocation.try_lock_for_update().exists():
                revocation._send_in_job()
            if not self.env["ir.cron"]._commit_progress(1):
                break

    def _send_in_job(self):
        try:
            self._send_one()
        except Exception:  # whatever it is, it is not to keep the others waiting
            self.env.cr.rollback()
            _logger.exception("Revocation %s cannot be sent.", self.id)
            self._postpone(OWN_ERROR)


def _is_unsupported(failure):
    """:return: whether trying again is of no use (RFC 7009 section 2.2.1)"""
    return (
        isinstance(failure, ProviderRefused) and failure.code == UNSUPPORTED_TOKEN_TYPE
    )

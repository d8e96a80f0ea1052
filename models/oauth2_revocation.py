import logging
import time
from datetime import timedelta

from odoo import api, fields, models

from ..protocol.provider_client import UNSUPPORTED_TOKEN_TYPE
from ..protocol.provider_errors import (
    ProviderError,
    ProviderMisbehaved,
    ProviderRefused,
    ProviderUnavailable,
)
from ..services.audit import Audit
from ..services.encrypted_field import EncryptedChar
from ..services.keyring import Keyring
from ..services.request_context import run_once
from .provider_failures import OWN_ERROR

_logger = logging.getLogger(__name__)

_MAX_TRIES = 13  # with doubling pauses from a minute: about three days
_SEND_SECONDS = 30  # of a request that sends many, as the deletion of a client does
_PUT_OFF = timedelta(minutes=5)  # what a provider gets that has just not answered


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
    value = EncryptedChar(on_database_copy="delete")
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
        if not client.provider_id.revocation_endpoint:
            return self.browse()
        return self._queue_all([(client, kind, Keyring(self.env).encrypt(text))])

    @api.model
    def _queue_all(self, tokens):
        """:param tokens: a ``(client, kind, encrypted text)`` for each; no key is
            needed for it, nor need there be one that fits
        :return: new records, in that order, for providers that offer revocation
        """
        return self.sudo().create(
            [
                {"client_id": client.id, "kind": kind, "value": value}
                for client, kind, value in tokens
                if client.provider_id.revocation_endpoint
            ]
        )

    def _send(self):
        """Tell the providers, each token on its own, as far as time allows.

        A kind of token that it cannot revoke, as signed access tokens often are, lives
        on until it expires: then what it confirmed of the other counts. Behind one that
        does not answer, its others are left to the cron.

        :return: whether all was confirmed; what was not is tried again by the cron
        """
        answers, silent = [], self.env["oauth2.provider"]
        deadline = time.monotonic() + _SEND_SECONDS
        for revocation in self.sudo():
            provider = revocation.client_id.provider_id
            if provider in silent or time.monotonic() > deadline:
                answers.append(False)
                continue
            is_told, is_there = revocation._tell_or_postpone()
            answers.append(is_told)
            if not is_there:
                silent += provider
        return True in answers and False not in answers

    def _tell_or_postpone(self):
        """:return: ``(as of _tell, False where that raises; whether the provider
        answers)``
        """
        try:
            return self._tell(), True
        except ProviderError as failure:
            self._postpone(failure)
            return False, not isinstance(failure, ProviderUnavailable)

    def _tell(self):
        """Tell the provider of one token.

        :return: whether it confirmed; ``None`` when it never will
        :raises ProviderError: it did not, or the token cannot be read
        """
        text = Keyring(self.env).decrypt(self.value)
        if text is None:  # the key may come back
            raise ProviderMisbehaved("the token cannot be decrypted with these keys")
        hint = f"{self.kind}_token"
        client = self.client_id._provider_client()
        try:
            run_once(("tell", self.id), lambda: client.revoke_token(text, hint))
        except ProviderRefused as failure:
            if failure.code != UNSUPPORTED_TOKEN_TYPE:
                raise
            # Trying again is of no use (RFC 7009 section 2.2.1).
            _logger.info("A provider cannot revoke %s tokens.", self.kind)
            self.unlink()
            return None
        self.unlink()
        return True

    def _postpone(self, failure):
        """:param failure: a ``ProviderError``, or another reason as text"""
        reason = getattr(failure, "reason", failure)
        pause = timedelta(minutes=2 ** min(self.tries, 11))
        asked_for = timedelta(seconds=getattr(failure, "retry_after", None) or 0)
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
                "next_try_at": fields.Datetime.now() + max(pause, asked_for),
                "reason": reason,
            }
        )

    def _record_given_up(self, reason):
        for revocation in self:
            Audit(self.env).record(
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

        A provider that does not answer is asked once in a run; its other tokens are put
        off, and nobody else's wait for them.

        :param int limit: revocations in one run of the job
        """
        domain = [
            ("next_try_at", "<=", fields.Datetime.now()),
            ("state", "=", "pending"),
        ]
        due = self.search(domain, limit=limit, order="next_try_at, id")
        if due and Keyring(self.env).is_missing():
            return  # which is told in the log; nothing counts as tried
        remaining = self.search_count(domain)
        self.env["ir.cron"]._commit_progress(remaining=remaining)
        silent = self.env["oauth2.provider"]
        for revocation in due:
            # Somebody else may have sent it, or put it off, meanwhile.
            if revocation := revocation.try_lock_for_update().filtered_domain(domain):
                provider = revocation.client_id.provider_id
                if provider in silent:
                    revocation.next_try_at = fields.Datetime.now() + _PUT_OFF
                elif not revocation._send_in_job():
                    silent += provider
            if not self.env["ir.cron"]._commit_progress(1):
                break

    def _send_in_job(self):
        """:return: whether the provider answers"""
        try:
            _is_told, is_there = self._tell_or_postpone()
        except Exception:  # whatever it is, it is not to keep the others waiting
            self.env.cr.rollback()
            _logger.exception("Revocation %s cannot be sent.", self.id)
            for revocation in self.exists():
                revocation._postpone(OWN_ERROR)
            return True
        return is_there

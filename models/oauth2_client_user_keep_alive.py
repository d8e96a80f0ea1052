import logging
from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL

from ..protocol.errors import OAuth2Error, ServerError, TemporarilyUnavailable
from ..services.keyring import Keyring
from .provider_failures import OWN_ERROR, is_refusal_of_client

_logger = logging.getLogger(__name__)

_AT_LEAST = 2 * 3600  # seconds ahead of the end: two runs of the job


class OAuth2ClientUser(models.Model):
    """Grants of an API with that switch do not lapse from disuse."""

    _inherit = "oauth2.client.user"

    @api.model
    def _cron_keep_alive(self):
        """Refresh what would lapse soon, each grant in a transaction of its own."""
        progress = self.env["ir.cron"]
        due = self.sudo()._lapsing()
        if due:
            Keyring(self.env).make_ready()
        progress._commit_progress(remaining=len(due))
        silent = set()  # in this run: each call would take its time
        for grant in due:
            client = grant.exists().client_id
            if silent.isdisjoint((client, client.provider_id)):
                silent.add(grant._keep_alive())
            if not progress._commit_progress(1):
                break

    @api.model
    def _lapsing(self, grant=None):
        """:param grant: the only one to look at, left out: all
        :return: the grants to be kept alive whose refresh token has little time left
        """
        self.env.cr.execute(
            SQL(
                """
                SELECT grantee.id
                  FROM oauth2_client_user grantee
                  JOIN oauth2_api api ON api.id = grantee.api_id
                                     AND api.active AND api.keep_alive
                  JOIN oauth2_token token ON token.client_user_id = grantee.id
                                         AND token.kind = 'refresh'
                                         AND token.superseded_at IS NULL
                 WHERE grantee.state = 'active'
                   AND token.expires_at > now() AT TIME ZONE 'UTC'
                   AND token.expires_at < now() AT TIME ZONE 'UTC' + interval '1 second'
                       * GREATEST(api.refresh_token_lifetime / 4, %s)
                   -- else the grant itself ends first
                   AND token.expires_at < grantee.expires_at
                   AND (%s IS NULL OR grantee.id = %s)
                 ORDER BY token.expires_at
                """,
                _AT_LEAST,
                grant and grant.id,
                grant and grant.id,
            )
        )
        return self.browse(row[0] for row in self.env.cr.fetchall())

    def _keep_alive(self):
        """Refresh at the provider, under the grant's lock as every refresh.

        The application does not hear of it, so the tokens that it knows go on proving
        and opening what they did: the new refresh token is kept under the digest of the
        old one, the new access token is left to expire.

        :return: of whom no other grant need be tried: a provider that does not answer,
            a client that cannot be served, or ``None``
        """
        if not self._try_lock():
            return None  # whoever holds it refreshes it
        self.env.invalidate_all()
        if not self._lapsing(self) or not self._is_usable():
            return None
        try:
            answer = self._renew()
        except OAuth2Error as failure:
            self._tell_not_kept_alive(failure.error, failure.reason)
            if isinstance(failure, TemporarilyUnavailable):
                return self.exists().client_id.provider_id
            return self.client_id if is_refusal_of_client(failure) else None
        except Exception:  # whatever it is, the others need not lapse
            self._tell_not_kept_alive(ServerError.error, OWN_ERROR)
            _logger.exception("Grant %s cannot be kept alive.", self.id)
            return self.exists().client_id
        if answer:
            refresh_token = self._current_token("refresh")
            reasons = ["kept alive by the scheduled job", self._lost_answer()]
            self._go_on_from(answer)
            self.refresh_began_at = False  # told of below
            lifetime = timedelta(seconds=self.api_id.refresh_token_lifetime)
            refresh_token.expires_at = min(
                fields.Datetime.now() + lifetime, self.expires_at
            )
            self._record_event("refresh", reason="; ".join(filter(None, reasons)))
        return None

    def _tell_not_kept_alive(self, error, reason):
        self.env.cr.rollback()
        if self.exists() and self.state == "active":  # its end has been told of
            reason = f"not kept alive: {reason}"
            self._record_event("refusal", error=error, reason=reason)

    def _renew(self):
        """Ask the provider in the steps of a caller's refresh, each under the lock.

        :return: its answer, checked; ``None`` when a caller came in between
        :raises OAuth2Error: there is none that can be used
        """
        lost = self.refresh_began_at
        if not lost:
            self._begin()
            if not self.refresh_began_at:
                return None  # whoever came has all that was to be had
        if not self.received_answer:
            self._ask(lost)
            self._lock()
        if not (received := self._received()):
            return None
        self._check_id_token(received["answer"])
        return received["answer"]

"""One refresh of a grant at its provider (RFC 6749 section 6).

- The caller has the grant's row, and has seen that it is in force.
- The provider is asked once. That it is about to be asked is committed before: where
  the process ends, ``refresh_began_at`` says that it may have given out tokens.
- An id_token that comes along is checked before the tokens are stored (OpenID Connect
  Core section 12.2).
- The tokens, the answer for those who crossed, and the end of the note are one commit.
- A grant that the provider ended is ended here. Any other refusal of the refresh token
  has its user authorize again, too, but keeps the grant, whose next refresh asks once
  more: it may have been a proxy's.
- Any other failure changes nothing but the note, which stays where the provider may
  have given out tokens; the next event of the grant tells of it.
"""

from datetime import timedelta

from odoo import fields
from odoo.tools import SQL

from ...protocol import digests
from ...protocol.errors import InvalidGrant, OAuth2Error, ServerError
from ..audit.audit import Audit
from ..keys.keyring import Keyring
from ..providers.provider_calls import (
    no_tokens_issued,
    provider_client,
    provider_refusal,
    translate_provider_errors,
)
from ..server.request_context import run_once
from ..server.transactions import commit_now
from .cached_token_response import CachedTokenResponse
from .contract_tokens import NO_REFRESH_TOKEN
from .expiry import Expiry
from .grant_lock import GrantLock
from .grant_tokens import GrantTokens


class ProviderRefresh:
    """First :meth:`mark_started`, then :meth:`call_token_endpoint`, then :meth:`store`
    or :meth:`keep`.
    """

    def __init__(self, env, grant):
        """:param grant: the client API user"""
        self.env = env
        self.grant = grant
        self.tokens = GrantTokens(env)
        self._mark = {}  # when this refresh began, and an earlier one that was lost

    def has_begun(self):
        """:return: whether what is said of the grant now, its provider says"""
        return bool(self._mark)

    def mark_started(self):
        """Commit that the provider is about to be asked, and take the row again.

        :return: whether the grant is still as it was: another caller may have come in
            between the commit and the lock
        :raises InvalidGrant: there is nothing to refresh with
        """
        grant = self.grant
        self._refresh_token()
        self._mark = own = run_once(("refresh mark", grant.id), dict)
        if grant.refresh_began_at and grant.refresh_began_at == own.get("began_at"):
            return True  # a rerun of the request that asked already
        own["lost"] = grant.refresh_began_at
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                """
                UPDATE oauth2_client_user
                   SET refresh_began_at = clock_timestamp() AT TIME ZONE 'UTC'
                 WHERE id = %s RETURNING refresh_began_at
                """,
                grant.id,
            )
        )
        [own["began_at"]] = self.env.cr.fetchone()
        GrantLock(self.env).lock(grant, is_marked=True)  # commits the note
        return grant.refresh_began_at == own["began_at"]

    def call_token_endpoint(self):
        """Ask the provider; a rerun of the request does not ask again.

        :return: its answer, dict, whose id_token is still to be checked
        :raises InvalidGrant: the provider refuses the refresh token; where it ended the
            grant, it is ended here
        :raises OAuth2Error: for whatever else went wrong at the provider
        """
        text = self.tokens.plaintext(self._refresh_token())

        def ask():
            with translate_provider_errors():
                return provider_client(self.grant.client_id).refresh_token(text)

        try:
            return run_once(("refresh", self.grant.id, digests.digest(text)), ask)
        except OAuth2Error as failure:
            refusal = provider_refusal(failure)
            if refusal and refusal.ends_grant:
                self._unmark()  # this is its answer
                Expiry(self.env).end(self.grant, "provider", refusal.reason)
                commit_now(self.env)  # the refusal that follows rolls back
            elif self._mark["lost"] or no_tokens_issued(failure):
                self._unmark()
                commit_now(self.env)
            if refusal and not refusal.is_about_client:
                raise InvalidGrant(
                    reason=refusal.reason, cause="provider_refused"
                ) from refusal
            raise

    def store(self, answer):
        """Make the provider's tokens the grant's own, and keep the answer for callers
        that cross this one.

        :return: when the access token expires, epoch seconds
        :raises ServerError: the answer cannot be used
        :raises TemporarilyUnavailable: it cannot be checked at the moment
        """
        self._check_id_token(answer)
        refresh_token = self.grant._current_token("refresh")
        asked_with = [refresh_token.digest, self.grant._current_token("access").digest]
        try:
            with self.env.cr.savepoint():
                expires = self.tokens.store(self.grant, answer)
        except OAuth2Error:
            self._unmark()  # what it gave out is another user's
            commit_now(self.env)
            raise
        if not answer.get("refresh_token"):
            self._extend(refresh_token)
        cached = CachedTokenResponse(self.env, self.grant)
        cached.keep_refresh(answer, expires, asked_with)
        self._record()
        return expires

    def keep(self, answer, reason):
        """Keep the provider's tokens for a refresh of which the application does not
        hear: the tokens that it knows go on proving and opening what they did. The new
        refresh token is kept under the digest of the old one, the new access token for
        its revocation alone.

        :param str reason: for the event
        :raises OAuth2Error: as :meth:`store`
        """
        self._check_id_token(answer)
        self._extend(self._keep_refresh_token(answer))
        self._record(reason)

    def _check_id_token(self, answer):
        """Check the id_token of a refresh, if one came (OpenID Connect Core 12.2).

        Where it cannot be checked, the tokens are not stored. But the provider may have
        spent the old refresh token: the next try goes on with the new one, and callers
        still prove with the one they know.

        :raises ServerError: it is bad, or names another user
        :raises TemporarilyUnavailable: the provider's keys cannot be had
        """
        if not (id_token := answer.get("id_token")):
            return

        def verify():
            with translate_provider_errors():
                return provider_client(self.grant.client_id).verify_id_token(
                    id_token, access_token=answer["access_token"]
                )

        try:
            claims = run_once(("refreshed id_token", self.grant.id, id_token), verify)
        except OAuth2Error:
            self._keep_refresh_token(answer)
            commit_now(self.env)  # the refusal that follows rolls back
            raise
        if (claims["iss"], claims["sub"]) != (self.grant.issuer, self.grant.subject):
            self._unmark()  # nothing of it is this grant's
            commit_now(self.env)
            raise ServerError(reason="The id_token of the refresh names another user.")

    def _keep_refresh_token(self, answer):
        """Keep the refresh token of an answer, under the digest of the old one; the
        access token is kept for its revocation alone.

        :return: the refresh token's record
        """
        token = self.grant._current_token("refresh")
        if text := answer.get("refresh_token"):
            token.value = Keyring(self.env).encrypt(text)
        self.tokens.keep_unused(self.grant, answer)
        self._unmark()
        return token

    def _unmark(self):
        """What this refresh may have left at the provider is known: only an earlier
        one's note is left.
        """
        self.grant.refresh_began_at = self._mark["lost"]

    def _record(self, *reasons):
        """Tell of a refresh, and of an earlier one whose answer is unknown."""
        grant = self.grant
        self._unmark()
        reasons = filter(None, (*reasons, grant._lost_answer()))
        Audit(self.env).record_of(grant, "refresh", reason=" ".join(reasons) or False)
        grant.refresh_began_at = False

    def _refresh_token(self):
        """:return: the record of the refresh token, which is there and in force
        :raises InvalidGrant: it is not
        """
        token = self.grant._current_token("refresh")
        if (
            not token
            or token.expires_at <= fields.Datetime.now()
            or not self.tokens.plaintext(token)
        ):
            raise InvalidGrant(reason=NO_REFRESH_TOKEN, cause="no_refresh_token")
        return token

    def _extend(self, refresh_token):
        """A refresh token that stays in use lives on (RFC 6749 section 6)."""
        lifetime = timedelta(seconds=self.grant.api_id.refresh_token_lifetime)
        end = min(fields.Datetime.now() + lifetime, self.grant.expires_at)
        refresh_token.expires_at = end

"""Refreshing a grant at its provider (RFC 6749 section 6).

- One caller at a time has the grant's row (`grant_lock.py`).
- The grant, and all that it stands on, is in force at that moment.
- The tokens of a sign-in are given to the application once, unless it has them, and a
  caller that crossed another one's refresh gets the same answer
  (`cached_token_response.py`).
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

import time
from datetime import timedelta

from odoo import fields
from odoo.tools import SQL

from ..protocol import digests
from ..protocol.errors import InvalidGrant, OAuth2Error, ServerError
from ..protocol.token_response import token_information
from .audit import Audit
from .cached_token_response import CachedTokenResponse
from .client_authentication import ClientAuthentication
from .contract_tokens import NO_REFRESH_TOKEN, ContractTokens
from .expiry import Expiry
from .grant_lock import GrantLock
from .grant_tokens import GrantTokens
from .keyring import Keyring
from .provider_calls import (
    no_tokens_issued,
    provider_client,
    provider_refusal,
    translate_provider_errors,
)
from .request_context import run_once
from .sign_in_progress import SignInProgress
from .transactions import commit_now

#: In the audit log, of a refresh that no caller asked for.
KEPT_ALIVE = "The grant was kept alive by the scheduled job."


class Refresh:
    """One refresh: of an application (`refresh`), or of the job (`keep_alive`)."""

    def __init__(self, env):
        self.env = env
        self.authentication = ClientAuthentication(env)
        self.row = GrantLock(env)
        self.tokens = GrantTokens(env)
        self.progress = SignInProgress(env)
        self._mark = {}  # when this refresh began, and an earlier one that was lost

    def refresh(self, oauth2_api, client, identity, credentials):
        """Get a new token pair from the provider, or the one another caller just got.

        :param oauth2_api: the API, active
        :param client: the client, active, on that API
        :param str identity: the ``client_user_identity``
        :param credentials: ``protocol.credentials.ClientCredentials``
        :return: token information, dict
        :raises InvalidClient: no proof
        :raises InvalidGrant: no such grant, or it cannot be refreshed any more
        :raises AuthorizationPending: likewise, and a sign-in is under way; other
            refusals of ``SignInProgress.check`` tell what became of it
        :raises TemporarilyUnavailable: the provider, or another caller, takes too long
        :raises ServerError: the provider's answer cannot be used; nothing is changed
        """
        try:
            return self._refresh(oauth2_api, client, identity, credentials)
        except InvalidGrant:
            if not client.provider_id and credentials.refresh_token:
                self._notice_reuse(oauth2_api, client, identity, credentials)
            if not self._mark:  # else it is what the provider says of the grant
                self.progress.check(oauth2_api, client, identity, credentials)
            raise

    def _refresh(self, oauth2_api, client, identity, credentials):
        grant = self.authentication.authenticate(
            oauth2_api, client, identity, credentials
        )
        Keyring(self.env).make_ready()
        while True:
            self.row.lock(grant)
            if not grant._is_in_force():
                raise InvalidGrant(**grant._out_of_force())
            token = self.authentication.match_token(grant, credentials)
            if client.provider_id or not credentials.refresh_token:
                if information := self._cached_information(grant, token):
                    break
            if not client.provider_id:
                information = self._issue(grant, token, credentials)
                break
            if self._mark_started(grant):
                answer = self._call_token_endpoint(grant)
                information = self._store_tokens(grant, answer)
                break
        if credentials.access_token:
            # The holder of an access token alone does not get more than it.
            information.pop("refresh_token", None)
        return information

    def _notice_reuse(self, oauth2_api, client, identity, credentials):
        """:raises InvalidGrant: a rotated refresh token of this Odoo came again"""
        grant = self.authentication.find_by_token(
            oauth2_api, client, identity, credentials
        )
        if grant:
            ContractTokens(self.env, grant).notice_reuse(credentials)

    def _issue(self, grant, token, credentials):
        """Issue this Odoo's own tokens, where there is no provider to ask.

        :param token: the token sent as proof, or none
        :return: token information, dict
        :raises InvalidGrant: the grant cannot be refreshed any more
        """
        is_repeated = bool(token.rotated_at)
        asked_with = [grant._current_token("access").digest]
        answer = ContractTokens(self.env, grant).refresh(credentials)
        expires = int(time.time()) + answer["expires_in"]
        if not is_repeated:
            cached = CachedTokenResponse(self.env, grant)
            cached.keep_refresh(answer, expires, asked_with)
        return self._information(grant, answer, expires)

    def keep_alive(self, grant):
        """Refresh an unused grant, for the job.

        The application does not hear of it, so the tokens that it knows go on proving
        and opening what they did: the new refresh token is kept under the digest of the
        old one, the new access token for its revocation alone.

        :param grant: the client API user
        :return: whether it was refreshed; not, where another caller has just done so
        :raises OAuth2Error: as :meth:`refresh`
        """
        if not self.row.try_lock(grant):
            return False
        grant.invalidate_recordset()
        if not grant._is_in_force() or not self._mark_started(grant):
            return False
        answer = self._call_token_endpoint(grant)
        self._check_id_token(grant, answer)
        refresh_token = self._keep_refresh_token(grant, answer)
        self._extend(grant, refresh_token)
        self._record(grant, KEPT_ALIVE)
        return True

    def _cached_information(self, grant, token):
        """
        :param token: the token sent as proof, or none
        :return: token information of the answer that was kept for this caller; ``None``
            when a refresh is due
        :raises InvalidGrant: for a rotated token whose answer is gone
        """
        cached = CachedTokenResponse(self.env, grant)
        found = None if token else cached.take_sign_in()
        if found := found or cached.of_crossed_refresh(token):
            return self._information(grant, *found)
        if token.rotated_at:
            raise InvalidGrant(
                reason="The token was rotated, and the answer with the newer one is not"
                " kept any more.",
                cause="token_over",
            )
        return None

    def _mark_started(self, grant):
        """Commit that the provider is about to be asked, and take the row again.

        :return: whether the grant is still as it was: another caller may have come in
            between the commit and the lock
        :raises InvalidGrant: there is nothing to refresh with
        """
        self._refresh_token(grant)
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
        self.row.lock(grant, is_marked=True)  # commits the note
        return grant.refresh_began_at == own["began_at"]

    def _call_token_endpoint(self, grant):
        """Ask the provider; a rerun of the request does not ask again.

        :return: its answer, dict, whose id_token is still to be checked
        :raises InvalidGrant: the provider refuses the refresh token; where it ended the
            grant, it is ended here
        :raises OAuth2Error: for whatever else went wrong at the provider
        """
        text = self.tokens.plaintext(self._refresh_token(grant))

        def ask():
            with translate_provider_errors():
                return provider_client(grant.client_id).refresh_token(text)

        try:
            return run_once(("refresh", grant.id, digests.digest(text)), ask)
        except OAuth2Error as failure:
            refusal = provider_refusal(failure)
            if refusal and refusal.ends_grant:
                self._unmark(grant)  # this is its answer
                Expiry(self.env).end(grant, "provider", refusal.reason)
                commit_now(self.env)  # the refusal that follows rolls back
            elif self._mark["lost"] or no_tokens_issued(failure):
                self._unmark(grant)
                commit_now(self.env)
            if refusal and not refusal.is_about_client:
                raise InvalidGrant(
                    reason=refusal.reason, cause="provider_refused"
                ) from refusal
            raise

    def _store_tokens(self, grant, answer):
        """Make the provider's tokens the grant's own.

        :return: token information, dict
        :raises ServerError: the answer cannot be used
        :raises TemporarilyUnavailable: it cannot be checked at the moment
        """
        self._check_id_token(grant, answer)
        refresh_token = grant._current_token("refresh")
        asked_with = [refresh_token.digest, grant._current_token("access").digest]
        try:
            with self.env.cr.savepoint():
                expires = self.tokens.store(grant, answer)
        except OAuth2Error:
            self._unmark(grant)  # what it gave out is another user's
            commit_now(self.env)
            raise
        if not answer.get("refresh_token"):
            self._extend(grant, refresh_token)
        cached = CachedTokenResponse(self.env, grant)
        cached.keep_refresh(answer, expires, asked_with)
        self._record(grant)
        return self._information(grant, answer, expires)

    def _check_id_token(self, grant, answer):
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
                return provider_client(grant.client_id).verify_id_token(
                    id_token, access_token=answer["access_token"]
                )

        try:
            claims = run_once(("refreshed id_token", grant.id, id_token), verify)
        except OAuth2Error:
            self._keep_refresh_token(grant, answer)
            commit_now(self.env)  # the refusal that follows rolls back
            raise
        if (claims["iss"], claims["sub"]) != (grant.issuer, grant.subject):
            self._unmark(grant)  # nothing of it is this grant's
            commit_now(self.env)
            raise ServerError(reason="The id_token of the refresh names another user.")

    def _keep_refresh_token(self, grant, answer):
        """Keep the refresh token of an answer, under the digest of the old one; the
        access token is kept for its revocation alone.

        :return: the refresh token's record
        """
        token = grant._current_token("refresh")
        if text := answer.get("refresh_token"):
            token.value = Keyring(self.env).encrypt(text)
        self.tokens.keep_unused(grant, answer)
        self._unmark(grant)
        return token

    def _unmark(self, grant):
        """What this refresh may have left at the provider is known: only an earlier
        one's note is left.
        """
        grant.refresh_began_at = self._mark["lost"]

    def _record(self, grant, *reasons):
        """Tell of a refresh, and of an earlier one whose answer is unknown."""
        self._unmark(grant)
        reasons = filter(None, (*reasons, grant._lost_answer()))
        Audit(self.env).record_of(grant, "refresh", reason=" ".join(reasons) or False)
        grant.refresh_began_at = False

    def _refresh_token(self, grant):
        """:return: the record of the refresh token, which is there and in force
        :raises InvalidGrant: it is not
        """
        token = grant._current_token("refresh")
        if (
            not token
            or token.expires_at <= fields.Datetime.now()
            or not self.tokens.plaintext(token)
        ):
            raise InvalidGrant(reason=NO_REFRESH_TOKEN, cause="no_refresh_token")
        return token

    def _extend(self, grant, refresh_token):
        """A refresh token that stays in use lives on (RFC 6749 section 6)."""
        lifetime = timedelta(seconds=grant.api_id.refresh_token_lifetime)
        end = min(fields.Datetime.now() + lifetime, grant.expires_at)
        refresh_token.expires_at = end

    def _information(self, grant, answer, expires):
        """:param dict answer: the provider's, :param int expires: epoch seconds
        :return: token information, dict
        """
        return token_information(
            answer,
            expires=expires,
            db=self.env.cr.dbname,
            login=grant.user_id.login,
        )

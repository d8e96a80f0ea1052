import json
import time
from datetime import timedelta

import psycopg2.errors

from odoo import fields, models
from odoo.tools import SQL

from ..protocol import digests
from ..protocol.errors import (
    InvalidClient,
    InvalidGrant,
    TemporarilyUnavailable,
)
from ..protocol.token_response import token_information
from ..services.keyring import Keyring
from ..services.rate_limit import RateLimit
from ..services.request_context import set_audit_context
from ..services.transactions import commit_now
from .oauth2_client_user import GRACE

_LOCK_WAIT = 8  # seconds a caller waits for another one's refresh
_LOCK_PAUSE = 0.05  # seconds between two tries
#: A caller without a token that comes so soon after a refresh did not see its answer.
_SAME_REFRESH = timedelta(seconds=5)


class OAuth2ClientUser(models.Model):
    """Refreshing a grant (RFC 6749 section 6): one provider call for all callers."""

    _inherit = "oauth2.client.user"

    def _refresh(self, oauth2_api, client, identity, credentials):
        """Get a new token pair from the provider, or the one another caller just got.

        :param oauth2_api: the API, active
        :param client: the client, active, on that API
        :param str identity: the ``client_user_identity``
        :param credentials: ``protocol.credentials.ClientCredentials``
        :return: token information, dict
        :raises InvalidClient: no proof
        :raises InvalidGrant: no such grant, or it cannot be refreshed any more
        :raises TemporarilyUnavailable: the provider, or another caller, takes too long
        :raises ServerError: the provider's answer cannot be used; nothing is changed
        """
        grant = self._proven(oauth2_api, client, identity, credentials)
        Keyring(self.env).make_ready()
        grant._lock()
        begun = False
        while True:
            if not grant._is_usable():
                raise InvalidGrant(reason="the grant is not in force")
            token = grant._token_of_proof(credentials)
            answer = grant._answer_just_given(token) or grant._take_over()
            if answer is not None:
                break
            if not grant.refresh_began_at:
                grant._begin()
                begun = True
            else:
                # Not begun by this call: somebody else's, whose end nobody recorded.
                grant._ask(lost=None if begun else grant.refresh_began_at)
                grant._lock()  # commits the answer
                begun = False
        if credentials.access_token:
            # Whoever holds an access token alone does not get more than it.
            answer.pop("refresh_token", None)
        return answer

    def _proven(self, oauth2_api, client, identity, credentials, *, to_revoke=False):
        """Find a grant, once its caller has proven that it may be used.

        :param bool to_revoke: to end it: then no limit of proven callers counts, or who
            stole a token could keep its user from revoking it
        :return: the client API user, locked by nobody yet
        :raises InvalidClient: no proof at all, whether the identity exists or not
        :raises InvalidGrant: unknown identity
        :raises TooManyRequests: the client's proven callers call too often
        """
        limits = RateLimit(self.env)
        if has_secret := client._check_secret(credentials):
            set_audit_context(oauth2_api, client)
            if not to_revoke:
                limits.count_proven(oauth2_api, client)
        proven = has_secret or oauth2_api.trust_identity
        is_issued = identity.startswith(digests.ISSUED_IDENTITY_PREFIX)
        offers_token = credentials.access_token or credentials.refresh_token
        if not (proven or is_issued or offers_token):
            raise InvalidClient(reason="no proof")
        if offers_token:
            grant = self._find_by_token(oauth2_api, client, identity, credentials)
        else:
            grant = self._find(oauth2_api, client, identity)
        if not grant or (is_issued and not grant.identity_issued):
            raise InvalidGrant(reason="unknown identity, or token of no such grant")
        user = grant.user_id  # read now: counting commits, and the grant may be gone
        whose = {"user": user, "client_user_ref": grant.id}
        set_audit_context(oauth2_api, client, is_proven=has_secret, **whose)
        # Before the lock, which only proven callers may hold or wait for.
        if to_revoke:
            grant._check_tokens_for_revocation(credentials)
        else:
            grant._token_of_proof(credentials)
        if is_issued or offers_token:
            set_audit_context(oauth2_api, client, **whose)
            if not to_revoke:
                limits.count_proven(oauth2_api, client, user)
        return grant

    def _find_by_token(self, oauth2_api, client, identity, credentials):
        """Find the grant of a token that was sent, if the identity is its name.

        The identity is not looked up: whether a guessed one exists would show in the
        time that a wrong token takes.

        :return: the client API user, possibly none
        """
        kind = "refresh" if credentials.refresh_token else "access"
        text = credentials.refresh_token or credentials.access_token
        domain = [("digest", "=", digests.digest(text)), ("kind", "=", kind)]
        holders = self.env["oauth2.token"].sudo().search(domain).client_user_id
        names = Keyring(self.env).identity_digests(identity)
        return holders.filtered(
            lambda grant: (
                grant.api_id == oauth2_api
                and grant.client_id == client
                and grant.identity_digest in names
            )
        )[:1]

    def _lock(self, *, promised=False):
        """Take the grant's row, with a fresh snapshot, so that others' work is seen.

        Under REPEATABLE READ a lock that was waited for does not show newer rows, so
        each try begins a transaction of its own.

        :param bool promised: whether this is who has promised to ask (`_promise`)
        :raises TemporarilyUnavailable: when another caller holds it for too long
        :raises InvalidGrant: when it is gone
        """
        deadline = time.monotonic() + _LOCK_WAIT
        while True:
            commit_now(self.env)
            self.env.invalidate_all()
            if self._try_lock(promised=promised):
                return
            if not self.exists():
                raise InvalidGrant(reason="the grant was revoked meanwhile")
            if time.monotonic() > deadline:
                raise TemporarilyUnavailable(reason="refresh under way", retry_after=1)
            time.sleep(_LOCK_PAUSE)

    def _try_lock(self, *, promised=False):
        # Looked at on a snapshot that is older: if somebody has noted a refresh since,
        # the row has changed, and cannot be locked.
        query = SQL(
            "SELECT id FROM oauth2_client_user WHERE id = %s AND %s"
            " FOR UPDATE SKIP LOCKED",
            self.id,
            SQL("true") if promised else SQL("NOT (%s)", self._is_promised()),
        )
        try:
            self.env.cr.execute(query, log_exceptions=False)
        except psycopg2.errors.SerializationFailure:
            # Somebody committed between our snapshot and our lock: take a newer one.
            self.env.cr.rollback()
            return False
        return bool(self.env.cr.rowcount)

    def _token_of_proof(self, credentials):
        """Look up the tokens that were sent as proof.

        :return: the token record that decides, none when no token was sent
        :raises InvalidGrant: when one is not this grant's, or too old
        """
        token = self.env["oauth2.token"]
        if credentials.refresh_token:
            token = self._proving("refresh", credentials.refresh_token, timedelta())
        if credentials.access_token:
            slack = timedelta(seconds=self.api_id.refresh_token_lifetime)
            access = self._proving("access", credentials.access_token, slack)
            token = token or access
        return token

    def _proving(self, kind, text, slack):
        """:param slack: how long after its end the token still proves something"""
        now = fields.Datetime.now()
        digest = digests.digest(text)
        token = self.sudo().token_ids.filtered(
            lambda t: t.kind == kind and t.digest == digest
        )
        if not token:
            raise InvalidGrant(reason=f"{kind} token is not this grant's")
        if token.superseded_at:
            if token.superseded_at <= now - GRACE:
                raise InvalidGrant(reason=f"{kind} token was replaced")
        elif token.expires_at + slack <= now:
            raise InvalidGrant(reason=f"{kind} token is too old")
        return token

    def _answer_just_given(self, token):
        """The stored answer, for a caller that crossed another one's refresh.

        :param token: the token sent as proof, or none
        :return: token information; ``None`` when a refresh is due
        :raises InvalidGrant: for a replaced token whose answer is gone
        """
        superseded = bool(token.superseded_at)
        window = GRACE if superseded else _SAME_REFRESH
        refreshed = self.last_refresh_at
        if refreshed and refreshed > fields.Datetime.now() - window:
            stored = Keyring(self.env).decrypt(self.sudo().last_answer)
            stored = stored and json.loads(stored)
            # A provider that does not rotate leaves the token of all callers current.
            if stored and (
                not token or superseded or token.digest in stored["asked_with"]
            ):
                return self._information(stored["answer"], stored["expires"])
        if superseded:
            raise InvalidGrant(reason="token was replaced and its answer is gone")
        return None

    def _information(self, answer, expires):
        """:param dict answer: the provider's, :param int expires: epoch seconds
        :return: token information, dict
        """
        return token_information(
            answer,
            expires=expires,
            db=self.env.cr.dbname,
            login=self.user_id.login,
        )

"""Who may refresh or revoke a grant: the proofs of the JSON contract.

- A client secret that was sent must be right; where the client requires it, no other
  proof counts.
- Without it one of these is needed: the grant's refresh token or access token, an
  identity that Odoo issued, or an API that trusts identities.
- A token must be the grant's own and current. A rotated one proves a refresh for 60
  seconds more, an expired access token for a day; for a revocation neither counts.
- Before that, the identity alone is looked at in no way whose time would tell whether
  it exists.
"""

from datetime import timedelta

from odoo import fields

from ...protocol import digests
from ...protocol.client_secret import NO_SECRET, WRONG_SECRET, find_secret
from ...protocol.errors import InvalidClient, InvalidGrant
from ..keys.keyring import Keyring
from ..providers.provider_calls import SECRET_LOST, client_secret, is_secret_lost
from ..server import last_use
from ..server.request_context import set_audit_context
from .client_secret import ClientSecrets
from .rate_limit import RateLimit

#: A rotated access token opens routes for so long, and a refresh that crossed another
#: one gets the same answer for so long.
ROTATION_GRACE = timedelta(seconds=60)
#: An access token that expired proves a refresh for so long.
EXPIRED_TOKEN_PROOF = timedelta(days=1)

_UNKNOWN_IDENTITY = "The client has no grant of the identity that was sent."
_UNKNOWN_TOKEN = (
    "The client has no grant of the token that was sent, or not of that identity."
)


class ClientAuthentication:
    """Finds the grant that a call of ``token`` or ``revoke`` is about."""

    def __init__(self, env):
        self.env = env

    def authenticate(self, oauth2_api, client, identity, credentials, *, revokes=False):
        """Find a grant, once its caller has proven that it may be used.

        :param oauth2_api: the API, active
        :param client: the client, active, on that API
        :param str identity: the ``client_user_identity``; ``""``: the refresh token
            names the grant
        :param credentials: ``protocol.credentials.ClientCredentials``
        :param bool revokes: whether the grant is to end: then no limit of proven calls
            counts, or the thief of a token could keep its user from revoking it
        :return: the client API user, not locked
        :raises InvalidClient: no proof, whether the identity exists or not
        :raises InvalidGrant: unknown identity, or a token of another grant
        :raises TooManyRequests: the client's proven callers call too often
        """
        limits = RateLimit(self.env)
        if has_secret := self.check_secret(client, credentials):
            set_audit_context(oauth2_api, client)
            if not revokes:
                limits.count_proven(oauth2_api, client)
        is_issued = identity.startswith(digests.ISSUED_IDENTITY_PREFIX)
        has_token = credentials.access_token or credentials.refresh_token
        if not (has_secret or oauth2_api.trust_identity or is_issued or has_token):
            raise InvalidClient(
                reason="The call proves nothing: it sent no client secret, no token and"
                " no identity that this Odoo issued.",
                cause="no_proof",
            )
        if has_token:
            grant = self.find_by_token(oauth2_api, client, identity, credentials)
        else:
            names = Keyring(self.env).identity_digests(identity)
            Grant = self.env["oauth2.client.user"]
            grant = Grant._find_by_digest(oauth2_api, client, names)
        if not grant or (is_issued and not grant.identity_issued):
            reason = _UNKNOWN_TOKEN if has_token else _UNKNOWN_IDENTITY
            raise InvalidGrant(reason=reason, cause="unknown_grant")
        user = grant.user_id
        whose = {"user": user, "client_user_ref": grant.id}
        set_audit_context(oauth2_api, client, is_proven=has_secret, **whose)
        # Before the lock, which only proven callers may hold or wait for.
        self.match_token(grant, credentials, revokes=revokes)
        if is_issued or has_token:
            set_audit_context(oauth2_api, client, **whose)
            if not revokes:
                limits.count_proven(oauth2_api, client, user)
        return grant

    def check_secret(self, client, credentials):
        """Check a secret that was sent, and that one was sent where it is required.

        :param client: the ``oauth2.client``
        :param credentials: ``protocol.credentials.ClientCredentials``
        :return: whether the right secret was sent
        :raises InvalidClient: wrong, or required and missing
        """
        if not credentials.has_secret:
            if client._demands_secret():
                raise InvalidClient(reason=NO_SECRET, cause="secret_missing")
            return False
        secret = find_secret(ClientSecrets(client).known(), credentials.client_secret)
        if not secret:
            if is_secret_lost(client, client_secret(client)):
                raise InvalidClient(reason=SECRET_LOST, cause="secret_lost")
            raise InvalidClient(reason=WRONG_SECRET, cause="secret")
        if secret.is_former:
            last_use.FORMER_SECRET.note(self.env, client.id)
        return True

    def find_by_token(self, oauth2_api, client, identity, credentials):
        """Find the grant of a token that was sent, if the identity is its name.

        One query, which asks for all of it at once: the time would tell that a token is
        of another client, or that a guessed identity exists.
        """
        kind = "refresh" if credentials.refresh_token else "access"
        text = credentials.refresh_token or credentials.access_token
        whose = [("api_id", "=", oauth2_api.id), ("client_id", "=", client.id)]
        if identity:
            names = Keyring(self.env).identity_digests(identity)
            whose.append(("identity_digest", "in", names))
        domain = [
            ("digest", "=", digests.digest(text)),
            ("kind", "=", kind),
            ("client_user_id", "any", whose),
        ]
        Token = self.env["oauth2.token"].sudo()
        return Token.search_fetch(domain, ["client_user_id"]).client_user_id[:1]

    def match_token(self, grant, credentials, *, revokes=False):
        """Look up the tokens that were sent as proof, as the grant's own.

        :return: the token record that decides, none when no token was sent
        :raises InvalidGrant: when one is not this grant's, or too old
        """
        token = self.env["oauth2.token"]
        if credentials.refresh_token:
            token = self._match(grant, "refresh", credentials.refresh_token)
        if credentials.access_token:
            after_end = timedelta() if revokes else EXPIRED_TOKEN_PROOF
            access = self._match(grant, "access", credentials.access_token, after_end)
            token = token or access
        if revokes and token.rotated_at:
            reason = "The token was rotated, and revokes nothing."
            raise InvalidGrant(reason=reason, cause="token_over")
        return token

    def _match(self, grant, kind, text, after_end=timedelta()):
        """:param after_end: how long after its end the token still proves something"""
        now, digest = fields.Datetime.now(), digests.digest(text)
        token = grant._search_token([("digest", "=", digest), ("kind", "=", kind)])
        if not token:
            reason = f"The {kind} token is none of this grant."
            raise InvalidGrant(reason=reason, cause="unknown_grant")
        if token.rotated_at:
            if token.rotated_at <= now - ROTATION_GRACE:
                reason = f"The {kind} token was rotated."
                raise InvalidGrant(reason=reason, cause="token_over")
        elif token.expires_at + after_end <= now:
            reason = f"The {kind} token has ended at {token.expires_at} UTC."
            raise InvalidGrant(reason=reason, cause="token_over")
        return token

"""Tokens that this Odoo issues (RFC 6749 sections 4.1.3, 4.4 and 6): a statement each.

- A code is claimed in the transaction that issues: a process that is killed in between
  has spent nothing. A caller without its verifier, or another client, claims nothing.
- A code that comes twice, and a refresh token that comes again a minute after it was
  rotated, end the grant (``reuse.py``).
- The tokens that follow a refresh token are computed from it, with a key of this
  server: callers that cross one another get the same answer, and nothing is stored that
  could be read. A pair that another proof of the JSON contract got is random; the
  answer is kept for a minute, encrypted.
- Callers at the same time wait for a row, not for another try: READ COMMITTED.
- No token lives longer than its grant.
"""

import psycopg2.errors

from ...protocol import digests
from ...protocol.authorization_errors import (
    InvalidCodeOrToken,
    ScopeRaised,
    UnauthorizedClient,
)
from ...protocol.errors import InvalidRequest, TemporarilyUnavailable
from ...protocol.pkce import challenge_of, is_verifier
from ...protocol.provider_errors import safe_text
from ...protocol.rate_limit import FixedWindowCounter, network
from ...protocol.registered_client import read_ids
from ..audit.audit import event_values
from ..authentication.client_authentication import ROTATION_GRACE
from ..authentication.rate_limit import RateLimit
from ..authentication.registered_client import records_of
from ..keys.keyring import Keyring
from ..server.request_context import remote_address
from ..server.transactions import begin_read_committed, execute_alone
from .cached_token_response import CachedTokenResponse
from .issuing import CLAIM, FIND_ROTATED, GRANT, ROTATE, SERVICE, issue
from .reuse import Reuse
from .service_grant import ServiceGrant

_GRACE = ROTATION_GRACE.total_seconds()
#: Of ``(database, client id, name of the grant, network)``: a service may ask for a
#: token before each call, and the audit log tells of it every five minutes.
_services = FixedWindowCounter(capacity=10_000, window=300)


class IssuedTokens:
    def __init__(self, env, client):
        """:param client: ``protocol.registered_client.RegisteredClient``"""
        self.env = env
        self.client = client
        self.names = client.parameters(grace=_GRACE)

    def by_code(self, code, verifier, redirect_uri):
        """Exchange a code (RFC 6749 section 4.1.3, RFC 7636 section 4.6).

        :param str verifier: ``""`` where it was not sent
        :param str redirect_uri: likewise (OAuth 2.1)
        :return: the token response, dict
        :raises InvalidCodeOrToken: unknown, too late, used, of another client, or with
            another verifier or redirect URI; a used one has ended its grant
        :raises InvalidRequest: the verifier is missing; likewise
        :raises TooManyRequests: as of :meth:`by_refresh_token`
        """
        begin_read_committed(self.env)
        names = {
            **self.names,
            "code": digests.digest(code),
            "challenge": challenge_of(verifier) if is_verifier(verifier) else None,
            "redirect_uri": redirect_uri,
        }
        access = digests.issue(digests.ACCESS_TOKEN_PREFIX)
        refresh = digests.issue(digests.REFRESH_TOKEN_PREFIX)
        if row := self._issue(CLAIM, names, "issue", access, refresh):
            return self._counted_response(row, access, refresh)
        reason, cause = Reuse(self.env).why_not_exchanged(names)
        if not verifier:
            raise InvalidRequest("The parameter code_verifier is missing.")
        raise InvalidCodeOrToken(reason=reason, cause=cause)

    def by_refresh_token(self, token, scope=frozenset()):
        """Rotate a refresh token (RFC 6749 section 6).

        :param scope: names of scopes, of those that were granted; empty: all of them
        :return: the token response; ``None`` where it is no token that was issued here
            to this client
        :raises InvalidCodeOrToken: it is expired, or was used; then it has ended its
            grant, unless another caller of the same minute used it
        :raises ScopeRaised: more was asked for than granted
        :raises TooManyRequests: the user's tokens are asked for too often; that rolls
            back, so nothing is spent
        """
        key = Keyring(self.env).identity_keys()[0]
        begin_read_committed(self.env)
        access = digests.derived_token(digests.ACCESS_TOKEN_PREFIX, key, token)
        refresh = digests.derived_token(digests.REFRESH_TOKEN_PREFIX, key, token)
        names = {**self.names, "digest": digests.digest(token)}
        asked = self._scope_ids(scope)
        if row := self._issue(
            ROTATE, names, "refresh", access, refresh, _written(asked)
        ):
            self._check_asked(asked, row[2])
            return self._counted_response(row, access, refresh, asked)
        names["access"], cr = digests.digest(access), self.env.cr
        cr.rollback()  # what is kept for crossing callers is still there
        begin_read_committed(self.env)
        cr.execute(FIND_ROTATED, names)
        for grant_id, user_id, granted, given, is_in_grace, seconds in cr.fetchall():
            if not is_in_grace:
                Reuse(self.env).refuse_refresh_token(grant_id)
            self._check_asked(asked, granted)
            if seconds and seconds > 0:
                row = grant_id, user_id, given, seconds
                return self._counted_response(row, access, refresh)
            if answer := self._cached_response(grant_id, user_id):
                return answer
        return None

    def by_grant(self, grant, kind="issue", *, is_pair=True):
        """Issue tokens of a grant; those that they replace are rotated.

        :param grant: the client API user, whose row is locked or new
        :param str kind: of the event
        :param bool is_pair: whether a refresh token, too
        :return: the token response, dict
        :raises InvalidCodeOrToken: the grant is over, or its user may not use the API
        """
        kinds = ("access", "refresh") if is_pair else ("access",)
        names = {**self.names, "grant": grant.id, "kinds": kinds}
        access = digests.issue(digests.ACCESS_TOKEN_PREFIX)
        refresh = digests.issue(digests.REFRESH_TOKEN_PREFIX) if is_pair else None
        self.env.flush_all()
        row = self._issue(GRANT, names, kind, access, refresh)
        self.env.invalidate_all()
        if not row:
            raise InvalidCodeOrToken(reason="The grant is over.")
        return self._response(row, access, refresh)

    def by_client_credentials(self, scope=frozenset()):
        """Issue an access token of the service user (RFC 6749 section 4.4).

        :param scope: names of scopes; empty: all that the client may have
        :return: the token response
        :raises InvalidScope: none of the scopes may be had
        :raises UnauthorizedClient: no service user, or one who may not use the API
        """
        if not self._allows_user(self.client.service_user_id):
            raise UnauthorizedClient(
                reason="The client has no service user who may use this API.",
                cause="service_user",
            )
        scope_ids = sorted(self.client.may_have(scope).values())
        service_grant = ServiceGrant(self.env, self.client, scope_ids)
        names = {
            **self.names,
            "identity": service_grant.identity_digest,
            "least": service_grant.least,
        }
        access = digests.issue(digests.ACCESS_TOKEN_PREFIX)
        caller = network(remote_address())
        key = (self.env.cr.dbname, self.client.client_id, names["identity"], caller)
        for _try in range(2):
            # Nothing that follows may refuse: it is committed.
            kind = "issue" if _services.is_due(key) else None
            if row := self._issue(SERVICE, names, kind, access, alone=True):
                return self._response(row, access)
            service_grant.make()
        raise TemporarilyUnavailable(
            reason="The grant of the service user is being made.", cause="busy"
        )

    def _issue(
        self, grants, names, kind, access, refresh=None, scopes=None, alone=False
    ):
        """Store new tokens and tell the audit log, in one statement.

        :param str grants: of ``issuing``
        :param dict names: their parameters
        :param kind: of the event, if one is told
        :param scopes: ids of the access token's scopes as text; ``None``: the grant's
        :param bool alone: whether the statement is a transaction of its own
        :return: ``(id of the grant, of the user, scope ids that were granted, seconds
            that the access token lives)``, or ``None``
        """
        client = self.client
        kinds = ["access"]
        names = names | {
            "access": digests.digest(access),
            "access_seconds": client.access_token_lifetime,
            "scopes": scopes,
        }
        if refresh and "refresh_token" in client.grant_types:
            kinds.append("refresh")
            names["refresh"] = digests.digest(refresh)
            names["refresh_seconds"] = client.refresh_token_lifetime
        if kind:
            names |= event_values(kind, client)
        statement = issue(grants, *kinds, is_told=bool(kind))
        try:
            if alone:
                execute_alone(self.env, statement, names)
            else:
                self.env.cr.execute(statement, names, log_exceptions=False)
        except psycopg2.errors.ForeignKeyViolation as error:
            raise InvalidCodeOrToken(reason="The grant was just revoked.") from error
        found = {what: row for what, *row in self.env.cr.fetchall()}
        if not found:
            return None
        grant_id, user_id, granted, seconds = found["access"]
        # A refresh token carries what was granted, whatever less was asked for.
        granted = found["refresh"][2] if "refresh" in found else granted
        return grant_id, user_id, granted, seconds

    def _counted_response(self, row, *tokens):
        """As :meth:`_response`, for a caller who proved a user's grant: where it sent
        no secret, that is its proof.
        """
        answer = self._response(row, *tokens)
        self._count_proven(row[1])
        return answer

    def _count_proven(self, user_id):
        RateLimit(self.env).count_proven(
            *records_of(self.env, self.client),
            self.env["res.users"].browse(user_id),
        )

    def _response(self, row, access, refresh=None, asked=None):
        """:return: RFC 6749 section 5.1
        :raises InvalidCodeOrToken: its user may not use the API any more
        """
        _grant_id, user_id, granted, seconds = row
        if not self._allows_user(user_id):
            raise InvalidCodeOrToken(**self._why_not_allowed(user_id))
        scope_ids = read_ids(granted) if asked is None else set(asked)
        answer = {
            "access_token": access,
            "token_type": "Bearer",
            "expires_in": int(seconds),
        }
        if scope_ids or self.client.scopes:  # else none could be asked for: section 3.3
            answer["scope"] = " ".join(self.client.names_of(scope_ids))
        if refresh and "refresh_token" in self.client.grant_types:
            answer["refresh_token"] = refresh
        return answer

    def _cached_response(self, grant_id, user_id):
        """:return: the answer to another proof of the JSON contract, for a refresh
            token that crossed it; ``None`` where there is none
        :raises InvalidCodeOrToken: its user may not use the API any more
        """
        if not self._allows_user(user_id):
            raise InvalidCodeOrToken(**self._why_not_allowed(user_id))
        grant = self.env["oauth2.client.user"].sudo().browse(grant_id)
        if not (found := CachedTokenResponse(self.env, grant).in_force()):
            return None
        self._count_proven(user_id)
        answer, seconds = found
        return {**answer, "expires_in": seconds}

    def _allows_user(self, user_id):
        users, version = self.env["res.users"], self.client.version
        return self.client.admission.allows(users._oauth2_membership(user_id, version))

    def _why_not_allowed(self, user_id):
        """:return: ``reason`` and ``cause`` for the event"""
        oauth2_api, client = records_of(self.env, self.client)
        user = self.env["res.users"].sudo().browse(user_id)
        reason = oauth2_api._why_not_allowed(user, client)
        return {"reason": reason, "cause": "user_blocked"}

    def _check_asked(self, asked, granted):
        """:param asked: ids of scopes, or ``None``
        :param str granted: ids that the refresh token carries
        :raises ScopeRaised: more was asked for
        """
        if more := set(asked or ()) - read_ids(granted):
            names = ", ".join(self.client.names_of(more))
            raise ScopeRaised(
                reason=f"A refresh asked for {names}, not granted before."
            )

    def _scope_ids(self, names):
        """:return: sorted ids of the scopes that were asked for; ``None`` for none
        :raises ScopeRaised: one is not the client's
        """
        if not names:
            return None
        if unknown := names - self.client.scopes.keys():
            asked = safe_text(" ".join(sorted(unknown)))
            reason = f"A refresh asked for {asked}, which the client may not have."
            raise ScopeRaised(reason=reason)
        return sorted(self.client.scopes[name] for name in names)


def _written(scope_ids):
    """:return: ids as a token carries them; ``None`` for ``None``"""
    return None if scope_ids is None else ",".join(map(str, scope_ids))

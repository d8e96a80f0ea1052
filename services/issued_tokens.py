"""Tokens that this Odoo issues (RFC 6749 sections 4.1.3, 4.4 and 6): a statement each.

- A code is claimed in the transaction that issues: a process that is killed in between
  has spent nothing. A caller without its verifier, or another client, claims nothing.
- A code that comes twice, and a refresh token that comes again a minute after it was
  rotated, end the grant: one of two callers is a thief (RFC 9700 section 4.14.2).
- The tokens that follow a refresh token are computed from it, with a key of this
  server: callers that cross one another get the same answer, and nothing is stored that
  could be read.
- Callers at the same time wait for a row, not for another try: READ COMMITTED.
- No token lives longer than its grant.
"""

import psycopg2.errors

from odoo.tools import SQL

from ..protocol import digests
from ..protocol.authorization_errors import (
    InvalidCodeOrToken,
    ScopeRaised,
    UnauthorizedClient,
)
from ..protocol.errors import TemporarilyUnavailable
from ..protocol.pkce import challenge_of, is_verifier
from ..protocol.registered_client import read_ids
from .audit import insert_event
from .client_authentication import ROTATION_GRACE
from .expiry import Expiry
from .keyring import Keyring
from .rate_limit import RateLimit
from .service_grant import ServiceGrant
from .transactions import begin_read_committed, commit_now, execute_alone

_NOW = SQL("statement_timestamp() AT TIME ZONE 'UTC'")
_GRACE = ROTATION_GRACE.total_seconds()
_GRANTED = SQL(
    """
    (SELECT string_agg(scope_id::text, ',' ORDER BY scope_id)
       FROM oauth2_client_user_scope_rel WHERE client_user_id = client_user.id)
    """
)

#: Claims a code and locks its grant.
_CLAIM = """
    claimed AS (
        UPDATE oauth2_authorization_request SET code_used_at = %(now)s
         WHERE code_digest = %(code)s AND api_id = %(api)s AND client_id = %(client)s
           AND code_challenge = %(challenge)s AND code_used_at IS NULL
           AND (%(redirect_uri)s = '' OR client_redirect_uri = %(redirect_uri)s)
           AND expires_at > %(now)s
        RETURNING client_user_id),
    grants AS (
        SELECT client_user.id, user_id, expires_at, %(granted)s AS granted_scopes
          FROM oauth2_client_user client_user
          JOIN claimed ON claimed.client_user_id = client_user.id
         WHERE state = 'active' AND expires_at > %(now)s
           FOR NO KEY UPDATE OF client_user)
"""
#: Locks the grant first: callers of one grant come one after another.
_ROTATE = """
    locked AS MATERIALIZED (
        UPDATE oauth2_client_user SET last_refresh_at = %(now)s
         WHERE id = (SELECT client_user_id FROM oauth2_token
                      WHERE digest = %(digest)s AND kind = 'refresh' AND is_issued
                        AND api_ref = %(api)s AND client_ref = %(client)s)
           AND state = 'active' AND expires_at > %(now)s
        RETURNING id, user_id, expires_at),
    rotated AS (
        UPDATE oauth2_token token
           SET rotated_at = %(now)s, expires_at = locked.expires_at
          FROM locked
         WHERE token.client_user_id = locked.id AND digest = %(digest)s
           AND kind = 'refresh' AND rotated_at IS NULL
           AND token.expires_at > %(now)s
        RETURNING token.granted_scopes),
    grants AS (
        SELECT locked.*, rotated.granted_scopes FROM locked CROSS JOIN rotated),
    rotated_access AS (
        UPDATE oauth2_token token
           SET rotated_at = %(now)s,
               expires_at = LEAST(token.expires_at, %(now)s + %(grace)s * interval '1s')
          FROM grants
         WHERE token.client_user_id = grants.id AND kind = 'access'
           AND rotated_at IS NULL)
"""
#: A refresh token that could not be rotated, and what followed it.
_FIND_ROTATED = """
    SELECT old.client_user_id, old.user_ref, old.granted_scopes,
           next_access.granted_scopes,
           old.rotated_at > %(now)s - %(grace)s * interval '1s',
           EXTRACT(EPOCH FROM next_access.expires_at - %(now)s)
      FROM oauth2_token old
      LEFT JOIN oauth2_token next_access
        ON next_access.digest = %(access)s AND next_access.kind = 'access'
       AND next_access.client_user_id = old.client_user_id
     WHERE old.digest = %(digest)s AND old.kind = 'refresh' AND old.is_issued
       AND old.api_ref = %(api)s AND old.client_ref = %(client)s
       AND old.rotated_at IS NOT NULL
"""
_SERVICE = """
    grants AS (
        SELECT id, user_id, expires_at, %(granted)s AS granted_scopes
          FROM oauth2_client_user client_user
         WHERE api_id = %(api)s AND client_id = %(client)s
           AND identity_digest = %(identity)s AND state = 'active'
           AND expires_at > %(now)s + %(least)s * interval '1s'
           FOR KEY SHARE)
"""
#: A grant, whose tokens of these kinds are rotated.
_GRANT = """
    grants AS (
        SELECT client_user.id, user_id, expires_at,
               (SELECT string_agg(scope_id::text, ',' ORDER BY scope_id)
                  FROM oauth2_client_user_scope_rel
                 WHERE client_user_id = client_user.id) AS granted_scopes
          FROM oauth2_client_user client_user
         WHERE id = %(grant)s AND state = 'active' AND expires_at > %(now)s
           FOR NO KEY UPDATE OF client_user),
    rotated AS (
        UPDATE oauth2_token token
           SET rotated_at = %(now)s,
               expires_at = CASE kind WHEN 'refresh' THEN grants.expires_at
                   ELSE LEAST(token.expires_at, %(now)s + %(grace)s * interval '1s')
                   END
          FROM grants
         WHERE token.client_user_id = grants.id AND rotated_at IS NULL
           AND kind IN %(kinds)s)
"""
_ISSUE = """
    WITH %(grants)s,
    told AS (%(event)s)
    INSERT INTO oauth2_token (client_user_id, kind, digest, is_issued, expires_at,
                              user_ref, api_ref, client_ref, granted_scopes)
    SELECT grants.id, made.kind, made.digest, true,
           LEAST(grants.expires_at, %(now)s + made.seconds * interval '1s'),
           grants.user_id, %(api)s, %(client)s,
           COALESCE(made.scopes, grants.granted_scopes, '')
      FROM grants CROSS JOIN (VALUES %(made)s) AS made (kind, digest, seconds, scopes)
    RETURNING kind, client_user_id, user_ref, granted_scopes,
              EXTRACT(EPOCH FROM expires_at - %(now)s)
"""


class IssuedTokens:
    def __init__(self, env, client):
        """:param client: ``protocol.registered_client.RegisteredClient``"""
        self.env = env
        self.client = client
        self.names = {
            "now": _NOW,
            "grace": _GRACE,
            "granted": _GRANTED,
            "api": client.api_id,
            "client": client.client_id,
        }

    def by_code(self, code, verifier, redirect_uri):
        """Exchange a code (RFC 6749 section 4.1.3, RFC 7636 section 4.6).

        :param str redirect_uri: ``""`` where it was not sent (OAuth 2.1)
        :return: the token response, dict
        :raises InvalidCodeOrToken: unknown, too late, used, of another client, or with
            another verifier or redirect URI; a used one has ended its grant
        :raises TooManyRequests: as of :meth:`by_refresh_token`
        """
        if not is_verifier(verifier):
            raise InvalidCodeOrToken(reason="no code_verifier")
        begin_read_committed(self.env)
        names = {
            **self.names,
            "code": digests.digest(code),
            "challenge": challenge_of(verifier),
            "redirect_uri": redirect_uri,
        }
        access = digests.issue(digests.ACCESS_TOKEN_PREFIX)
        refresh = digests.issue(digests.REFRESH_TOKEN_PREFIX)
        if row := self._issue(SQL(_CLAIM, **names), "issue", access, refresh):
            return self._counted_response(row, access, refresh)
        self._end_replayed(names["code"])
        raise InvalidCodeOrToken(reason="the code cannot be exchanged")

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
            SQL(_ROTATE, **names), "refresh", access, refresh, _written(asked)
        ):
            self._check_asked(asked, row[2])
            return self._counted_response(row, access, refresh, asked)
        names["access"], cr = digests.digest(access), self.env.cr
        cr.execute(SQL(_FIND_ROTATED, **names))
        for grant_id, user_id, granted, given, is_in_grace, seconds in cr.fetchall():
            if not is_in_grace:
                self._end(grant_id)
                raise InvalidCodeOrToken(reason="a refresh token was used twice")
            self._check_asked(asked, granted)
            if seconds and seconds > 0:
                row = grant_id, user_id, given, seconds
                return self._counted_response(row, access, refresh)
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
        row = self._issue(SQL(_GRANT, **names), kind, access, refresh)
        self.env.invalidate_all()
        if not row:
            raise InvalidCodeOrToken(reason="the grant is over")
        return self._response(row, access, refresh)

    def by_client_credentials(self, scope=frozenset()):
        """Issue an access token of the service user (RFC 6749 section 4.4).

        :param scope: names of scopes; empty: all that the client may have
        :return: the token response
        :raises InvalidScope: none of the scopes may be had
        :raises UnauthorizedClient: no service user, or one who may not use the API
        """
        if not self._allows_user(self.client.service_user_id):
            raise UnauthorizedClient(reason="it has no service user for this API")
        scope_ids = sorted(self.client.may_have(scope).values())
        service_grant = ServiceGrant(self.env, self.client, scope_ids)
        names = {
            **self.names,
            "identity": service_grant.identity_digest,
            "least": service_grant.least,
        }
        access = digests.issue(digests.ACCESS_TOKEN_PREFIX)
        for _try in range(2):
            # Nothing that follows may refuse: it is committed.
            if row := self._issue(SQL(_SERVICE, **names), "issue", access, alone=True):
                return self._response(row, access)
            service_grant.make()
        raise TemporarilyUnavailable(reason="the service's grant is being made")

    def _issue(self, grants, kind, access, refresh=None, scopes=None, alone=False):
        """Store new tokens and tell the audit log, in one statement.

        :param grants: ``SQL`` of table expressions; the last, ``grants``, has one row,
            or none
        :param str kind: of the event
        :param scopes: ids of the access token's scopes as text; ``None``: the grant's
        :param bool alone: whether the statement is a transaction of its own
        :return: ``(id of the grant, of the user, scope ids that were granted, seconds
            that the access token lives)``, or ``None``
        """
        client = self.client
        made = [("access", access, client.access_token_lifetime, scopes)]
        if refresh and "refresh_token" in client.grant_types:
            made.append(("refresh", refresh, client.refresh_token_lifetime, None))
        rows = [
            SQL("(%s, %s, %s, %s::varchar)", what, digests.digest(text), seconds, ids)
            for what, text, seconds, ids in made
        ]
        names = {"event": insert_event(kind, "grants", client), **self.names}
        statement = SQL(_ISSUE, grants=grants, made=SQL(", ").join(rows), **names)
        try:
            if alone:
                execute_alone(self.env, statement)
            else:
                self.env.cr.execute(statement, log_exceptions=False)
        except psycopg2.errors.ForeignKeyViolation as error:
            raise InvalidCodeOrToken(reason="its grant was just revoked") from error
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
        answer, user_id = self._response(row, *tokens), row[1]
        RateLimit(self.env).count_proven(
            self.env["oauth2.api"].sudo().browse(self.client.api_id),
            self.env["oauth2.client"].sudo().browse(self.client.client_id),
            self.env["res.users"].browse(user_id),
        )
        return answer

    def _response(self, row, access, refresh=None, asked=None):
        """:return: RFC 6749 section 5.1
        :raises InvalidCodeOrToken: its user may not use the API any more
        """
        _grant_id, user_id, granted, seconds = row
        if not self._allows_user(user_id):
            raise InvalidCodeOrToken(reason="the user may not use this API")
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

    def _allows_user(self, user_id):
        groups = self.env["res.users"]._oauth2_groups(user_id, self.client.version)
        return self.client.allows(groups)

    def _check_asked(self, asked, granted):
        """:param asked: ids of scopes, or ``None``
        :param str granted: ids that the refresh token carries
        :raises ScopeRaised: more was asked for
        """
        if not set(asked or ()) <= read_ids(granted):
            raise ScopeRaised()

    def _scope_ids(self, names):
        """:return: sorted ids of the scopes that were asked for; ``None`` for none
        :raises ScopeRaised: one is not the client's
        """
        if not names:
            return None
        if not names <= self.client.scopes.keys():
            raise ScopeRaised()
        return sorted(self.client.scopes[name] for name in names)

    def _end_replayed(self, code_digest):
        """A code that was used ends what it gave (RFC 6749 section 4.1.2)."""
        self.env.cr.execute(
            SQL(
                """
                SELECT client_user_id FROM oauth2_authorization_request
                 WHERE code_digest = %s AND code_used_at IS NOT NULL
                   AND api_id = %s AND client_id = %s
                """,
                code_digest,
                self.client.api_id,
                self.client.client_id,
            )
        )
        for (grant_id,) in self.env.cr.fetchall():
            self._end(grant_id)

    def _end(self, grant_id):
        """End a grant of which a secret was used twice, for good."""
        lock = "SELECT id FROM oauth2_client_user WHERE id = %s FOR UPDATE"
        self.env.cr.execute(SQL(lock, grant_id))
        grant = self.env["oauth2.client.user"].sudo().browse(grant_id).exists()
        if grant.state == "active":
            Expiry(self.env).end(grant, "reuse")
        commit_now(self.env)  # the refusal that follows rolls back


def _written(scope_ids):
    """:return: ids as a token carries them; ``None`` for ``None``"""
    return None if scope_ids is None else ",".join(map(str, scope_ids))

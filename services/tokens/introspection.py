"""What a token is, for the client that it was issued to (RFC 7662): a statement."""

from ...protocol.digests import digest
from ...protocol.errors import InvalidClient
from ..authentication.registered_client import authenticate
from ..server.base_url import base_url
from ..server.transactions import execute_alone

_INACTIVE = {"active": False}
_FIND = """
    SELECT kind, user_ref, granted_scopes, EXTRACT(EPOCH FROM expires_at)::bigint,
           (SELECT login FROM res_users WHERE id = user_ref)
      FROM oauth2_token
     WHERE digest = %(digest)s AND api_ref = %(api)s AND client_ref = %(client)s
       AND expires_at > statement_timestamp() AT TIME ZONE 'UTC'
       AND (kind = 'access' OR rotated_at IS NULL)
"""


class Introspection:
    def __init__(self, env):
        self.env = env

    def introspect(self, endpoint, token, credentials):
        """Tell of a token.

        :param str endpoint: the ``<api>`` of the path
        :param str token: of whatever kind
        :param credentials: ``protocol.credentials.ClientCredentials``
        :return: the introspection response (RFC 7662 section 2.2); only that it is not
            active of a token that is unknown, over, or another client's
        :raises InvalidClient: the client did not authenticate, or has no secret
        """
        client = authenticate(self.env, endpoint, credentials)
        if client.is_public:
            raise InvalidClient(
                reason="A public client cannot prove who it is: it may not introspect.",
                cause="secret_missing",
            )
        client.check_authenticated(credentials)
        names = client.parameters(digest=digest(token))
        execute_alone(self.env, _FIND, names)
        if not (row := self.env.cr.fetchone()):
            return _INACTIVE
        kind, user_id, granted, ends, login = row
        users = self.env["res.users"]
        membership = users._oauth2_membership(user_id, client.version)
        if not client.admission.allows(membership):
            return _INACTIVE
        issuer = f"{base_url(self.env)}/{endpoint}"
        answer = {
            "active": True,
            "client_id": client.client_identifier,
            "username": login,
            "sub": str(user_id),
            "exp": ends,
            "iss": issuer,
            "aud": issuer,
        }
        if scopes := client.names_of(granted):
            answer["scope"] = " ".join(scopes)
        if kind == "access":
            answer["token_type"] = "Bearer"
        return answer

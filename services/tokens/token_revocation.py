"""Revocation of a token by its client (RFC 7009): a statement, where no provider is to
be told.

- A token ends its grant, with all its tokens; of a service's grant, which is no user's,
  the token alone ends.
- A confidential client authenticates, but for a token of a provider that proves itself.
- A token that is unknown, over, or another client's is no error (section 2.2); sent by
  a client without a secret, it takes a place among the calls that failed.
- A refresh token that was rotated counts, too: its holder wants the grant to end.
- A revocation is served, whatever limit of proven calls is reached.
"""

from contextlib import suppress

from odoo.tools import SQL

from ...protocol.digests import digest
from ...protocol.errors import InvalidGrant
from ..audit.audit import INSERT_EVENT, event_values
from ..authentication.rate_limit import RateLimit
from ..authentication.registered_client import authenticate, records_of
from ..server.transactions import begin_read_committed
from .revocation import Revocation

_FIND = """
    SELECT token.client_user_id, token.is_issued, client_user.is_service
      FROM oauth2_token token
      JOIN oauth2_client_user client_user ON client_user.id = token.client_user_id
     WHERE token.digest = %(digest)s AND token.api_ref = %(api)s
       AND token.client_ref = %(client)s
"""
_END = f"""
    WITH grants AS (
        DELETE FROM oauth2_client_user WHERE id = %(grant)s RETURNING id, user_id),
    told AS ({INSERT_EVENT})
    SELECT id FROM grants
"""
_END_TOKEN = f"""
    WITH gone AS (
        DELETE FROM oauth2_token
         WHERE digest = %(digest)s AND client_user_id = %(grant)s
        RETURNING client_user_id),
    grants AS (
        SELECT id, user_id FROM oauth2_client_user
         WHERE id = (SELECT client_user_id FROM gone)),
    told AS ({INSERT_EVENT})
    SELECT id FROM grants
"""


class TokenRevocation:
    def __init__(self, env):
        self.env = env

    def revoke(self, endpoint, token, credentials):
        """End a token of the client that calls, and its grant.

        :param str endpoint: the ``<api>`` of the path
        :param str token: of whatever kind
        :param credentials: ``protocol.credentials.ClientCredentials``
        :raises InvalidClient: the client did not authenticate
        :raises TooManyRequests: a public client guesses
        """
        client = authenticate(self.env, endpoint, credentials, revokes=True)
        begin_read_committed(self.env)
        names = client.parameters(digest=digest(token))
        self.env.cr.execute(SQL(_FIND, **names))
        if not (found := self.env.cr.fetchall()):
            client.check_authenticated(credentials)
            if client.is_public:
                RateLimit(self.env).acquire(endpoint, client.client_identifier)
        for grant_id, is_issued, is_service in found:
            if not is_issued:
                self._at_provider(client, grant_id, credentials)
                continue
            client.check_authenticated(credentials)
            names |= {"grant": grant_id, **event_values("revoke", client)}
            self.env.cr.execute(SQL(_END_TOKEN if is_service else _END, **names))

    def _at_provider(self, client, grant_id, credentials):
        """A grant of the JSON contract: its provider is told, too."""
        _oauth2_api, record = records_of(self.env, client)
        if record.require_secret:
            client.check_authenticated(credentials)
        grant = self.env["oauth2.client.user"].sudo().browse(grant_id)
        with suppress(InvalidGrant):  # another call has just revoked it
            Revocation(self.env).end_now(grant)

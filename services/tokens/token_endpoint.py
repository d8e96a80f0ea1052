"""The token endpoint for standard clients (RFC 6749 section 3.2).

- The client proves who it is, and that it may use the grant type.
- A confidential client gets tokens with its secret alone, whatever else it shows.
- A refresh token that a provider gave out is refreshed there, as by the JSON contract:
  it names its grant.
"""

from ...protocol.authorization_errors import InvalidCodeOrToken, UnauthorizedClient
from ...protocol.authorization_request import check_resource, read_scope
from ...protocol.digests import REFRESH_TOKEN_PREFIX
from ...protocol.errors import InvalidGrant, InvalidRequest, UnsupportedGrantType
from ..authentication.registered_client import authenticate, records_of
from .issued_tokens import IssuedTokens
from .refresh import Refresh


class TokenEndpoint:
    #: By the ``grant_type`` of RFC 6749; OAuth 2.1 has no others.
    GRANT_TYPES = {
        "authorization_code": "_by_code",
        "refresh_token": "_by_refresh_token",
        "client_credentials": "_by_client_credentials",
    }

    def __init__(self, env, endpoint):
        """:param str endpoint: the ``<api>`` of the path"""
        self.env = env
        self.endpoint = endpoint

    def answer(self, parameters, credentials):
        """Serve one request.

        :param parameters: ``protocol.parameters.Parameters``
        :param credentials: ``protocol.credentials.ClientCredentials``
        :return: the token response (RFC 6749 section 5.1), dict
        :raises OAuth2Error: as of RFC 6749 section 5.2
        """
        grant_type = parameters.text("grant_type", required=True)
        if not (method := self.GRANT_TYPES.get(grant_type)):
            raise UnsupportedGrantType()
        client = authenticate(self.env, self.endpoint, credentials)
        # A refresh token may be of a provider, and proof enough.
        if grant_type != "refresh_token":
            client.check_authenticated(credentials)
        if grant_type not in client.grant_types:
            raise UnauthorizedClient(
                reason=f"The client may not use the grant type {grant_type}."
            )
        if resource := parameters.text("resource"):
            oauth2_api, _record = records_of(self.env, client)
            check_resource([resource], oauth2_api._resource_identifier())
        return getattr(self, method)(client, parameters, credentials)

    def _by_code(self, client, parameters, _credentials):
        code = parameters.text("code", required=True)
        verifier = parameters.text("code_verifier")  # a replay counts without it, too
        redirect_uri = parameters.text("redirect_uri")
        return IssuedTokens(self.env, client).by_code(code, verifier, redirect_uri)

    def _by_refresh_token(self, client, parameters, credentials):
        if not (token := credentials.refresh_token):
            raise InvalidRequest("The parameter refresh_token is missing.")
        scope = read_scope(parameters.text("scope"))
        if token.startswith(REFRESH_TOKEN_PREFIX):
            client.check_authenticated(credentials)
            tokens = IssuedTokens(self.env, client)
            if answer := tokens.by_refresh_token(token, scope):
                return answer
        # A provider may be an Odoo, too.
        oauth2_api, record = records_of(self.env, client)
        try:
            return Refresh(self.env).refresh(oauth2_api, record, "", credentials)
        except InvalidGrant as refusal:
            raise InvalidCodeOrToken(
                reason=refusal.reason, cause=refusal.cause
            ) from refusal

    def _by_client_credentials(self, client, parameters, _credentials):
        if client.is_public:
            raise UnauthorizedClient(
                reason="A public client may not use client credentials."
            )
        scope = read_scope(parameters.text("scope"))
        return IssuedTokens(self.env, client).by_client_credentials(scope)

"""The authorization code grant (RFC 6749 section 4.1): a request comes, a code goes.

- The order of checks: API, client, redirect URI. Until then nothing redirects. Then
  response type, PKCE, scope, resource, whose errors go to the redirect URI.
- What was asked for is kept in a row; the user is sent to sign in, at the client's
  provider or at this Odoo.
- Each authorization is a grant of its own: a second device does not end the first.
- A code is kept as a digest and lives for a minute, by the clock of the database, which
  all servers share.
"""

from datetime import timedelta

from odoo import fields

from ...protocol import digests
from ...protocol.authorization_errors import (
    UnauthorizedClient,
    UnknownClient,
    UnknownRedirectURI,
)
from ...protocol.authorization_request import response_address
from ...protocol.errors import InvalidClient, OAuth2Error
from ...protocol.redirect_uri import matches, why_not_registered
from ..audit.refusal_log import RefusalLog
from ..authentication.registered_client import records_of, registered_client
from ..server.request_context import remote_address, set_audit_context
from ..server.transactions import database_now
from ..tokens.sign_in_progress import SIGN_IN_LIFETIME
from .authorization import Authorization

CODE_LIFETIME = timedelta(seconds=60)


class AuthorizationCode:
    #: What must hold once the redirect URI is known to be the client's, in this order;
    #: each returns values of the ``oauth2.authorization.request``.
    RULES = ("_grant_type", "_response_type", "_pkce", "_scope", "_resource")

    def __init__(self, env):
        self.env = env

    def begin(self, endpoint, asked):
        """Judge a request, and keep it.

        :param str endpoint: the ``<api>`` of the path
        :param asked: ``protocol.authorization_request.AuthorizationRequest``
        :return: where the browser goes: to sign in, or back with an error
        :raises UnknownClient: no such API or client
        :raises UnknownRedirectURI: none of the client's
        """
        client = self._find_client(endpoint, asked)
        oauth2_api, record = records_of(self.env, client)
        set_audit_context(oauth2_api, record, is_proven=False)
        redirect_uri = self._find_redirect_uri(client, asked)
        issuer, state = oauth2_api._resource_identifier(), ""
        try:
            state = asked.state()
            values = {}
            for rule in self.RULES:
                values |= getattr(self, rule)(client, asked, issuer)
            return self._keep(oauth2_api, record, redirect_uri, state, values)
        except OAuth2Error as refusal:
            self.env.cr.rollback()
            RefusalLog(self.env).log(refusal)
            return response_address(
                redirect_uri,
                error=refusal.error,
                error_description=refusal.description,
                state=state,
                iss=issuer,
            )

    def _find_client(self, endpoint, asked):
        client_identifier = asked.text("client_id")
        try:
            return registered_client(self.env, endpoint, client_identifier)
        except InvalidClient as error:
            raise UnknownClient(reason=error.reason, cause=error.cause) from error

    def _find_redirect_uri(self, client, asked):
        """:return: where the answer goes, as it was sent (RFC 6749 section 3.1.2.3)"""
        sent, registered = asked.text("redirect_uri"), client.redirect_uris
        if not sent and len(registered) == 1:
            return registered[0]
        if not any(matches(each, sent) for each in registered):
            raise UnknownRedirectURI(reason=why_not_registered(sent))
        return sent

    def _grant_type(self, client, _asked, _issuer):
        if "authorization_code" not in client.grant_types:
            raise UnauthorizedClient(reason="The client may not use codes.")
        return {}

    def _response_type(self, _client, asked, _issuer):
        asked.check_response_type()
        return {}

    def _pkce(self, _client, asked, _issuer):
        return {"code_challenge": asked.code_challenge()}

    def _scope(self, client, asked, _issuer):
        scope_ids = sorted(client.may_have(asked.scope()).values())
        return {"requested_scope_ids": [(6, 0, scope_ids)]}

    def _resource(self, _client, asked, issuer):
        asked.check_resource(issuer)
        return {}

    def _keep(self, oauth2_api, client, redirect_uri, state, values):
        provider = client.provider_id
        record = (
            self.env["oauth2.authorization.request"]
            .sudo()
            .create(
                {
                    "response_type": "code",
                    "api_id": oauth2_api.id,
                    "client_id": client.id,
                    # No caller names the grant but by its tokens.
                    "identity_digest": digests.digest(digests.random_token()),
                    "redirect_uri": provider._redirect_uri(oauth2_api),
                    "client_redirect_uri": redirect_uri,
                    "client_state": state,
                    "address": remote_address(),
                    "expires_at": fields.Datetime.now() + SIGN_IN_LIFETIME,
                    **values,
                }
            )
        )
        return Authorization(self.env).first_address(record)

    def issue(self, record, grant):
        """Give out a code for a grant that the user has just allowed.

        :return: where the browser goes (RFC 6749 section 4.1.2, RFC 9207)
        """
        code = digests.issue(digests.CODE_PREFIX)
        record.write(
            {
                "code_digest": digests.digest(code),
                "client_user_id": grant.id,
                "expires_at": database_now(self.env) + CODE_LIFETIME,
            }
        )
        return record._response_address(code=code)

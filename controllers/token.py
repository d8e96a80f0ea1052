from odoo import http
from odoo.http import request

from ..protocol.errors import UnsupportedGrantType
from ..services.tokens.refresh import Refresh
from ..services.tokens.token_endpoint import TokenEndpoint
from .client_request import (
    CLIENT_ROUTING,
    ClientRequest,
    read_parameters,
    standard_credentials,
)


class TokenController(http.Controller):
    """Tokens, of a standard client (RFC 6749 section 3.2) and by the JSON contract."""

    @http.route("/<string:api>/oauth2/token", methods=["POST"], **CLIENT_ROUTING)
    def token(self, api):
        parameters = read_parameters()
        identity = parameters.identity()
        if parameters.text("grant_type") and not identity:
            credentials = standard_credentials(api, parameters, "code", "refresh_token")
            return TokenEndpoint(request.env, api).answer(parameters, credentials)
        return self._by_contract(api, parameters)

    def _by_contract(self, api, parameters):
        call = ClientRequest.from_request(api, parameters)
        if parameters.text("grant_type") not in ("", "refresh_token"):
            raise UnsupportedGrantType()
        identity = parameters.identity(required=True)
        return Refresh(request.env).refresh(
            call.api, call.client, identity, call.credentials
        )

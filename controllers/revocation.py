from odoo import http
from odoo.http import request

from ..services.tokens.revocation import Revocation
from ..services.tokens.token_revocation import TokenRevocation
from .client_request import (
    CLIENT_ROUTING,
    ClientRequest,
    read_parameters,
    standard_credentials,
)


class RevocationController(http.Controller):
    """Revocation, of a token (RFC 7009) and of a grant by the JSON contract."""

    @http.route(
        "/<string:api>/oauth2/revoke", methods=["GET", "POST"], **CLIENT_ROUTING
    )
    def revoke(self, api):
        parameters = read_parameters()
        if token := parameters.text("token"):
            credentials = standard_credentials(api, parameters, "token")
            TokenRevocation(request.env).revoke(api, token, credentials)
            return {}
        # What is proven to be the caller's ends, wherever it has got to.
        call = ClientRequest.from_request(api, parameters, from_anywhere=True)
        identity = parameters.identity(required=True)
        at_provider = Revocation(request.env).revoke(
            call.api, call.client, identity, call.credentials
        )
        return {"revoked": True, "provider_revoked": at_provider}

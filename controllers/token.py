from odoo import http
from odoo.http import request

from ..protocol.errors import UnsupportedGrantType
from ..services.refresh import Refresh
from .client_request import CLIENT_ROUTING, ClientRequest


class TokenController(http.Controller):
    """Refresh (RFC 6749 section 6)."""

    @http.route("/<string:api>/oauth2/token", methods=["POST"], **CLIENT_ROUTING)
    def token(self, api):
        call = ClientRequest.from_request(api)
        if call.parameters.text("grant_type") not in ("", "refresh_token"):
            raise UnsupportedGrantType()
        identity = call.parameters.identity(required=True)
        return Refresh(request.env).refresh(
            call.api, call.client, identity, call.credentials
        )

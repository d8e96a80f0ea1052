from odoo import http
from odoo.http import request

from ..services.revocation import Revocation
from .client_request import CLIENT_ROUTING, ClientRequest


class RevocationController(http.Controller):
    """Revocation of a grant, here and at its provider (RFC 7009)."""

    @http.route(
        "/<string:api>/oauth2/revoke", methods=["GET", "POST"], **CLIENT_ROUTING
    )
    def revoke(self, api):
        call = ClientRequest.from_request(api)
        identity = call.parameters.identity(required=True)
        at_provider = Revocation(request.env).revoke(
            call.api, call.client, identity, call.credentials
        )
        return {"revoked": True, "provider_revoked": at_provider}

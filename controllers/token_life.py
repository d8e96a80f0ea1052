from odoo import http
from odoo.http import request

from ..protocol.errors import UnsupportedGrantType
from ..protocol.parameters import MAX_BODY
from ..services.rate_limit import RateLimit
from ..services.refresh import Refresh
from ..services.request_context import set_audit_context
from ..services.revocation import Revocation
from .endpoint_call import EndpointCall

_ROUTING = {
    "type": "oauth2",
    "auth": "public",
    "csrf": False,
    "save_session": False,
    "max_content_length": MAX_BODY,
    "website": False,
    "oauth2_cross_origin": True,  # an application that is a page of another origin
}


class TokenLife(http.Controller):
    """Ask for a sign-in, refresh and revoke: what applications call without a user."""

    @http.route(
        "/<string:api>/oauth2/provider/authorize", methods=["GET", "POST"], **_ROUTING
    )
    def authorize(self, api):
        call = EndpointCall.from_request(api, names_grant=False)
        identity = call.parameters.identity()
        if call.client._check_secret(call.credentials):
            set_audit_context(call.api, call.client)
            RateLimit(request.env).count_proven(call.api, call.client)
        return request.env["oauth2.authorization.request"]._ask(
            call.api, call.client, identity
        )

    @http.route("/<string:api>/oauth2/token", methods=["POST"], **_ROUTING)
    def token(self, api):
        call = EndpointCall.from_request(api)
        if call.parameters.text("grant_type") not in ("", "refresh_token"):
            raise UnsupportedGrantType()
        identity = call.parameters.identity(required=True)
        return Refresh(request.env).refresh(
            call.api, call.client, identity, call.credentials
        )

    @http.route("/<string:api>/oauth2/revoke", methods=["GET", "POST"], **_ROUTING)
    def revoke(self, api):
        call = EndpointCall.from_request(api)
        identity = call.parameters.identity(required=True)
        at_provider = Revocation(request.env).revoke(
            call.api, call.client, identity, call.credentials
        )
        return {"revoked": True, "provider_revoked": at_provider}

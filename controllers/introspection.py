from odoo import http
from odoo.http import request

from ..services.tokens.introspection import Introspection
from .client_request import CLIENT_ROUTING, read_parameters, standard_credentials


class IntrospectionController(http.Controller):
    """What a token is, for the client that it was issued to (RFC 7662)."""

    @http.route("/<string:api>/oauth2/introspect", methods=["POST"], **CLIENT_ROUTING)
    def introspect(self, api):
        parameters = read_parameters()
        credentials = standard_credentials(api, parameters)
        token = parameters.text("token", required=True)
        return Introspection(request.env).introspect(api, token, credentials)

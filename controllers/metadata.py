from odoo import http
from odoo.http import request

_ROUTING = {
    "type": "oauth2",
    "auth": "public",
    "csrf": False,
    "save_session": False,
    "website": False,
    "readonly": True,
    "cors": "*",  # public facts, without credentials
}


class Metadata(http.Controller):
    """What an API says of itself, for clients that connect without a manual."""

    @http.route(
        "/.well-known/oauth-protected-resource/<string:api>",
        methods=["GET"],
        **_ROUTING,
    )
    def protected_resource(self, api):
        return request.env["oauth2.api"]._by_endpoint(api)._resource_metadata()

from odoo import http
from odoo.http import request

from ..protocol.errors import InvalidClient, NotFound

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
        try:
            oauth2_api = request.env["oauth2.api"]._by_endpoint(api)
        except InvalidClient as error:
            raise NotFound() from error  # no caller is asked to authenticate here
        return oauth2_api._resource_metadata()

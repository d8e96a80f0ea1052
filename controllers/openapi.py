from odoo import http
from odoo.http import request

from ..oauth2 import oauth2
from ..services.calls.cross_origin import EVERY_PAGE
from ..services.connect.openapi import OpenAPI
from .metadata import CACHING, find

_ROUTING = {
    "csrf": False,
    "save_session": False,
    "website": False,
    "readonly": True,
    "methods": ["GET"],
}


class OpenAPIController(http.Controller):
    """What an API offers, for those whom its administrator lets read it.

    Each of the two paths names the APIs of its ``openapi_access`` alone (``expanded``).
    """

    @http.route(
        "/<api>/openapi.json",
        type="oauth2",
        auth="public",
        oauth2_openapi="everyone",
        oauth2_cross_origin=EVERY_PAGE,
        **_ROUTING,
    )
    def openapi(self, api):
        described = OpenAPI(request.env).published(find(api))
        json = ("Content-Type", "application/json; charset=utf-8")
        return request.make_response(described, [json, *CACHING])

    @http.route(
        "/<api>/openapi.json",
        type="oauth2_json",
        auth="oauth2",
        oauth2_openapi="token",
        **_ROUTING,
    )
    def openapi_of_token(self):
        request.future_response.headers["Cache-Control"] = "no-store"
        return OpenAPI(request.env).document(oauth2.api, oauth2.scopes)

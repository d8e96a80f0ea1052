from odoo import http
from odoo.http import request

from odoo.addons.api_auth_oauth2.oauth2 import oauth2_route

ANSWER = {"ok": True}


def _route(auth):
    return http.route(f"/bench/{auth}", type="http", auth=auth, methods=["GET"])


class Contestants(http.Controller):
    """The same answer behind each kind of check, each as its users write it."""

    @_route("none")
    def none(self):
        return request.make_json_response(ANSWER)

    @_route("public")
    def public(self):
        return request.make_json_response(ANSWER)

    @_route("bearer")
    def bearer(self):
        return request.make_json_response(ANSWER)

    @_route("api_key")
    def api_key(self):
        return request.make_json_response(ANSWER)

    @oauth2_route("/<api>/bench", scopes="bench", methods=["GET"])
    def oauth2(self):
        return ANSWER

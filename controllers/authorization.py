from odoo import http
from odoo.http import request

from ..protocol.authorization_request import AuthorizationRequest
from ..protocol.errors import MethodNotAllowed, OAuth2Error
from ..protocol.parameters import MAX_STATE
from ..protocol.redirect_uri import MAX_LENGTH
from ..services.authentication.rate_limit import RateLimit
from ..services.sign_in.authorization import Authorization
from ..services.sign_in.authorization_code import AuthorizationCode
from .client_request import CLIENT_ROUTING, ClientRequest, read_parameters
from .pages import (
    BROWSER_ROUTING,
    answer_with_pages,
    find_api,
    leave,
    refused_sign_in,
    to_provider,
)

#: What ``provider/authorize`` takes.
_NAMES = "client_id client_secret client_user_identity redirect_uri state".split()


class AuthorizationController(http.Controller):
    """A sign-in is asked for, and begins."""

    @http.route(
        "/<string:api>/oauth2/provider/authorize",
        methods=["GET", "POST"],
        **CLIENT_ROUTING,
    )
    def authorize(self, api):
        parameters = read_parameters()
        parameters.check_known(*_NAMES)
        identity = parameters.identity()
        redirect_uri = parameters.text("redirect_uri", limit=MAX_LENGTH)
        state = parameters.text("state", limit=MAX_STATE)
        call = ClientRequest.from_request(api, parameters, names_grant=False)
        call.check_secret()
        return Authorization(request.env).ask(
            call.api, call.client, identity, redirect_uri, state
        )

    @http.route("/<string:api>/oauth2/authorize", methods=["GET"], **BROWSER_ROUTING)
    def authorize_code(self, api):
        """The authorization endpoint (RFC 6749 section 3.1)."""
        httprequest = request.httprequest
        answer_with_pages()
        if httprequest.method == "HEAD":
            raise MethodNotAllowed({"GET"})
        RateLimit(request.env).acquire()
        asked = AuthorizationRequest(httprequest.args.to_dict(flat=False))
        return leave(AuthorizationCode(request.env).begin(api, asked))

    @http.route(
        "/<string:api>/oauth2/start",
        methods=["GET"],
        type="http",
        auth="user",
        website=False,
    )
    def start(self, api, **parameters):
        try:
            if request.httprequest.method != "GET":  # Odoo lets others through
                raise MethodNotAllowed({"GET"})
            RateLimit(request.env).acquire()
            oauth2_api, token = find_api(api), parameters.get("request") or ""
            url, secret = Authorization(request.env).start(
                oauth2_api, token, request.env.user
            )
        except OAuth2Error as refusal:
            request.env.cr.rollback()
            return refused_sign_in(refusal)
        return to_provider(url, secret, oauth2_api)

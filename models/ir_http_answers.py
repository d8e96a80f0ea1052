from werkzeug.exceptions import abort

from odoo import models
from odoo.http import request

from ..protocol.errors import InsufficientScope, InvalidToken, TooManyRequests
from ..services.audit import Audit
from . import cross_origin
from .protected_routes import NATIVE_JSON2
from .wire_answer import error_response

#: Where an API's description stands (RFC 9728 section 3)
RESOURCE_METADATA = "/.well-known/oauth-protected-resource"


class IrHttp(models.AbstractModel):
    """What answers carry: a refusal its challenge, each the pages that may read it."""

    _inherit = "ir.http"

    @classmethod
    def _unmatched(cls, refusal):
        """:return: the response to a path or method that no route of ours serves"""
        response = error_response(refusal)
        endpoint = request.httprequest.path.lstrip("/").partition("/")[0]
        allowed = set()
        if cross_origin.origin():
            allowed = cls._oauth2_api(endpoint)._allowed_origins()
        cls._share_with_origin(response, allowed)
        return response

    @classmethod
    def _oauth2_api(cls, endpoint):
        """:return: the active API with that endpoint, possibly none"""
        domain = [("endpoint", "=", endpoint)]
        return request.env["oauth2.api"].sudo().search(domain, limit=1)

    @classmethod
    def _refuse(cls, refusal):
        """:raises HTTPException: with the refusal as its response"""
        abort(cls._oauth2_refusal(refusal))

    @classmethod
    def _oauth2_refusal(cls, refusal):
        """:return: the response to a refused call of a protected route"""
        cls._tell_of_refusal(refusal)
        matched = getattr(request, "oauth2_match", None)
        endpoint = ""
        if matched and matched[0].endpoint.routing["auth"] == "oauth2":
            endpoint = cls._oauth2_endpoint()
        elif grant := getattr(request, "oauth2_grant", None):  # on Odoo's own JSON-2
            endpoint = request.env["oauth2.api"].sudo().browse(grant.api_id).endpoint
        if endpoint:
            base = request.env["oauth2.api"]._oauth2_base_url()
            refusal.resource_metadata = f"{base}{RESOURCE_METADATA}/{endpoint}"
        response = error_response(refusal)
        if cls._is_cross_origin():
            cls._share_with_origin(response)
        return response

    @classmethod
    def _tell_of_refusal(cls, refusal):
        """Have the audit log tell of refused calls, now and then, never of each."""
        if not isinstance(refusal, (InvalidToken, InsufficientScope, TooManyRequests)):
            return  # above all a client that asks without a token how to sign in
        grant = getattr(request, "oauth2_grant", None)
        route = request.oauth2_match[0].endpoint.routing["routes"][0] if grant else ""
        Audit(request.env).log_refused_call(refusal, grant, route)

    @classmethod
    def _is_cross_origin(cls):
        """:return: whether pages of other origins may call the matched route"""
        if not (matched := getattr(request, "oauth2_match", None)):
            return False
        rule = matched[0]
        routing = rule.endpoint.routing
        if rule.rule == NATIVE_JSON2:
            # Whoever came in by an API key or a session is Odoo's own caller.
            return not request.env.uid or bool(getattr(request, "oauth2_grant", None))
        return routing["auth"] == "oauth2" or routing.get("oauth2_cross_origin", False)

    @classmethod
    def _answers_preflight(cls):
        """:return: whether an OPTIONS request is ours to answer

        On Odoo's own route it is where the page is an application's whose tokens open
        it; Odoo answers everybody else.
        """
        if not cls._is_cross_origin():
            return False
        if request.oauth2_match[0].rule == NATIVE_JSON2:
            return cross_origin.origin() in cls._callers_origins()
        return True

    @classmethod
    def _callers_origins(cls):
        """:return: set of the origins whose pages may read the answer: the calling
        application's; while the caller is not known, of all that call this route
        """
        if not cross_origin.origin():
            return set()
        if grant := getattr(request, "oauth2_grant", None):
            client = request.env["oauth2.client"].sudo().browse(grant.client_id)
            return set(client._origins())
        if request.oauth2_match[0].rule == NATIVE_JSON2:
            domain = [("bearer_enabled", "=", True)]
            return request.env["oauth2.api"].sudo().search(domain)._allowed_origins()
        return cls._oauth2_api(cls._oauth2_endpoint())._allowed_origins()

    @classmethod
    def _share_with_origin(cls, response, allowed=None):
        """Let the pages of the calling application read the answer.

        :param allowed: set of origins; left out, those of ``_callers_origins``
        """
        if allowed is None:
            allowed = cls._callers_origins()
        cross_origin.allow_origin(response.headers, allowed)

    @classmethod
    def _post_dispatch(cls, response):
        if cls._is_cross_origin():
            cls._share_with_origin(response)
        return super()._post_dispatch(response)

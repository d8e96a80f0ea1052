"""Cross-origin calls of browser applications (Fetch standard, CORS protocol).

An application's origin is allowed by name, on its own APIs, and by ``*`` at what is
public alone; credentials are not: a token travels in the Authorization header, which
the page itself sets.
"""

from odoo.http import Response, request

from ...protocol.server_metadata import is_well_known
from .routes import (
    find_api,
    is_native_json2,
    matched_endpoint,
    matched_routing,
)

#: Value of ``oauth2_cross_origin`` for public facts
EVERY_PAGE = "*"
_EVERYONE = frozenset([EVERY_PAGE])
_PREFLIGHT_SECONDS = 600
# Clients of the Model Context Protocol send theirs wherever they call.
_ALLOWED_HEADERS = "Authorization, Content-Type, MCP-Protocol-Version, X-Odoo-Database"
_EXPOSED_HEADERS = "WWW-Authenticate, Retry-After"


class CrossOrigin:
    """Which pages may call the matched route, and read its answer."""

    def __init__(self, env):
        self.env = env

    def is_open(self):
        """:return: whether pages of other origins may call the matched route"""
        if is_native_json2():
            # A caller with an API key or a session is Odoo's own.
            return not self.env.uid or bool(getattr(request, "oauth2_grant", None))
        routing = matched_routing()
        return routing.get("auth") == "oauth2" or routing.get(
            "oauth2_cross_origin", False
        )

    def answers_preflight(self):
        """:return: whether the request is a preflight that is ours to answer

        On Odoo's own route it is where the page belongs to an application whose tokens
        open it; Odoo answers the others.
        """
        if request.httprequest.method != "OPTIONS" or not self.is_open():
            return False
        return not is_native_json2() or _origin() in self.allowed_origins()

    def preflight_response(self):
        """:return: 204, with permission where the calling page's origin is allowed

        A preflight has no token, so the page may belong to any client of the route.
        """
        response = Response(status=204)
        methods = matched_routing()["methods"] or ["GET", "POST"]
        if _allow_origin(response.headers, self.allowed_origins()):
            response.headers.update(
                {
                    "Access-Control-Allow-Methods": ", ".join(
                        method for method in methods if method != "OPTIONS"
                    ),
                    "Access-Control-Allow-Headers": _ALLOWED_HEADERS,
                    "Access-Control-Max-Age": str(_PREFLIGHT_SECONDS),
                }
            )
        return response

    def allowed_origins(self):
        """:return: set of the origins whose pages may read the answer: those of the
        calling application; while it is not known, of all that call this route
        """
        if matched_routing().get("oauth2_cross_origin") == EVERY_PAGE:
            return _EVERYONE
        if not _origin():
            return set()
        if grant := getattr(request, "oauth2_grant", None):
            client = self.env["oauth2.client"].sudo().browse(grant.client_id)
            return set(client._origins())
        if is_native_json2():
            domain = [("bearer_enabled", "=", True)]
            return self.env["oauth2.api"].sudo().search(domain)._allowed_origins()
        return find_api(self.env, matched_endpoint())._allowed_origins()

    def share(self, response):
        """Let the pages of the calling application read an answer of the route."""
        if self.is_open():
            _allow_origin(response.headers, self.allowed_origins())

    def share_unmatched(self, response):
        """Let pages read the answer to a path or method that no route serves."""
        allowed, path = set(), request.httprequest.path
        if is_well_known(path):
            allowed = _EVERYONE
        elif _origin():
            endpoint = path.lstrip("/").partition("/")[0]
            allowed = find_api(self.env, endpoint)._allowed_origins()
        _allow_origin(response.headers, allowed)


def _origin():
    """:return: the origin of the page that sent the running request, or None"""
    return request.httprequest.headers.get("Origin")


def _allow_origin(headers, allowed):
    """Let the page read an answer, if its origin is allowed.

    :param headers: of the answer
    :param allowed: set of origins
    :return: whether it is
    """
    page, varying = _origin(), headers.get("Vary")
    if allowed == _EVERYONE:
        headers.set("Access-Control-Allow-Origin", EVERY_PAGE)
        return True
    if varying:  # what else decided of the answer stays named
        names = {name.strip() for name in varying.split(",")} | {"Origin"}
        varying = ", ".join(sorted(names - {""}))
    headers.set("Vary", varying or "Origin")
    if not page or page not in allowed:
        return False
    headers.set("Access-Control-Allow-Origin", page)
    headers.set("Access-Control-Expose-Headers", _EXPOSED_HEADERS)
    return True

"""Cross-origin calls of browser applications (Fetch standard, CORS protocol).

An application's origin is allowed by name, on its own APIs, never by ``*``; credentials
are not: a token travels in the Authorization header, which the page itself sets.
"""

from odoo.http import Response, request

_PREFLIGHT_SECONDS = 600
_ALLOWED_HEADERS = "Authorization, Content-Type, X-Odoo-Database"
_EXPOSED_HEADERS = "WWW-Authenticate, Retry-After"


def origin():
    """:return: the origin of the page that sent the running request, or None"""
    return request.httprequest.headers.get("Origin")


def preflight_response(allowed, methods):
    """Answer an OPTIONS request; a preflight has no token, so any client may be meant.

    :param allowed: set of the origins whose pages may call the route
    :param methods: those that the route serves
    :return: 204, with permission where the calling page's origin is among them
    """
    headers = {"Vary": "Origin"}
    methods = [method for method in methods if method != "OPTIONS"]
    if origin() in allowed:
        headers |= {
            "Access-Control-Allow-Origin": origin(),
            "Access-Control-Allow-Methods": ", ".join(methods),
            "Access-Control-Allow-Headers": _ALLOWED_HEADERS,
            "Access-Control-Max-Age": str(_PREFLIGHT_SECONDS),
        }
    return Response(status=204, headers=headers)


def allow_origin(headers, allowed):
    """Let the page read an answer, if its origin is allowed.

    :param headers: of the answer
    :param allowed: set of origins
    """
    page, varying = origin(), headers.get("Vary")
    if varying:  # whatever else decided of the answer stays named
        names = {name.strip() for name in varying.split(",")} | {"Origin"}
        varying = ", ".join(sorted(names - {""}))
    headers.set("Vary", varying or "Origin")
    if page and page in allowed:
        headers.set("Access-Control-Allow-Origin", page)
        headers.set("Access-Control-Expose-Headers", _EXPOSED_HEADERS)

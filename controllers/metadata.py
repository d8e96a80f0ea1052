from urllib.parse import quote

from odoo import http
from odoo.http import request

from ..protocol.errors import InvalidClient, NotFound
from ..protocol.server_metadata import (
    AUTHORIZATION_SERVER,
    OPENID_CONFIGURATION,
    PROTECTED_RESOURCE,
)
from ..services.calls.cross_origin import EVERY_PAGE

_ROUTING = {
    "type": "oauth2",
    "auth": "public",
    "csrf": False,
    "save_session": False,
    "website": False,
    "readonly": True,
    "methods": ["GET"],
    "oauth2_cross_origin": EVERY_PAGE,  # public facts, without credentials
}
# No shared cache: which database answers may depend on cookie and header.
CACHING = [("Cache-Control", "private, max-age=300")]
#: What RFC 3986 section 3.3 leaves as it is in a path
_IN_PATHS = "/:@!$&'()*+,;=~"


class Metadata(http.Controller):
    """What an API says of itself, for clients that connect without a manual.

    Their paths name active APIs alone (``expand_api``): those of other names are left
    to other addons, and to Odoo.
    """

    @http.route(
        [
            f"{AUTHORIZATION_SERVER}/<api>",  # RFC 8414 section 3.1
            f"{OPENID_CONFIGURATION}/<api>",  # and section 5
            f"/<api>{OPENID_CONFIGURATION}",
            f"/<api>{AUTHORIZATION_SERVER}",
        ],
        **_ROUTING,
    )
    def authorization_server(self, api):
        return _answer(find(api)._server_metadata())

    @http.route(
        [f"{PROTECTED_RESOURCE}/<api>", f"{PROTECTED_RESOURCE}/<api>/<path:below>"],
        **_ROUTING,
    )
    def protected_resource(self, api, below=""):
        below = below and f"/{quote(below, safe=_IN_PATHS)}"
        return _answer(find(api)._resource_metadata(below))


def find(endpoint):
    """:return: the active API
    :raises NotFound: there is none
    """
    try:
        return request.env["oauth2.api"]._by_endpoint(endpoint)
    except InvalidClient as error:
        raise NotFound() from error  # no caller is asked to authenticate here


def _answer(metadata):
    return request.make_json_response(metadata, headers=CACHING)

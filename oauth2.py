"""The door for Odoo developers: protect a route, read who is calling.

``examples/api_auth_oauth2_example`` shows it at work.
"""

import re

from odoo import http
from odoo.http import request

from .protocol.errors import InsufficientScope
from .protocol.handler_arguments import arguments_of
from .protocol.route_keywords import ODOO
from .protocol.scope import declared_scopes, scope_string

__all__ = ["oauth2", "oauth2_route"]

_ENDPOINT = re.compile(r"[a-z0-9][a-z0-9_-]*")
#: What this decorator sets itself.
_OWN = {"auth", "csrf", "save_session", "cors", "oauth2_api", "oauth2_scopes"}
_TYPES = {"oauth2_json", "http"}


def oauth2_route(route=None, *, api=None, scopes=(), **routing):
    """Make a controller method a route that only a valid access token opens.

    The method runs as the token's Odoo user. Query string, JSON body and path become
    its arguments, what it returns becomes JSON, and errors are JSON without a
    traceback.

    :param route: path or list of paths, tied to an API by ``<api>`` in it or by
        ``api``; left out by a method that overrides another addon's
    :param str api: endpoint of the one API, where the path does not name it
    :param scopes: names separated by spaces, or a list: all are needed, none by default
    :param routing: what else ``http.route`` takes; ``type="http"`` for files
    :raises TypeError: for what this decorator sets itself or does not know, a route
        without API, or arguments that cannot be served; those of an override, whose
        type and path are its parent's, are judged when Odoo builds its routes
    :raises ValueError: for a malformed scope, API, type or method
    """
    _check_routing(routing)
    if api is not None and not _ENDPOINT.fullmatch(api):
        raise ValueError(f"api={api!r} is no endpoint: write it as in the API's record")
    paths = [route] if isinstance(route, str) else (route or [])
    for path in paths:
        if api is not None and "<api>" in path:
            raise TypeError(f"the route {path!r} names its API already: leave out api=")
        if api is None and "<api>" not in path:
            raise TypeError(
                f"the route {path!r} belongs to no API: write /<api>{path}, or api=…"
            )
    if api is not None:
        routing["oauth2_api"] = api
    if paths:
        routing.setdefault("type", "oauth2_json")
    decorate = http.route(
        route,
        auth="oauth2",
        csrf=False,
        save_session=False,
        oauth2_scopes=declared_scopes(scopes),
        **routing,
    )

    def protect(method):
        if routing.get("type") == "oauth2_json":
            arguments_of([method], paths)
        return decorate(method)

    return protect


def _check_routing(routing):
    """Refuse keywords that would not do what they seem to."""
    if wrong := sorted(_OWN & routing.keys()):
        raise TypeError(
            f"oauth2_route sets {', '.join(wrong)} itself: leave it out, or write"
            ' @http.route(..., auth="oauth2")'
        )
    if unknown := sorted(routing.keys() - ODOO):
        raise TypeError(
            f"oauth2_route does not know {', '.join(unknown)}: it takes api, scopes and"
            f" {', '.join(sorted(ODOO - _OWN))}"
        )
    if routing.get("type", "http") not in _TYPES:
        raise ValueError(
            f"type={routing['type']!r}: leave it out for JSON, or write 'http'"
        )
    methods = routing.get("methods")
    if isinstance(methods, str) or not all(
        isinstance(method, str) and method.isupper() for method in methods or ()
    ):
        raise ValueError(f"methods={methods!r}: write a list, such as ['GET', 'POST']")


class _Context:
    """Who is calling, for the length of one protected call; false outside of one."""

    def __bool__(self):
        return self._grant is not None

    @property
    def _grant(self):
        return getattr(request, "oauth2_grant", None) if request else None

    def _record(self, model, name):
        if not request or request.env is None:
            return None  # no request, or one without a database
        grant = self._grant
        ids = [getattr(grant, name)] if grant else []
        return request.env[model].sudo().browse(ids)

    @property
    def api(self):
        """The ``oauth2.api`` record, as superuser; empty outside of a call."""
        return self._record("oauth2.api", "api_id")

    @property
    def client(self):
        """The ``oauth2.client`` record, as superuser; empty outside of a call."""
        return self._record("oauth2.client", "client_id")

    @property
    def client_user(self):
        """The ``oauth2.client.user`` record, as superuser; empty outside of a call."""
        return self._record("oauth2.client.user", "client_user_id")

    @property
    def scopes(self):
        """Frozenset of the scope names that this call may use."""
        return self._grant.scopes if self else frozenset()

    def require(self, scopes):
        """Refuse the call unless it has all of these scopes.

        :param scopes: names separated by spaces, or a list
        :raises InsufficientScope: answered as 403 (RFC 6750 section 3.1)
        """
        needed = declared_scopes(scopes)
        if not needed <= self.scopes:
            raise InsufficientScope(scope=scope_string(needed))


oauth2 = _Context()

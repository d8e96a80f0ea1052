"""Which protected routes the installed addons have, and which scopes they ask for."""

import re
from typing import NamedTuple

from ..calls.routes import inspect_late_rule, overrides

#: As ``expand_api`` of ``routes`` writes it.
_EXPANDED_API = re.compile(r"<any\([^)]*\):api>")
_OWN = "odoo.addons.api_auth_oauth2.controllers."


class Route(NamedTuple):
    """A protected route, or one that is refused because it only looks protected."""

    path: str  # as declared
    methods: tuple  # of HTTP; none: any
    auth: str
    scopes: frozenset  # names; all are needed
    endpoint: str  # of the API that it is tied to; empty: every API has it
    addons: tuple  # that declare and override it, the first first
    problem: str  # why each call is refused; empty: it is not


def list_routes(env, *, own=False):
    """:param bool own: this addon's own routes, too
    :return: the protected routes of the installed addons, a list, sorted by their paths
    """
    found = set()
    for rule in env["ir.http"].routing_map().iter_rules():
        inspect_late_rule(rule)
        routing = rule.endpoint.routing
        if routing["auth"] == "oauth2" or routing["oauth2_problem"]:
            modules = [method.__module__ for method in overrides(rule.endpoint)]
            if own or not all(module.startswith(_OWN) for module in modules):
                found.add(_route(rule.rule, routing, modules))
    return sorted(found, key=lambda route: (route.path, route.methods))


def _route(path, routing, modules):
    names = (module.removeprefix("odoo.addons.") for module in reversed(modules))
    return Route(
        _EXPANDED_API.sub("<api>", path),
        tuple(routing["methods"] or ()),
        routing["auth"],
        routing.get("oauth2_required") or frozenset(),
        routing.get("oauth2_api") or "",
        tuple(dict.fromkeys(name.partition(".")[0] for name in names)),
        routing["oauth2_problem"] or "",
    )


def routes_of(routes, oauth2_api):
    """:return: those of the routes that an API has"""
    return [route for route in routes if route.endpoint in ("", oauth2_api.endpoint)]


def lacking_scopes(routes, oauth2_api):
    """Find the scopes that routes of an API ask for, and that no token has.

    :param routes: a list of ``Route``
    :return: ``{scope name: routes that ask for it}`` of names that the API lacks, for
        routes tied to it, and that every active API lacks, for others
    """
    scopes = oauth2_api.env["oauth2.scope"].sudo()
    anywhere = set(scopes.search([("api_id.active", "=", True)]).mapped("name"))
    here = set(oauth2_api.scope_ids.mapped("name"))
    lacking = {}
    for route in routes_of(routes, oauth2_api):
        for name in sorted(
            route.scopes - (here if route.endpoint else anywhere | here)
        ):
            lacking.setdefault(name, []).append(route)
    return lacking


def routes_table(env, routes):
    """:return: a table of the routes, Markup; none: False"""
    values = {"routes": routes}
    return routes and env["ir.qweb"]._render("api_auth_oauth2.routes_table", values)

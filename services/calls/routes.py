"""Which routes are ours, what a protected one needs, and what a path of ours is."""

import functools
import inspect
import logging
import re

from odoo.http import request

from ...protocol import logs
from ...protocol.handler_arguments import arguments_of
from ...protocol.route_keywords import OAUTH2, ODOO
from ...protocol.scope import declared_scopes
from ...protocol.server_metadata import PROTECTED_RESOURCE, is_well_known
from ..server.base_url import base_url

_logger = logging.getLogger(__name__)

#: Odoo's own JSON-2, which tokens open like an API key where an API says so
NATIVE_JSON2 = "/json/2/<__model__>/<__method__>"
_API = "<api>"
_API_PART = re.compile(r"<any\([^)]*\):api>")  # what ``expand_api`` makes of it
_noted_endpoints = set()  # of whatever database
_KEYWORDS = ODOO | OAUTH2 | {"routes"}
#: What ``inspect_route`` adds.
_COMPUTED = frozenset(
    "oauth2_arguments oauth2_problem oauth2_required oauth2_wants_api".split()
)


def matched_routing():
    """:return: the routing of the matched route; empty when none matched"""
    matched = getattr(request, "oauth2_match", None)
    return matched[0].endpoint.routing if matched else {}


def is_native_json2():
    """:return: whether the matched route is Odoo's own JSON-2"""
    matched = getattr(request, "oauth2_match", None)
    return bool(matched) and matched[0].rule == NATIVE_JSON2


def matched_endpoint():
    """:return: endpoint of the API that the matched protected route belongs to"""
    rule, args = request.oauth2_match
    return rule.endpoint.routing.get("oauth2_api") or args.get("api") or ""


def find_api(env, endpoint):
    """:return: the active API with that endpoint, possibly none"""
    return env["oauth2.api"].sudo().search([("endpoint", "=", endpoint)], limit=1)


def note_endpoints(endpoints):
    """Remember endpoints of APIs, for what is to be known without a database."""
    _noted_endpoints.update(endpoints)
    logs.note_endpoints(endpoints)


def is_noted_path(path):
    """:return: whether a path is one of an API that this process has routed"""
    first, _, rest = path.lstrip("/").partition("/")
    return (
        first in _noted_endpoints or rest.startswith("oauth2/") or is_well_known(path)
    )


def is_own_call():
    """:return: whether this is a call of an API, as is known without the database"""
    has_grant = bool(getattr(request, "oauth2_grant", None))
    return has_grant or is_noted_path(request.httprequest.path)


def is_api_path(env, path):
    """:return: whether a caller of this path expects JSON of ours"""
    first, _, rest = path.lstrip("/").partition("/")
    if rest.startswith("oauth2/") or is_well_known(path):
        return True
    return first in env["oauth2.api"]._endpoints()


def resource_metadata(env):
    """:return: address of the description of the called API (RFC 9728 section 5.1),
    ``None`` when no API is called
    """
    endpoint = ""
    if matched_routing().get("auth") == "oauth2":
        endpoint = matched_endpoint()
    elif grant := getattr(request, "oauth2_grant", None):  # on Odoo's own JSON-2
        endpoint = env["oauth2.api"].sudo().browse(grant.api_id).endpoint
    if not endpoint:
        return None
    return f"{base_url(env)}{PROTECTED_RESOURCE}/{endpoint}"


def inspect_route(url, endpoint):
    """Complete the routing of one endpoint, merged over its overrides.

    An override inherits protection and scopes and may add to them. One that drops the
    protection is logged, and marked so that every call is refused; so is a route that
    only looks protected.

    :param str url: the route as declared
    :param endpoint: as ``http._generate_routing_rules`` yields it; its ``routing`` gets
        ``oauth2_problem`` (why it is refused, or ``None``); that of a protected one
        ``oauth2_required`` (frozenset of scope names), ``oauth2_wants_api`` (whether
        the handler takes an argument ``api``); that of a JSON route
        ``oauth2_arguments`` (what the handler takes)
    """
    routing = endpoint.routing
    handlers, given = handlers_of(endpoint), _given(endpoint)
    routing.setdefault("oauth2_problem", None)
    if routing["type"] == "oauth2_json":
        try:
            paths = routing.get("routes") or [url]
            routing["oauth2_arguments"] = arguments_of(handlers, paths, *given)
        except TypeError as error:
            _refuse(url, routing, str(error))
            return
    routings = [
        method.original_routing
        for method in overrides(endpoint)
        if hasattr(method, "original_routing")
    ]
    # A rule that another addon makes by itself has no other declaration.
    routings.append({k: v for k, v in routing.items() if k not in _COMPUTED})
    unknown = set().union(*routings) - _KEYWORDS
    was_protected = any(r.get("auth") == "oauth2" for r in routings)
    if not was_protected:
        if any(r.get("oauth2_scopes") or r.get("oauth2_api") for r in routings):
            _refuse(
                url,
                routing,
                "oauth2_scopes and oauth2_api protect nothing without auth='oauth2'",
            )
        elif unknown := {name for name in unknown if name.startswith("oauth2")}:
            _refuse(url, routing, _unknown_keywords(unknown))
        return
    scopes, problem = [], None
    try:
        scopes = [declared_scopes(r.get("oauth2_scopes") or ()) for r in routings]
    except (TypeError, ValueError) as error:
        problem = f"oauth2_scopes: {error}"  # raised, it would break every page
    routing["oauth2_required"] = frozenset().union(*scopes)
    routing["oauth2_wants_api"] = _wants_api(handlers, *given)
    if routing["auth"] != "oauth2":
        problem = "an override drops auth='oauth2'"
    elif len({r["oauth2_api"] for r in routings if r.get("oauth2_api")}) > 1:
        problem = "an override moves the route to another API"
    elif routing.get("oauth2_api") and _API in url:
        problem = "the route names two APIs: leave out oauth2_api, or <api>"
    elif not routing.get("oauth2_api") and _API not in url:
        problem = "the route names no API: write <api> in its path, or oauth2_api="
    elif unknown:
        problem = _unknown_keywords(unknown)
    elif routing.get("cors"):
        problem = "clients have allowed origins of their own: leave out cors="
    elif routing.get("website"):  # it would set another company than the token's
        problem = "a website sets companies of its own: leave out website="
    if problem:
        _refuse(url, routing, problem)


def inspect_late_rule(rule):
    """Inspect a rule that another addon added to the routing map past the generation.

    :param rule: the matched one, looked at once
    """
    if "oauth2_problem" not in rule.endpoint.routing:
        inspect_route(rule.rule, rule.endpoint)


def _unknown_keywords(names):
    return f"unknown keywords: {', '.join(sorted(names))}"


def _refuse(url, routing, problem):
    """Log what is wrong with a route, and have each call of it refused."""
    _logger.error("Route %s is refused: %s", url, problem)
    routing["oauth2_problem"] = problem


def handlers_of(endpoint):
    """:return: the controller's method behind a route, as written, and behind it those
    that it overrides; a tuple
    """
    return tuple(getattr(m, "original_endpoint", m) for m in overrides(endpoint))


def expanded(rules, endpoints, described):
    """Inspect all routes, and expand ours.

    :param rules: ``(url, endpoint)`` of Odoo
    :param endpoints: of the active APIs
    :param described: ``{openapi_access: endpoints}`` of those that describe themselves
    :return: ``(url, endpoint)``, descriptions last: a route that another addon has at
        such a path is matched first
    """
    descriptions = []
    for url, endpoint in rules:
        inspect_route(url, endpoint)
        access = endpoint.routing.get("oauth2_openapi")
        names = described.get(access, ()) if access else endpoints
        if url := expand_api(url, endpoint.routing, names):
            if access:
                descriptions.append((url, endpoint))
            else:
                yield url, endpoint
    yield from descriptions


def rules_of(env, endpoint):
    """Find the protected routes of an API.

    :param str endpoint: of the API
    :return: ``(path, rule)``, the path with the API's endpoint in it
    """
    for rule in env["ir.http"].routing_map().iter_rules():
        inspect_late_rule(rule)
        routing = rule.endpoint.routing
        if routing["auth"] != "oauth2" or routing["oauth2_problem"]:
            continue
        if routing.get("oauth2_api") == endpoint:
            yield rule.rule, rule
        elif (part := _API_PART.search(rule.rule)) and f'"{endpoint}"' in part[0]:
            yield rule.rule.replace(part[0], endpoint), rule


def expand_api(url, routing, endpoints):
    """Let ``<api>`` of a route of ours match the active APIs and nothing else.

    A two-segment wildcard would take other pages, such as ``/fr/partners`` of a
    website.

    :return: the route; ``None`` when it names an API and none is active
    """
    is_ours = routing["auth"] == "oauth2" or routing["type"] == "oauth2"
    if _API not in url or not is_ours:
        return url
    if not endpoints:
        return None
    names = ",".join(f'"{endpoint}"' for endpoint in endpoints)
    return url.replace(_API, f"<any({names}):api>")


def _unwrapped(endpoint):
    """:return: ``(the function behind partials, their positional arguments, the names
    of their others)``
    """
    arguments, names = (), set()
    while isinstance(endpoint, functools.partial):
        arguments = (*endpoint.args, *arguments)
        names |= endpoint.keywords.keys()
        endpoint = endpoint.func
    return endpoint, arguments, frozenset(names)


def _given(endpoint):
    """:return: ``(how many positional arguments of a handler are given already, names
    of the others)``; Odoo's own endpoints give ``self`` alone
    """
    function, arguments, names = _unwrapped(endpoint)
    return len(arguments) + hasattr(function, "__self__"), names


def overrides(endpoint):
    """:return: the functions of this name in the controller's class tree, what
    overrides first; a list
    """
    function, _arguments, _names = _unwrapped(endpoint)
    controller = type(getattr(function, "__self__", None))
    name = getattr(function, "__name__", "")
    found = [cls.__dict__[name] for cls in controller.__mro__ if name in cls.__dict__]
    # Of no controller: another addon's.
    return found or [getattr(function, "__func__", function)]


def _wants_api(handlers, count, names):
    """``**kwargs`` of an override are the arguments of what it overrides.

    :param int count: of positional arguments, and
    :param names: of others that are given already
    """
    for handler in handlers:
        parameters = list(inspect.signature(handler).parameters.values())
        if "api" in names or any(p.name == "api" for p in parameters[:count]):
            return False
        if any(p.name == "api" for p in parameters):
            return True
        if not any(p.kind is p.VAR_KEYWORD for p in parameters):
            return False
        count = 1
    return True

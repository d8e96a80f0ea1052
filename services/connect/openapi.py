"""The description of an API, by OpenAPI 3.1: what a caller may find out by calling.

1. Routes stand in it that a token of the API can open: none that is refused, and none
   whose scopes the API does not have.
2. Models stand in it that scopes open over JSON-2, where the API serves it.
3. The holder of a token reads of what its scopes open, and of no other scope.
4. Of a handler it tells arguments and the first paragraph of the docstring; of a model
   the fields that every user may know of.
5. What every caller may read is made once until what it tells of may have changed.
"""

import inspect
import json
import re

from odoo.tools.json import json_default

from ...protocol.openapi import document, operation_of
from ..calls.routes import handlers_of, rules_of
from ..server.base_url import base_url
from ..server.last_signal import newest_signal
from .openapi_json2 import JSON2Description

#: They are described for each model, not for all of them; and this very document.
_LEFT_OUT = re.compile(r"/json/2/|/doc-bearer/|/openapi\.json$")
_PATH_PART = re.compile(r"<(?:(?P<converter>\w+)(?:\([^)]*\))?:)?(?P<name>\w+)>")
_CONVERTERS = {"int": "integer", "float": "number", "model": "integer"}
_WITHOUT_CONTENT = {"HEAD", "OPTIONS"}

_TIMESTAMP = {"type": "integer", "description": "Epoch seconds."}


def _named(by):
    texts = {name: {"type": "string"} for name in (by, "name")}
    return {"type": "object", "properties": texts}


_WHOAMI = {
    "type": "object",
    "properties": {
        "login": {"type": "string"},
        "name": {"type": "string"},
        "scopes": {"type": "array", "items": {"type": "string"}},
        "api": _named("endpoint"),
        "client": _named("client_id"),
        "expires_at": _TIMESTAMP,
        "authorization_expires_at": _TIMESTAMP,
    },
}


class OpenAPI:
    """Descriptions of APIs."""

    def __init__(self, env):
        self.env = env(su=True)

    def document(self, oauth2_api, scopes=None):
        """Describe an API.

        :param scopes: names of those that the reader has, None: all of the API
        :return: the document, a dict
        """
        oauth2_api = oauth2_api.with_env(self.env)
        described = _described(oauth2_api, scopes)
        json2 = JSON2Description(
            self.env, oauth2_api.endpoint, self._opened(oauth2_api, described)
        )
        return document(
            oauth2_api.name,
            oauth2_api._server_metadata(),
            described,
            [*self._routes(oauth2_api.endpoint, described), *json2.operations()],
            json2.schemas(),
        )

    def published(self, oauth2_api):
        """
        :return: the description of a whole API, as JSON; remembered until the next
            signal, other routes, another base URL or text of a scope
        """
        oauth2_api = oauth2_api.with_env(self.env)
        made_of = (
            oauth2_api.id,
            newest_signal(self.env),
            self.env["ir.http"].routing_map(),
            base_url(self.env),
            # Odoo translates them without a signal.
            tuple(_described(oauth2_api).items()),
        )

        def read():
            return json.dumps(self.document(oauth2_api), default=json_default)

        return self.env["oauth2.api"]._published(made_of, read)

    def _opened(self, oauth2_api, scopes):
        """:return: what scopes open over JSON-2, as of ``_opened_models``"""
        if not oauth2_api.json2_enabled:
            return {}
        opened = self.env["oauth2.scope"]._opened_models(
            oauth2_api.id, newest_signal(self.env)
        )
        return {name: models for name, models in opened.items() if name in scopes}

    def _routes(self, endpoint, scopes):
        """:return: the ``Operation`` of each route that these scopes open"""
        found = []
        for path, rule in rules_of(self.env, endpoint):
            routing = rule.endpoint.routing
            required = routing["oauth2_required"]
            if _LEFT_OUT.search(path) or not required <= scopes.keys():
                continue
            methods = set(routing.get("methods") or ("GET", "POST")) - _WITHOUT_CONTENT
            for method in sorted(methods):
                found.append(_operation(endpoint, path, method, rule.endpoint))
        return found


def _described(oauth2_api, scopes=None):
    """:return: ``{name: what it is for}`` of an API's scopes, or of these of them"""
    return {
        scope.name: scope._label()
        for scope in oauth2_api.scope_ids
        if scopes is None or scope.name in scopes
    }


def _operation(endpoint, path, method, handler):
    routing = handler.routing
    arguments = routing.get("oauth2_arguments")
    in_path = {
        part["name"]: _in_path(part, arguments) for part in _PATH_PART.finditer(path)
    }
    path = _PATH_PART.sub(r"{\g<name>}", path)
    below = path.removeprefix(f"/{endpoint}/")
    is_json = routing["type"] == "oauth2_json"
    return operation_of(
        method,
        arguments,
        in_path,
        path=path,
        name=re.sub(r"\W+", "_", f"{method.lower()}_{below}").strip("_"),
        tag=re.sub(r"\W.*", "", below) or endpoint,
        summary=_summary(handler),
        answer=_WHOAMI if below == "oauth2/whoami" else {},
        media_type="application/json" if is_json else "*/*",
        scopes=(routing["oauth2_required"],),
    )


def _in_path(part, arguments):
    """:return: schema of a part of a path"""
    if number := _CONVERTERS.get(part["converter"]):
        return {"type": number}
    taken = arguments and arguments.types.get(part["name"])
    return (taken and taken.schema) or {"type": "string"}


def _summary(handler):
    """:return: first paragraph of the docstring of a handler, or of one it overrides"""
    for function in handlers_of(handler):
        if text := inspect.cleandoc(function.__doc__ or ""):
            return " ".join(text.partition("\n\n")[0].split())
    return ""

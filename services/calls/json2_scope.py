"""Whether the scopes of a token open a JSON-2 call, and which calls they open.

The rules, in this order:

1. What is sent can be stored and answered.
2. The called model is opened for the method: for its kind, or by its name.
3. ``ids`` are ids, and the other arguments are ones that the method takes.
4. The arguments can be followed to the models that they reach.
5. Each of those is opened for what is done there.
6. No other companies are asked for than that of API or client, where there is one.

What the Odoo user may do stays the outer limit. ``docs/scopes.md`` tells it in full.
"""

import functools
import inspect
import re
from contextlib import suppress

from odoo.exceptions import AccessError
from odoo.service.model import get_public_method

from ...protocol.errors import InsufficientScope, InvalidRequest
from ...protocol.json_object import check_storable
from ...protocol.scope import scope_string
from .json2_methods import SERVED_METHODS
from .json2_reach import reached

_MAX_ID = 2**31 - 1  # PostgreSQL's integer
#: What a refusal repeats of a path.
_NAME = re.compile(r"[A-Za-z0-9_. ]{1,64}")
_METHOD = "method "
_NAMED = {inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY}


class JSON2Scope:
    """Checks calls; ``env`` is that of the token's user."""

    def __init__(self, env):
        self.env = env

    def check(self, token, model_name, method_name, arguments):
        """Refuse a JSON-2 call that no scope opens.

        :param token: the ``TokenContext`` of the token check
        :param str model_name: as in the path
        :param str method_name: as in the path
        :param dict arguments: the call's, by name
        :raises InsufficientScope: naming model, operation and the scopes that would do
        :raises InvalidRequest: for an argument that the method does not take, or whose
            reach cannot be told
        """
        check_storable(arguments)
        opened, granted = self._opened(token)
        needed = SERVED_METHODS.get(method_name) or {_method(method_name)}
        if lacking := needed - _opened_of(model_name, granted):
            raise self._refusal(opened, "needs", model_name, lacking)
        # In the order in which the call comes to them: of what lies behind a model that
        # is not opened, nothing is told.
        for other, operation in self._reached(model_name, method_name, arguments):
            if operation not in _opened_of(other, granted):
                raise self._refusal(opened, "reaches", other, {operation})
        if token.company_id:
            _check_company([token.company_id], arguments)

    def describe(self, token, model_name):
        """Tell what a token may call on a model.

        :return: ``{method: {"parameters": {name: {"name": name}}, "api": ["model"]}}``,
            ``api`` empty where the method takes ``ids``: what Odoo's ``/doc-bearer``
            says of methods, but the parameters that JSON-2 takes by name
        :raises InsufficientScope: no scope opens the model for anything
        """
        opened, granted = self._opened(token)
        found = _opened_of(model_name, granted)
        if not found:
            raise self._refusal(opened, "describes", model_name)
        names = {name for name, needed in SERVED_METHODS.items() if needed <= found}
        names |= {n.removeprefix(_METHOD) for n in found if n.startswith(_METHOD)}
        model, described = self.env[model_name], {}
        for name in sorted(names):
            with suppress(AttributeError, AccessError):  # not there, or private
                described[name] = _described(get_public_method(model, name))
        return described

    def _refusal(self, opened, does, model_name, lacking=frozenset()):
        """:return: the refusal of a call, by what the token's scopes lack of one model

        :param lacking: operations and methods; none: anything would do
        """
        enough = [
            name
            for name, scope in opened.items()
            if (found := _opened_of(model_name, [scope])) and lacking <= found
        ]
        kinds = " and ".join(sorted(lacking)) or "any operation"
        if not _NAME.fullmatch(model_name) or not _NAME.fullmatch(kinds):
            model_name, kinds = "a model", "what was called"
        would_do = (
            f"these do: {scope_string(enough)}"
            if enough
            else "no single scope of this API does"
        )
        text = "The call {} {} ({}), which no scope of this token opens; {}."
        # A path may hold anything: the audit log repeats what there is.
        is_there = self._is_there(model_name, lacking)
        told = (model_name, kinds) if is_there else ("what is not here", "by its path")
        return InsufficientScope(
            text.format(does, model_name, kinds, would_do),
            reason=text.format(does, *told, would_do),
            scope=scope_string(enough),
        )

    def _is_there(self, model_name, lacking):
        if model_name not in self.env:
            return False
        names = [each.removeprefix(_METHOD) for each in lacking if _METHOD in each]
        return all(hasattr(type(self.env[model_name]), name) for name in names)

    def _opened(self, token):
        """:return: ``(what the API's scopes open, what those of the token do)``"""
        opened = self.env["oauth2.scope"]._opened_models(token.api_id, token.version)
        return opened, [opened[name] for name in token.scopes if name in opened]

    def _reached(self, model_name, method_name, arguments):
        """:return: ``{(model, operation)}`` that the call reaches by its arguments
        :raises InvalidRequest: for an argument whose reach cannot be told
        """
        model, arguments = self.env[model_name], dict(arguments)
        if method_name in SERVED_METHODS:  # of any other Odoo says it
            _check_taken(getattr(model, method_name), arguments)
        _check_ids(arguments.pop("ids", None))
        context = arguments.pop("context", None) or {}
        return reached(model, method_name, arguments, context)


def _method(name):
    return _METHOD + name


@functools.lru_cache(maxsize=1000)  # reading a signature takes tens of microseconds
def _parameters(function):
    """:return: the parameters of a method beside ``self``, a list"""
    _self, *parameters = inspect.signature(function).parameters.values()
    return parameters


def _described(function):
    return {
        "parameters": {
            p.name: {"name": p.name} for p in _parameters(function) if p.kind in _NAMED
        },
        "api": ["model"] if hasattr(function, "_api_model") else [],
    }


def _opened_of(model_name, scopes):
    """:return: set of what scopes, together, open of a model"""
    found = set()
    for scope in scopes:
        operations, methods = scope.get(model_name, ((), ()))
        found.update(operations, map(_method, methods))
    return found


def _check_company(companies, arguments):
    """Contexts of relations may be in arguments at any depth.

    :param list companies: ids: of the call's own
    :raises InvalidRequest: for a call in other companies than its own
    """
    left = [arguments]
    while left:
        value = left.pop()
        if isinstance(value, list):
            left += value
        elif isinstance(value, dict):
            left += value.values()
            if value.get("allowed_company_ids", companies) != companies:
                raise InvalidRequest(
                    "Calls are of one company here: leave allowed_company_ids out."
                )


def _check_taken(method, arguments):
    """:raises InvalidRequest: for an argument that a method does not have"""
    parameters = _parameters(method.__func__)
    if any(p.kind is p.VAR_KEYWORD for p in parameters):
        return
    taken = ["ids", "context", *(p.name for p in parameters)]
    for name in arguments:
        if name not in taken:
            shown = name if _NAME.fullmatch(name) else "sent"
            raise InvalidRequest(
                f"The argument {shown} does not exist: {method.__name__} takes"
                f" {', '.join(taken)}."
            )


def _check_ids(value):
    """Record ids, before they reach a method that expects nothing else.

    :raises InvalidRequest: for anything that no record can be found by
    """
    ids = value if isinstance(value, list) else [value or 0]
    if not all(type(item) is int and abs(item) <= _MAX_ID for item in ids):
        raise InvalidRequest("The argument ids must be a list of record ids.")

"""Whether the scopes of a token open a JSON-2 call.

The rules, in this order:

1. What is sent can be stored and answered, and ``ids`` are ids.
2. The called model is opened for the method: for its kind, or by its name.
3. The arguments can be followed to the models that they reach.
4. Each of those is opened for what is done there.

What the Odoo user may do stays the outer limit. ``docs/scopes.md`` tells it in full.
"""

from ..protocol.errors import InsufficientScope, InvalidRequest
from ..protocol.json_object import check_storable
from ..protocol.scope import scope_string
from .json2_methods import SERVED_METHODS
from .json2_reach import reached

_MAX_ID = 2**31 - 1  # PostgreSQL's integer


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
        :raises InsufficientScope: naming the scopes that would open the model
        :raises InvalidRequest: for an argument whose reach cannot be told
        """
        check_storable(arguments)
        opened = self.env["oauth2.scope"]._opened_models(token.api_id, token.version)
        granted = [opened[name] for name in token.scopes if name in opened]
        if not _opens(granted, model_name, method_name):
            enough = [n for n in opened if _opens([opened[n]], model_name, method_name)]
            raise InsufficientScope(
                "No scope of this token opens this model for this kind of method.",
                scope=scope_string(enough),
            )
        for other, operation in self._reached(model_name, method_name, arguments):
            if operation not in _union(granted, other)[0]:
                raise InsufficientScope(
                    "The call reaches other models that no scope of this token opens."
                )

    def _reached(self, model_name, method_name, arguments):
        """:return: ``{(model, operation)}`` that the call reaches by its arguments
        :raises InvalidRequest: for an argument whose reach cannot be told
        """
        model, arguments = self.env[model_name], dict(arguments)
        _check_ids(arguments.pop("ids", None))
        context = arguments.pop("context", None) or {}
        return reached(model, method_name, arguments, context)


def _opens(scopes, model_name, method_name):
    """:return: whether scopes, together, open a method of a model"""
    operations, methods = _union(scopes, model_name)
    needed = SERVED_METHODS.get(method_name)
    return method_name in methods if needed is None else needed <= operations


def _union(scopes, model_name):
    """:return: ``(operations, methods)`` of a model that scopes open together"""
    lines = [scope[model_name] for scope in scopes if model_name in scope]
    operations, methods = zip(*lines, strict=True) if lines else ((), ())
    return frozenset().union(*operations), frozenset().union(*methods)


def _check_ids(value):
    """Record ids, before they reach a method that expects nothing else.

    :raises InvalidRequest: for anything that no record can be found by
    """
    ids = value if isinstance(value, list) else [value or 0]
    if not all(type(item) is int and abs(item) <= _MAX_ID for item in ids):
        raise InvalidRequest("The argument ids must be a list of record ids.")

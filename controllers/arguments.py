"""From a request to the arguments of a handler: by name, checked, and typed.

A handler says with ordinary annotations what it takes (``limit: int = 80``). What comes
in the query string is text and is read as that type; what comes in a JSON body has a
type and must have the right one. Arguments without annotation are passed as they come.
"""

import inspect
import math
import types
import typing
from datetime import UTC, date, datetime

from ..protocol.errors import InvalidRequest
from ..protocol.parameters import read_json_object

_TRUE, _FALSE = {"1", "true"}, {"0", "false"}


def bind(handler, *, query, body, path):
    """Collect and check a handler's arguments.

    :param handler: the controller's method, as written
    :param query: ``{name: [texts]}`` of the query string
    :param dict body: the JSON object of the body
    :param dict path: from the route, already converted, and never overruled
    :return: ``{name: value}``
    :raises InvalidRequest: naming the argument that is unknown, missing, sent twice or
        of the wrong type
    """
    _self, *parameters = inspect.signature(handler).parameters.values()
    takes_any = any(p.kind is p.VAR_KEYWORD for p in parameters)
    named = {p.name: p for p in parameters if p.kind is not p.VAR_KEYWORD}
    hints = typing.get_type_hints(handler)
    sent = {name: (_single(name, texts), _read) for name, texts in query.items()}
    for name, value in body.items():
        if name in sent:
            raise InvalidRequest(_sent_twice(name))
        sent[name] = (value, _check)
    arguments = {}
    for name, (value, convert) in sent.items():
        if name in path or (name not in named and not takes_any):
            raise InvalidRequest(f"The argument {_shown(name)} is unknown here.")
        arguments[name] = _convert(name, value, hints.get(name), convert)
    arguments.update(path)
    for name, parameter in named.items():
        if parameter.default is parameter.empty and name not in arguments:
            raise InvalidRequest(f"The argument {name} is missing.")
    return arguments


def read_object(data):
    """Read a JSON body.

    :param bytes data: of the request
    :return: dict
    :raises InvalidRequest: not JSON, no object, or a name that comes twice
    """
    return read_json_object(data, _sent_twice)


def _sent_twice(name):
    return f"The argument {_shown(name)} was sent twice."


def _single(name, texts):
    if len(texts) != 1:
        raise InvalidRequest(_sent_twice(name))
    return texts[0]


def _shown(name):
    """A caller's text is repeated only where it is a harmless name."""
    return name if name.isascii() and name.isidentifier() and len(name) < 64 else "sent"


def _convert(name, value, hint, convert):
    if hint is None or hint is typing.Any:
        return value
    optional, kind = _kind(hint)
    if value is None and optional:
        return None
    try:
        return convert(kind, value)
    except (ValueError, TypeError, OverflowError) as error:
        raise InvalidRequest(
            f"The argument {_shown(name)} must be of type {_type_name(kind)}."
        ) from error


def _kind(hint):
    """:return: ``(whether None is allowed, the plain type)`` of an annotation"""
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        members = [m for m in typing.get_args(hint) if m is not type(None)]
        optional = len(members) < len(typing.get_args(hint))
        return optional, members[0] if len(members) == 1 else object
    return False, hint


def _type_name(kind):
    return {bool: "boolean", int: "integer", float: "number", str: "string"}.get(
        kind, getattr(typing.get_origin(kind) or kind, "__name__", "value")
    )


def _read(kind, text):
    """Read a query string's text as a type."""
    if kind is bool:
        lowered = text.lower()
        if lowered not in _TRUE | _FALSE:
            raise ValueError(text)
        return lowered in _TRUE
    if kind is int:
        if not text.removeprefix("-").isdecimal() or not text.isascii():
            raise ValueError(text)
        return int(text)
    if kind is float:
        return _finite(float(text))
    if kind is datetime:
        return _naive(datetime.fromisoformat(text))
    if kind is date:
        return date.fromisoformat(text)
    if kind in (str, object):
        return text
    raise TypeError(kind)


def _finite(number):
    if not math.isfinite(number):
        raise ValueError(number)
    return number


def _naive(moment):
    """Odoo's moments are in UTC and do not say so."""
    return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment


def _check(kind, value):
    """Check that a JSON value has a type; dates are texts in JSON."""
    items, kind = typing.get_args(kind), typing.get_origin(kind) or kind
    if kind in (date, datetime):
        return _read(kind, value)
    if isinstance(value, bool) and kind in (int, float):
        raise TypeError(kind)
    if kind is float and isinstance(value, (int, float)):
        return _finite(float(value))
    if not isinstance(value, kind):
        raise TypeError(kind)
    if kind is list and items:
        return [_convert_item(items[0], item) for item in value]
    return value


def _convert_item(hint, value):
    optional, kind = _kind(hint)
    if kind is typing.Any or (value is None and optional):
        return value
    return _check(kind, value)

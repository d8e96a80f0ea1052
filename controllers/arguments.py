"""From a request to the arguments of a handler: by name, checked, and typed.

A handler says with ordinary annotations what it takes (``limit: int = 80``). What comes
in the query string is text and is read as that type; what comes in a JSON body has a
type and must have the right one. Arguments without annotation are passed as they come.
"""

import functools
import inspect
import math
import types
import typing
from contextlib import suppress
from datetime import UTC, date, datetime

from ..protocol.errors import InvalidRequest
from ..protocol.json_object import check_storable, read_json_object

_TRUE, _FALSE = {"1", "true"}, {"0", "false"}


def bind(handlers, *, query, body, path):
    """Collect and check a handler's arguments.

    :param tuple handlers: the controller's method, as written, and the ones that it
        overrides: ``**kwargs`` of an override are the arguments of what it overrides
    :param query: ``{name: [texts]}`` of the query string
    :param dict body: the JSON object of the body
    :param dict path: from the route, already converted, and never overruled
    :return: ``{name: value}``
    :raises InvalidRequest: naming the argument that is unknown, missing, sent twice or
        of the wrong type; for text that no database stores
    """
    check_storable([*path.values(), query, body])
    named, hints, takes_any = _signature(handlers)
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


@functools.lru_cache(maxsize=1024)  # a route each; looking takes longer than binding
def _signature(handlers):
    """:return: ``({name: parameter}, {name: type hint}, whether others are taken)``"""
    named, hints = {}, {}
    for handler in handlers:
        _self, *parameters = inspect.signature(handler).parameters.values()
        handler_hints = typing.get_type_hints(handler)
        for parameter in parameters:
            if parameter.kind is not parameter.VAR_KEYWORD:
                hints.setdefault(parameter.name, handler_hints.get(parameter.name))
                named.setdefault(parameter.name, parameter)
        if not any(p.kind is p.VAR_KEYWORD for p in parameters):
            return named, hints, False
    return named, hints, True


def read_object(data):
    """Read a JSON body.

    :param bytes data: of the request
    :return: dict
    :raises InvalidRequest: not JSON, no object, or a name that comes twice
    """
    return read_json_object(data, _sent_twice)


def check_unknown(sent, path):
    """:raises InvalidRequest: for what is sent under the name of a part of the path"""
    for name in sent:
        if name in path:
            raise InvalidRequest(f"The argument {_shown(name)} is unknown here.")


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
    try:
        return _convert_to(hint, value, convert)
    except (ValueError, TypeError, OverflowError) as error:
        raise InvalidRequest(
            f"The argument {_shown(name)} must be of type {_type_name(hint)}."
        ) from error


def _convert_to(hint, value, convert):
    """:raises ValueError, TypeError, OverflowError: where no type of the hint fits"""
    kinds = _kinds(hint)
    if not kinds or (value is None and type(None) in kinds):
        return value
    if convert is _read and str in kinds:
        return value
    for kind in kinds[:-1]:
        with suppress(ValueError, TypeError, OverflowError):
            return convert(kind, value)
    return convert(kinds[-1], value)


def _kinds(hint):
    """:return: the types of an annotation, without any for one that says nothing"""
    if hint in (None, object, typing.Any):
        return ()
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        return typing.get_args(hint)
    return (hint,)


_TYPE_NAMES = {bool: "boolean", int: "integer", float: "number", str: "string"}


def _type_name(hint):
    return " or ".join(
        _TYPE_NAMES.get(kind) or (typing.get_origin(kind) or kind).__name__
        for kind in _kinds(hint)
        if kind is not type(None)
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
    if kind is str:
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
        return [_convert_to(items[0], item, _check) for item in value]
    return value

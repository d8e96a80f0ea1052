"""What a handler's annotations say of its arguments, judged once.

An annotation is served wholly, or it is refused while Python imports the module: a
handler whose arguments no caller can send would fail at each call.
"""

import enum
import inspect
import json
import math
import re
import types
import typing
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

_SERVED = (
    "bool, int, float, str, date, datetime, list[…], dict[str, …], Literal, an Enum of"
    " texts or integers, None, or several of these"
)
#: What a converter raises at a value that is of another type.
MISFITS = (ValueError, TypeError, OverflowError)
#: A part of a path: ``<name>``, ``<converter:name>``, ``<converter(arguments):name>``
_PATH_PART = re.compile(r"<(?:(\w+)(?:\(.*?\))?:)?(\w+)>")
#: What makes a text of a part.
_TEXT_CONVERTERS = {"", "default", "string", "path", "any"}
_TRUE, _FALSE = {"1", "true"}, {"0", "false"}


@dataclass(frozen=True)
class ArgumentType:
    """How what was sent becomes what a handler is given.

    Each function raises one of ``MISFITS`` at what is of another type.
    """

    read: Callable  #: from a text, as a query string and a path have it
    check: Callable  #: from a JSON value
    types: tuple = ()  #: their names, for who sent something else
    choices: tuple = ()  #: the values that there are, as JSON
    read_all: Callable | None = None  #: from the texts of a name that may come often
    #: what it is for a description of the API (JSON Schema 2020-12)
    schema: dict = field(default_factory=dict, compare=False)

    def is_text(self):
        """:return: whether a query string can have it"""
        return self.read is not _never or self.read_all is not None

    def __str__(self):
        said = []
        if self.types:
            said.append(f"of type {' or '.join(self.types)}")
        if self.choices:
            said.append(f"one of {', '.join(self.choices)}")
        return " or ".join(said)


@dataclass(frozen=True)
class Arguments:
    """What a handler takes."""

    types: dict  #: ``{name: ArgumentType}``
    needed: frozenset  #: names of those without a default
    others: ArgumentType | None  #: of what ``**kwargs`` take, ``None`` without them
    given: frozenset = frozenset()  #: names of what is not a caller's to send
    defaults: dict = field(default_factory=dict, compare=False)  #: of those not needed


def arguments_of(handlers, paths=(), count=1, names=frozenset()):
    """Read the signatures of a handler and of those that it overrides.

    :param handlers: functions, as written; ``**kwargs`` of an override are the
        arguments of what it overrides
    :param paths: of the route; what each of them names is converted by it, and may
        have any annotation, but one that no text of a path becomes
    :param int count: how many of the first handler's positional arguments are given
        already: ``self``, and what a ``functools.partial`` holds
    :param names: of what such a one gives by name
    :return: ``Arguments``
    :raises TypeError: for a signature that no call fits, or an annotation that no JSON
        value becomes; the text says what to write
    """
    in_path, as_text = _path_names(paths)
    known, needed, given, defaults = {}, set(), {"self", *names}, {}
    for handler in handlers:
        parameters = list(inspect.signature(handler).parameters.values())
        positional = [p.name for p in parameters if p.kind in _POSITIONAL]
        if len(positional) < count and not any(
            p.kind is p.VAR_POSITIONAL for p in parameters
        ):
            raise TypeError(f"{handler.__qualname__} takes no self")
        given.update(positional[:count])
        others, count = None, 1
        for parameter in parameters:
            name = parameter.name
            if name in given:
                continue
            if parameter.kind is parameter.POSITIONAL_ONLY:
                raise TypeError(
                    f"{handler.__qualname__}: arguments are given by name: move {name}"
                    " behind the /"
                )
            if parameter.kind is parameter.VAR_POSITIONAL:
                continue  # stays empty
            argument_type = _type_of(handler, parameter, in_path)
            if name in as_text and argument_type.read is _never:
                raise TypeError(
                    f"{handler.__qualname__}: no part of a path becomes what the"
                    f" argument {name} is annotated with: take it from query string or"
                    " body, or write str"
                )
            if parameter.kind is parameter.VAR_KEYWORD:
                others = argument_type
            elif name not in known:
                known[name] = argument_type
                if parameter.default is parameter.empty:
                    needed.add(name)
                else:
                    defaults[name] = parameter.default
        if others is None:
            break
    return Arguments(known, frozenset(needed), others, frozenset(given), defaults)


_POSITIONAL = {
    inspect.Parameter.POSITIONAL_ONLY,
    inspect.Parameter.POSITIONAL_OR_KEYWORD,
}


def _type_of(handler, parameter, in_path):
    if parameter.annotation is parameter.empty:
        return ANYTHING
    try:
        return _argument_type(_resolved(handler, parameter))
    except (TypeError, NameError, AttributeError, SyntaxError) as error:
        if parameter.name in in_path:
            return ANYTHING
        raise TypeError(
            f"{handler.__qualname__}: no value that is sent becomes what the argument"
            f" {parameter.name} is annotated with ({error}): write {_SERVED}; or leave"
            " the annotation out"
        ) from error


def _resolved(handler, parameter):
    """:return: the annotation, without ``Annotated``, and with each name in it known
    :raises NameError: for a name that is known to type checkers alone, or only later
    """
    # Each by itself: what a handler returns does not matter here.
    holder = types.SimpleNamespace(__annotations__={"it": parameter.annotation})
    names = getattr(inspect.unwrap(handler), "__globals__", {})
    return typing.get_type_hints(holder, globalns=names)["it"]


def _argument_type(hint):
    """:raises TypeError: naming what is not served"""
    if hint in (object, typing.Any):
        return ANYTHING
    for kind, argument_type in _PLAIN.items():
        if hint is kind:
            return argument_type
    origin, items = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        return _any_of([_argument_type(item) for item in items])
    if origin is typing.Literal:
        return _one_of([(item, item) for item in items])
    if isinstance(hint, enum.EnumMeta):
        return _one_of([(member.value, member) for member in hint])
    if origin in (list, dict) and not items:  # typing.List, typing.Dict
        return _PLAIN[origin]
    if origin is list:
        return _list_of(_argument_type(items[0]))
    if origin is dict and items[0] is str:
        return _dict_of(_argument_type(items[1]))
    raise TypeError(getattr(hint, "__name__", None) or str(hint))


def _path_names(paths):
    """:return: ``(names that each path has, those that are a text in one)``"""
    parts = [_PATH_PART.findall(path) for path in paths]
    each = [{name for _converter, name in found} for found in parts]
    as_text = {
        name
        for found in parts
        for converter, name in found
        if converter in _TEXT_CONVERTERS
    }
    return set.intersection(*each) if each else set(), as_text


def _as_it_is(value):
    return value


def _of(kind):
    def check(value):
        if type(value) is not kind:
            raise TypeError(kind)
        return value

    return check


def _never(value):
    raise TypeError(value)


def _read_bool(text):
    lowered = text.lower()
    if lowered not in _TRUE | _FALSE:
        raise ValueError(text)
    return lowered in _TRUE


def _read_int(text):
    if not text.removeprefix("-").isdecimal() or not text.isascii():
        raise ValueError(text)
    return int(text)


def _finite(number):
    if not math.isfinite(number):
        raise ValueError(number)
    return number


def _check_float(value):
    if type(value) not in (int, float):
        raise TypeError(value)
    return _finite(float(value))


def _read_moment(text):
    """Odoo's moments are in UTC and do not say so."""
    moment = datetime.fromisoformat(text)
    return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment


def _plain(read, check, name, schema_type, *, read_all=None, **schema):
    names = (name,) if name else ()
    schema = {"type": schema_type, **schema}
    return ArgumentType(read, check, names, read_all=read_all, schema=schema)


ANYTHING = ArgumentType(_as_it_is, _as_it_is)
_TEXT = _plain(_as_it_is, _of(str), "string", "string")
_NULL = _plain(_never, _of(types.NoneType), "", "null")
_PLAIN = {
    bool: _plain(_read_bool, _of(bool), "boolean", "boolean"),
    int: _plain(_read_int, _of(int), "integer", "integer"),
    float: _plain(lambda t: _finite(float(t)), _check_float, "number", "number"),
    str: _TEXT,
    types.NoneType: _NULL,
    # Dates are texts in JSON, too.
    date: _plain(
        date.fromisoformat, date.fromisoformat, "date", "string", format="date"
    ),
    datetime: _plain(
        _read_moment, _read_moment, "datetime", "string", format="date-time"
    ),
    list: _plain(_never, _of(list), "list", "array", read_all=list),
    dict: _plain(_never, _of(dict), "dict", "object"),
}


def _any_of(members):
    """The first that fits; a text of a query string is a text where one may be."""
    readers = [m.read for m in members if m.read is not _never]
    lists = [m.read_all for m in members if m.read_all]

    def first(converters):
        def convert(value):
            for converter in converters:
                with suppress(*MISFITS):
                    return converter(value)
            raise ValueError(value)

        return convert

    read = first(readers) if readers else _never
    if _TEXT in members:
        read = _as_it_is

    def read_all(texts):
        if len(texts) == 1:  # as it would be read if it could come only once
            with suppress(*MISFITS):
                return read(texts[0])
        return first(lists)(texts)

    return ArgumentType(
        read,
        first([m.check for m in members]),
        tuple([name for m in members for name in m.types]),
        tuple([choice for m in members for choice in m.choices]),
        read_all if lists else None,
        {"anyOf": [m.schema for m in members]},
    )


def _one_of(pairs):
    """:param pairs: ``(what is sent, what the handler is given)``"""
    for value, _given in pairs:
        if type(value) not in (str, int, bool, types.NoneType):
            raise TypeError(f"{value!r} of a Literal or an Enum")

    def check(value):
        for choice, given in pairs:
            if type(value) is type(choice) and value == choice:
                return given
        raise ValueError(value)

    def read(text):
        for choice, given in pairs:
            with suppress(*MISFITS):
                if _PLAIN[type(choice)].read(text) == choice:
                    return given
        raise ValueError(text)

    choices = [json.dumps(value) for value, _given in pairs if value is not None]
    schema = {"enum": [value for value, _given in pairs]}
    return ArgumentType(read, check, choices=tuple(choices), schema=schema)


def _list_of(item):
    def check(value):
        return [item.check(each) for each in _of(list)(value)]

    def read_all(texts):
        return [item.read(text) for text in texts]

    of_texts = None if item.read is _never else read_all
    schema = {"items": item.schema}
    return _plain(_never, check, "list", "array", read_all=of_texts, **schema)


def _dict_of(item):
    def check(value):
        return {name: item.check(each) for name, each in _of(dict)(value).items()}

    return _plain(_never, check, "dict", "object", additionalProperties=item.schema)

"""What an annotation means: which texts and JSON values become what.

An annotation is served wholly, or not at all.
"""

import enum
import json
import math
import types
import typing
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

#: What an annotation may be.
SERVED = (
    "bool, int, float, str, date, datetime, list[…], dict[str, …], Literal, an Enum of"
    " texts or integers, None, or several of these"
)
#: What a converter raises at a value that is of another type.
MISFITS = (ValueError, TypeError, OverflowError)
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

    def is_in_path(self):
        """:return: whether a part of a path can have it"""
        return self.read is not _never

    def is_text(self):
        """:return: whether a query string can have it"""
        return self.is_in_path() or self.read_all is not None

    def __str__(self):
        said = []
        if self.types:
            said.append(f"of type {' or '.join(self.types)}")
        if self.choices:
            said.append(f"one of {', '.join(self.choices)}")
        return " or ".join(said)


def argument_type(hint):
    """:param hint: a type, as an annotation has it
    :return: its ``ArgumentType``
    :raises TypeError: naming what is not served
    """
    if hint in (object, typing.Any):
        return ANYTHING
    for kind, plain in _PLAIN.items():
        if hint is kind:
            return plain
    origin, items = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        return _any_of([argument_type(item) for item in items])
    if origin is typing.Literal:
        return _one_of([(item, item) for item in items])
    if isinstance(hint, enum.EnumMeta):
        return _one_of([(member.value, member) for member in hint])
    if origin in (list, dict) and not items:  # typing.List, typing.Dict
        return _PLAIN[origin]
    if origin is list:
        return _list_of(argument_type(items[0]))
    if origin is dict and items[0] is str:
        return _dict_of(argument_type(items[1]))
    raise TypeError(getattr(hint, "__name__", None) or str(hint))


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
        date.fromisoformat,
        date.fromisoformat,
        "date (YYYY-MM-DD)",
        "string",
        format="date",
    ),
    datetime: _plain(
        _read_moment,
        _read_moment,
        "datetime (YYYY-MM-DDThh:mm:ss)",
        "string",
        format="date-time",
    ),
    list: _plain(_never, _of(list), "list", "array", read_all=list),
    dict: _plain(_never, _of(dict), "object", "object"),
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
    name = f"list with each item {item}" if str(item) else "list"
    return _plain(_never, check, name, "array", read_all=of_texts, **schema)


def _dict_of(item):
    def check(value):
        return {name: item.check(each) for name, each in _of(dict)(value).items()}

    name = f"object with each value {item}" if str(item) else "object"
    return _plain(_never, check, name, "object", additionalProperties=item.schema)

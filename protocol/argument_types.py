"""What a handler's annotations say of its arguments, judged once.

An annotation is served wholly, or it is refused while Python imports the module: a
handler whose arguments nobody can send would fail at each call.
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
from dataclasses import dataclass
from datetime import UTC, date, datetime

_SERVED = (
    "bool, int, float, str, date, datetime, list[…], dict[str, …], Literal, an Enum of"
    " texts or integers, None, or several of these"
)
#: What a converter raises at a value that is of another type.
MISFITS = (ValueError, TypeError, OverflowError)
#: At the end of a part of a path: ``<name>``, ``<converter:name>``
_PATH_NAME = re.compile(r"[<:](\w+)>")
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


def arguments_of(handlers, in_path=frozenset()):
    """Read the signatures of a handler and of those that it overrides.

    :param handlers: functions, as written; ``**kwargs`` of an override are the
        arguments of what it overrides
    :param in_path: names that every path of the route has: they are converted by it,
        and may have any annotation
    :return: ``Arguments``
    :raises TypeError: for a signature that no call fits, or an annotation that no JSON
        value becomes; the text says what to write
    """
    known, needed = {}, set()
    for handler in handlers:
        parameters = list(inspect.signature(handler).parameters.values())
        if not parameters or parameters[0].kind in _NAMED_ONLY:
            raise TypeError(f"{handler.__qualname__} takes no self")
        others = None
        for parameter in parameters[1:]:
            name = parameter.name
            if parameter.kind is parameter.POSITIONAL_ONLY:
                raise TypeError(
                    f"{handler.__qualname__}: arguments are given by name: move {name}"
                    " behind the /"
                )
            if parameter.kind is parameter.VAR_POSITIONAL:
                continue  # stays empty
            argument_type = _type_of(handler, parameter, in_path)
            if parameter.kind is parameter.VAR_KEYWORD:
                others = argument_type
            elif name not in known:
                known[name] = argument_type
                if parameter.default is parameter.empty:
                    needed.add(name)
        if others is None:
            break
    return Arguments(known, frozenset(needed), others)


_NAMED_ONLY = {inspect.Parameter.KEYWORD_ONLY, inspect.Parameter.VAR_KEYWORD}


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
    # Each by itself: what a handler returns is nobody's concern here.
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


def path_names(paths):
    """:return: set of the names that each of these paths of a route has"""
    found = [set(_PATH_NAME.findall(path)) for path in paths]
    return set.intersection(*found) if found else set()


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


ANYTHING = ArgumentType(_as_it_is, _as_it_is)
_TEXT = ArgumentType(_as_it_is, _of(str), ("string",))
_NULL = ArgumentType(_never, _of(types.NoneType))
_PLAIN = {
    bool: ArgumentType(_read_bool, _of(bool), ("boolean",)),
    int: ArgumentType(_read_int, _of(int), ("integer",)),
    float: ArgumentType(lambda text: _finite(float(text)), _check_float, ("number",)),
    str: _TEXT,
    types.NoneType: _NULL,
    # Dates are texts in JSON, too.
    date: ArgumentType(date.fromisoformat, date.fromisoformat, ("date",)),
    datetime: ArgumentType(_read_moment, _read_moment, ("datetime",)),
    list: ArgumentType(_never, _of(list), ("list",)),
    dict: ArgumentType(_never, _of(dict), ("dict",)),
}


def _any_of(members):
    """The first that fits; a text of a query string is a text where one may be."""

    def first(converters):
        def convert(value):
            for converter in converters:
                with suppress(*MISFITS):
                    return converter(value)
            raise ValueError(value)

        return convert

    return ArgumentType(
        _as_it_is if _TEXT in members else first([m.read for m in members]),
        first([m.check for m in members]),
        tuple([name for m in members for name in m.types]),
        tuple([choice for m in members for choice in m.choices]),
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
    return ArgumentType(read, check, choices=tuple(choices))


def _list_of(item):
    def check(value):
        return [item.check(each) for each in _of(list)(value)]

    return ArgumentType(_never, check, ("list",))


def _dict_of(item):
    def check(value):
        return {name: item.check(each) for name, each in _of(dict)(value).items()}

    return ArgumentType(_never, check, ("dict",))

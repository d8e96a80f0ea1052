"""What a handler takes, read once from its signature.

It is served wholly, or it is refused while Python imports the module: a handler whose
arguments no caller can send would fail at each call.
"""

import inspect
import re
import types
import typing
from dataclasses import dataclass, field

from .argument_types import ANYTHING, SERVED, ArgumentType, argument_type

#: A part of a path: ``<name>``, ``<converter:name>``, ``<converter(arguments):name>``
_PATH_PART = re.compile(r"<(?:(\w+)(?:\(.*?\))?:)?(\w+)>")
#: What makes a text of a part.
_TEXT_CONVERTERS = {"", "default", "string", "path", "any"}
_POSITIONAL = {
    inspect.Parameter.POSITIONAL_ONLY,
    inspect.Parameter.POSITIONAL_OR_KEYWORD,
}


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
            its_type = _type_of(handler, parameter, in_path)
            if name in as_text and not its_type.is_in_path():
                raise TypeError(
                    f"{handler.__qualname__}: no part of a path becomes what the"
                    f" argument {name} is annotated with: take it from query string or"
                    " body, or write str"
                )
            if parameter.kind is parameter.VAR_KEYWORD:
                others = its_type
            elif name not in known:
                known[name] = its_type
                if parameter.default is parameter.empty:
                    needed.add(name)
                else:
                    defaults[name] = parameter.default
        if others is None:
            break
    return Arguments(known, frozenset(needed), others, frozenset(given), defaults)


def _type_of(handler, parameter, in_path):
    if parameter.annotation is parameter.empty:
        return ANYTHING
    try:
        return argument_type(_resolved(handler, parameter))
    except (TypeError, NameError, AttributeError, SyntaxError) as error:
        if parameter.name in in_path:
            return ANYTHING
        raise TypeError(
            f"{handler.__qualname__}: no value that is sent becomes what the argument"
            f" {parameter.name} is annotated with ({error}): write {SERVED}; or leave"
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

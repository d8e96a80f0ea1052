"""From a request to the arguments of a handler: by name, checked, and typed.

A handler says with ordinary annotations what it takes (``limit: int = 80``). What comes
in the query string is text and is read as that type, or, where its name may come more
than once, as a list; what comes in a JSON body has a type and must have the right one.
Arguments without annotation are passed as they come.
"""

from ..protocol.argument_types import MISFITS
from ..protocol.errors import InvalidRequest
from ..protocol.json_object import check_storable, read_json_object


def bind(arguments, *, query, body, path):
    """Collect and check a handler's arguments.

    :param arguments: what it takes, the ``Arguments`` of ``protocol.handler_arguments``
    :param query: ``{name: [texts]}`` of the query string
    :param dict body: the JSON object of the body
    :param dict path: from the route, already converted, and never overruled
    :return: ``{name: value}``
    :raises InvalidRequest: naming the argument that is unknown, missing, sent twice or
        of the wrong type; for text that no database stores
    """
    check_storable([*path.values(), query, body])
    for name in query.keys() & body.keys():
        raise InvalidRequest(_sent_twice(name))
    check_unknown([*query, *body], {*path, *arguments.given})
    values = {}
    for name, texts in query.items():
        argument_type = _type_of(name, arguments)
        if argument_type.read_all:
            values[name] = _convert(name, texts, argument_type, argument_type.read_all)
        else:
            text = _single(name, texts)
            values[name] = _convert(name, text, argument_type, argument_type.read)
    for name, value in body.items():
        argument_type = _type_of(name, arguments)
        values[name] = _convert(name, value, argument_type, argument_type.check)
    for name, value in path.items():
        argument_type = arguments.types.get(name)
        if argument_type and isinstance(value, str):
            value = _convert(name, value, argument_type, argument_type.read)
        values[name] = value
    for name in arguments.types:
        if name in arguments.needed and name not in values:
            raise InvalidRequest(f"The argument {name} is missing.")
    return values


def _type_of(name, arguments):
    argument_type = arguments.types.get(name, arguments.others)
    if argument_type is None:
        raise InvalidRequest(f"The argument {_shown(name)} is unknown here.")
    return argument_type


def _convert(name, value, argument_type, convert):
    try:
        return convert(value)
    except MISFITS as error:
        raise InvalidRequest(
            f"The argument {_shown(name)} must be {argument_type}."
        ) from error


def read_object(data):
    """Read a JSON body.

    :param bytes data: of the request
    :return: dict
    :raises InvalidRequest: not JSON, no object, or a name that comes twice
    """
    return read_json_object(data, _sent_twice)


def check_unknown(sent, given):
    """:raises InvalidRequest: for what is sent under a name that the route itself, such
    as a part of its path, gives
    """
    for name in sent:
        if name in given:
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

"""JSON from outside: bodies of callers, answers of providers (RFC 8259)."""

import json
import math
import re

from .errors import InvalidRequest
from .provider_errors import ProviderMisbehaved

_UNSTORABLE = re.compile("[\0\ud800-\udfff]")


def _sent_twice(_name):
    return "A parameter was sent twice."


def read_json_object(body, sent_twice=_sent_twice):
    """Read the JSON object of a request's body.

    :param bytes body: UTF-8, with or without a byte order mark
    :param sent_twice: turns a name that comes twice into the description for the caller
    :return: dict
    :raises InvalidRequest: not UTF-8, not JSON (RFC 8259, so no NaN), a number that is
        beyond all numbers, no object, a name twice
    """

    def no_duplicates(pairs):
        values = {}
        for name, value in pairs:
            if name in values:
                raise InvalidRequest(sent_twice(name))
            values[name] = value
        return values

    try:
        values = _loads(body, object_pairs_hook=no_duplicates)
    except UnicodeDecodeError as error:
        raise InvalidRequest(
            "The request body is not valid JSON: it is not UTF-8."
        ) from error
    except (ValueError, RecursionError) as error:
        raise InvalidRequest("The request body is not valid JSON.") from error
    if not isinstance(values, dict):
        raise InvalidRequest("The request body must be a JSON object.")
    return values


def _loads(data, **hooks):
    """:raises ValueError: for what is no JSON, and a number without a value"""
    text = data.decode("utf-8-sig")
    return json.loads(text, parse_constant=_refuse, parse_float=_finite, **hooks)


def _refuse(name):
    raise ValueError(name)


def _finite(text):
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(text)
    return number


def check_storable(value):
    """Refuse what JSON can spell and no database stores or no answer can repeat.

    :param value: as read from JSON
    :raises InvalidRequest: for NUL, half of a surrogate pair, a number without value
    """
    waiting = [value]
    while waiting:  # no recursion, which would end somewhere
        value = waiting.pop()
        if isinstance(value, dict):
            waiting += value.keys()
            waiting += value.values()
        elif isinstance(value, list):
            waiting += value
        elif isinstance(value, str) and _UNSTORABLE.search(value):
            raise InvalidRequest("The request has text that cannot be stored.")
        elif isinstance(value, float) and not math.isfinite(value):
            raise InvalidRequest("The request has a number without a value.")


def load_json_object(text):
    """Return the JSON object in `text` (bytes of UTF-8) as a dict.

    Raises ProviderMisbehaved when it is not JSON (RFC 8259, so no NaN), not an object,
    or has text that no database stores (NUL, half a surrogate pair).
    """
    try:
        value = _loads(text)
        storable = "\0" not in _all_text(value)
    except (ValueError, RecursionError):
        raise ProviderMisbehaved("the provider's answer is not JSON") from None
    if not isinstance(value, dict):
        raise ProviderMisbehaved("the provider's answer is not a JSON object")
    if not storable:
        raise ProviderMisbehaved("the provider's answer has a NUL character")
    return value


def _all_text(value):
    """Return all text in `value`; raises UnicodeEncodeError for half a surrogate."""
    if isinstance(value, dict):
        return "".join(_all_text(part) for item in value.items() for part in item)
    if isinstance(value, list):
        return "".join(map(_all_text, value))
    if isinstance(value, str):
        value.encode()
        return value
    return ""

"""JSON that somebody else wrote: keys, claims, answers of a provider."""

import json

from .provider_errors import ProviderMisbehaved


def load_json_object(text):
    """Return the JSON object in `text` (bytes of UTF-8) as a dict.

    Raises ProviderMisbehaved when it is not JSON (RFC 8259, so no NaN), not an object,
    or has text that no database stores (NUL, half a surrogate pair).
    """

    def refuse_constant(_name):
        raise ValueError

    try:
        value = json.loads(text.decode("utf-8-sig"), parse_constant=refuse_constant)
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

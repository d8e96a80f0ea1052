"""Scopes (RFC 6749 section 3.3)."""

import re

SCOPE_TOKEN = re.compile(r"[\x21\x23-\x5B\x5D-\x7E]+")


def scope_set(value):
    """Split a scope string.

    :param value: names separated by spaces, or an iterable of names
    :return: frozenset of names
    :raises ValueError: when a name is outside the grammar
    """
    names = frozenset(value.split(" ") if isinstance(value, str) else value) - {""}
    for name in names:
        if not isinstance(name, str) or not SCOPE_TOKEN.fullmatch(name):
            raise ValueError(f"{name!r} is no scope name (RFC 6749 section 3.3)")
    return names


def scope_string(names):
    """:return: the names, sorted, as one scope string"""
    return " ".join(sorted(names))

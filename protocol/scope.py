"""Scopes (RFC 6749 section 3.3), and what a valid access token stands for."""

import re
from typing import NamedTuple

from .admission import Admission

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


def declared_scopes(value):
    """Like ``scope_set``, of what a developer wrote: a comma there is a mistake.

    :raises ValueError: when a name is outside the grammar, or a comma separates two
    """
    if isinstance(value, str) and "," in value:
        raise ValueError(f"{value!r}: separate scopes by spaces, or pass a list")
    return scope_set(value)


def scope_string(names):
    """:return: the names, sorted, as one scope string"""
    return " ".join(sorted(names))


class Serving(NamedTuple):
    """What an API is for one of its clients."""

    endpoint: str
    json2_enabled: bool
    bearer_enabled: bool
    admission: Admission
    networks: tuple  # that the client may call from; none: from anywhere
    scopes: dict  # {id as text: name}


class TokenContext(NamedTuple):
    """The outcome of the token check: record ids and scope names, no secret."""

    api_id: int
    client_id: int
    client_user_id: int
    user_id: int
    serves_json2: bool  # whether the API serves Odoo's JSON-2
    scopes: frozenset
    version: int  # of the configuration that was read, for what is remembered of it
    company_id: int = False  # that the call is made in; False: in the user's own

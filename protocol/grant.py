"""What a valid access token stands for, for the length of one call."""

from typing import NamedTuple


class Grant(NamedTuple):
    """The outcome of the token check: record ids and scope names, no secret."""

    api_id: int
    client_id: int
    client_user_id: int
    user_id: int
    serves_json2: bool  # whether the API serves Odoo's JSON-2
    scopes: frozenset

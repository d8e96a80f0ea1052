"""Refusals and errors as HTTP answers."""

import json

from odoo.http import request


def json_response(value, *, headers=None, status=200):
    """:param value: with texts of any kind: what is not ASCII is escaped
    :param headers: ``{name: value}``
    :return: the JSON response
    """
    return request.make_response(
        json.dumps(value, allow_nan=False),
        headers=[
            ("Content-Type", "application/json; charset=utf-8"),
            *(headers or {}).items(),
        ],
        status=status,
    )


def error_response(error):
    """:param OAuth2Error error: a refusal
    :return: the JSON response that tells the caller
    """
    request.oauth2_refusal = error  # for the count of calls
    return json_response(error.body(), headers=error.headers(), status=error.status)

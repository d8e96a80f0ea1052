"""Refusals as HTTP answers."""

from odoo.http import request


def error_response(error):
    """:param OAuth2Error error: a refusal
    :return: the JSON response that tells the caller
    """
    return request.make_json_response(
        error.body(), headers=list(error.headers().items()), status=error.status
    )

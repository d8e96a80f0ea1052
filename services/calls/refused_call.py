"""A refused call of a protected route: what it is answered, and who is told of it."""

import contextlib

import psycopg2

from odoo.http import request
from odoo.sql_db import PoolError

from ...protocol.errors import InsufficientScope, InvalidToken, TooManyRequests
from ..audit.refusal_log import RefusalLog
from ..server.wire_answer import error_response
from . import routes
from .cross_origin import CrossOrigin


def response(refusal):
    """:param OAuth2Error refusal: why the present request is not served
    :return: the response that tells the caller
    """
    _log(refusal)
    # Both may ask the database, which may be what the caller is told of.
    with contextlib.suppress(psycopg2.Error, PoolError):
        if metadata := routes.resource_metadata(request.env):
            refusal.resource_metadata = metadata
    answer = error_response(refusal)
    with contextlib.suppress(psycopg2.Error, PoolError):
        CrossOrigin(request.env).share(answer)
    return answer


def why():
    """:return: ``reason`` and ``cause`` for the event, where the token is known"""
    if not (refused := request.oauth2_refused_token):
        return {}
    _token, reason, cause = refused
    return {"reason": reason, "cause": cause}


def _log(refusal):
    """Have the audit log tell of refused calls now and then, never of each."""
    if not isinstance(refusal, (InvalidToken, InsufficientScope, TooManyRequests)):
        return  # above all a client that asks without a token how to sign in
    grant = getattr(request, "oauth2_grant", None)
    if not grant and isinstance(refusal, InvalidToken) and refusal.reason:
        grant = request.oauth2_refused_token[0]
    route = routes.matched_routing()["routes"][0] if grant else ""
    RefusalLog(request.env).log_call(refusal, grant, route)

"""Calls of an API for which Odoo gets no connection to the database.

Mostly Odoo fails before any addon is asked: with an HTML page, 500 where its own pool
is full, 404 and an ended session where PostgreSQL or a pooler before it refuses. Later
it takes a connection that breaks for a bug of the handler. An application is told to
try again (RFC 9110 section 15.6.4): its transaction is as good as rolled back.
"""

import psycopg2

from odoo.http import RegistryError, Request
from odoo.modules.registry import Registry
from odoo.sql_db import PoolError

from ..protocol.credentials import scheme_of
from ..protocol.errors import TemporarilyUnavailable
from ..services.calls import routes
from ..services.server.no_connection import is_no_connection, refusal
from ..services.server.wire_answer import error_response


def answer_without_connection():
    """Have Odoo's requests do so; for ``post_load``, once a process."""
    serve = Request._serve_db

    def _serve_db(request):
        try:
            return serve(request)
        except (RegistryError, psycopg2.Error, PoolError) as error:
            cause = error.__cause__ if isinstance(error, RegistryError) else error
            if not is_no_connection(cause) or not _is_api_call(request):
                raise
            if "does not exist" in str(cause):  # such a database: no time brings it
                raise
            request.session.can_save = False
            answer = getattr(error, "error_response", None)  # it failed in a handler
            if getattr(answer, "status_code", 0) == TemporarilyUnavailable.status:
                return answer
            return error_response(refusal(cause))

    Request._serve_db = _serve_db


def _is_api_call(request):
    """A process that has not loaded the database knows none of its APIs: there each
    call with a token is taken for one.

    Such a process has this addon only where ``server_wide_modules`` names it.
    """
    httprequest = request.httprequest
    if routes.is_own_call():
        return True
    scheme = scheme_of(httprequest.headers.get("Authorization"))
    return scheme == "bearer" and request.db not in Registry.registries

"""Calls of an API for which Odoo gets no connection to the database.

Odoo fails before any addon is asked: with an HTML page, 500 where its own pool is full,
404 and an ended session where PostgreSQL or a pooler before it refuses. An application
is told to try again (RFC 9110 section 15.6.4), and nothing was done.
"""

import logging

import psycopg2

from odoo.http import RegistryError, Request
from odoo.modules.registry import Registry
from odoo.sql_db import PoolError

from ..protocol.credentials import scheme_of
from ..protocol.errors import TemporarilyUnavailable
from ..services import routes
from ..services.wire_answer import error_response

_logger = logging.getLogger(__name__)
_NO_CONNECTION = (psycopg2.OperationalError, PoolError)


def answer_without_connection():
    """Have Odoo's requests do so; for ``post_load``, once a process."""
    serve = Request._serve_db

    def _serve_db(request):
        try:
            return serve(request)
        except (RegistryError, *_NO_CONNECTION) as error:
            cause = error.__cause__ if isinstance(error, RegistryError) else error
            # With an answer it failed later, in a handler.
            is_answered = hasattr(error, "error_response")
            if is_answered or not isinstance(cause, _NO_CONNECTION):
                raise
            if "does not exist" in str(cause):  # such a database: no time brings it
                raise
            if not _is_api_call(request):
                raise
            _logger.warning("No connection to the database: %s", str(cause).strip())
            request.session.can_save = False
            return error_response(
                TemporarilyUnavailable(
                    "The database cannot be reached right now; try again.",
                    reason="There is no connection to the database.",
                    retry_after=1,
                )
            )

    Request._serve_db = _serve_db


def _is_api_call(request):
    """A process that has not loaded the database knows none of its APIs: there each
    call with a token is taken for one.

    Such a process has this addon only where ``server_wide_modules`` names it.
    """
    httprequest = request.httprequest
    if routes.is_noted_path(httprequest.path):
        return True
    scheme = scheme_of(httprequest.headers.get("Authorization"))
    return scheme == "bearer" and request.db not in Registry.registries

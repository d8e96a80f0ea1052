"""Errors of a JSON-2 call: those that its arguments caused, apart from bugs.

Odoo answers 500 to both. An application whose request is wrong must hear that it is
(RFC 9110 section 15.5), and an administrator who counts 500s must find bugs there.
"""

import json
import logging
import traceback
import uuid
from http import HTTPStatus

import psycopg2
from psycopg2 import errors
from werkzeug.exceptions import HTTPException

from odoo.exceptions import UserError
from odoo.http import SessionExpiredException, serialize_exception

from ...protocol.errors import error_code
from ..server.wire_answer import json_response
from .json2_methods import SERVED_METHODS

_logger = logging.getLogger(__name__)

#: What the ORM and the database raise at a value that they cannot work with.
_RAISED_AT_VALUES = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    NotImplementedError,
    RecursionError,
    TypeError,
    ValueError,
    psycopg2.DataError,
    psycopg2.ProgrammingError,
    errors.ProgramLimitExceeded,
    errors.StatementTooComplex,
)
#: Code that is the same for every model: it is not at fault, so its caller is.
_FRAMEWORK = ("odoo.orm.", "odoo.tools.", "odoo.addons.base.", "odoo.addons.web.")
#: They only carry out what they are told.
_CURSORS = ("odoo.sql_db", "odoo.tests.test_cursor")
_UNWRITTEN = (
    "The answer cannot be written as JSON, bytes of a file among it: ask for other"
    " fields"
)
_STATIC = "The method cannot work with a value among the arguments"


def error_answer(exception, method_name, is_unwritten=False):
    """Answer an error of a call as Odoo's JSON-2 does, with the fields of RFC 6749.

    :param exception: what the call raised
    :param str method_name: of the path; None for a path that names none
    :param bool is_unwritten: whether the method returned what is no JSON
    :return: ``(response, id)``: never with a traceback; the id of an error that is not
        the caller's doing, ``""`` for other errors
    """
    bug_id = ""
    status, headers, body = _as_odoo(exception)
    told = str(body["message"])
    is_served = method_name in SERVED_METHODS
    if (is_unwritten and is_served) or _is_of_arguments(exception, method_name):
        status = HTTPStatus.UNPROCESSABLE_ENTITY
        error_id = uuid.uuid4().hex
        text = _UNWRITTEN if is_unwritten else _text(exception)
        told = f"{text} (error {error_id})"
        body |= {"message": told, "arguments": [told], "context": {}}
        _logger.info("JSON-2 error %s", error_id, exc_info=exception)
        # Odoo would log it once more, as an error of its own.
        exception.loglevel = logging.DEBUG
    elif status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        bug_id = uuid.uuid4().hex
        told = f"Internal error {bug_id}: see the server's log."
        what = f"the answer is no JSON: {exception}" if is_unwritten else body["name"]
        _logger.error("Error %s: %s in %s", bug_id, what, method_name)
    body |= {"debug": "", "error": error_code(status), "error_description": told}
    headers |= {"Cache-Control": "no-store"}
    return json_response(_writable(body), headers=headers, status=status), bug_id


def _as_odoo(exception):
    """:return: ``(HTTP status, headers, body)`` of Odoo's own JSON-2"""
    if isinstance(exception, HTTPException):
        body = serialize_exception(
            exception,
            message=exception.description,
            arguments=(exception.description, exception.code),
        )
        headers = dict(exception.get_headers())
        del headers["Content-Type"]
        return exception.code, headers, body
    status = HTTPStatus.INTERNAL_SERVER_ERROR
    if isinstance(exception, (UserError, SessionExpiredException)):
        status = exception.http_status
    return status, {}, serialize_exception(exception)


def _writable(body):
    """An error's arguments and context may be anything."""
    try:
        return json.loads(json.dumps(body, default=str, allow_nan=False))
    except (TypeError, ValueError, RecursionError):
        return body | {"arguments": [str(body["message"])], "context": {}}


def _is_of_arguments(exception, method_name):
    """:return: whether a method of the ORM failed in the ORM itself, at a value"""
    if isinstance(exception, (HTTPException, SessionExpiredException, UserError)):
        return False
    return (
        method_name in SERVED_METHODS
        and isinstance(exception, _RAISED_AT_VALUES)
        and _raised_in(exception).startswith(_FRAMEWORK)
    )


def _raised_in(exception):
    """:return: name of Odoo's innermost module in the traceback, ``""`` for none"""
    modules = [
        frame.f_globals.get("__name__", "")
        for frame, _line in traceback.walk_tb(exception.__traceback__)
    ]
    odoos = [m for m in modules if m.startswith("odoo.") and m not in _CURSORS]
    return odoos[-1] if odoos else ""


def _text(exception):
    """The ORM says what is wrong with a value; the database shows its query."""
    return str(exception) if type(exception) is ValueError else _STATIC

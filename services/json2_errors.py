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
from odoo.http import SessionExpiredException

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
_STATIC = "The method cannot work with a value among the arguments"


def for_application(exception, response, method_name):
    """Turn Odoo's answer to an error into the one that an application is given.

    :param exception: what the call raised
    :param response: what Odoo's JSON-2 makes of it
    :param str method_name: of the path
    :return: the response; never with a traceback
    """
    if isinstance(exception, HTTPException) and exception.response:
        return response
    body = {**json.loads(response.get_data()), "debug": ""}
    if _is_of_arguments(exception, method_name):
        response.status_code = HTTPStatus.UNPROCESSABLE_ENTITY
        error_id = uuid.uuid4().hex
        message = f"{_text(exception)} (error {error_id})"
        body |= {"message": message, "arguments": [message], "context": {}}
        _logger.info("JSON-2 error %s", error_id, exc_info=exception)
        # Odoo would log it once more, as an error of its own.
        exception.loglevel = logging.DEBUG
    response.set_data(json.dumps(body))
    return response


def _is_of_arguments(exception, method_name):
    """:return: whether a method of the ORM failed in the ORM itself, at a value, or the
    body is nested deeper than anything reads
    """
    if isinstance(exception, (HTTPException, SessionExpiredException, UserError)):
        return False
    if isinstance(exception, RecursionError) and _raised_in(exception) == "odoo.http":
        return True
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

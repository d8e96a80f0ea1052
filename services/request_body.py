"""The body and the address of the running request, read in one way or refused."""

from urllib.parse import unquote_to_bytes

from werkzeug.exceptions import RequestEntityTooLarge

from odoo.http import request

from ..protocol.errors import InvalidRequest, LengthRequired

_FORM = "application/x-www-form-urlencoded"
_TEXT = {"application/json", _FORM}
_MAX_FORM = 10 * 1024 * 1024  # bytes, as Odoo's own: read, it is many times as large


def read_body():
    """Read the body, however its length is told (RFC 9112 section 6.3).

    :return: bytes
    :raises LengthRequired: coded in a way that the server in front does not undo
    :raises InvalidRequest: broken off
    """
    httprequest = request.httprequest
    try:
        body = httprequest.get_data()
    except OSError as error:  # a malformed chunk
        raise InvalidRequest("The request body cannot be read.") from error
    if not body and "Transfer-Encoding" in httprequest.headers:
        # A server that does not read it looks like one without a body.
        raise LengthRequired()
    return body


def check_encoding(*, body):
    """Refuse bytes that are no UTF-8: Odoo would read U+FFFD in their place.

    :param bool body: whether Odoo, too, reads the body, as a form or as JSON
    :raises InvalidRequest: in the path, the query or the body
    :raises RequestEntityTooLarge: a form that Odoo would not read
    """
    httprequest = request.httprequest
    # The server has put it there already, where the path's bytes are no UTF-8.
    _check(b"\xff" if "\ufffd" in httprequest.path else b"", "address")
    query = httprequest.environ.get("QUERY_STRING", "")
    _check(unquote_to_bytes(query.encode("latin-1")), "address")  # PEP 3333
    if body and httprequest.mimetype in _TEXT:
        data = read_body()
        is_form = httprequest.mimetype == _FORM
        if is_form and len(data) > _MAX_FORM:
            raise RequestEntityTooLarge()
        _check(unquote_to_bytes(data) if is_form else data, "body")


def _check(data, name):
    try:
        data.decode()
    except UnicodeDecodeError as error:
        raise InvalidRequest(f"The request's {name} is not UTF-8.") from error

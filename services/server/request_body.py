"""The body and the address of the running request, read in one way or refused."""

from urllib.parse import unquote_to_bytes

from werkzeug.exceptions import RequestEntityTooLarge

from odoo.http import request

from ...protocol.errors import InvalidRequest, LengthRequired

_FORM = "application/x-www-form-urlencoded"
_MULTIPART = "multipart/form-data"
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
    _check_arrived(body)
    return body


def _check_arrived(content):
    """:raises LengthRequired: nothing came of a body without a length"""
    if not content and "Transfer-Encoding" in request.httprequest.headers:
        # A server that does not read it looks like one without a body.
        raise LengthRequired()


def check_encoding(*, body):
    """Refuse bytes that are no UTF-8: Odoo would read U+FFFD in their place.

    :param bool body: whether Odoo, too, reads the body, as a form or as JSON
    :raises InvalidRequest: in the path, the query or the body; a form that Odoo would
        read as an empty one
    :raises LengthRequired: as :func:`read_body`
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
    elif body and httprequest.mimetype == _MULTIPART:
        _check_multipart(httprequest)


def _check_multipart(httprequest):
    """Refuse what werkzeug has read otherwise than it was sent (RFC 7578).

    It puts U+FFFD for bytes that are no UTF-8, so that a text which has one itself is
    refused, too; of a form that it cannot read it makes an empty one.
    """
    fields = list(httprequest.form.items(multi=True))
    files = list(httprequest.files.items(multi=True))
    _check_arrived(fields or files)
    boundary = httprequest.mimetype_params.get("boundary", "")
    # Of a form without parts there is one delimiter: dashes, perhaps two line breaks.
    is_longer = (httprequest.content_length or 0) > len(boundary) + 8
    if not fields and not files and is_longer:
        raise InvalidRequest("The request body cannot be read as a form in UTF-8.")
    texts = [text for field in fields for text in field]
    texts += [text for name, file in files for text in (name, file.filename)]
    if None in texts:
        raise InvalidRequest("A part of the request body has no name.")
    if any("\ufffd" in text for text in texts):
        raise _not_utf8("body")


def _check(data, name):
    try:
        data.decode()
    except UnicodeDecodeError as error:
        raise _not_utf8(name) from error


def _not_utf8(name):
    return InvalidRequest(f"The request's {name} is not UTF-8.")

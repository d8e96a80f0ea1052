"""The one place that reads the ``Authorization`` header of a request."""

import base64
import binascii
import re
from urllib.parse import unquote_plus

from .errors import InvalidRequest, MalformedAuthorization

# RFC 6750 section 2.1 asks for b64token; some providers use other visible characters.
_TOKEN = re.compile(r"[\x21-\x2b\x2d-\x7e]+")
_MAX_TOKEN = 16 * 1024
_MAX_CREDENTIALS = 8 * 1024


def scheme_of(header):
    """:return: the authentication scheme in lower case, ``""`` without a header"""
    return (header or "").partition(" ")[0].strip().lower()


def bearer_token(header):
    """Read the token of a ``Bearer`` header (RFC 6750 section 2.1).

    Servers join repeated headers with a comma, which no token contains: two
    ``Authorization`` headers are thereby refused.

    :param header: the header's value, or None
    :return: the token; ``None`` when the header is absent or of another scheme
    :raises MalformedAuthorization: when it is no single token
    """
    if not header:
        return None
    scheme, _, value = header.partition(" ")
    if "," in header and "bearer" in header.lower():
        raise MalformedAuthorization(reason="more than one Authorization header")
    if scheme.lower() != "bearer":
        return None
    token = value.strip(" ")
    if len(token) > _MAX_TOKEN or not _TOKEN.fullmatch(token):
        raise MalformedAuthorization(reason="malformed bearer token")
    return token


def basic_credentials(header):
    """Read client credentials sent as RFC 6749 section 2.3.1 says.

    :return: ``(client_id, client_secret)``, both form-decoded, or ``None`` when the
        header is absent or of another scheme
    :raises InvalidRequest: when the header is of this scheme and malformed
    """
    if not header or scheme_of(header) != "basic":
        return None
    encoded = header.partition(" ")[2].strip(" ")
    if len(encoded) > 2 * _MAX_CREDENTIALS:
        raise InvalidRequest("The Authorization header is too long.")
    try:
        decoded = base64.b64decode(encoded, validate=True).decode("ascii")
    except (binascii.Error, UnicodeDecodeError, ValueError) as error:
        raise InvalidRequest(
            "The Authorization header is not valid Basic authentication."
        ) from error
    client_id, colon, client_secret = decoded.partition(":")
    if not colon or not client_id:
        raise InvalidRequest(
            "The Authorization header is not valid Basic authentication."
        )
    return unquote_plus(client_id), unquote_plus(client_secret)

"""The ``Authorization`` header and the proofs that a request carries (RFC 6749 section
2.3, RFC 6750 section 2.1): the one place that reads them.
"""

import base64
import binascii
import re
from dataclasses import dataclass, field
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

    :return: ``(client_id, client_secret, the secret as it came)``, the first two
        form-decoded; ``None`` when the header is absent or of another scheme
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
    return unquote_plus(client_id), unquote_plus(client_secret), client_secret


@dataclass(frozen=True)
class ClientCredentials:
    """A client's name and the proofs that came with it; absent ones are ``""``."""

    client_id: str
    client_secret: str = field(default="", repr=False)
    access_token: str = field(default="", repr=False)
    refresh_token: str = field(default="", repr=False)
    #: a secret that is sent empty is still a secret, and a wrong one
    has_secret: bool = False
    #: the secret of a client that does not form-encode it, as many do not
    raw_secret: str = field(default="", repr=False)


def parse_credentials(parameters, authorization):
    """Collect the client identifier and every proof of one request.

    :param Parameters parameters: of the request
    :param authorization: the ``Authorization`` header's value, or None
    :raises InvalidRequest: two ways of client authentication (RFC 6749 section 2.3),
        two different client identifiers, none at all, or an unknown scheme
    """
    body_id = parameters.text("client_id")
    body_secret = parameters.text("client_secret")
    basic = basic_credentials(authorization)
    token = bearer_token(authorization) or ""
    if authorization and not basic and not token:
        raise InvalidRequest(
            "Use Basic or Bearer in the Authorization header,"
            f" not {_known(scheme_of(authorization))}."
        )
    if basic and body_secret:
        raise InvalidRequest("Send the client secret once: in the header or the body.")
    if basic and body_id and body_id != basic[0]:
        raise InvalidRequest("The client_id of the header and of the body differ.")
    client_id = basic[0] if basic else parameters.text("client_id", required=True)
    return ClientCredentials(
        client_id=client_id,
        client_secret=basic[1] if basic else body_secret,
        access_token=token,
        refresh_token=parameters.text("refresh_token"),
        has_secret=bool(basic or body_secret),
        raw_secret=basic[2] if basic else body_secret,
    )


def _known(scheme):
    """A caller's text is never sent back: only well-known names are repeated."""
    return scheme if scheme in {"digest", "negotiate", "ntlm", "dpop"} else "another"

"""Random values and their digests: the one place that makes and hashes tokens."""

import base64
import hashlib
import hmac
import secrets

#: An identity that this server issued begins with this; clients may not choose such a
#: one.
ISSUED_IDENTITY_PREFIX = "cui_"

# By which secret scanners know a leaked one.
ACCESS_TOKEN_PREFIX = "odoo_at_"
REFRESH_TOKEN_PREFIX = "odoo_rt_"
CODE_PREFIX = "odoo_ac_"
CLIENT_SECRET_PREFIX = "odoo_cs_"


def random_token():
    """:return: 256 random bits, URL-safe (RFC 6749 section 10.10 asks for 160)"""
    return secrets.token_urlsafe(32)


def issue_identity():
    """:return: a new ``client_user_identity`` that cannot be guessed"""
    return ISSUED_IDENTITY_PREFIX + random_token()


def issue(prefix):
    """:return: a new secret of this server: a prefix of this module, and 256 bits"""
    return prefix + random_token()


def derived_token(prefix, key, source):
    """Make what follows from a secret, the same each time.

    :param str prefix: of this module
    :param bytes key: known to this server alone
    :param str source: a secret of 256 bits
    :return: as of :func:`issue`
    """
    mac = hmac.new(key, f"{prefix}{source}".encode(), hashlib.sha256).digest()
    return prefix + base64.urlsafe_b64encode(mac).decode().rstrip("=")


def digest(value):
    """:return: SHA-256 of a high-entropy text, as 64 hexadecimal digits"""
    return hashlib.sha256(value.encode()).hexdigest()


def keyed_digest(key, value):
    """:return: HMAC-SHA-256 of a text that can be guessed, as 64 hexadecimal digits"""
    return hmac.new(key, value.encode(), hashlib.sha256).hexdigest()


def same(left, right):
    """Compare two texts in constant time."""
    return hmac.compare_digest(left.encode(), right.encode())

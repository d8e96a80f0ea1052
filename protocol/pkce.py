"""Proof Key for Code Exchange (RFC 7636), S256 alone."""

import base64
import hashlib
import re
import secrets

#: RFC 7636 section 4.2: SHA-256 in base64url without padding
_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
#: RFC 7636 section 4.1
_VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")


def is_challenge(text):
    """:return: whether a text can be a ``code_challenge`` of S256"""
    return bool(_CHALLENGE.fullmatch(text))


def is_verifier(text):
    """:return: whether a text can be a ``code_verifier``"""
    return bool(_VERIFIER.fullmatch(text))


def create_code_verifier():
    """:return: a new ``code_verifier``, of more than 256 bits at random"""
    return secrets.token_urlsafe(48)


def challenge_of(verifier):
    """:return: the ``code_challenge`` of a verifier (RFC 7636 section 4.2)"""
    mac = hashlib.sha256(verifier.encode("ascii")).digest()
    return base64.urlsafe_b64encode(mac).decode().rstrip("=")

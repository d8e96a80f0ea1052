"""Encryption of what must be sent back to a provider."""

import base64
import hashlib

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

# A fixed label, so that the same database secret never gives the same key elsewhere.
_LABEL = b"odoo api_auth_oauth2 keyring v1"


class CannotDecrypt(Exception):
    """The value was encrypted with a key that this process does not have."""


class Keyring:
    """Fernet keys of which the first encrypts and all decrypt.

    :param keys: URL-safe base64 texts of 32 bytes each, at least one
    :raises ValueError: when a key is malformed
    """

    def __init__(self, keys):
        self._first = Fernet(keys[0])
        self._fernet = MultiFernet([self._first, *map(Fernet, keys[1:])])
        self.fingerprint = fingerprint(keys[0])

    def encrypt(self, text):
        """:return: the text encrypted, as ASCII"""
        return self._fernet.encrypt(text.encode()).decode()

    def decrypt(self, encrypted):
        """:raises CannotDecrypt: when no key fits or the value was altered"""
        try:
            return self._fernet.decrypt(encrypted.encode()).decode()
        except (InvalidToken, UnicodeError, TypeError) as error:
            raise CannotDecrypt from error

    def is_current(self, encrypted):
        """:return: whether the first key encrypted it"""
        try:
            self._first.decrypt(encrypted.encode())
        except InvalidToken:
            return False
        return True

    def renew(self, encrypted):
        """:return: the same text encrypted by the first key, ``None`` if no key fits"""
        try:
            return self._fernet.rotate(encrypted.encode()).decode()
        except (InvalidToken, UnicodeError):
            return None


def split_keys(text):
    """:return: the keys of a comma-separated setting, without blanks"""
    return [key.strip() for key in (text or "").split(",") if key.strip()]


def derived_key(database_secret):
    """HKDF-SHA256 of the database's secret: no protection against a database dump."""
    hkdf = HKDF(algorithm=SHA256(), length=32, salt=None, info=_LABEL)
    return base64.urlsafe_b64encode(hkdf.derive(database_secret.encode())).decode()


def fingerprint(key):
    """:return: 16 hexadecimal digits that name a key and do not give it away"""
    return hashlib.sha256(_LABEL + key.encode()).hexdigest()[:16]

"""Encryption of what must be sent back to a provider."""

import base64
import hashlib

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

# A fixed label, so that the same database secret never gives the same key elsewhere.
_LABEL = b"odoo api_auth_oauth2 keyring v1"
_SEPARATOR = ":"  # no part of a fingerprint or of a Fernet token


class CannotDecrypt(Exception):
    """No key of this process fits, or the value was altered.

    :param key_id: fingerprint of the key that encrypted the value, ``None`` if unknown
    """

    def __init__(self, key_id):
        super().__init__(key_id)
        self.key_id = key_id


class EncryptionKeys:
    """Fernet keys of which the first encrypts and all decrypt.

    A ciphertext is the fingerprint of its key, a colon, and the Fernet token. Versions
    before 19.0.2 wrote the token alone, which each key is tried on.

    :param keys: URL-safe base64 texts of 32 bytes each, at least one
    :raises ValueError: when a key is malformed
    """

    def __init__(self, keys):
        self._fernets = {fingerprint(key): Fernet(key) for key in keys}
        self.fingerprints = list(self._fernets)
        self.fingerprint = self.fingerprints[0]
        #: What each value begins with that the first key encrypted.
        self.prefix = self.fingerprint + _SEPARATOR

    def encrypt(self, text):
        """:return: the text encrypted by the first key, as ASCII"""
        token = self._fernets[self.fingerprint].encrypt(text.encode())
        return self.prefix + token.decode()

    def decrypt(self, encrypted):
        """:return: the text
        :raises CannotDecrypt: when no key fits or the value was altered
        """
        key_id, separator, token = encrypted.rpartition(_SEPARATOR)
        fernets = self._fernets.values()
        if separator:
            fernets = [self._fernets[key_id]] if key_id in self._fernets else []
        for fernet in fernets:
            try:
                return fernet.decrypt(token.encode()).decode()
            except (InvalidToken, UnicodeError):
                continue
        raise CannotDecrypt(key_id or None)

    def re_encrypt(self, encrypted):
        """:return: the same text encrypted by the first key; the value itself where it
            is so already
        :raises CannotDecrypt: when no key fits or the value was altered
        """
        if encrypted.startswith(self.prefix):
            return encrypted
        return self.encrypt(self.decrypt(encrypted))


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

"""The keys that encrypt what must be sent back to a provider.

- They come from odoo.conf, else from the environment: the first encrypts, all decrypt.
- Behind them a key derived from the database's own secret reads what was written before
  there were any. Alone it encrypts, and protects nothing from the holder of a dump.
- From its first use on, a configured key is demanded of every process, until key
  rotation is through: a process without it answers 503 and never falls back.
- What no key decrypts is kept, and counts as "authorize again".
"""

import contextlib
import logging
import os

import psycopg2.errors

from odoo.tools import config

from ...protocol import digests
from ...protocol.errors import TemporarilyUnavailable
from ...protocol.keyring import CannotDecrypt, EncryptionKeys, derived_key, split_keys
from ..server.transactions import commit_now

_logger = logging.getLogger(__name__)

KEYS_OPTION = "api_auth_oauth2_keys"
KEYS_VARIABLE = "API_AUTH_OAUTH2_KEYS"
#: Fingerprints of the configured keys that were used, separated by blanks.
FINGERPRINT = "api_auth_oauth2.key_fingerprint"
#: The keys of identity digests, encrypted; the first one makes new digests.
IDENTITY_KEYS = "api_auth_oauth2.identity_keys"


class Keyring:
    def __init__(self, env):
        self.env = env
        self._parameters = env["ir.config_parameter"].sudo()

    def encrypt(self, text):
        """:param str text: a secret
        :return: ASCII text that :meth:`decrypt` turns back
        :raises TemporarilyUnavailable: when a configured key is missing
        """
        keys = self.keys()
        self.remember(keys)
        return keys.encrypt(text)

    def decrypt(self, encrypted):
        """:param encrypted: what :meth:`encrypt` returned, or nothing
        :return: the text; ``None`` when there is none or no key fits
        :raises TemporarilyUnavailable: when a configured key is missing
        """
        if not encrypted:
            return None
        try:
            return self.keys().decrypt(encrypted)
        except CannotDecrypt as error:
            _logger.info(
                "A stored secret cannot be decrypted with the present keys; it needs"
                " the key with fingerprint %s.",
                error.key_id or "unknown",
            )
            return None

    def configured_keys(self):
        """:return: keys of odoo.conf, else of the environment; the first encrypts"""
        return split_keys(config.get(KEYS_OPTION) or os.environ.get(KEYS_VARIABLE))

    def keys(self):
        """:return: ``EncryptionKeys``
        :raises TemporarilyUnavailable: when a configured key is missing or malformed
        """
        derived = derived_key(self._parameters.get_param("database.secret"))
        try:
            keys = EncryptionKeys([*self.configured_keys(), derived])
        except ValueError as error:
            _logger.error(
                "%s holds a malformed key: each is 32 bytes in URL-safe base64.",
                KEYS_OPTION,
            )
            raise TemporarilyUnavailable(
                reason=f"The option {KEYS_OPTION} holds a malformed key.", cause="key"
            ) from error
        for fingerprint in self._demanded():
            if fingerprint not in keys.fingerprints:
                _logger.error(
                    "The key with fingerprint %s was used here and is not configured in"
                    " this process: set %s or %s.",
                    fingerprint,
                    KEYS_OPTION,
                    KEYS_VARIABLE,
                )
                raise TemporarilyUnavailable(
                    reason=f"The key with fingerprint {fingerprint} is not configured.",
                    cause="key",
                )
        return keys

    def is_missing(self):
        """:return: whether this process lacks a key, so that it can do nothing here"""
        try:
            self.keys()
        except TemporarilyUnavailable:
            return True
        return False

    def remember(self, keys):
        """Demand the first key of every process, beside those that were used before:
        other servers may have them in another order, or lack the newest one yet.
        """
        if not self._is_remembered(keys):
            demanded = " ".join([*self._demanded(), keys.fingerprint])
            self._parameters.set_param(FINGERPRINT, demanded)

    def demand_only(self, keys):
        """Nothing is left that needs an earlier key: it may be removed."""
        if self.configured_keys():
            self._parameters.set_param(FINGERPRINT, keys.fingerprint)

    def make_ready(self):
        """Have nothing left to write when a provider has answered.

        What a provider gives once must be recorded, and that could be refused where two
        processes remember the key at the same time. So a caller does it before it asks,
        where it has nothing to lose: this may commit.
        """
        for _try in range(3):
            keys = self.keys()
            if self._is_remembered(keys):
                return
            with contextlib.suppress(psycopg2.errors.UniqueViolation):
                with self.env.cr.savepoint():
                    self.remember(keys)
            commit_now(self.env)  # and sees it, where another process was faster
            # Now, and not at the end of the request, which may be run again before.
            self.env.registry.signal_changes()
        raise TemporarilyUnavailable(
            reason="Another process notes the encryption key.",
            cause="busy",
            retry_after=1,
        )

    def identity_digests(self, identity):
        """Digests of a ``client_user_identity``.

        One that Odoo issued has 256 random bits; one that a client chose can be guessed
        (``42``), so its digest needs a key that is not in the database in clear.

        :return: those under which it may be found, each 64 hexadecimal digits; the
            first is what new records keep
        """
        if identity.startswith(digests.ISSUED_IDENTITY_PREFIX):
            return [digests.digest(identity)]
        return [digests.keyed_digest(key, identity) for key in self.identity_keys()]

    def identity_keys(self):
        """The keys of identity digests; one is made where none can be decrypted.

        :return: list of bytes, never empty
        """
        stored = self._wrapped_identity_keys()
        if keys := [key for each in stored if (key := self.decrypt(each))]:
            return [key.encode() for key in keys]
        if stored:
            _logger.warning(
                "The key of identity digests cannot be decrypted: identities that"
                " clients chose themselves must be authorized again."
            )
        key = digests.random_token()
        # The others are kept: with their encryption key they come back.
        self._parameters.set_param(
            IDENTITY_KEYS, " ".join([self.encrypt(key), *stored])
        )
        return [key.encode()]

    def re_encrypt_identity_keys(self, keys):
        """:param keys: ``EncryptionKeys`` of which the first is to encrypt them"""
        wrapped = []
        for each in self._wrapped_identity_keys():
            with contextlib.suppress(CannotDecrypt):
                each = keys.re_encrypt(each)
            wrapped.append(each)
        if wrapped:
            self._parameters.set_param(IDENTITY_KEYS, " ".join(wrapped))

    def _wrapped_identity_keys(self):
        return (self._parameters.get_param(IDENTITY_KEYS) or "").split()

    def _demanded(self):
        return (self._parameters.get_param(FINGERPRINT) or "").split()

    def _is_remembered(self, keys):
        return not self.configured_keys() or keys.fingerprint in self._demanded()

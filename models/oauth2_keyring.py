import contextlib
import logging
import os

import psycopg2.errors

from odoo import api, models
from odoo.tools import config

from ..protocol import digests, keyring
from ..protocol.errors import TemporarilyUnavailable
from .transactions import commit_now

_logger = logging.getLogger(__name__)

KEYS_OPTION = "api_auth_oauth2_keys"
KEYS_VARIABLE = "API_AUTH_OAUTH2_KEYS"
FINGERPRINT = "api_auth_oauth2.key_fingerprint"
_IDENTITY_KEYS = "api_auth_oauth2.identity_keys"


class OAuth2Keyring(models.AbstractModel):
    """The keys that encrypt what must be sent back to a provider.

    They come from odoo.conf or the environment; without them, from the database's own
    secret, which protects against nothing that holds the database.
    """

    _name = "oauth2.keyring"
    _description = "OAuth2 Keyring"

    @api.model
    def _encrypt(self, text):
        """:param str text: a secret
        :return: ASCII text that :meth:`_decrypt` turns back
        :raises TemporarilyUnavailable: when the configured key is missing
        """
        ring = self._ring()
        self._remember_fingerprint(ring)
        return ring.encrypt(text)

    @api.model
    def _decrypt(self, encrypted):
        """:param encrypted: what :meth:`_encrypt` returned, or nothing
        :return: the text; ``None`` when there is none or no key fits
        :raises TemporarilyUnavailable: when the configured key is missing
        """
        if not encrypted:
            return None
        try:
            return self._ring().decrypt(encrypted)
        except keyring.CannotDecrypt:
            _logger.info("A stored secret cannot be decrypted with the present keys.")
            return None

    @api.model
    def _configured_keys(self):
        """:return: keys of odoo.conf, else of the environment; the first encrypts"""
        return keyring.split_keys(
            config.get(KEYS_OPTION) or os.environ.get(KEYS_VARIABLE)
        )

    @api.model
    def _ring(self):
        parameters = self.env["ir.config_parameter"].sudo()
        configured = self._configured_keys()
        known = set(map(keyring.fingerprint, configured))
        if missing := [each for each in self._demanded() if each not in known]:
            _logger.error(
                "The key with fingerprint %s was used here and is not configured in"
                " this process: set %s or %s.",
                missing[0],
                KEYS_OPTION,
                KEYS_VARIABLE,
            )
            raise TemporarilyUnavailable(reason="encryption key missing")
        # Behind configured keys it still reads what was written before there were any.
        derived = keyring.derived_key(parameters.get_param("database.secret"))
        try:
            return keyring.Keyring([*configured, derived])
        except ValueError as error:
            _logger.error(
                "%s holds a malformed key: each is 32 bytes in URL-safe base64.",
                KEYS_OPTION,
            )
            raise TemporarilyUnavailable(reason="encryption key malformed") from error

    @api.model
    def _remember_fingerprint(self, ring):
        """From its first use on, a configured key is demanded of every process.

        The keys before it are, too, until nothing is left that they encrypted: servers
        may have them in another order, or not have the newest one yet.
        """
        if not self._is_remembered(ring):
            demanded = " ".join([*self._demanded(), ring.fingerprint])
            self.env["ir.config_parameter"].sudo().set_param(FINGERPRINT, demanded)

    @api.model
    def _is_remembered(self, ring):
        return not self._configured_keys() or ring.fingerprint in self._demanded()

    @api.model
    def _demanded(self):
        """:return: the fingerprints of the keys that every process must have"""
        parameters = self.env["ir.config_parameter"].sudo()
        return (parameters.get_param(FINGERPRINT) or "").split()

    @api.model
    def _demand_only(self, ring):
        """Everything has been encrypted anew: earlier keys may be removed."""
        if self._configured_keys():
            parameters = self.env["ir.config_parameter"].sudo()
            parameters.set_param(FINGERPRINT, ring.fingerprint)

    @api.model
    def _make_ready(self):
        """Have nothing left to write when a provider has answered.

        What a provider gives once must be recorded, and that could be refused where two
        processes remember the key at the same time. So a caller does it before it asks,
        where it has nothing to lose: this may commit.
        """
        for _try in range(3):
            ring = self._ring()
            if self._is_remembered(ring):
                return
            with contextlib.suppress(psycopg2.errors.UniqueViolation):
                with self.env.cr.savepoint():
                    self._remember_fingerprint(ring)
            commit_now(self.env)  # and sees it, where somebody else was faster
            # Now, and not at the end of the request, which may be run again before.
            self.env.registry.signal_changes()
        raise TemporarilyUnavailable(reason="the key is being written", retry_after=1)

    @api.model
    def _identity_digests(self, identity):
        """Digests of a ``client_user_identity``.

        One that Odoo issued has 256 random bits; one that a client chose can be guessed
        (``42``), so its digest needs a key that is not in the database in clear.

        :return: those under which it may be found, each 64 hexadecimal digits; the
            first is what new records keep
        """
        if identity.startswith(digests.ISSUED_IDENTITY_PREFIX):
            return [digests.digest(identity)]
        return [digests.keyed_digest(key, identity) for key in self._identity_keys()]

    @api.model
    def _identity_keys(self):
        """The keys of identity digests, wrapped by the keyring's first key.

        One that no present key unwraps is kept: with its key it comes back.

        :return: list of bytes, never empty
        """
        parameters = self.env["ir.config_parameter"].sudo()
        stored = (parameters.get_param(_IDENTITY_KEYS) or "").split()
        opened = {wrapped: self._decrypt(wrapped) for wrapped in stored}
        if not any(opened.values()):
            if stored:
                _logger.warning(
                    "The key of identity digests cannot be decrypted: identities that"
                    " clients chose themselves must be authorized again."
                )
            key = digests.random_token()
            opened = {self._encrypt(key): key, **opened}
        ring = self._ring()
        wrapped_now = [
            wrapped if not key or ring.is_current(wrapped) else self._encrypt(key)
            for wrapped, key in opened.items()
        ]
        if wrapped_now != stored:
            parameters.set_param(_IDENTITY_KEYS, " ".join(wrapped_now))
        return [key.encode() for key in opened.values() if key]

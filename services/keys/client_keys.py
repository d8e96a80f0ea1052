"""The key pair with which Odoo authenticates a client at its provider.

- It is made here, stored encrypted, and its private half is never shown.
- A new one takes the place of the one before at once: until the provider knows it,
  sign-ins and refreshes are refused, and nothing is lost by that.
- Each client has its own: what one provider is sent is good at no other.
"""

from ...protocol.client_key import PRIVATE_KEY_JWT, ClientKey, create_private_key
from ...protocol.errors import TemporarilyUnavailable
from .keyring import Keyring


class ClientKeys:
    def __init__(self, client):
        self.client = client
        self.env = client.env

    def make(self):
        """Make a key pair for the algorithm that the provider's form says.

        :raises TemporarilyUnavailable: a configured encryption key is missing
        """
        algorithm = self.client.provider_id.token_endpoint_auth_signing_alg
        encrypted = Keyring(self.env).encrypt(create_private_key(algorithm))
        self.client.sudo().private_key_encrypted = encrypted

    def private_key(self):
        """:return: its text, ``""`` when there is none or it cannot be decrypted
        :raises TemporarilyUnavailable: a configured encryption key is missing
        """
        stored = self.client.sudo().private_key_encrypted
        return Keyring(self.env).decrypt(stored) or ""

    def shown(self):
        """What a form shows.

        :return: ``(ClientKey or None, why the provider will refuse it or False)``
        """
        try:
            text = self.private_key()
        except TemporarilyUnavailable:
            text = ""
        key = ClientKey(text) if text else None
        return key, self._warning(key)

    def _warning(self, key):
        provider = self.client.provider_id
        if provider.token_endpoint_auth_method != PRIVATE_KEY_JWT:
            return False
        if not self.client.has_private_key:
            return self.env._("No key yet: no user can sign in. Make one.")
        if not key:
            return self.env._(
                "The stored key cannot be decrypted with the server's present keys:"
                " no user can sign in. Make a new one, or configure the server's key."
            )
        wanted = provider.token_endpoint_auth_signing_alg
        return key.algorithm != wanted and self.env._(
            "The key signs with %(present)s; the provider's form says %(wanted)s.",
            present=key.algorithm,
            wanted=wanted,
        )

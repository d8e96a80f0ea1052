from odoo import api, models

from ..services.keyring import Keyring


class OAuth2Keyring(models.AbstractModel):
    """Calls the service, until each caller does so itself."""

    _name = "oauth2.keyring"
    _description = "OAuth2 Keyring"

    @api.model
    def _encrypt(self, text):
        return Keyring(self.env).encrypt(text)

    @api.model
    def _decrypt(self, encrypted):
        return Keyring(self.env).decrypt(encrypted)

    @api.model
    def _configured_keys(self):
        return Keyring(self.env).configured_keys()

    @api.model
    def _ring(self):
        return Keyring(self.env).keys()

    @api.model
    def _make_ready(self):
        return Keyring(self.env).make_ready()

    @api.model
    def _identity_digests(self, identity):
        return Keyring(self.env).identity_digests(identity)

    @api.model
    def _identity_keys(self):
        return Keyring(self.env).identity_keys()

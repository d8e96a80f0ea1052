from urllib.parse import urlsplit

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from ..protocol.discovery import (
    OPTIONAL_ENDPOINTS,
    REQUIRED_ENDPOINTS,
    fetch_metadata,
)
from ..protocol.provider_client import AUTH_METHODS
from ..protocol.provider_errors import ProviderError


class OAuth2Provider(models.Model):
    """A provider's addresses, read from its own description (OpenID Discovery)."""

    _inherit = "oauth2.provider"

    read_from_issuer = fields.Boolean(
        "Read from the Issuer",
        store=False,
        help="Fill in the addresses that the provider publishes under its issuer"
        " (OpenID Connect Discovery). Look at them, then save.",
    )

    @api.onchange("read_from_issuer")
    def _onchange_read_from_issuer(self):
        """Fill in the form; nothing is stored before the administrator saves it.

        It works before the first save, too, when a button could not.
        """
        if self.read_from_issuer:
            self.read_from_issuer = False
            self.update(self._discovered_values())

    def _discovered_values(self):
        """:return: values of the fields that the provider's description fills in
        :raises UserError: it cannot be had or used; the reason is in the text
        """
        if not self.env.is_system():  # whoever may only read may call onchange
            raise AccessError(
                self.env._("Only Settings administrators may have providers called.")
            )
        issuer = (self.issuer or "").strip()
        if not issuer:
            raise UserError(self.env._("Write the issuer first."))
        try:
            metadata = fetch_metadata(issuer, self._network_policy())
        except ProviderError as failure:
            told = self.env._(
                "Nothing was read from the issuer: %(reason)s.", reason=failure.reason
            )
            if (
                urlsplit(issuer).scheme == "http"
                and not self._network_policy().plain_http
            ):
                told += " " + self.env._(
                    "Use https. For development, with the provider on this machine: set"
                    " Allow Private Addresses, and Odoo's own base URL must begin with"
                    " http://localhost."
                )
            raise UserError(told) from failure
        return {
            "issuer": issuer,
            "authorization_response_iss_parameter_supported": metadata.get(
                "authorization_response_iss_parameter_supported"
            )
            is True,
            "token_endpoint_auth_method": self._auth_method_among(
                metadata.get("token_endpoint_auth_methods_supported")
            ),
            **{name: metadata[name] for name in REQUIRED_ENDPOINTS},
            **{name: metadata[name] or False for name in OPTIONAL_ENDPOINTS},
        }

    def _auth_method_among(self, supported):
        """:param supported: what the provider lists; without a list it is Basic
        :return: the present method if it is listed, else the first of ours that is
        """
        present = self.token_endpoint_auth_method
        if not isinstance(supported, list):
            supported = ["client_secret_basic"]
        known = [method for method in AUTH_METHODS if method in supported]
        return present if present in known or not known else known[0]

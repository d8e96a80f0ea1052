"""A provider's addresses, read from its own description (OpenID Connect Discovery)."""

from urllib.parse import urlsplit

from odoo.exceptions import AccessError, UserError

from ..protocol.discovery import (
    OPTIONAL_ENDPOINTS,
    REQUIRED_ENDPOINTS,
    fetch_metadata,
)
from ..protocol.provider_client import AUTH_METHODS
from ..protocol.provider_errors import ProviderError

_ISS_SUPPORTED = "authorization_response_iss_parameter_supported"  # RFC 9207 section 3


class ProviderDiscovery:
    def __init__(self, provider):
        self.provider = provider
        self.env = provider.env

    def fetch(self):
        """:return: values of the fields that the provider's description fills in
        :raises UserError: it cannot be had or used; the reason is in the text
        """
        if not self.env.is_system():  # a user who may only read may call onchange
            raise AccessError(
                self.env._("Only Settings administrators may have providers called.")
            )
        issuer = (self.provider.issuer or "").strip()
        if not issuer:
            raise UserError(self.env._("Write the issuer first."))
        policy = self.provider._network_policy()
        try:
            metadata = fetch_metadata(issuer, policy)
        except ProviderError as failure:
            told = self.env._(
                "Nothing was read from the issuer: %(reason)s.", reason=failure.reason
            )
            if urlsplit(issuer).scheme == "http" and not policy.plain_http:
                told += " " + self.env._(
                    "Use https. For development, with the provider on this machine: set"
                    " Allow Private Addresses, and Odoo's own base URL must begin with"
                    " http://localhost."
                )
            raise UserError(told) from failure
        return {
            "issuer": issuer,
            _ISS_SUPPORTED: metadata.get(_ISS_SUPPORTED) is True,
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
        present = self.provider.token_endpoint_auth_method
        if not isinstance(supported, list):
            supported = ["client_secret_basic"]
        known = [method for method in AUTH_METHODS if method in supported]
        return present if present in known or not known else known[0]

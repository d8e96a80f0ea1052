"""Where a provider is, and who the client is there (RFC 6749 section 2, RFC 8414)."""

from dataclasses import dataclass, field
from urllib.parse import quote_plus

from requests.auth import HTTPBasicAuth

from .client_key import ASSERTION_TYPE, PRIVATE_KEY_JWT, ClientKey
from .provider_errors import ProviderRefused

AUTH_METHODS = ("client_secret_basic", "client_secret_post", PRIVATE_KEY_JWT, "none")


@dataclass(frozen=True, kw_only=True)
class ProviderMetadata:
    """Where a provider is found, in the terms of RFC 8414 2. "" means it has none."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    revocation_endpoint: str = ""
    userinfo_endpoint: str = ""
    jwks_uri: str = ""


@dataclass(frozen=True, kw_only=True)
class ClientRegistration:
    """Who the client is at the provider. Raises ValueError for an unknown method.

    For `private_key_jwt`, `private_key` is PEM, and `audience` names the provider.
    """

    client_id: str
    client_secret: str = field(default="", repr=False)
    token_endpoint_auth_method: str = "client_secret_basic"
    private_key: str = field(default="", repr=False)
    audience: str = ""

    def __post_init__(self):
        if self.token_endpoint_auth_method not in AUTH_METHODS:
            raise ValueError("unknown token_endpoint_auth_method")

    def basic_auth(self):
        """Return requests' authentication for `client_secret_basic`, else None.

        RFC 6749 2.3.1: both parts are form-urlencoded first, which requests does not
        do. `~` and `*` stay: decoding leaves them alone, and Microsoft's secrets, which
        have them, also work at a provider that forgets to decode.
        """
        if self.token_endpoint_auth_method != "client_secret_basic":
            return None
        return HTTPBasicAuth(
            quote_plus(self.client_id, safe="~*"),
            quote_plus(self.client_secret, safe="~*"),
        )

    def body_parameters(self):
        """Return the parameters (dict) that authenticate the client in the body.

        They are for one request: an assertion is good once. Raises ProviderRefused when
        the key that makes it is missing.
        """
        if self.token_endpoint_auth_method == "client_secret_post":
            return {"client_id": self.client_id, "client_secret": self.client_secret}
        if self.token_endpoint_auth_method == "none":
            return {"client_id": self.client_id}
        if self.token_endpoint_auth_method == PRIVATE_KEY_JWT:
            if not self.private_key:
                raise ProviderRefused("invalid_client", "the client has no private key")
            key = ClientKey(self.private_key)
            return {
                "client_id": self.client_id,
                "client_assertion_type": ASSERTION_TYPE,
                "client_assertion": key.assertion(self.client_id, self.audience),
            }
        return {}

    def secrets(self, in_body):
        """Return what a provider's words must not repeat (list of texts or None)."""
        return [self.client_secret, in_body.get("client_assertion")]

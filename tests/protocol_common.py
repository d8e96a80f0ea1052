"""A client of a FaultyProvider, for tests of `protocol`."""

import hashlib
from urllib.parse import parse_qs, urlsplit

import requests

from odoo.tests import BaseCase

from ..protocol.client_key import ClientKey, create_private_key
from ..protocol.jwks import key_sets
from ..protocol.network_policy import NetworkPolicy
from ..protocol.pkce import create_code_verifier
from ..protocol.provider_client import ProviderClient
from ..protocol.provider_registration import ClientRegistration, ProviderMetadata
from .faulty_provider import FaultyProvider

REDIRECT_URI = "http://localhost:8069/demo/oauth2/callback"
NONCE = "a-nonce"
NONCE_DIGEST = hashlib.sha256(NONCE.encode()).hexdigest()
PRIVATE_KEY = create_private_key("ES256")
CLIENT_KEY = ClientKey(PRIVATE_KEY)
THIS_MACHINE = NetworkPolicy(private=True, plain_http=True)
AUTH_METHODS = (
    "client_secret_basic",
    "client_secret_post",
    "private_key_jwt",
    "none",
)


def client_of(provider, **credentials):
    """Return a ProviderClient of a provider in this package."""
    credentials = {
        "client_id": "demo-app",
        "client_secret": "demo-secret",
        "private_key": PRIVATE_KEY,
        "audience": provider.issuer,
        **credentials,
    }
    return ProviderClient(
        ProviderMetadata(**provider.endpoints()),
        ClientRegistration(**credentials),
        THIS_MACHINE,
    )


class ClientCase(BaseCase):
    def setUp(self):
        super().setUp()
        key_sets.clear()
        self.provider = self.enterContext(FaultyProvider())
        self.client = client_of(self.provider)
        self.verifier = create_code_verifier()

    def authorization_url(self, client=None, **arguments):
        arguments = {
            "redirect_uri": REDIRECT_URI,
            "scope": "openid email",
            "state": "a-state",
            "code_verifier": self.verifier,
            "nonce": NONCE,
            **arguments,
        }
        return (client or self.client).authorization_url(**arguments)

    def sign_in(self, client=None, **arguments):
        """Return the code of a new sign-in."""
        url = self.authorization_url(client, **arguments)
        answer = requests.get(url, allow_redirects=False, timeout=10)
        return parse_qs(urlsplit(answer.headers["Location"]).query)["code"][0]

    def fetch_token(self, client=None, **arguments):
        arguments = {
            "code": "a-code",
            "redirect_uri": REDIRECT_URI,
            "code_verifier": self.verifier,
            **arguments,
        }
        return (client or self.client).fetch_token(**arguments)

    @property
    def sent(self):
        """The last request that the provider got."""
        return self.provider.requests[-1]

    def assertFails(self, error, reason="", call=None, **answer):
        """Check how all calls of the token endpoint (or `call`) take an answer."""
        if answer:
            self.provider.answer("token", **answer)
        calls = (self.fetch_token, lambda: self.client.refresh_token("a-token"))
        for each in [call] if call else calls:
            with self.assertRaises(error) as caught:
                each()
            self.assertIn(reason, caught.exception.reason)
        return caught.exception

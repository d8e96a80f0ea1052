"""The address of a sign-in, whatever an administrator has added to it."""

from urllib.parse import parse_qsl, urlencode, urlsplit

from hypothesis import strategies as st

from odoo.tests import BaseCase

from ..protocol.network_policy import PUBLIC
from ..protocol.pkce import create_code_verifier
from ..protocol.provider_client import RESERVED_AUTHORIZE_PARAMS, ProviderClient
from ..protocol.provider_registration import ClientRegistration, ProviderMetadata
from .generators import PRINTABLE
from .property_common import holds_for

_VERIFIER = create_code_verifier()
_names = st.one_of(
    st.text(PRINTABLE, min_size=1, max_size=12),
    st.sampled_from(sorted(RESERVED_AUTHORIZE_PARAMS)),
)
_parameters = st.dictionaries(_names, st.text(max_size=20), max_size=3)


class TestPropertyAuthorizationUrl(BaseCase):
    @holds_for(_parameters, _parameters, st.text(PRINTABLE, max_size=40), examples=150)
    def test_what_the_flow_needs_is_there_once(self, query, extra, redirect_uri):
        endpoint = f"https://provider.example.com/authorize?{urlencode(query)}"
        client = ProviderClient(
            ProviderMetadata(
                issuer="https://provider.example.com",
                authorization_endpoint=endpoint,
                token_endpoint="https://provider.example.com/token",
            ),
            ClientRegistration(client_id="demo-app"),
            PUBLIC,
        )
        flow = {
            "redirect_uri": redirect_uri,
            "scope": "openid email",
            "state": "a-state",
            "nonce": "a-nonce",
        }
        try:
            url = client.authorization_url(code_verifier=_VERIFIER, extra=extra, **flow)
        except ValueError:
            self.assertTrue(RESERVED_AUTHORIZE_PARAMS & (query.keys() | extra.keys()))
            return
        self.assertFalse(RESERVED_AUTHORIZE_PARAMS & (query.keys() | extra.keys()))
        self.assertTrue(url.startswith("https://provider.example.com/authorize?"))
        found = parse_qsl(urlsplit(url).query, keep_blank_values=True)
        told = dict(found)
        challenge = told.pop("code_challenge")
        self.assertRegex(challenge, r"\A[A-Za-z0-9_-]{43}\Z")
        given = {
            "response_type": "code",
            "client_id": "demo-app",
            "code_challenge_method": "S256",
            **{name: value for name, value in flow.items() if value},
        }
        self.assertLessEqual(given.items(), told.items())
        names = [name for name, _value in found]
        for name in (*given, "code_challenge"):
            self.assertEqual(names.count(name), 1, name)
        for name, value in extra.items():
            self.assertIn((name, value), found)

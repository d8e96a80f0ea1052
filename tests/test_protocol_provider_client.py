"""What a client asks of a provider, and what it makes of each answer."""

import base64
import contextlib
import hashlib
import logging
from unittest import skipUnless
from urllib.parse import parse_qsl, urlsplit

from odoo.tests import BaseCase, tagged

from ..protocol.jwks import key_sets
from ..protocol.pkce import create_code_verifier
from ..protocol.provider_client import RESERVED_AUTHORIZE_PARAMS
from ..protocol.provider_errors import (
    ProviderError,
    ProviderMisbehaved,
    ProviderRefused,
)
from ..protocol.provider_registration import ClientRegistration, ProviderMetadata
from . import independent_provider
from .independent_provider import IndependentProvider
from .protocol_common import (
    AUTH_METHODS,
    CLIENT_KEY,
    NONCE,
    NONCE_DIGEST,
    REDIRECT_URI,
    ClientCase,
    client_of,
)


@tagged("post_install", "-at_install")
class TestAuthorizationUrl(ClientCase):
    def test_it_has_what_rfc_6749_and_7636_ask_for(self):
        url = self.authorization_url()
        endpoint, _question_mark, query = url.partition("?")
        digest = hashlib.sha256(self.verifier.encode()).digest()
        self.assertEqual(endpoint, f"{self.provider.issuer}/authorize")
        self.assertEqual(
            dict(parse_qsl(query)),
            {
                "response_type": "code",
                "client_id": "demo-app",
                "redirect_uri": REDIRECT_URI,
                "scope": "openid email",
                "state": "a-state",
                "nonce": NONCE,
                "code_challenge": base64.urlsafe_b64encode(digest).decode().rstrip("="),
                "code_challenge_method": "S256",
            },
        )
        self.assertNotIn(self.verifier, url)

    def test_the_endpoint_is_left_as_configured(self):
        for endpoint in (
            "https://id.example.com/tenant;v=2/authorize?p=sign_in&empty=",
            "http://localhost/authorize?p=sign_in&empty=",
            "http://127.0.0.1:8080/authorize?p=sign_in&empty=",
        ):
            self.client.metadata = ProviderMetadata(
                issuer="", authorization_endpoint=endpoint, token_endpoint=""
            )
            url = self.authorization_url()
            self.assertTrue(url.startswith(f"{endpoint}&"), url)

    def test_parameters_of_the_flow_cannot_be_given(self):
        self.assertEqual(len(RESERVED_AUTHORIZE_PARAMS), 11)
        endpoint = self.client.metadata.authorization_endpoint
        for name in RESERVED_AUTHORIZE_PARAMS:
            with self.subTest(name):
                with self.assertRaises(ValueError):
                    self.authorization_url(extra={name: "x"})
                self.client.metadata = ProviderMetadata(
                    issuer="",
                    authorization_endpoint=f"{endpoint}?{name}=",
                    token_endpoint="",
                )
                with self.assertRaises(ValueError):
                    self.authorization_url()
                self.client.metadata = ProviderMetadata(**self.provider.endpoints())
        for extra in ({"max_age": 1}, {"": "x"}, {1: "x"}):
            with self.assertRaises(ValueError):
                self.authorization_url(extra=extra)

    def test_an_endpoint_that_is_not_https_is_refused(self):
        self.client.metadata = ProviderMetadata(
            issuer="", authorization_endpoint="http://example.com/", token_endpoint=""
        )
        with self.assertRaises(ProviderMisbehaved):
            self.authorization_url()

    def test_verifiers_are_long_random_and_allowed(self):
        verifiers = {create_code_verifier() for _number in range(100)}
        self.assertEqual(len(verifiers), 100)
        for verifier in verifiers:
            self.assertRegex(verifier, r"^[A-Za-z0-9._~-]{43,128}$")


@tagged("post_install", "-at_install")
class TestTokenLife(ClientCase):
    """A whole life of a grant, with each way to authenticate the client."""

    def test_sign_in_refresh_userinfo_revoke(self):
        for method in AUTH_METHODS:
            for token_format in ("opaque", "jwt"):
                with self.subTest(method, token_format=token_format):
                    self.provider.access_token_format = token_format
                    self.provider.client_secret = "demo-secret"
                    if method == "none":
                        self.provider.client_secret = None
                    self.provider.client_keys = None
                    if method == "private_key_jwt":
                        self.provider.client_keys = [CLIENT_KEY.jwk()]
                    self.live(method)

    def live(self, method):
        client = client_of(self.provider, token_endpoint_auth_method=method)
        answer = self.fetch_token(client, code=self.sign_in(client))
        self.assertAuthenticated(method)
        access_token = answer["access_token"]
        claims = client.verify_id_token(
            answer["id_token"], nonce_digest=NONCE_DIGEST, access_token=access_token
        )
        self.assertEqual(claims["sub"], "olivia")
        self.assertEqual(client.userinfo(access_token)["sub"], "olivia")
        renewed = client.refresh_token(answer["refresh_token"])
        self.assertAuthenticated(method)
        self.assertNotEqual(renewed["access_token"], access_token)
        client.revoke_token(renewed["refresh_token"], "refresh_token")
        self.assertAuthenticated(method)
        self.assertEqual(self.sent["params"]["token"], renewed["refresh_token"])
        self.assertEqual(self.sent["params"]["token_type_hint"], "refresh_token")
        with self.assertRaises(ProviderRefused) as caught:
            client.refresh_token(renewed["refresh_token"])
        self.assertEqual(caught.exception.code, "invalid_grant")

    def assertAuthenticated(self, method):
        """Check that the last request had this authentication and no other."""
        params = self.sent["params"]
        given = (
            "Authorization" in self.sent["headers"],
            "client_id" in params,
            "client_secret" in params,
            "client_assertion" in params,
        )
        expected = {
            "client_secret_basic": (True, False, False, False),
            "client_secret_post": (False, True, True, False),
            "private_key_jwt": (False, True, False, True),
            "none": (False, True, False, False),
        }
        self.assertEqual(given, expected[method])

    def test_the_code_is_sent_with_redirect_uri_and_verifier(self):
        code = self.sign_in()
        self.fetch_token(code=code)
        self.assertEqual(
            self.sent["params"],
            {
                "grant_type": "authorization_code",
                "code": code,
                "redirect_uri": REDIRECT_URI,
                "code_verifier": self.verifier,
            },
        )
        self.assertEqual(self.sent["headers"]["Accept"], "application/json")

    def test_a_refresh_sends_the_token_alone(self):
        self.provider.answer("token", json={"access_token": "a"})
        self.client.refresh_token("a token/+&")
        self.assertEqual(
            self.sent["params"],
            {"grant_type": "refresh_token", "refresh_token": "a token/+&"},
        )

    def test_basic_credentials_are_form_encoded_first(self):
        # RFC 6749 2.3.1 and appendix B.
        self.provider.client_id = "ä:b c+%"
        self.provider.client_secret = "s:%/+ ü&~*-._"
        for method in ("client_secret_basic", "client_secret_post"):
            client = client_of(
                self.provider,
                client_id=self.provider.client_id,
                client_secret=self.provider.client_secret,
                token_endpoint_auth_method=method,
            )
            answer = self.fetch_token(client, code=self.sign_in(client))
            answer = client.refresh_token(answer["refresh_token"])
            client.revoke_token(answer["refresh_token"], "refresh_token")

    def test_an_ordinary_secret_is_sent_as_it_is(self):
        # So that providers that forget to decode it understand it, too.
        secret = "abc8Q~_-.x*Y"
        client = client_of(self.provider, client_secret=secret)
        self.assertFails(ProviderRefused, call=lambda: client.refresh_token("t"))
        pair = base64.b64decode(self.sent["headers"]["Authorization"][6:])
        self.assertEqual(pair.decode(), f"demo-app:{secret}")

    def test_an_old_refresh_token_is_refused(self):
        answer = self.fetch_token(code=self.sign_in())
        renewed = self.client.refresh_token(answer["refresh_token"])
        for token in (answer["refresh_token"], renewed["refresh_token"]):
            with self.assertRaises(ProviderRefused) as caught:
                self.client.refresh_token(token)
            self.assertEqual(caught.exception.code, "invalid_grant")

    def test_a_code_is_good_once_and_for_its_verifier(self):
        code = self.sign_in()
        with self.assertRaises(ProviderRefused):
            self.fetch_token(code=code, code_verifier=create_code_verifier())
        code = self.sign_in()
        self.fetch_token(code=code)
        with self.assertRaises(ProviderRefused):
            self.fetch_token(code=code)

    def test_secrets_are_not_in_a_repr(self):
        self.assertNotIn("demo-secret", repr(self.client.credentials))
        self.assertNotIn("PRIVATE KEY", repr(self.client.credentials))

    def test_an_unknown_method_of_authentication_is_refused(self):
        with self.assertRaises(ValueError):
            ClientRegistration(client_id="a", token_endpoint_auth_method="magic")


@tagged("post_install", "-at_install")
class TestLogs(ClientCase):
    def test_lines_of_an_answer_that_are_no_headers_are_not_logged(self):
        answer = b"HTTP/1.1 200 OK\r\nSecret stuff\r\nContent-Length: 2\r\n\r\n{}"
        self.provider.raw("userinfo", answer)
        with self.assertNoLogs(level="INFO"), contextlib.suppress(ProviderError):
            self.client.userinfo("a-token")
        self.assertEqual(self.provider.calls["userinfo"], 1)

    def test_no_secret_is_logged_at_any_level(self):
        levels = {
            name: logging.getLogger(name).level
            for name in ("", "requests_oauthlib", "oauthlib", "urllib3")
        }
        for name, level in levels.items():
            self.addCleanup(logging.getLogger(name).setLevel, level)
            logging.getLogger(name).setLevel(logging.DEBUG)
        session_log = logging.getLogger("requests_oauthlib.oauth2_session")
        self.addCleanup(session_log.setLevel, session_log.level)
        session_log.setLevel(logging.DEBUG)
        lines = []
        handler = logging.Handler()
        handler.emit = lambda record: lines.append(record.getMessage())
        logging.getLogger().addHandler(handler)
        self.addCleanup(logging.getLogger().removeHandler, handler)

        code = self.sign_in()
        del lines[:]  # the test's own browser
        answer = self.fetch_token(code=code)
        renewed = self.client.refresh_token(answer["refresh_token"])
        self.client.userinfo(renewed["access_token"])
        self.client.verify_id_token(answer["id_token"])
        self.client.revoke_token(renewed["refresh_token"], "refresh_token")

        self.assertTrue(lines, "the handler sees other records")
        log = "\n".join(lines)
        for secret in (
            code,
            self.verifier,
            "demo-secret",
            base64.b64encode(b"demo-app:demo-secret").decode(),
            NONCE,
            *(answer[name] for name in ("access_token", "refresh_token", "id_token")),
            *(renewed[name] for name in ("access_token", "refresh_token", "id_token")),
        ):
            self.assertNotIn(secret, log)


@tagged("post_install", "-at_install")
@skipUnless(independent_provider.AVAILABLE, independent_provider.MISSING)
class TestIndependentProvider(BaseCase):
    """The same life of a grant at node-oidc-provider."""

    def registration(self, method):
        registration = {
            "client_id": "demo-app",
            "redirect_uris": [REDIRECT_URI],
            "token_endpoint_auth_method": method,
        }
        if method == "private_key_jwt":
            registration["jwks"] = {"keys": [CLIENT_KEY.jwk()]}
        elif method != "none":
            registration["client_secret"] = "demo-secret: +%&/"
        return registration

    def test_sign_in_refresh_userinfo_revoke(self):
        for method in AUTH_METHODS:
            for token_format in ("opaque", "jwt"):
                with (
                    self.subTest(method, token_format=token_format),
                    IndependentProvider(
                        clients=[self.registration(method)],
                        accessTokenFormat=token_format,
                    ) as provider,
                ):
                    self.live(provider, method, token_format)

    def live(self, provider, method, token_format):
        key_sets.clear()
        secret = self.registration(method).get("client_secret", "")
        client = client_of(
            provider, client_secret=secret, token_endpoint_auth_method=method
        )
        verifier = create_code_verifier()
        url = client.authorization_url(
            redirect_uri=REDIRECT_URI,
            scope="openid email profile",
            state="a-state",
            code_verifier=verifier,
            nonce=NONCE,
        )
        callback = dict(parse_qsl(urlsplit(provider.sign_in(url, "olivia")).query))
        self.assertEqual(callback["state"], "a-state")
        self.assertEqual(callback["iss"], provider.issuer)
        answer = client.fetch_token(
            code=callback["code"], redirect_uri=REDIRECT_URI, code_verifier=verifier
        )
        access_token = answer["access_token"]
        self.assertEqual(access_token.count("."), 2 if token_format == "jwt" else 0)
        claims = client.verify_id_token(
            answer["id_token"], nonce_digest=NONCE_DIGEST, access_token=access_token
        )
        self.assertEqual(claims["sub"], "olivia")
        self.assertEqual(claims["email"], "olivia@example.com")
        if token_format == "opaque":
            self.assertEqual(client.userinfo(access_token)["sub"], "olivia")
        renewed = client.refresh_token(answer["refresh_token"])
        self.assertNotEqual(renewed["access_token"], access_token)
        self.assertEqual(client.verify_id_token(renewed["id_token"])["sub"], "olivia")
        client.revoke_token(renewed["refresh_token"], "refresh_token")
        with self.assertRaises(ProviderRefused) as caught:
            client.refresh_token(renewed["refresh_token"])
        self.assertEqual(caught.exception.code, "invalid_grant")
        self.assertEqual(provider.stats()["token:authorization_code"], 1)
        self.assertEqual(provider.stats()["revocation"], 1)

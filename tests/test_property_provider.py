import base64
import json
import re
import time
from urllib.parse import urlencode, urlsplit

import jwt
import requests
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import strategies as st
from urllib3.exceptions import LocationParseError
from urllib3.util import parse_url

from odoo.tests import BaseCase

from ..protocol.back_off import retry_after_seconds
from ..protocol.id_token import verify_id_token
from ..protocol.json_object import load_json_object
from ..protocol.jwks import ALGORITHMS, KeySetCache, is_suitable, public_key
from ..protocol.network_policy import https_spelling
from ..protocol.provider_errors import (
    ProviderError,
    ProviderMisbehaved,
    ProviderRefused,
    is_error_code,
    safe_text,
)
from ..protocol.token_response import lifetime_seconds, token_parameters
from .generators import PRINTABLE, VISIBLE, objects, texts, values
from .property_common import holds_for

SECRET = "a-secret-of-the-request"
_NOW = 1_900_000_000
_JSON = "application/json"
_TYPES = (_JSON, "application/x-www-form-urlencoded", "text/plain", "text/html", "")


def answer_with(body, status=200, content_type=_JSON):
    """:return: an answer of requests, as if it had come over the network"""
    response = requests.Response()
    response.status_code = status
    response._content = body
    response.headers["Content-Type"] = content_type
    return response


class TestPropertyProviderAnswers(BaseCase):
    """Whatever a provider answers is usable, or one of three errors."""

    @holds_for(
        st.one_of(
            st.binary(), st.one_of(values, objects).map(json.dumps).map(str.encode)
        ),
        examples=200,
    )
    def test_json_is_a_storable_object_or_refused(self, body):
        try:
            told = load_json_object(body)
        except ProviderMisbehaved:
            return
        text = json.dumps(told, ensure_ascii=False)
        text.encode()
        self.assertEqual(told, json.loads(body))
        self.assertNotIn("\\u0000", text.replace("\\\\", ""))

    @holds_for(
        st.one_of(
            st.binary(),
            objects.map(lambda o: json.dumps(o).encode()),
            st.fixed_dictionaries(
                {"access_token": st.one_of(texts, st.just("a.b-c"))},
                optional={
                    "refresh_token": values,
                    "id_token": values,
                    "token_type": st.one_of(values, st.sampled_from(("BEARER", "mac"))),
                    "expires_in": values,
                    "scope": values,
                    "error": st.one_of(values, st.just("invalid_grant")),
                    "error_description": st.one_of(values, st.just(SECRET)),
                },
            ).map(lambda o: json.dumps(o).encode()),
            st.dictionaries(
                st.sampled_from(("access_token", "error", "x")), st.text()
            ).map(lambda o: urlencode(o).encode()),
        ),
        st.sampled_from((200, 201, 400, 401, 403, 500, 503)),
        st.sampled_from(_TYPES),
        examples=300,
    )
    def test_a_token_answer_is_usable_or_an_error(self, body, status, content_type):
        answer = answer_with(body, status, content_type)
        try:
            told = token_parameters(answer, secrets=[SECRET])
        except ProviderError as error:
            self.assertTrue(set(error.reason) <= set(PRINTABLE), error.reason)
            self.assertNotIn(SECRET, error.reason)
            if isinstance(error, ProviderRefused):
                self.assertTrue(not error.code or is_error_code(error.code))
            return
        self.assertLess(status, 400)
        self.assertFalse(told.get("error"))
        for name in ("access_token", "refresh_token", "id_token"):
            token = told.get(name, "x")
            if token is not None:
                self.assertTrue(token and set(token) <= set(VISIBLE) - {","})
        self.assertIn(str(told.get("token_type") or "bearer").lower(), ("bearer",))

    @holds_for(objects)
    def test_a_good_token_answer_is_handed_on_as_it_came(self, extra):
        left_out = ("error", "expires_in", "refresh_token", "id_token")
        extra = {k: v for k, v in extra.items() if k not in left_out}
        sent = {**extra, "access_token": "a", "token_type": "bearer"}
        try:
            body = json.dumps(sent, allow_nan=False, ensure_ascii=False).encode()
        except ValueError:
            return
        if b"\\u0000" not in body.replace(b"\\\\", b""):
            self.assertEqual(token_parameters(answer_with(body)), sent)

    @holds_for(values)
    def test_a_lifetime_is_seconds_that_calendars_know(self, value):
        try:
            seconds = lifetime_seconds({"expires_in": value})
        except ProviderMisbehaved:
            return
        if seconds is None:
            self.assertTrue(value in (None, "") or float(value) < 1)
        else:
            self.assertIs(type(seconds), int)
            self.assertLessEqual(abs(seconds - float(value)), 1)
            self.assertTrue(0 < seconds <= 10**15)
            time.gmtime(time.time() + min(seconds, 10**11))

    @holds_for(st.one_of(texts, st.integers().map(str)))
    def test_retry_after_is_a_number_of_seconds_or_none(self, value):
        seconds = retry_after_seconds(value)
        if seconds is not None:
            self.assertIs(type(seconds), int)
            self.assertGreaterEqual(seconds, 0)

    @holds_for(values, st.lists(st.text("abcdefgh", min_size=8), max_size=2), texts)
    def test_a_provider_s_text_is_one_harmless_line(self, value, secrets, around):
        for text in (value, around + "".join(secrets) + around):
            safe = safe_text(text, secrets=secrets)
            self.assertTrue(set(safe) <= set(PRINTABLE))
            self.assertLessEqual(len(safe), 200)
            self.assertFalse([secret for secret in secrets if secret in safe])

    @holds_for(values)
    def test_an_error_code_is_of_the_grammar(self, value):
        """RFC 6749 section 5.2: %x20-21 / %x23-5B / %x5D-7E"""
        allowed = set(PRINTABLE) - {'"', "\\"}
        grammatical = isinstance(value, str) and value and set(value) <= allowed
        self.assertEqual(is_error_code(value), bool(grammatical) and len(value) <= 100)


class TestPropertyUrls(BaseCase):
    """Addresses are read in the same way by all that read them."""

    @holds_for(
        st.tuples(
            st.sampled_from(("https://", "https://", "http://", "HTTPS://", "//", "")),
            st.sampled_from(("", "", "", "user@", "user:word@", "@", "a.example\\@")),
            st.sampled_from(
                ("localhost", "127.0.0.1", "[::1]", "a.example", "ⓔvil.example", "")
            ),
            st.sampled_from(("", "", ":443", ":99999", ":x", ":")),
            st.sampled_from(("", "/", "/a%2f?b=c", "?a=@", "#", "\\", " ", "\t", "\n")),
            st.one_of(st.just(""), texts),
        ).map("".join),
        examples=500,
    )
    def test_an_endpoint_s_address(self, url):
        try:
            spelled = https_spelling(url)
        except ProviderMisbehaved:
            return
        self.assertTrue(set(url) <= set(VISIBLE) - {"#", "\\"})
        parts = urlsplit(url)
        self.assertNotIn("@", parts.netloc)
        if parts.scheme == "http":
            self.assertRegex(parts.hostname, r"^(localhost|127\.[0-9.]+|[0:]+1)$")
        self.assertEqual(urlsplit(spelled).scheme, "https")
        self.assertEqual(urlsplit(spelled).hostname, parts.hostname)
        try:
            host = parse_url(url).host  # what connects
        except LocationParseError:
            return  # and then nothing connects
        self.assertEqual((host or "").strip("[]").lower(), parts.hostname)


class TestPropertyIdToken(BaseCase):
    """OpenID Connect Core 3.1.3.7, by whatever comes."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.key = ec.generate_private_key(ec.SECP256R1())
        jwk = json.loads(jwt.algorithms.ECAlgorithm.to_jwk(cls.key.public_key()))
        cls.jwk = {name: jwk[name] for name in ("kty", "crv", "x", "y")}
        cls.keys = KeySetCache(fetch=lambda _uri, _network_policy: [cls.jwk])
        cls.claims = {
            "iss": "https://provider.example",
            "aud": "demo-app",
            "sub": "olivia",
            "iat": _NOW - 5,
            "exp": _NOW + 60,
        }

    def sign(self, claims, headers=None):
        return jwt.PyJWS().encode(
            json.dumps(claims).encode(), self.key, "ES256", headers
        )

    def verify(self, token):
        return verify_id_token(
            token,
            issuer="https://provider.example",
            client_id="demo-app",
            jwks_uri="https://provider.example/jwks",
            keys=self.keys,
            now=_NOW,
        )

    def test_a_good_one_is_accepted(self):
        self.assertEqual(self.verify(self.sign(self.claims)), self.claims)

    @holds_for(st.one_of(texts, st.lists(st.binary(), max_size=4)))
    def test_any_text_is_refused(self, text):
        if isinstance(text, list):
            parts = [base64.urlsafe_b64encode(p).rstrip(b"=").decode() for p in text]
            text = ".".join(parts)
        with self.assertRaises(ProviderMisbehaved):
            self.verify(text)

    @holds_for(objects)
    def test_any_header_that_is_not_the_signed_one_is_refused(self, header):
        header = json.dumps({"alg": "ES256", **header}).encode()
        _header, payload, signature = self.sign(self.claims).split(".")
        part = base64.urlsafe_b64encode(header).rstrip(b"=").decode()
        with self.assertRaises(ProviderMisbehaved):
            self.verify(f"{part}.{payload}.{signature}")

    @holds_for(st.integers(0, 10_000), st.sampled_from(VISIBLE))
    def test_a_changed_character_is_refused_or_changes_nothing(self, place, character):
        token = self.sign(self.claims)
        place %= len(token)
        changed = token[:place] + character + token[place + 1 :]
        try:
            claims = self.verify(changed)
        except ProviderMisbehaved:
            return
        self.assertEqual(claims, self.claims)

    @holds_for(
        st.sampled_from(("iss", "aud", "azp", "sub", "iat", "exp", "nbf")),
        st.one_of(
            values,
            st.integers(_NOW - 200_000, _NOW + 200),
            st.lists(st.sampled_from(("demo-app", "other")), max_size=3),
            st.just("demo-app"),
        ),
        examples=300,
    )
    def test_a_claim_of_any_value_counts_only_if_it_is_right(self, name, value):
        claims = {**self.claims, name: value}
        try:
            told = self.verify(self.sign(claims))
        except ProviderMisbehaved:
            return
        self.assertEqual(told["iss"], "https://provider.example")
        audience = told["aud"] if isinstance(told["aud"], list) else [told["aud"]]
        self.assertIn("demo-app", audience)
        self.assertEqual(told.get("azp", "demo-app"), "demo-app")
        self.assertTrue(len(audience) == 1 or "azp" in told)
        self.assertTrue(isinstance(told["sub"], str) and 0 < len(told["sub"]) < 256)
        self.assertGreater(told["exp"], _NOW - 121)
        self.assertTrue(_NOW - 86_400 - 121 < told["iat"] < _NOW + 121)
        self.assertLess(told.get("nbf", 0), _NOW + 121)

    @holds_for(
        st.fixed_dictionaries(
            {"kty": st.one_of(values, st.sampled_from(("RSA", "EC", "OKP", "oct")))},
            optional={
                "crv": st.one_of(
                    values, st.sampled_from(("P-256", "Ed25519", "P-521"))
                ),
                "n": values,
                "e": values,
                "x": values,
                "y": values,
                "k": values,
                "use": st.one_of(values, st.just("sig")),
                "key_ops": st.one_of(values, st.just(["verify"])),
                "alg": st.one_of(values, st.sampled_from(sorted(ALGORITHMS))),
            },
        ),
        st.one_of(
            st.sampled_from(sorted(ALGORITHMS)), st.just("none"), st.just("HS256")
        ),
        examples=150,
    )
    def test_any_key_is_unsuitable_or_unusable(self, jwk, algorithm):
        suitable = is_suitable(jwk, algorithm)
        self.assertIs(type(suitable), bool)
        if not suitable:
            return
        kind = {"R": "RSA", "P": "RSA", "E": "EC"}[algorithm[0]]
        self.assertEqual(jwk["kty"], "OKP" if algorithm == "EdDSA" else kind)
        with self.assertRaises(ProviderMisbehaved):
            public_key(jwk, algorithm)

    @holds_for(st.sampled_from(("x", "y", "crv", "kty")), values)
    def test_a_key_with_a_broken_member_is_refused(self, name, value):
        jwk = {**self.jwk, name: value}
        if jwk != self.jwk and is_suitable(jwk, "ES256"):
            with self.assertRaises(ProviderMisbehaved):
                public_key(jwk, "ES256")
        self.assertTrue(re.fullmatch("P-256", self.jwk["crv"]))

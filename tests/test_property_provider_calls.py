"""Whatever a provider sends over the network is usable, or one of three errors."""

import base64
import json
import re
from email.utils import format_datetime

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import strategies as st

from odoo.tests import BaseCase

from ..protocol.back_off import MAX_RETRY_AFTER_SECONDS, retry_after_seconds
from ..protocol.discovery import OPTIONAL_ENDPOINTS, REQUIRED_ENDPOINTS, fetch_metadata
from ..protocol.id_token import verify_id_token
from ..protocol.jwks import KeySetCache
from ..protocol.provider_errors import (
    ProviderError,
    ProviderMisbehaved,
    ProviderUnavailable,
)
from ..protocol.token_response import MAX_TOKEN_LENGTH, token_parameters
from .generators import PRINTABLE, objects, values
from .property_common import holds_for
from .protocol_common import NONCE, NONCE_DIGEST, THIS_MACHINE, ClientCase
from .test_property_provider import answer_with

_TENANT = "12345678-1234-1234-1234-123456789012"
_AT_HASH = "H2B246R7od7QgCX_4G5Xrw"  # of "a-token", with SHA-256
_LINE = st.text(st.characters(codec="latin-1", exclude_characters="\r\n"), max_size=20)
#: Dates of mail and HTTP, some of whose numbers no calendar has.
_dates = st.one_of(
    st.datetimes().map(format_datetime),
    st.builds(
        "Mon, {} Jan {} 00:00:{} {}".format,
        st.integers(0, 40),
        st.integers(0, 10**12),
        st.one_of(st.integers(0, 99), st.just(10**30)),
        st.one_of(st.just("GMT"), st.integers(-(10**20), 10**20).map("{:+05d}".format)),
    ),
)
_headers = st.one_of(
    st.tuples(
        st.sampled_from(
            (
                "Content-Length",
                "Content-Type",
                "Content-Encoding",
                "Transfer-Encoding",
                "Location",
                "Set-Cookie",
                "Retry-After",
                "WWW-Authenticate",
            )
        ),
        st.one_of(
            st.sampled_from(
                ("-1", "5, 6", "gzip", "chunked", "gzip, gzip", "identity")
            ),
            st.sampled_from(("//", "http://[", "a=b; expires=x", "9" * 400, "Bearer")),
            _dates,
            _LINE,
        ),
    ),
    st.tuples(_LINE, _LINE),
)
#: What stands on the wire: something like an HTTP answer, or anything.
_answers = st.one_of(
    st.binary(max_size=60),
    st.builds(
        lambda status, headers, body: (
            b"HTTP/1.1 "
            + "\r\n".join([status, *map(": ".join, headers)]).encode("latin-1")
            + b"\r\n\r\n"
            + body
        ),
        st.one_of(
            st.sampled_from(("200 OK", "200", "204 No", "302 Found", "400 Bad", "429")),
            st.sampled_from(("503 Busy", "100 Continue", "999 X", "-1 X", "x", "")),
        ),
        st.lists(_headers, max_size=3),
        st.one_of(
            st.binary(max_size=40),
            st.sampled_from(
                (b'{"sub": "olivia"}', b"5\r\n{}   \r\n0\r\n\r\n", b"-1\r\n")
            ),
        ),
    ),
)
#: What no answer of a provider may have, as ``json.dumps`` writes it.
_UNSTORABLE = re.compile(r"\\u0000|\\ud[89a-f]|NaN|Infinity|\d{300}")


class TestPropertyTransport(ClientCase):
    """No bytes of a provider end a call in any other way than the design's."""

    @holds_for(_answers, examples=120)
    def test_any_bytes_are_an_answer_or_an_error(self, answer):
        self.provider.raw("userinfo", answer)
        try:
            claims = self.client.userinfo("a-token")
        except ProviderError as error:
            self.assertTrue(set(error.reason) <= set(PRINTABLE), error.reason)
            if isinstance(error, ProviderUnavailable) and error.retry_after is not None:
                self.assertIs(type(error.retry_after), int)
                self.assertTrue(0 <= error.retry_after <= MAX_RETRY_AFTER_SECONDS)
            return
        self.assertIsInstance(claims, dict)

    @holds_for(_dates, examples=200)
    def test_retry_after_of_any_date_is_a_number_of_seconds_or_none(self, value):
        seconds = retry_after_seconds(value)
        if seconds is not None:
            self.assertIs(type(seconds), int)
            self.assertTrue(0 <= seconds <= MAX_RETRY_AFTER_SECONDS)


class TestPropertyDocuments(ClientCase):
    """The documents that a provider publishes: discovery, keys, userinfo."""

    @holds_for(
        st.dictionaries(
            st.sampled_from(REQUIRED_ENDPOINTS + OPTIONAL_ENDPOINTS),
            st.one_of(
                values,
                st.sampled_from(
                    (
                        "https://a.example/x",
                        "http://a.example/x",
                        "https://10.0.0.1/x",
                        "https://169.254.169.254/x",
                        "https://user@a.example/x",
                        "https://[::1",
                    )
                ),
            ),
            max_size=2,
        ),
        st.one_of(st.none(), values),
        objects,
        examples=100,
    )
    def test_discovery_gives_usable_addresses_of_this_issuer(self, told, issuer, extra):
        metadata = {**extra, **self.provider.endpoints(), **told}
        if issuer is not None:
            metadata["issuer"] = issuer
        self.provider.answer("discovery", body=json.dumps(metadata).encode())
        try:
            found = fetch_metadata(self.provider.issuer, THIS_MACHINE)
        except ProviderMisbehaved as error:
            self.assertTrue(set(error.reason) <= set(PRINTABLE), error.reason)
            return
        self.assertEqual(found["issuer"], self.provider.issuer)
        for name in REQUIRED_ENDPOINTS + OPTIONAL_ENDPOINTS:
            self.assertIsInstance(found[name], str)
            self.assertNotIn("169.254", found[name])
            self.assertFalse(found[name].startswith("http://a."), found[name])
            self.assertTrue(found[name] or name in OPTIONAL_ENDPOINTS)

    @holds_for(st.one_of(objects, values), st.sampled_from((200, 204, 400, 404)))
    def test_any_userinfo_is_an_object_or_an_error(self, told, status):
        body = json.dumps(told).encode()
        self.provider.answer("userinfo", status=status, body=body)
        try:
            claims = self.client.userinfo("a-token")
        except ProviderError:
            return
        self.assertLess(status, 400)
        self.assertEqual(claims, told)

    @holds_for(
        st.lists(
            st.one_of(
                values,
                # The good key, but for what it says of itself.
                st.dictionaries(
                    st.sampled_from(("kid", "use", "alg", "key_ops", "kty")),
                    st.one_of(
                        st.sampled_from(("key-1", "sig", "enc", "RS256", "RSA")),
                        values,
                    ),
                    max_size=1,
                ),
            ),
            max_size=3,
        ),
        st.sampled_from(("key-1", "key-2", "enc", 1, None)),
        examples=120,
    )
    def test_of_any_key_set_the_one_that_fits_is_taken_or_none(self, told, kid):
        [good] = self.provider.keys
        told = [{**good, **jwk} if isinstance(jwk, dict) else jwk for jwk in told]
        self.provider.answer("jwks", body=json.dumps({"keys": told}).encode())
        uri = self.provider.endpoints()["jwks_uri"]
        fit = [jwk for jwk in told if self.fits(jwk, kid)]
        try:
            key = KeySetCache().find(
                uri, kid=kid, algorithm="RS256", network_policy=THIS_MACHINE
            )
        except ProviderMisbehaved:
            # Two are one too many; text that no answer may have may be in any key.
            may_stay = not _UNSTORABLE.search(json.dumps(told))
            self.assertFalse(may_stay and len(fit) == 1 == len(told))
            return
        self.assertEqual(len(fit), 1)
        numbers = self.provider.signing_key.public_key().public_numbers()
        self.assertEqual(key.public_numbers(), numbers)

    def fits(self, jwk, kid):
        """RFC 7517 section 4, read once more."""
        if not isinstance(jwk, dict) or kid not in (None, jwk["kid"]):
            return False
        told = jwk["kty"], jwk["use"], jwk["alg"], jwk.get("key_ops", ["verify"])
        return told[:3] == ("RSA", "sig", "RS256") and "verify" in told[3]

    @holds_for(values)
    def test_any_other_key_set_is_none(self, told):
        self.provider.answer("jwks", body=json.dumps({"keys": told}).encode())
        uri = self.provider.endpoints()["jwks_uri"]
        with self.assertRaises(ProviderMisbehaved):
            KeySetCache().find(
                uri, kid=None, algorithm="RS256", network_policy=THIS_MACHINE
            )


class TestPropertyTokens(BaseCase):
    """What stands inside of tokens that are JWTs."""

    @holds_for(
        st.one_of(
            objects, st.fixed_dictionaries({"alg": values}), st.just({"alg": "x"})
        ),
        st.one_of(values, st.fixed_dictionaries({}, optional={"cnf": values})),
        st.binary(max_size=4),
        examples=120,
    )
    def test_an_access_token_of_any_jwt_is_handed_on_or_refused(
        self, header, claims, signature
    ):
        """RFC 7800 section 3.1: with ``cnf`` it is bound to a key, no bearer token."""
        parts = json.dumps(header).encode(), json.dumps(claims).encode(), signature
        token = ".".join(
            base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts
        )
        answer = answer_with(json.dumps({"access_token": token}).encode())
        try:
            self.assertEqual(token_parameters(answer)["access_token"], token)
        except ProviderMisbehaved as error:
            if len(token) > MAX_TOKEN_LENGTH:
                self.assertIn("too long", error.reason)
                return
            self.assertIn("cnf", claims)
            self.assertIn("bound to a key", error.reason)
        else:
            if header == {"alg": "x"}:
                self.assertFalse(isinstance(claims, dict) and "cnf" in claims)

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.key = ec.generate_private_key(ec.SECP256R1())
        jwk = json.loads(jwt.algorithms.ECAlgorithm.to_jwk(cls.key.public_key()))
        jwk = {name: jwk[name] for name in ("kty", "crv", "x", "y")}
        cls.keys = KeySetCache(fetch=lambda _uri, _network_policy: [jwk])

    @holds_for(
        st.one_of(
            st.just({}),
            st.dictionaries(
                st.sampled_from(("tid", "nonce", "at_hash")),
                st.one_of(values, st.uuids().map(str), st.just(_TENANT)),
                max_size=1,
            ),
        ),
        st.booleans(),
        examples=150,
    )
    def test_tenant_nonce_and_at_hash_count_only_if_they_are_right(self, wrong, fits):
        """OpenID Connect Core 3.1.3.7 rule 11, 3.1.3.8; a tenant names its issuer."""
        told = {"tid": _TENANT, "nonce": NONCE, "at_hash": _AT_HASH, **wrong}
        tenant = told["tid"] if fits else _TENANT
        claims = {
            "iss": f"https://login.example.com/{tenant}/v2.0",
            "aud": "demo-app",
            "sub": "olivia",
            "iat": 1_900_000_000,
            "exp": 1_900_000_060,
            **told,
        }
        token = jwt.PyJWS().encode(json.dumps(claims).encode(), self.key, "ES256")
        try:
            verify_id_token(
                token,
                issuer="https://login.example.com/{tenantid}/v2.0",
                client_id="demo-app",
                jwks_uri="https://login.example.com/jwks",
                expected_nonce_digest=NONCE_DIGEST,
                access_token="a-token",
                keys=self.keys,
                now=1_900_000_000,
            )
        except ProviderMisbehaved:
            self.assertTrue(wrong)
            return
        self.assertEqual(told["nonce"], NONCE)
        self.assertEqual(told["at_hash"], _AT_HASH)
        self.assertRegex(
            told["tid"], r"\A[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\Z"
        )

"""The ID Token checks of OpenID Connect Core 3.1.3.7, and the keys they use."""

import base64
import hashlib
import json
import threading
import time

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import get_default_algorithms

from odoo.tests import BaseCase, tagged

from ..protocol.id_token import verify_id_token
from ..protocol.jwks import KeySetCache, key_sets
from ..protocol.provider_errors import ProviderMisbehaved, ProviderUnavailable
from .faulty_provider import FaultyProvider
from .protocol_common import THIS_MACHINE

ACCESS_TOKEN = "an-access-token"
NONCE = "a-nonce"
TENANT = "72f988bf-86f1-41af-91ab-2d7cd011db47"


def segment(value):
    """Return the base64url of bytes, or of the JSON of anything else."""
    if not isinstance(value, bytes):
        value = json.dumps(value).encode()
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


class IdTokenCase(BaseCase):
    def setUp(self):
        super().setUp()
        self.provider = self.enterContext(FaultyProvider())
        self.clock = 1000.0
        self.keys = KeySetCache(clock=lambda: self.clock)

    def token(self, headers=None, **override):
        """Return a good id_token, but for what is overridden (None: left out)."""
        self.provider.id_token_claims_override = override
        return self.provider.id_token(ACCESS_TOKEN, NONCE, headers)

    def verify(self, id_token, **override):
        arguments = {
            "issuer": self.provider.issuer,
            "client_id": "demo-app",
            "jwks_uri": f"{self.provider.issuer}/jwks",
            "expected_nonce_digest": hashlib.sha256(NONCE.encode()).hexdigest(),
            "access_token": ACCESS_TOKEN,
            "network_policy": THIS_MACHINE,
            "keys": self.keys,
        }
        return verify_id_token(id_token, **{**arguments, **override})

    def assertRefused(self, reason, id_token, **override):
        with self.assertRaises(ProviderMisbehaved) as caught:
            self.verify(id_token, **override)
        self.assertIn(reason, caught.exception.reason)
        for secret in (str(id_token) or "x", NONCE, ACCESS_TOKEN, "olivia"):
            self.assertNotIn(secret, caught.exception.reason)


@tagged("post_install", "-at_install")
class TestClaims(IdTokenCase):
    def test_a_good_token_gives_its_claims(self):
        claims = self.verify(self.token())
        self.assertEqual(claims["sub"], "olivia")
        self.assertEqual(claims["email"], "olivia@example.com")
        self.assertIs(claims["email_verified"], True)

    def test_iss_is_exactly_the_issuer(self):
        issuer = self.provider.issuer
        for iss in (f"{issuer}/", issuer.upper(), "https://evil.example", 1, None):
            self.assertRefused("iss", self.token(iss=iss))
        self.assertRefused("iss", self.token(), issuer=f"{issuer}/")
        self.assertRefused("iss", self.token(iss=""), issuer="")

    def test_the_tenant_of_microsofts_issuer_is_a_guid(self):
        issuer = "https://login.microsoftonline.com/{tenantid}/v2.0"
        good = issuer.replace("{tenantid}", TENANT)
        token = self.token(iss=good, tid=TENANT)
        self.assertEqual(self.verify(token, issuer=issuer)["tid"], TENANT)
        for tid in (None, "", "x", f"{TENANT}/x", f"{TENANT}\n", 1):
            iss = issuer.replace("{tenantid}", str(tid))
            self.assertRefused("tid", self.token(iss=iss, tid=tid), issuer=issuer)
        other = TENANT.replace("7", "8")
        self.assertRefused("iss", self.token(iss=good, tid=other), issuer=issuer)
        self.assertRefused("iss", self.token(iss=issuer, tid=TENANT), issuer=issuer)

    def test_aud_contains_the_client(self):
        self.verify(self.token(aud=["demo-app"]))
        for aud in (None, "", "other-app", [], ["other-app"], "demo-app2", {}, 1, [[]]):
            self.assertRefused("aud", self.token(aud=aud))

    def test_several_audiences_need_azp(self):
        both = ["demo-app", "other-app"]
        self.verify(self.token(aud=both, azp="demo-app"))
        self.assertRefused("azp", self.token(aud=both))

    def test_azp_is_the_client(self):
        self.verify(self.token(azp="demo-app"))
        for azp in ("other-app", "", 1, ["demo-app"]):
            self.assertRefused("azp", self.token(azp=azp))

    def test_exp_is_ahead_but_for_two_minutes(self):
        now = time.time()
        self.verify(self.token(exp=now - 100))
        self.verify(self.token(exp=int(now) + 1))
        self.assertRefused("expired", self.token(exp=now - 130))
        self.assertRefused("expired", self.token(exp=0))

    def test_iat_is_behind_but_not_more_than_a_day(self):
        now = time.time()
        self.verify(self.token(iat=now + 100))
        self.verify(self.token(iat=now - 86400))
        self.assertRefused("future", self.token(iat=now + 130))
        self.assertRefused("old", self.token(iat=now - 86400 - 130))

    def test_nbf_is_behind(self):
        self.verify(self.token(nbf=int(time.time())))
        self.assertRefused("not yet", self.token(nbf=time.time() + 130))

    def test_times_are_numbers(self):
        soon = str(int(time.time()) + 60)
        for name in ("exp", "iat"):
            for value in (None, soon, True, [], {}, 10**400, -1):
                self.assertRefused(name, self.token(**{name: value}))
        self.assertRefused("nbf", self.token(nbf=soon))

    def test_sub_has_1_to_255_characters(self):
        self.verify(self.token(sub="x" * 255))
        for sub in (None, "", "x" * 256, 1, ["olivia"]):
            self.assertRefused("sub", self.token(sub=sub))

    def test_nonce_is_the_one_that_was_sent(self):
        for nonce in ("other", None, "", 1, [NONCE]):
            self.assertRefused("nonce", self.token(nonce=nonce))
        self.assertRefused("nonce", self.token(), expected_nonce_digest="")

    def test_nonce_is_not_asked_for_when_none_was_sent(self):
        self.verify(self.token(nonce=None), expected_nonce_digest=None)

    def test_at_hash_is_of_the_access_token(self):
        self.verify(self.token(at_hash=None))
        self.assertRefused("at_hash", self.token(), access_token="another")
        for at_hash in ("", "x", 1, "ä", [], False):
            self.assertRefused("at_hash", self.token(at_hash=at_hash))
        # 3.1.3.6: the left half, not all of it.
        whole = segment(hashlib.sha256(ACCESS_TOKEN.encode()).digest())
        self.assertRefused("at_hash", self.token(at_hash=whole))

    def test_claims_are_an_object_of_storable_text(self):
        for payload in (b"[]", b"text", b'{"sub": "\\u0000"}'):
            token = jwt.api_jws.encode(
                payload, self.provider.signing_key, "RS256", {"kid": "key-1"}
            )
            self.assertRefused("the provider's answer", token)


@tagged("post_install", "-at_install")
class TestSignature(IdTokenCase):
    def use_key(self, key, algorithm, **members):
        """Let the provider sign with `key` and publish it with these members."""
        public = get_default_algorithms()[algorithm].to_jwk(key.public_key())
        jwk = json.loads(public)
        jwk.pop("key_ops", None)
        self.provider.signing_key = key
        self.provider.signing_algorithm = algorithm
        self.provider.keys = [{**jwk, "kid": "key-1", **members}]
        self.keys.clear()

    def test_asymmetric_algorithms_are_accepted(self):
        rsa_key = rsa.generate_private_key(65537, 2048)
        for algorithm, key, hash_name in (
            ("RS256", rsa_key, "sha256"),
            ("RS384", rsa_key, "sha384"),
            ("RS512", rsa_key, "sha512"),
            ("PS256", rsa_key, "sha256"),
            ("PS384", rsa_key, "sha384"),
            ("PS512", rsa_key, "sha512"),
            ("ES256", ec.generate_private_key(ec.SECP256R1()), "sha256"),
            ("ES384", ec.generate_private_key(ec.SECP384R1()), "sha384"),
            ("ES512", ec.generate_private_key(ec.SECP521R1()), "sha512"),
            ("EdDSA", ed25519.Ed25519PrivateKey.generate(), "sha512"),
        ):
            with self.subTest(algorithm):
                self.use_key(key, algorithm)
                digest = hashlib.new(hash_name, ACCESS_TOKEN.encode()).digest()
                good = segment(digest[: len(digest) // 2])
                self.verify(self.token(at_hash=good))
                self.assertRefused("at_hash", self.token(at_hash=segment(digest)))

    def test_alg_none_is_refused(self):
        _header, payload, signature = self.token().split(".")
        for alg in ("none", "None", "NONE", None, "", [], 1):
            header = segment({"alg": alg, "kid": "key-1"})
            self.assertRefused("algorithm", f"{header}.{payload}.")
            self.assertRefused("algorithm", f"{header}.{payload}.{signature}")

    def test_hs256_is_refused_even_if_the_provider_publishes_its_secret(self):
        secret = b"s" * 32
        self.provider.keys = [{"kty": "oct", "k": segment(secret), "kid": "key-1"}]
        claims = jwt.decode(self.token(), options={"verify_signature": False})
        token = jwt.encode(claims, secret, "HS256", {"kid": "key-1"})
        self.assertRefused("algorithm", token)

    def test_an_algorithm_belongs_to_a_type_of_key(self):
        # Each key is the only one, and would verify: its type does not allow it.
        key = ec.generate_private_key(ec.SECP384R1())
        self.use_key(key, "ES384")
        token = self.token()
        self.verify(token, access_token=None)
        for members in ({"crv": "P-256"}, {"kty": "RSA"}, {"crv": ["P-384"]}):
            self.use_key(key, "ES384", **members)
            self.assertRefused("no key", token)
        # PyJWT before 2.12 took any curve for ES256.
        header, payload, signature = token.split(".")
        header = segment({"alg": "ES256", "kid": "key-1"})
        self.use_key(key, "ES384")
        self.assertRefused("no key", f"{header}.{payload}.{signature}")

    def test_what_is_no_signed_jwt_is_refused(self):
        for token in ("", "y", "a.b", "a.b.c", "....", "ä.ö.ü", "a.b.c.d.e", None, 1):
            self.assertRefused("signed JWT", token)
        for header in (b"[]", b"text", b"[" * 10000):
            self.assertRefused("signed JWT", f"{segment(header)}.e30.e30")

    def test_a_key_is_used_for_what_it_is_meant(self):
        token = self.token()
        for members in (
            {"use": "sig"},
            {"key_ops": ["verify"]},
            {"key_ops": ["sign", "verify"]},
            {"alg": "RS256"},
        ):
            self.use_key(self.provider.signing_key, "RS256", **members)
            self.verify(token)
        for members in (
            {"use": "enc"},
            {"use": None},
            {"key_ops": ["sign"]},
            {"key_ops": []},
            {"key_ops": "verify"},
            {"alg": "PS256"},
            {"alg": "RSA-OAEP"},
        ):
            self.use_key(self.provider.signing_key, "RS256", **members)
            self.assertRefused("no key", token)


@tagged("post_install", "-at_install")
class TestKeys(IdTokenCase):
    @property
    def fetches(self):
        return self.provider.calls["jwks"]

    def test_keys_are_fetched_once_an_hour(self):
        self.verify(self.token())
        self.clock += 3599
        self.verify(self.token())
        self.assertEqual(self.fetches, 1)
        self.clock += 2
        self.verify(self.token())
        self.assertEqual(self.fetches, 2)

    def test_a_withdrawn_key_is_good_for_an_hour_at_most(self):
        token = self.token()
        self.verify(token)
        self.provider.rotate_key("key-2")
        self.clock += 3601
        self.assertRefused("no key", token)

    def test_a_rotated_key_is_found_at_once_and_then_after_a_cool_down(self):
        """OpenID Connect Core section 10.1.1"""
        self.verify(self.token())
        self.provider.rotate_key("key-2")
        self.verify(self.token())
        self.assertEqual(self.fetches, 2)
        self.provider.rotate_key("key-3")
        self.clock += 59
        self.assertRefused("no key", self.token())
        self.assertEqual(self.fetches, 2)
        self.clock += 2
        self.verify(self.token())
        self.assertEqual(self.fetches, 3)

    def test_a_set_that_was_just_fetched_is_not_fetched_again(self):
        self.provider.kid = "made-up"
        self.assertRefused("no key", self.token())
        self.assertEqual(self.fetches, 1)

    def test_unknown_keys_make_one_fetch_in_a_cool_down(self):
        self.verify(self.token())
        self.clock += 61
        for number in range(5):
            self.provider.kid = f"made-up-{number}"
            self.assertRefused("no key", self.token())
        self.assertEqual(self.fetches, 2)

    def test_a_failed_fetch_for_an_unknown_key_cools_down_too(self):
        good = self.token()
        self.verify(good)
        self.clock += 61
        self.provider.answer("jwks", status=500)
        self.provider.kid = "made-up"
        with self.assertRaises(ProviderUnavailable):
            self.verify(self.token())
        self.assertRefused("no key", self.token())
        self.assertEqual(self.fetches, 2)
        self.verify(good)

    def test_a_token_without_kid_needs_exactly_one_suitable_key(self):
        self.provider.rotate_key(None)
        self.verify(self.token())
        one = self.provider.keys[0]
        key = ec.generate_private_key(ec.SECP256R1()).public_key()
        curve = json.loads(jwt.algorithms.ECAlgorithm.to_jwk(key))
        self.provider.keys = [{**one, "use": "enc"}, one, {"kty": "new"}, curve, "x"]
        self.keys.clear()
        self.verify(self.token())
        self.provider.keys = [one, {**one, "kid": "again"}]
        self.keys.clear()
        self.assertRefused("several", self.token())
        self.provider.keys = []
        self.keys.clear()
        self.assertRefused("no key", self.token())

    def test_a_replaced_key_of_the_same_name_is_found(self):
        for kid in (None, "key-1"):
            self.provider.rotate_key(kid)
            self.keys.clear()
            self.verify(self.token())
            self.provider.rotate_key(kid)
            self.clock += 61
            self.verify(self.token())

    def test_wrong_signatures_make_one_fetch_in_a_cool_down(self):
        self.verify(self.token())
        self.clock += 61
        for _number in range(5):
            self.assertRefused("signature", self.token() + "AAAA")
        self.assertEqual(self.fetches, 2)

    def test_kids_of_providers_are_their_own(self):
        other = self.enterContext(FaultyProvider())
        self.verify(self.token())
        other.issuer, issuer = self.provider.issuer, other.issuer
        token = other.id_token(ACCESS_TOKEN, NONCE)
        self.verify(token, jwks_uri=f"{issuer}/jwks")
        self.assertRefused("signature", token)

    def test_threads_wait_for_one_fetch(self):
        self.provider.hang = 0.3
        token = self.token()
        results = []
        threads = [
            threading.Thread(target=lambda: results.append(self.verify(token)["sub"]))
            for _number in range(10)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(results, ["olivia"] * 10)
        self.assertEqual(self.fetches, 1)

    def test_a_provider_without_keys_has_no_valid_token(self):
        self.assertRefused("URL", self.token(), jwks_uri="")

    def test_by_default_keys_are_shared(self):
        key_sets.clear()
        self.addCleanup(key_sets.clear)
        self.verify(self.token(), keys=key_sets)
        verify_id_token(
            self.token(),
            issuer=self.provider.issuer,
            client_id="demo-app",
            jwks_uri=f"{self.provider.issuer}/jwks",
            network_policy=THIS_MACHINE,
        )
        self.assertEqual(self.fetches, 1)

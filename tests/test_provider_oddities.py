"""What is unusual but right works: sign-in, protected call, refresh, protected call."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from odoo.tests import tagged

from ..protocol import jwks
from . import forged_id_tokens
from .common import OAuth2Case
from .provider_faults import claim, token_answer
from .test_provider_faults import HealsProvider


@dataclass(frozen=True)
class Oddity:
    """A legal peculiarity; `bend` gives a running provider it."""

    name: str
    bend: Callable
    refreshes: bool = True


def sets(**attributes):
    def bend(provider):
        for name, value in attributes.items():
            setattr(provider, name, value)

    return bend


def kid_absent(provider):
    provider.kid = None


def keys_of_other_kinds(provider):
    [one] = provider.keys
    provider.keys = [
        {"kty": "oct", "k": "AAAA", "kid": "mac"},
        {"kty": "new-kind", "kid": one["kid"] + "-new"},
        {**one, "kid": "for-encryption", "use": "enc"},
        {**one, "x5c": ["AAAA"], "x-own": {"a": 1}},
        "not even a key",
    ]


def skewed(**seconds):
    def bend(provider):
        now = time.time()
        provider.id_token_claims_override = {
            name: now + offset for name, offset in seconds.items()
        }

    return bend


EXTRA = {
    "session_state": "x",
    "nested": {"a": [1, None, 2.5, "é"]},
    "ext_expires_in": 1,
}

ODDITIES = [
    Oddity("aud is a list", claim(aud=["demo-app"])),
    Oddity("several aud, azp", claim(aud=["demo-app", "x"], azp="demo-app")),
    Oddity("azp with one aud", claim(azp="demo-app")),
    Oddity("rp-id_token-kid-absent-single-jwks", kid_absent),
    Oddity("keys of other kinds beside", keys_of_other_kinds),
    Oddity("rp-id_token-sig-es256", forged_id_tokens.use_curve),
    Oddity("rp-id_token-missing-at_hash", claim(at_hash=None)),
    Oddity("rp-scope-userinfo-claims", claim(email=None, email_verified=None)),
    Oddity("no id_token", token_answer(id_token=None)),
    Oddity("more claims", claim(amr=["pwd"], acr="0", auth_time=1, groups=["é"])),
    Oddity("nbf", skewed(nbf=0)),
    Oddity("a clock two minutes ahead", skewed(iat=110, nbf=110, exp=600)),
    Oddity("a clock two minutes behind", skewed(iat=-600, exp=-110)),
    Oddity("times with fractions", skewed(iat=-0.5, exp=600.5)),
    Oddity("token_type in lower case", token_answer(token_type="bearer")),
    Oddity("token_type in upper case", token_answer(token_type="BEARER")),
    Oddity("token_type absent", token_answer(token_type=None)),
    Oddity("expires_in is a string", sets(expires_in="600")),
    Oddity("expires_in has a fraction", sets(expires_in=600.9)),
    Oddity("expires_in is null or absent", sets(expires_in=None)),
    Oddity("expires_in is zero", sets(expires_in=0)),
    Oddity("expires_in is negative", sets(expires_in=-1)),
    Oddity("no scope", token_answer(scope=None)),
    Oddity("an empty scope", sets(scope="")),
    Oddity("another scope", sets(scope="email https://provider.example.com/x")),
    Oddity("more parameters", token_answer(**EXTRA)),
    Oddity("signed access tokens", sets(access_token_format="jwt")),
    Oddity("no new refresh token on refresh", sets(rotate=False)),
    Oddity("no refresh token", sets(issue_refresh_token=False), refreshes=False),
    Oddity("a slow answer", sets(hang=0.2)),
]


@tagged("post_install", "-at_install")
class TestProviderOddities(HealsProvider, OAuth2Case):
    def heal(self):
        sets(
            access_token_format="opaque",
            expires_in=3600,
            scope=None,
            issue_refresh_token=True,
            hang=0,
        )(self.provider)
        return super().heal()

    def assertOpens(self, access_token):
        opened = self.bearer("/orders/partners", access_token)
        self.assertEqual(opened.status_code, 200, opened.text)

    def refresh(self, information, identity):
        names = {"client_id": "demo-app", "client_user_identity": identity}
        proof = {"refresh_token": information["refresh_token"]}
        return self.call("token", {**names, **proof})

    def refreshed(self, information, identity):
        response = self.refresh(information, identity)
        self.assertEqual(response.status_code, 200, response.text)
        self.assertNotEqual(
            response.json()["access_token"], information["access_token"]
        )
        self.assertOpens(response.json()["access_token"])
        return response.json()

    def test_legal_oddities_of_a_provider_are_served(self):
        for oddity in ODDITIES:
            with self.subTest(oddity.name):
                self.heal()
                oddity.bend(self.provider)
                information, identity = self.authorize()
                self.assertIs(type(information["expires_in"]), int)
                self.assertIs(type(information["expires_at"]), int)
                self.assertOpens(information["access_token"])
                self.assertEqual("refresh_token" in information, oddity.refreshes)
                if oddity.refreshes:
                    refreshed = self.refreshed(information, identity)
                    self.assertIs(type(refreshed["expires_at"]), int)

    def test_more_parameters_of_the_token_answer_are_handed_on(self):
        self.provider.token_answer_override = EXTRA
        information, _identity = self.authorize()
        self.assertLessEqual(EXTRA.items(), information.items())

    def test_rp_userinfo_bearer_header(self):
        """RFC 6750 section 2.1: the token goes into the header, nowhere else"""
        self.provider.id_token_claims_override = {"email": None}
        information, _identity = self.authorize()
        request = self.provider.requests[-1]
        self.assertEqual(request["endpoint"], "userinfo")
        self.assertEqual(
            request["headers"]["Authorization"],
            f"Bearer {information['access_token']}",
        )
        self.assertFalse(request["params"])

    def test_rp_key_rotation_op_sign_key(self):
        """OpenID Connect Core section 10.1.1: the very next id_token is accepted"""
        information, identity = self.authorize()
        self.provider.rotate_key("key-2")
        information = self.refreshed(information, identity)
        self.assertEqual(self.provider.calls["jwks"], 2)
        self.patch(jwks, "COOL_DOWN_SECONDS", -1)
        self.provider.rotate_key("key-2")
        self.authorize()

    def test_no_id_token_on_refresh(self):
        """OpenID Connect Core section 12.2: it might not have one"""
        information, identity = self.authorize()
        self.provider.token_answer_override = {"id_token": None}
        self.assertNotIn("id_token", self.refreshed(information, identity))

    def test_an_issuer_that_ends_with_a_slash_is_served(self):
        self.provider.issuer += "/"
        self.provider_record.issuer = self.provider.issuer
        self.refreshed(*self.authorize())

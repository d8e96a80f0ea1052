"""What a provider can do wrong, as tables: one line a fault.

Names that begin with ``rp-`` are those of the OpenID Foundation's catalogue of tests
for relying parties. Each ``break_`` takes a running ``FaultyProvider`` that behaves,
and leaves it with this one thing wrong.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

from . import forged_id_tokens as forge

ANOTHER = "https://evil.example.com"


@dataclass(frozen=True)
class Fault:
    """One fault, and the refusal that it must end in."""

    name: str
    break_: Callable
    status: int = 502
    error: str = "server_error"
    #: whether it stands for others of its kind, where a door has the same judge
    is_example: bool = False


def claim(**override):
    """Return what sets claims of the id_token; None leaves one out."""
    return lambda provider: setattr(provider, "id_token_claims_override", override)


def forged(make):
    """Return what has id_tokens made by `make(provider, claims)`."""

    def break_(provider):
        provider.forge = lambda claims: make(provider, claims)

    return break_


def answering(endpoint, **answer):
    return lambda provider: provider.answer(endpoint, **answer)


def token_answer(**override):
    return lambda provider: setattr(provider, "token_answer_override", override)


def told(provider, **override):
    """Have userinfo answer its claims with these changes; None leaves one out."""
    claims = {**provider.user_claims(), **override}
    claims = {name: value for name, value in claims.items() if value is not None}
    provider.answer("userinfo", json=claims)


def _at(seconds, name):
    """Return what sets a time claim, counted from the moment of the sign-in."""

    def break_(provider):
        provider.id_token_claims_override = {name: int(time.time()) + seconds}

    return break_


ID_TOKEN_FAULTS = [
    Fault("rp-id_token-issuer-mismatch", claim(iss=ANOTHER), is_example=True),
    Fault("iss missing", claim(iss=None)),
    Fault("iss is a list", lambda p: claim(iss=[p.issuer])(p)),
    Fault("iss with a slash more", lambda p: claim(iss=f"{p.issuer}/")(p)),
    Fault("rp-id_token-aud", claim(aud="another-app")),
    Fault("aud missing", claim(aud=None)),
    Fault("aud lists others only", claim(aud=["another-app", "a-third"])),
    Fault("aud is a part of the client id", claim(aud="demo")),
    Fault("several aud without azp", claim(aud=["demo-app", "another-app"])),
    Fault("azp of another", claim(azp="another-app")),
    Fault("azp empty", claim(azp="")),
    Fault("exp missing", claim(exp=None)),
    Fault("exp is over", _at(-121, "exp"), is_example=True),
    Fault("exp is no number", claim(exp="tomorrow")),
    Fault("rp-id_token-iat", claim(iat=None)),
    Fault("iat in the future", _at(300, "iat")),
    Fault("iat long ago", _at(-3 * 24 * 3600, "iat")),
    Fault("iat is no number", claim(iat=True)),
    Fault("nbf in the future", _at(300, "nbf")),
    Fault("rp-id_token-sub", claim(sub=None), is_example=True),
    Fault("sub empty", claim(sub="")),
    Fault("sub is no text", claim(sub=42)),
    Fault("sub of 256 characters", claim(sub="x" * 256)),
    Fault("rp-nonce-invalid", claim(nonce="another")),
    Fault("nonce missing", claim(nonce=None)),
    Fault("nonce is no text", claim(nonce=["x"])),
    Fault("rp-id_token-bad-at_hash", claim(at_hash="x" * 22), is_example=True),
    Fault("at_hash is no text", claim(at_hash=1)),
    Fault("rp-id_token-sig-none", forged(forge.unsigned)),
    Fault(
        "rp-id_token-bad-sig-rs256", forged(forge.flipped_signature), is_example=True
    ),
    Fault("rp-id_token-bad-sig-es256", lambda p: forge.use_curve(p, publish=False)),
    Fault("rp-id_token-bad-sig-hs256", forged(forge.mac_with_the_client_secret)),
    Fault("HS256 with the public key", forged(forge.mac_with_the_public_key)),
    Fault("another payload under the signature", forged(forge.other_payload)),
    Fault("signed by another key of that kid", forged(forge.signed_by_another)),
    Fault("a key that the token brings along", forged(forge.with_the_key_enclosed)),
    Fault("rp-id_token-sig+enc, not asked for", forged(lambda p, c: "e30.a.b.c.d")),
    Fault("no JWT at all", token_answer(id_token="nonsense"), is_example=True),
    Fault(
        "critical extensions",
        forged(lambda p, c: p.sign(c, {"crit": ["x"], "x": 1})),
    ),
    Fault("no critical extension", forged(lambda p, c: p.sign(c, {"crit": []}))),
]

KEY_FAULTS = [
    Fault("rp-id_token-kid-absent-multiple-jwks", forge.no_kid_and_several_keys),
    Fault("kid unknown", forge.unknown_kid, is_example=True),
    Fault("key too short", forge.weak_key),
    Fault("key set empty", answering("jwks", json={"keys": []})),
    Fault("key set is none", answering("jwks", json={"keys": "x"})),
    Fault("key set is HTML", answering("jwks", body=b"<html></html>")),
    Fault("key set not found", answering("jwks", status=404), is_example=True),
    Fault(
        "key set redirects",
        lambda p: p.redirect("jwks", f"{p.issuer}/userinfo"),
    ),
    Fault(
        "key set fails",
        answering("jwks", status=500),
        503,
        "temporarily_unavailable",
    ),
    Fault(
        "key set hangs up",
        lambda p: p.close("jwks"),
        503,
        "temporarily_unavailable",
        is_example=True,
    ),
]

USERINFO_FAULTS = [
    Fault("rp-userinfo-bad-sub-claim", lambda p: told(p, sub="mallory")),
    Fault("userinfo without sub", lambda p: told(p, sub=None)),
    Fault("userinfo is HTML", answering("userinfo", body=b"<html></html>")),
    Fault("userinfo is a list", answering("userinfo", json=[])),
    Fault("userinfo redirects", lambda p: p.redirect("userinfo", f"{p.issuer}/jwks")),
    Fault("userinfo not found", answering("userinfo", status=404)),
    Fault(
        "userinfo takes no token",
        answering("userinfo", status=401, json={"error": "invalid_token"}),
    ),
    Fault(
        "userinfo fails",
        answering("userinfo", status=503),
        503,
        "temporarily_unavailable",
    ),
    Fault(
        "userinfo says that the email is not verified",
        lambda p: told(p, email_verified=False),
        403,
        "access_denied",
    ),
    Fault(
        "userinfo says that the email is verified, as a text",
        lambda p: told(p, email_verified="true"),
        403,
        "access_denied",
    ),
]


def access_token(value):
    """Return what has it in the answer; no at_hash of the id_token gives it away."""

    def break_(provider):
        claim(at_hash=None)(provider)
        token_answer(access_token=value)(provider)

    return break_


def bound_to_a_key(provider):
    bound = provider.sign({"sub": "olivia", "cnf": {"jkt": "x"}})
    access_token(bound)(provider)


_GOOD = {"access_token": "a-token", "token_type": "Bearer"}

TOKEN_FAULTS = [
    Fault("no access token", token_answer(access_token=None)),
    Fault("an access token that is no text", access_token(1), is_example=True),
    Fault("an access token of two lines", access_token("a\nb")),
    Fault("token_type mac", token_answer(token_type="mac"), is_example=True),
    Fault("token_type DPoP", token_answer(token_type="DPoP")),
    Fault("a token bound to a key", bound_to_a_key),
    Fault("expires_in is no number", token_answer(expires_in="soon")),
    Fault("a refresh token that is no text", token_answer(refresh_token=[])),
    Fault("an id_token that is no text", token_answer(id_token=42)),
    Fault("HTML", answering("token", body=b"<html></html>"), is_example=True),
    Fault("nothing", answering("token", body=b"")),
    Fault("a list", answering("token", json=[_GOOD])),
    Fault("broken JSON", answering("token", body=b'{"access_token": "a')),
    Fault("an error with status 200", answering("token", json={"error": "oops"})),
    Fault(
        "a redirect",
        lambda p: p.redirect("token", f"{p.issuer}/nowhere"),
        is_example=True,
    ),
    Fault("404", answering("token", status=404)),
    Fault("megabytes", lambda p: p.flood("token")),
    *(
        Fault(
            f"{status}",
            answering("token", status=status, json=_GOOD),
            503,
            "temporarily_unavailable",
        )
        for status in (500, 502, 503, 429)
    ),
    Fault(
        "it hangs up",
        lambda p: p.close("token"),
        503,
        "temporarily_unavailable",
        is_example=True,
    ),
]

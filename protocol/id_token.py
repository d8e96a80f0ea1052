"""The checks of an ID Token (OpenID Connect Core 3.1.3.7), all of them.

PyJWT verifies the signature; the claims are checked here, one function a rule, because
what PyJWT checks of them differs between its versions.
"""

import base64
import hashlib
import hmac
import re
import time
from functools import partial

import jwt

from .json_object import load_json_object
from .jwks import ALGORITHMS, key_sets
from .network_policy import PUBLIC
from .provider_errors import ProviderMisbehaved

LEEWAY_SECONDS = 120
MAX_AGE_SECONDS = 24 * 60 * 60
MAX_SUBJECT_LENGTH = 255
TENANT_PLACEHOLDER = "{tenantid}"

_GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_HASHES = {"256": hashlib.sha256, "384": hashlib.sha384, "512": hashlib.sha512}
_jws = jwt.PyJWS(algorithms=sorted(ALGORITHMS))


def verify_id_token(
    id_token,
    *,
    issuer,
    client_id,
    jwks_uri,
    expected_nonce_digest=None,
    access_token=None,
    network_policy=PUBLIC,
    keys=key_sets,
    now=None,
):
    """Return the claims (dict) of a valid ID Token.

    `issuer` is the configured one and may have Microsoft's `{tenantid}`;
    `expected_nonce_digest` is the hexadecimal SHA-256 of the nonce that was sent, None
    when none was; `access_token` is the one that came along, None when none did;
    `network_policy` says where `jwks_uri` may be; `keys` finds keys; `now` is in epoch
    seconds. Raises ProviderMisbehaved when a check fails and ProviderUnavailable when
    the provider's keys cannot be had.
    """
    now = time.time() if now is None else now
    header = _header(id_token)
    payload = _signed_payload(
        id_token, header, partial(keys.find, jwks_uri, network_policy=network_policy)
    )
    claims = load_json_object(payload)
    _check_issuer(claims, issuer)
    _check_audience(claims, client_id)
    _check_times(claims, now)
    _check_subject(claims)
    if expected_nonce_digest is not None:
        _check_nonce(claims, expected_nonce_digest)
    if access_token is not None and "at_hash" in claims:
        _check_at_hash(claims, access_token, header["alg"])
    return claims


def is_issuer(text, issuer):
    """Return whether `text` is the issuer, or that of one of its tenants.

    `issuer` is the configured one and may have Microsoft's `{tenantid}`, in whose place
    a tenant's name stands and nothing else (RFC 9207 2.4).
    """
    before, placeholder, after = issuer.partition(TENANT_PLACEHOLDER)
    if not placeholder:
        return text == issuer
    if not (text.startswith(before) and text.endswith(after)):
        return False
    return bool(_GUID.fullmatch(text[len(before) : len(text) - len(after)]))


def verify_userinfo(
    token, *, issuer, client_id, jwks_uri, network_policy=PUBLIC, keys=key_sets
):
    """Return the claims (dict) of a signed userinfo answer (OpenID Connect Core 5.3.2).

    Its `iss` and `aud` need not be there, but must be right if they are. Raises like
    `verify_id_token`.
    """
    what = "signed userinfo"
    find_key = partial(keys.find, jwks_uri, network_policy=network_policy)
    claims = load_json_object(
        _signed_payload(token, _header(token, what), find_key, what)
    )
    if "iss" in claims and not is_issuer(str(claims["iss"]), issuer):
        raise ProviderMisbehaved("the signed userinfo's iss is not the issuer")
    audience = claims.get("aud", client_id)
    if client_id not in (audience if isinstance(audience, list) else [audience]):
        raise ProviderMisbehaved("the signed userinfo's aud is not this client")
    return claims


def _header(id_token, what="id_token"):
    """Return the token's header, of which `alg` and `kid` alone are ever used."""
    try:
        header = jwt.get_unverified_header(id_token)
    except (jwt.PyJWTError, ValueError, RecursionError):
        header = None
    if not isinstance(header, dict):
        raise ProviderMisbehaved(f"the {what} is not a signed JWT")
    # RFC 7515 4.1.11: an extension that is not understood; none is understood here.
    if "crit" in header:
        raise ProviderMisbehaved(f"the {what} has critical extensions")
    algorithm = header.get("alg")
    if not isinstance(algorithm, str) or algorithm not in ALGORITHMS:
        raise ProviderMisbehaved(f"the {what}'s algorithm is not allowed")
    return header


def _signed_payload(id_token, header, find_key, what="id_token"):
    """Return the payload (bytes), its signature verified with a key of the provider."""
    algorithm, kid = header["alg"], header.get("kid")
    key = find_key(kid=kid, algorithm=algorithm)
    payload = _payload(id_token, key, algorithm)
    if payload is None:
        # A provider may have replaced a key and kept its name, or have no names.
        key = find_key(kid=kid, algorithm=algorithm, distrust=True)
        payload = _payload(id_token, key, algorithm)
    if payload is None:
        raise ProviderMisbehaved(f"the {what}'s signature is wrong")
    return payload


def _payload(id_token, key, algorithm):
    """Return the payload, None when `key` did not sign it."""
    try:
        return _jws.decode(id_token, key, algorithms=[algorithm])
    except (jwt.PyJWTError, ValueError):
        return None


def _check_issuer(claims, issuer):
    """`iss` is exactly the configured issuer (rule 2)."""
    if TENANT_PLACEHOLDER in issuer:
        # The tenant comes out of the token, so it must not be able to bring along more
        # of a URL than its own name.
        tenant = claims.get("tid")
        if not isinstance(tenant, str) or not _GUID.fullmatch(tenant):
            raise ProviderMisbehaved("the id_token's tid is not a GUID")
        issuer = issuer.replace(TENANT_PLACEHOLDER, tenant)
    if not issuer or claims.get("iss") != issuer:
        raise ProviderMisbehaved("the id_token's iss is not the configured issuer")


def _check_audience(claims, client_id):
    """`aud` names this client, and `azp` no other (rules 3 to 5)."""
    audience = claims.get("aud")
    if isinstance(audience, str):
        audience = [audience]
    if not isinstance(audience, list) or client_id not in audience:
        raise ProviderMisbehaved("the id_token's aud is not this client")
    if len(audience) > 1 and "azp" not in claims:
        raise ProviderMisbehaved("the id_token has several audiences and no azp")
    if "azp" in claims and claims["azp"] != client_id:
        raise ProviderMisbehaved("the id_token's azp is not this client")


def _check_times(claims, now):
    """`exp` is ahead, `iat` is behind but not far, `nbf` if any is behind (9, 10)."""
    expires_at, issued_at = (_epoch_seconds(claims, name) for name in ("exp", "iat"))
    if expires_at <= now - LEEWAY_SECONDS:
        raise _wrong_time("has expired", now - expires_at)
    if issued_at > now + LEEWAY_SECONDS:
        raise _wrong_time("is issued in the future", now - issued_at)
    if issued_at < now - MAX_AGE_SECONDS - LEEWAY_SECONDS:
        raise _wrong_time("is too old", now - issued_at)
    if "nbf" in claims and _epoch_seconds(claims, "nbf") > now + LEEWAY_SECONDS:
        raise _wrong_time("is not yet valid", now - claims["nbf"])


def _wrong_time(problem, ahead):
    """:param ahead: seconds by which Odoo's clock is ahead of the time in the token"""
    difference = f"{abs(int(ahead))} s {'ahead of' if ahead > 0 else 'behind'}"
    return ProviderMisbehaved(
        f"the id_token {problem}: the clock of this server is {difference} the"
        " provider's time in it; if that is no old token, set the clock of one of them"
    )


def _epoch_seconds(claims, name):
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ProviderMisbehaved(f"the id_token's {name} is not a number")
    if not 0 <= value < 1e12:  # neither NaN nor infinity passes
        raise ProviderMisbehaved(f"the id_token's {name} is not a number")
    return value


def _check_subject(claims):
    """`sub` is there and has at most 255 characters (OpenID Connect Core 2)."""
    subject = claims.get("sub")
    if not isinstance(subject, str) or not 0 < len(subject) <= MAX_SUBJECT_LENGTH:
        raise ProviderMisbehaved("the id_token's sub is missing, empty or too long")


def _check_nonce(claims, expected_digest):
    """`nonce` is the one that was sent (rule 11)."""
    nonce = claims.get("nonce")
    if not isinstance(nonce, str):
        raise ProviderMisbehaved("the id_token has no nonce")
    digest = hashlib.sha256(nonce.encode()).hexdigest()
    if not hmac.compare_digest(digest, expected_digest):
        raise ProviderMisbehaved("the id_token's nonce is not the one that was sent")


def _check_at_hash(claims, access_token, algorithm):
    """`at_hash` is the left half of the access token's hash (3.1.3.8)."""
    # EdDSA with Ed25519 hashes with SHA-512 (RFC 8032 5.1).
    hash_function = _HASHES.get(algorithm[-3:], hashlib.sha512)
    digest = hash_function(access_token.encode()).digest()
    expected = base64.urlsafe_b64encode(digest[: len(digest) // 2]).rstrip(b"=")
    at_hash = claims["at_hash"]
    if not isinstance(at_hash, str) or not hmac.compare_digest(
        at_hash.encode(), expected
    ):
        raise ProviderMisbehaved("the id_token's at_hash is not of the access token")

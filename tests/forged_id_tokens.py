"""Ways to make an id_token that is to be refused: each takes provider and claims.

The last ones change the provider's keys instead.
"""

import hashlib
import hmac
import json

import jwt
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from jwt.utils import base64url_encode


def _segment(value):
    if not isinstance(value, bytes):
        value = json.dumps(value).encode()
    return base64url_encode(value).decode()


def _signed_by_hand(header, claims, sign):
    """Return a JWT that PyJWT would refuse to make."""
    claims = {name: value for name, value in claims.items() if value is not None}
    signed = f"{_segment(header)}.{_segment(claims)}"
    return f"{signed}.{_segment(sign(signed.encode()))}"


def unsigned(provider, claims):
    header = {"alg": "none", "kid": provider.kid}
    return _signed_by_hand(header, claims, lambda _signed: b"")


def mac_with_the_public_key(provider, claims):
    secret = provider.signing_key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return _mac(provider, claims, secret)


def mac_with_the_client_secret(provider, claims):
    return _mac(provider, claims, provider.client_secret.encode())


def _mac(provider, claims, secret):
    def sign(signed):
        return hmac.new(secret, signed, hashlib.sha256).digest()

    return _signed_by_hand({"alg": "HS256", "kid": provider.kid}, claims, sign)


def flipped_signature(provider, claims):
    header, payload, signature = provider.sign(claims).split(".")
    middle = len(signature) // 2
    other = "A" if signature[middle] != "A" else "B"
    return f"{header}.{payload}.{signature[:middle]}{other}{signature[middle + 1 :]}"


def other_payload(provider, claims):
    header, _payload, signature = provider.sign(claims).split(".")
    return f"{header}.{_segment({**claims, 'sub': 'mallory'})}.{signature}"


def signed_by_another(provider, claims):
    key = rsa.generate_private_key(65537, 2048)
    return jwt.encode(_present(claims), key, "RS256", {"kid": provider.kid})


def with_the_key_enclosed(provider, claims):
    """The token brings its own key along, in `jwk`, by `jku` and `x5u`."""
    key = rsa.generate_private_key(65537, 2048)
    jwk = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key()))
    evil = f"{provider.issuer}/evil"
    headers = {"kid": provider.kid, "jwk": jwk, "jku": evil, "x5u": evil}
    return jwt.encode(_present(claims), key, "RS256", headers)


def _present(claims):
    return {name: value for name, value in claims.items() if value is not None}


def use_curve(provider, publish=True):
    """Sign with ES256; without `publish`, with a key that no client knows."""
    key = ec.generate_private_key(ec.SECP256R1())
    other = ec.generate_private_key(ec.SECP256R1())
    public = (key if publish else other).public_key()
    jwk = json.loads(jwt.algorithms.ECAlgorithm.to_jwk(public))
    provider.keys = [{**jwk, "kid": "curve", "alg": "ES256", "use": "sig"}]
    provider.signing_key, provider.signing_algorithm = key, "ES256"
    provider.kid = "curve"


def no_kid_and_several_keys(provider):
    keys = provider.keys
    provider.rotate_key("key-2")
    provider.keys += keys
    provider.kid = None


def unknown_kid(provider):
    provider.kid = "unknown-kid"


def weak_key(provider):
    key = rsa.generate_private_key(65537, 1024)
    jwk = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key()))
    provider.keys = [{**jwk, "kid": provider.kid, "key_ops": ["verify"]}]

    def sign(signed):
        return key.sign(signed, padding.PKCS1v15(), hashes.SHA256())

    header = {"alg": "RS256", "kid": provider.kid}
    provider.forge = lambda claims: _signed_by_hand(header, claims, sign)

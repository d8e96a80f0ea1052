"""A key pair by which a client authenticates: `private_key_jwt`.

OpenID Connect Core 9, RFC 7521 4.2, RFC 7523 2.2 and 3. The private key is kept as text
(PEM); of which kind it is says how it signs.
"""

import base64
import hashlib
import json
import time

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from .digests import random_token

PRIVATE_KEY_JWT = "private_key_jwt"
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_LIFETIME_SECONDS = 60
_MAKERS = {
    "RS256": lambda: rsa.generate_private_key(65537, 2048),
    "ES256": lambda: ec.generate_private_key(ec.SECP256R1()),
}
#: What a client signs with (RFC 7518 3.1), the one that most providers take first.
SIGNING_ALGORITHMS = tuple(_MAKERS)


def create_private_key(algorithm):
    """Return a new private key, as text, that signs with one of SIGNING_ALGORITHMS."""
    key = _MAKERS[algorithm]()
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


class ClientKey:
    """The key pair of a private key's text."""

    def __init__(self, private_key):
        self._private = load_pem_private_key(private_key.encode(), None)
        is_rsa = isinstance(self._private, rsa.RSAPrivateKey)
        self.algorithm = "RS256" if is_rsa else "ES256"

    def public_pem(self):
        """Return the public key as PEM."""
        public = self._private.public_key()
        return public.public_bytes(
            Encoding.PEM, PublicFormat.SubjectPublicKeyInfo
        ).decode()

    def jwk(self):
        """Return the public key as JWK (RFC 7517 4), its kid the thumbprint."""
        numbers = self._private.public_key().public_numbers()
        if self.algorithm == "RS256":
            jwk = {
                "e": _base64url(numbers.e, 3),
                "kty": "RSA",
                "n": _base64url(numbers.n, 256),
            }
        else:
            jwk = {
                "crv": "P-256",
                "kty": "EC",
                "x": _base64url(numbers.x, 32),
                "y": _base64url(numbers.y, 32),
            }
        # RFC 7638 3: these members alone, sorted, without blanks.
        thumbprint = hashlib.sha256(json.dumps(jwk, separators=(",", ":")).encode())
        kid = _base64url(int.from_bytes(thumbprint.digest(), "big"), 32)
        return {**jwk, "alg": self.algorithm, "kid": kid, "use": "sig"}

    def assertion(self, client_id, audience):
        """Return a JWT, new each time, by which the client authenticates once."""
        now = int(time.time())
        claims = {
            "iss": client_id,
            "sub": client_id,
            "aud": audience,
            "jti": random_token(),
            "iat": now,
            "exp": now + _LIFETIME_SECONDS,
        }
        headers = {"kid": self.jwk()["kid"]}
        return jwt.encode(claims, self._private, self.algorithm, headers)


def _base64url(number, length):
    """Return a number as RFC 7518 2 writes it, of `length` bytes."""
    text = base64.urlsafe_b64encode(number.to_bytes(length, "big"))
    return text.rstrip(b"=").decode()

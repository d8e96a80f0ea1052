"""The public keys of providers: JSON Web Key Sets (RFC 7517), fetched and cached.

A key is known by its set's address and its `kid`, never by what a token says about
where to find one. Each Odoo process has a cache of its own.
"""

import json
import threading
import time

from jwt.algorithms import get_default_algorithms
from jwt.exceptions import PyJWTError

from .json_object import load_json_object
from .network_policy import PUBLIC
from .provider_errors import ProviderMisbehaved, ProviderUnavailable
from .transport import TOTAL_SECONDS, ProviderSession

KEY_SET_SECONDS = 60 * 60
# A provider that rotated its keys is asked again when an unknown one turns up, but not
# for each of a row of tokens that are made up.
COOL_DOWN_SECONDS = 60
MIN_RSA_BITS = 2048  # RFC 7518 3.3

# What a key may verify, by its type and curve (RFC 7518 3.1, RFC 8037 3.1). The token
# chooses only among these, so a public key never serves as the secret of an HMAC.
ALGORITHMS_BY_KEY = {
    ("RSA", None): ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
    ("EC", "P-256"): ("ES256",),
    ("EC", "P-384"): ("ES384",),
    ("EC", "P-521"): ("ES512",),
    ("OKP", "Ed25519"): ("EdDSA",),
}
ALGORITHMS = frozenset(alg for algs in ALGORITHMS_BY_KEY.values() for alg in algs)
_PUBLIC_MEMBERS = ("kty", "crv", "n", "e", "x", "y")


def fetch_key_set(jwks_uri, network_policy=PUBLIC):
    """Return the keys (a list of dicts) that `jwks_uri` answers with.

    Raises ProviderUnavailable and ProviderMisbehaved.
    """
    with ProviderSession(network_policy=network_policy) as session:
        response = session.get(jwks_uri, headers={"Accept": "application/json"})
    if response.status_code != 200:
        raise ProviderMisbehaved(f"jwks_uri answered status {response.status_code}")
    keys = load_json_object(response.content).get("keys")
    if not isinstance(keys, list):
        raise ProviderMisbehaved("jwks_uri answered no JSON Web Key Set")
    # RFC 7517 5: what is not understood is ignored.
    return [key for key in keys if isinstance(key, dict)]


def is_suitable(jwk, algorithm):
    """Return whether the key may verify signatures of `algorithm` (RFC 7517 4)."""
    kind, curve = jwk.get("kty"), jwk.get("crv")
    if kind == "RSA":
        curve = None
    if not isinstance(kind, str) or not isinstance(curve, str | None):
        return False
    operations = jwk.get("key_ops", ["verify"])
    return (
        algorithm in ALGORITHMS_BY_KEY.get((kind, curve), ())
        and jwk.get("use", "sig") == "sig"
        and isinstance(operations, list)
        and "verify" in operations
        and jwk.get("alg", algorithm) == algorithm
    )


def public_key(jwk, algorithm):
    """Return the key object that PyJWT verifies `algorithm` with.

    Raises ProviderMisbehaved when the key is broken or too weak.
    """
    public = {name: jwk[name] for name in _PUBLIC_MEMBERS if name in jwk}
    try:
        key = get_default_algorithms()[algorithm].from_jwk(json.dumps(public))
    except (PyJWTError, ValueError, TypeError, KeyError):
        raise ProviderMisbehaved("a key of the provider is unusable") from None
    if jwk["kty"] == "RSA" and key.key_size < MIN_RSA_BITS:
        raise ProviderMisbehaved("a key of the provider is too weak")
    return key


class _KeySet:
    """The keys of one jwks_uri; `lock` is held while they are looked at or fetched."""

    def __init__(self):
        self.lock = threading.Lock()
        self.keys = []
        self.fetched_at = None
        self.asked_again_at = None


class KeySetCache:
    """Key sets by jwks_uri and reach. Safe for threads: they wait for one fetch.

    `fetch` turns jwks_uri and reach into a list of keys; `clock` gives seconds.
    """

    def __init__(self, fetch=fetch_key_set, clock=time.monotonic):
        self._fetch = fetch
        self._clock = clock
        self._lock = threading.Lock()
        self._key_sets = {}

    def clear(self):
        """Forget all keys."""
        with self._lock:
            self._key_sets = {}

    def find(self, jwks_uri, *, kid, algorithm, distrust=False, network_policy=PUBLIC):
        """Return the key for a token with this `kid` (None: it has none).

        Without a kid the set must have exactly one suitable key. A key that is not
        found, or found but `distrust`ed, makes the set be fetched again, at once and
        then at most every COOL_DOWN_SECONDS. Raises ProviderMisbehaved when there is no
        such key, and whatever `fetch` raises.
        """
        source = jwks_uri, network_policy
        with self._lock:
            key_set = self._key_sets.setdefault(source, _KeySet())
        if not key_set.lock.acquire(timeout=TOTAL_SECONDS):
            raise ProviderUnavailable("the provider's keys are still being fetched")
        try:
            now = self._clock()
            stale = (
                key_set.fetched_at is None or now - key_set.fetched_at > KEY_SET_SECONDS
            )
            if stale:
                self._refetch(key_set, source)
            found = self._select(key_set.keys, kid, algorithm)
            if not stale and (distrust or not found) and self._is_cool(key_set, now):
                key_set.asked_again_at = now
                self._refetch(key_set, source)
                found = self._select(key_set.keys, kid, algorithm)
        finally:
            key_set.lock.release()
        if len(found) != 1:
            number = "several keys" if found else "no key"
            raise ProviderMisbehaved(f"{number} of the provider fit the id_token")
        return public_key(found[0], algorithm)

    def _is_cool(self, key_set, now):
        """Return whether no token had the set fetched again a short time ago."""
        asked_again_at = key_set.asked_again_at
        return asked_again_at is None or now - asked_again_at > COOL_DOWN_SECONDS

    def _refetch(self, key_set, source):
        now = self._clock()
        key_set.keys = self._fetch(*source)
        key_set.fetched_at = now

    def _select(self, keys, kid, algorithm):
        return [
            jwk
            for jwk in keys
            if (kid is None or jwk.get("kid") == kid) and is_suitable(jwk, algorithm)
        ]


key_sets = KeySetCache()

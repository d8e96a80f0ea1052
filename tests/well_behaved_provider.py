"""What a well-behaved OpenID provider answers, without the server around it.

`FaultyProvider` serves it. Written from the RFCs and for tests only: it has one user,
one client, and keeps everything in memory.
"""

import base64
import hashlib
import json
import secrets
import threading
import time
from html import escape
from urllib.parse import unquote_plus, urlencode

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

#: Keys of providers that have ended: making one takes longer than many a test.
_spare_keys = []


class WellBehavedProvider:
    """The endpoints and what steers them; attributes may be set at any time.

    A `client_secret` of None makes the client public, `client_keys` (JWKs) have it
    authenticate by one of them alone, for `assertion_audience` (the issuer by default).
    """

    client_id = "demo-app"
    client_secret = "demo-secret"
    client_keys = None
    assertion_audience = None
    login = "olivia"
    access_token_format = "opaque"  # or "jwt"
    expires_in = 3600  # any JSON value; None leaves it out
    scope = None  # what the token answer says; None: what was asked for
    rotate = True  # a new refresh token with every refresh; reuse ends the grant
    issue_refresh_token = True
    names_itself = True  # as `iss` in its answer to the callback (RFC 9207)
    clock_ahead = 0  # seconds
    pkce = True  # False: what has to do with it is refused, as LinkedIn does
    signs_userinfo = False

    def __init__(self, issuer):
        self.first_key = _spare_keys.pop() if _spare_keys else _new_key()
        self.begin(issuer)

    def begin(self, issuer):
        """Be as at first: nothing set, nothing known."""
        self.issuer = issuer
        self.claims = {}  # merged into those of id_token and userinfo
        self.id_token_claims_override = {}  # last word on the id_token; None deletes
        self.token_answer_override = {}  # last word on the token answer; None deletes
        self.forge = None  # makes an id_token of its claims (dict), instead of `sign`
        self.codes = {}
        self.grants = []
        self.seen_assertions = set()
        self.rotate_key(key=self.first_key)
        self._lock = threading.Lock()

    def give_key_back(self):
        """Another provider may begin with the key that this one began with."""
        _spare_keys.append(self.first_key)

    def endpoints(self):
        """Return the provider's metadata by their RFC 8414 names."""
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "revocation_endpoint": f"{self.issuer}/revoke",
            "userinfo_endpoint": f"{self.issuer}/userinfo",
            "jwks_uri": f"{self.issuer}/jwks",
        }

    # The keys and what is signed with them.

    def rotate_key(self, kid="key-1", key=None):
        """Sign with a new RSA key from now on; the old one is gone."""
        self.signing_key = key or _new_key()
        self.signing_algorithm = "RS256"
        self.kid = kid
        jwk = json.loads(
            jwt.algorithms.RSAAlgorithm.to_jwk(self.signing_key.public_key())
        )
        jwk.pop("key_ops", None)
        self.keys = [{**jwk, "alg": "RS256", "use": "sig"}]
        if kid is not None:
            self.keys[0]["kid"] = kid

    def sign(self, claims, headers=None):
        """Return a JWT of the claims; those that are None are left out."""
        claims = {name: value for name, value in claims.items() if value is not None}
        headers = {**({"kid": self.kid} if self.kid else {}), **(headers or {})}
        payload = json.dumps(claims).encode()
        return jwt.PyJWS().encode(
            payload, self.signing_key, self.signing_algorithm, headers
        )

    def user_claims(self):
        email = self.login if "@" in self.login else f"{self.login}@example.com"
        claims = {"sub": self.login, "email": email, "email_verified": True}
        return {**claims, "name": self.login, **self.claims}

    def id_token(self, access_token, nonce=None, headers=None):
        digest = hashlib.sha256(access_token.encode()).digest()[:16]
        now = int(time.time()) + self.clock_ahead
        claims = {
            "iss": self.issuer,
            "aud": self.client_id,
            "iat": now,
            "exp": now + 600,
            "nonce": nonce,
            "at_hash": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
        }
        claims = {**self.user_claims(), **claims, **self.id_token_claims_override}
        return self.forge(claims) if self.forge else self.sign(claims, headers)

    # The endpoints, behaving well: each takes the parameters, returns status and body.

    def on_discovery(self, _handler, _params):
        return 200, self.endpoints()

    def on_jwks(self, _handler, _params):
        return 200, {"keys": self.keys}

    def on_authorization(self, handler, params):
        code = secrets.token_urlsafe(32)
        self.codes[code] = params
        query = {"code": code, "state": params.get("state", "")}
        if self.names_itself:
            query["iss"] = self.issuer
        if params.get("response_mode") == "form_post":
            form = _form(params["redirect_uri"], query).encode()
            handler.reply(200, form, {"Content-Type": "text/html"})
            return
        location = f"{params['redirect_uri']}?{urlencode(query)}"
        handler.reply(303, b"", {"Location": location})

    def on_userinfo(self, handler, _params):
        token = handler.headers.get("Authorization", "").removeprefix("Bearer ")
        if not any(token in grant["access"] for grant in self.grants):
            return 401, {"error": "invalid_token"}
        if self.signs_userinfo:
            claims = {"iss": self.issuer, "aud": self.client_id, **self.user_claims()}
            body = (self.forge or self.sign)(claims)
            handler.reply(200, body.encode(), {"Content-Type": "application/jwt"})
            return None
        return 200, self.user_claims()

    def on_revocation(self, handler, params):
        if not self._authenticated(handler, params):
            return 401, {"error": "invalid_client"}
        token = params.get("token", "")
        self.grants = [
            grant
            for grant in self.grants
            if token not in grant["access"] and token not in grant["refresh"]
        ]
        return 200, None

    def on_token(self, handler, params):
        if not self._authenticated(handler, params):
            return 401, {"error": "invalid_client"}
        with self._lock:
            if params.get("grant_type") == "authorization_code":
                grant = self._redeem_code(params)
            else:
                grant = self._redeem_refresh_token(params.get("refresh_token"))
            if grant is None:
                return 400, {"error": "invalid_grant"}
            return 200, self._token_answer(grant)

    def _authenticated(self, handler, params):
        authorization = handler.headers.get("Authorization", "")
        if self.client_keys is not None:
            others = authorization or params.get("client_secret")
            return not others and self._is_proven_by_key(params)
        given = [params.get("client_id"), params.get("client_secret")]
        if authorization.startswith("Basic "):
            pair = base64.b64decode(authorization[6:]).decode().split(":", 1)
            given = [unquote_plus(part) for part in pair]
        return given == [self.client_id, self.client_secret]

    def _is_proven_by_key(self, params):
        """RFC 7523 3, OpenID Connect Core 9: an assertion is good once."""
        assertion = params.get("client_assertion", "")
        try:
            kid = jwt.get_unverified_header(assertion)["kid"]
            jwk = {each["kid"]: each for each in self.client_keys}[kid]
            claims = jwt.decode(
                assertion,
                jwt.PyJWK(jwk).key,
                [jwk["alg"]],
                audience=self.assertion_audience or self.issuer,
                issuer=self.client_id,
                options={"require": ["sub", "jti", "iat", "exp"]},
            )
        except (jwt.PyJWTError, KeyError):
            return False
        is_new = claims["jti"] not in self.seen_assertions
        self.seen_assertions.add(claims["jti"])
        kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
        return (
            is_new
            and claims["sub"] == params.get("client_id") == self.client_id
            and params.get("client_assertion_type") == kind
            and claims["exp"] - claims["iat"] <= 60
        )

    def _redeem_code(self, params):
        """Return the grant of a code, if code, redirect URI and verifier fit."""
        asked = self.codes.pop(params.get("code"), None)
        verifier = params.get("code_verifier", "").encode()
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier).digest())
        expected = challenge.rstrip(b"=").decode() if self.pkce else None
        if (
            not asked
            or asked.get("redirect_uri") != params.get("redirect_uri")
            or asked.get("code_challenge") != expected
            or (verifier and not self.pkce)
        ):
            return None
        self.grants.append({"asked": asked, "access": [], "refresh": []})
        return self.grants[-1]

    def _redeem_refresh_token(self, token):
        """Return the grant of the current refresh token; an old one ends its grant."""
        for grant in self.grants:
            if token in grant["refresh"]:
                if token == grant["refresh"][-1]:
                    return grant
                self.grants.remove(grant)
                break
        return None

    def _token_answer(self, grant):
        access_token = secrets.token_urlsafe(32)
        if self.access_token_format == "jwt":
            access_token = self.sign({"sub": self.login, "jti": access_token})
        grant["access"].append(access_token)
        asked, first = grant["asked"], len(grant["access"]) == 1
        scope = asked.get("scope", "") if self.scope is None else self.scope
        answer = {
            "access_token": access_token,
            "token_type": "Bearer",
            "expires_in": self.expires_in,
            "scope": scope,
        }
        if self.issue_refresh_token and (first or self.rotate):
            grant["refresh"].append(secrets.token_urlsafe(32))
            answer["refresh_token"] = grant["refresh"][-1]
        if "openid" in asked.get("scope", "").split():
            nonce = asked.get("nonce") if first else None
            answer["id_token"] = self.id_token(access_token, nonce)
        answer.update(self.token_answer_override)
        return {name: value for name, value in answer.items() if value is not None}


def _form(address, values):
    """Return a page that has its browser post values (Form Post Response Mode)."""
    fields = "".join(
        f'<input type="hidden" name="{name}" value="{escape(value)}">'
        for name, value in values.items()
    )
    form = f'<form method="post" action="{escape(address)}">{fields}</form>'
    return f"{form}<script>document.forms[0].submit()</script>"


def _new_key():
    return rsa.generate_private_key(65537, 2048)

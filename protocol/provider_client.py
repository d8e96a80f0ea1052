"""A client of one provider: each call that the flows of this addon make to it.

    client = ProviderClient(metadata, credentials)
    url = client.authorization_url(...)        # where the user signs in
    answer = client.fetch_token(...)           # code for tokens
    claims = client.verify_id_token(...)       # who signed in

Every call may raise what `provider_errors` lists. A client keeps nothing between calls
and opens a session for each, so it may be shared by threads.
"""

import contextlib
import io
import json
from urllib.parse import parse_qsl, urlsplit

import requests
from oauthlib.common import add_params_to_uri
from oauthlib.oauth2 import WebApplicationClient

from .back_off import requests_to_wait
from .id_token import verify_id_token, verify_userinfo
from .json_object import load_json_object
from .network_policy import PUBLIC, as_spelled_in, https_spelling
from .pkce import challenge_of
from .provider_errors import (
    ProviderMisbehaved,
    ProviderRefused,
    ProviderUnavailable,
)
from .token_response import raise_for_error, token_parameters
from .transport import ProviderSession

OPENID_SCOPE = "openid"
UNSUPPORTED_TOKEN_TYPE = "unsupported_token_type"

# What the flow itself sets, and what would move it out of the flow's hands.
RESERVED_AUTHORIZE_PARAMS = frozenset(
    {
        "client_id",
        "code_challenge",
        "code_challenge_method",
        "nonce",
        "redirect_uri",
        "request",
        "request_uri",
        "response_mode",
        "response_type",
        "scope",
        "state",
    }
)

#: What a request to the token endpoint has of the flow itself.
RESERVED_TOKEN_PARAMS = frozenset(
    {
        "client_assertion",
        "client_assertion_type",
        "client_id",
        "client_secret",
        "code",
        "code_verifier",
        "grant_type",
        "redirect_uri",
        "refresh_token",
    }
)

_JSON = {"Accept": "application/json"}


def check_authorize_params(params):
    """Raise ValueError unless the names and values of `params` may be added to a URL.

    They must be non-empty strings, and no name one that the flow sets.
    """
    for name, value in params.items():
        if name in RESERVED_AUTHORIZE_PARAMS:
            raise ValueError(f"{name} is set by the flow")
        if not isinstance(name, str) or not isinstance(value, str) or not name:
            raise ValueError("an extra parameter is not a string")


class ProviderClient:
    """The calls of one client to one provider, which `network_policy` must allow.

    `token_params` (dict of strings) go along with each request to the token endpoint,
    `scope` with refreshes alone, as RFC 6749 has it.
    """

    def __init__(self, metadata, credentials, network_policy=PUBLIC, token_params=None):
        self.metadata = metadata
        self.credentials = credentials
        self.network_policy = network_policy
        self.token_params = dict(token_params or {})
        self.refresh_scope = self.token_params.pop("scope", None)

    def authorization_url(
        self,
        *,
        redirect_uri,
        scope,
        state,
        code_verifier=None,
        nonce=None,
        response_mode=None,
        extra=None,
    ):
        """Return the URL where the user signs in (RFC 6749 4.1.1), with PKCE if asked.

        `scope` is a string of scopes separated by spaces; `extra` are more query
        parameters (dict of strings). Raises ValueError when one of these, or of the
        query of the authorization endpoint, is the flow's own, and ProviderMisbehaved
        when that endpoint is no https URL or out of reach.
        """
        endpoint = self.metadata.authorization_endpoint
        spelling = https_spelling(endpoint)
        self.network_policy.check_url(endpoint)
        extra = dict(extra or {})
        check_authorize_params(extra)
        check_authorize_params(
            dict(parse_qsl(urlsplit(endpoint).query, keep_blank_values=True))
        )
        pkce = {}
        if code_verifier:  # RFC 7636 section 4.3
            pkce["code_challenge"] = challenge_of(code_verifier)
            pkce["code_challenge_method"] = "S256"
        client = WebApplicationClient(self.credentials.client_id)
        url = client.prepare_request_uri(
            spelling,
            redirect_uri=redirect_uri,
            scope=scope,
            state=state,
            nonce=nonce,
            response_mode=response_mode,
            **pkce,
        )
        return as_spelled_in(endpoint, add_params_to_uri(url, extra.items()))

    def fetch_token(self, *, code, redirect_uri, code_verifier=None):
        """Return the provider's answer to `code` (RFC 6749 4.1.3), verbatim, as a dict.

        `redirect_uri` is the one of the authorization request, exactly.
        """
        in_body = self.credentials.body_parameters()
        endpoint = self.metadata.token_endpoint
        # A code does not keep: it is sent whatever the provider asked for.
        with (
            self._heeding(endpoint),
            self._session(redirect_uri=redirect_uri) as session,
        ):
            answer = _TokenAnswer(
                session,
                "access_token_response",
                [code, code_verifier, *self.credentials.secrets(in_body)],
            )
            session.fetch_token(
                session.endpoint(endpoint),
                code=code,
                code_verifier=code_verifier,
                auth=self.credentials.basic_auth(),
                include_client_id=bool(in_body.pop("client_id", None)),
                client_secret=in_body.pop("client_secret", None),
                **in_body,
                **self.token_params,
            )
        return answer.parameters

    def refresh_token(self, refresh_token):
        """Return the provider's answer to a refresh (RFC 6749 6), verbatim, as a dict.

        It need not have a refresh token: then the old one goes on. A provider that
        asked to be left alone is not called.
        """
        endpoint = self.metadata.token_endpoint
        requests_to_wait.check(endpoint, self.credentials.client_id)
        in_body = self.credentials.body_parameters()
        # No scope, where none is configured: requests-oauthlib would send it.
        with (
            self._heeding(endpoint),
            self._session(scope=self.refresh_scope) as session,
        ):
            answer = _TokenAnswer(
                session,
                "refresh_token_response",
                [refresh_token, *self.credentials.secrets(in_body)],
            )
            session.refresh_token(
                session.endpoint(endpoint),
                refresh_token=refresh_token,
                auth=self.credentials.basic_auth(),
                **in_body,
                **self.token_params,
            )
        return answer.parameters

    def revoke_token(self, token, token_type_hint):
        """Revoke a token (RFC 7009); return when it is good for nothing any more.

        Raises ProviderRefused with the code UNSUPPORTED_TOKEN_TYPE where the provider
        cannot revoke this kind of token (2.2.1): it lives on until it expires.
        """
        in_body = self.credentials.body_parameters()
        with self._session() as session:
            client = WebApplicationClient(self.credentials.client_id)
            url, headers, body = client.prepare_token_revocation_request(
                session.endpoint(self.metadata.revocation_endpoint),
                token,
                token_type_hint,
                **in_body,
            )
            response = session.post(
                url,
                data=body,
                headers={**headers, **_JSON},
                auth=self.credentials.basic_auth(),
                withhold_token=True,
            )
        # Section 2.2: of a 200 the status alone counts.
        if response.status_code < 400:
            return
        secrets = [token, *self.credentials.secrets(in_body)]
        try:
            raise_for_error(response, secrets=secrets)
        except ProviderRefused as refused:
            # Google's answer for a token that is already invalid, against section 2.2.
            if not refused.ends_grant:
                raise

    def userinfo(self, access_token):
        """Return the claims of the userinfo endpoint (OpenID Connect Core 5.3), a dict.

        Signed or not. Whether its `sub` is the id_token's is the caller's to check
        (5.3.2).
        """
        token = {"access_token": access_token, "token_type": "Bearer"}
        with self._session(token=token) as session:
            response = session.get(
                session.endpoint(self.metadata.userinfo_endpoint),
                headers={"Accept": "application/json, application/jwt;q=0.9"},
            )
        raise_for_error(response, secrets=[access_token])
        media_type = response.headers.get("Content-Type", "").partition(";")[0]
        if media_type.strip().lower() != "application/jwt":
            return load_json_object(response.content)
        if not self.metadata.jwks_uri:
            raise ProviderMisbehaved("userinfo is signed, and there is no JWKS URI")
        return verify_userinfo(
            response.content.decode("ascii", "replace").strip(),
            issuer=self.metadata.issuer,
            client_id=self.credentials.client_id,
            jwks_uri=self.metadata.jwks_uri,
            network_policy=self.network_policy,
        )

    def verify_id_token(self, id_token, *, nonce_digest=None, access_token=None):
        """Return the claims of a valid id_token; see `id_token.verify_id_token`."""
        return verify_id_token(
            id_token,
            issuer=self.metadata.issuer,
            client_id=self.credentials.client_id,
            jwks_uri=self.metadata.jwks_uri,
            expected_nonce_digest=nonce_digest,
            access_token=access_token,
            network_policy=self.network_policy,
        )

    @contextlib.contextmanager
    def _heeding(self, endpoint):
        """Remember when the endpoint asks not to be called for a while."""
        try:
            yield
        except ProviderUnavailable as failure:
            requests_to_wait.note(endpoint, self.credentials.client_id, failure)
            raise

    def _session(self, scope=None, **kwargs):
        return ProviderSession(
            self.credentials.client_id,
            scope=scope,
            network_policy=self.network_policy,
            **kwargs,
        )


class _TokenAnswer:
    """Judges the answer of a token endpoint before oauthlib parses it.

    oauthlib loses the HTTP status, adds `expires_at` and makes a list of the scope, so
    it is left with the access token alone. `parameters` is the provider's answer.
    """

    def __init__(self, session, hook, secrets):
        self.parameters = None
        self._secrets = secrets
        session.register_compliance_hook(hook, self._judge)

    def _judge(self, response):
        self.parameters = token_parameters(response, secrets=self._secrets)
        token = {
            "access_token": self.parameters["access_token"],
            "token_type": "Bearer",
        }
        judged = requests.Response()
        judged.encoding = "utf-8"
        judged.raw = io.BytesIO(json.dumps(token).encode())
        return judged

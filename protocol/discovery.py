"""What a provider says of itself (OpenID Connect Discovery 4, RFC 8414 2)."""

import re
from urllib.parse import urlsplit

from .client_key import PRIVATE_KEY_JWT, SIGNING_ALGORITHMS
from .id_token import TENANT_PLACEHOLDER
from .json_object import load_json_object
from .jwks import ALGORITHMS
from .network_policy import PUBLIC, https_spelling
from .provider_errors import IssuerMismatch, ProviderMisbehaved, safe_text
from .provider_registration import AUTH_METHODS
from .server_metadata import AUTHORIZATION_SERVER, OPENID_CONFIGURATION
from .transport import ProviderSession

REQUIRED_ENDPOINTS = ("authorization_endpoint", "token_endpoint")
OPTIONAL_ENDPOINTS = ("revocation_endpoint", "userinfo_endpoint", "jwks_uri")
#: Where Microsoft describes the tenants of an issuer with a placeholder.
_ALL_TENANTS = "common"


def issuer_of(text):
    """Return the issuer that was meant by what may be its description's address."""
    text = text.strip()
    if text.removesuffix("/").endswith(OPENID_CONFIGURATION):
        return text.removesuffix("/").removesuffix(OPENID_CONFIGURATION)
    # RFC 8414 3.1: before the path
    for path in (AUTHORIZATION_SERVER, OPENID_CONFIGURATION):
        text = text.replace(path, "", 1)
    return text


def fetch_metadata(issuer, network_policy=PUBLIC):
    """Return the metadata of the provider with this issuer, a dict.

    Its endpoints are usable URLs that `network_policy` allows, "" where it has none;
    its `issuer` is that of `issuer`, but for a slash at its end, and has `{tenantid}`
    where it is one of many tenants; all else is as the provider wrote it. Raises
    ProviderUnavailable when it cannot be had, and ProviderMisbehaved when it cannot be
    used, above all when it is another issuer's.
    """
    # Discovery 4.1: a slash that ends the issuer is removed before the path.
    base = issuer.removesuffix("/").replace(TENANT_PLACEHOLDER, _ALL_TENANTS)
    parts = urlsplit(base)
    origin = f"{parts.scheme}://{parts.netloc}"
    with ProviderSession(network_policy=network_policy) as session:
        for url in (
            f"{base}{OPENID_CONFIGURATION}",
            f"{origin}{AUTHORIZATION_SERVER}{parts.path}",  # RFC 8414 3.1
        ):
            response = session.get(url, headers={"Accept": "application/json"})
            if response.status_code != 404:
                break
    if response.status_code != 200:
        raise ProviderMisbehaved(f"discovery answered status {response.status_code}")
    metadata = load_json_object(response.content)
    if not _is_of(metadata.get("issuer"), issuer):
        # Discovery 4.3: it speaks for another provider.
        other = safe_text(metadata.get("issuer"))
        raise IssuerMismatch(f"the discovery document names another issuer: {other}")
    endpoints = {}
    for name in REQUIRED_ENDPOINTS + OPTIONAL_ENDPOINTS:
        endpoint = endpoints[name] = metadata.get(name) or ""
        if endpoint or name in REQUIRED_ENDPOINTS:
            _check_endpoint(name, endpoint, network_policy)
    return {**metadata, **endpoints}


def unmet_demands(metadata):
    """Return what a document demands and nothing here does, as a set of its names."""
    demands = {
        name
        for name in (
            "require_pushed_authorization_requests",  # RFC 9126 5
            "require_signed_request_object",  # RFC 9101 10.5
        )
        if metadata.get(name) is True
    }
    for name, known in (
        ("response_types_supported", {"code"}),
        ("response_modes_supported", {"query", "form_post"}),
        ("grant_types_supported", {"authorization_code"}),
        ("code_challenge_methods_supported", {"S256"}),
        ("id_token_signing_alg_values_supported", set(ALGORITHMS)),
    ):
        listed = metadata.get(name)
        if isinstance(listed, list) and not known.intersection(map(str, listed)):
            demands.add(name)
    return demands


def auth_methods(metadata):
    """Return those of AUTH_METHODS that a document offers, in their order.

    Without a list it is Basic (RFC 8414 2).
    """
    listed = metadata.get("token_endpoint_auth_methods_supported")
    if not isinstance(listed, list):
        listed = ["client_secret_basic"]
    return [
        method
        for method in AUTH_METHODS
        if method in listed
        and (method != PRIVATE_KEY_JWT or signing_algorithms(metadata))
    ]


def signing_algorithms(metadata):
    """Return those of SIGNING_ALGORITHMS that clients may use there, all if unsaid."""
    listed = metadata.get("token_endpoint_auth_signing_alg_values_supported")
    is_said = isinstance(listed, list)
    return [each for each in SIGNING_ALGORITHMS if not is_said or each in listed]


def _is_of(named, issuer):
    """Return whether a document that names this issuer is the one that was asked for.

    Asked for `common`, Microsoft answers with the placeholder of all its tenants.
    """
    if not isinstance(named, str):
        return False
    pattern = re.escape(named.removesuffix("/"))
    tenant = re.escape(TENANT_PLACEHOLDER)
    pattern = pattern.replace(tenant, f"({tenant}|common|organizations|consumers)")
    return bool(re.fullmatch(pattern, issuer.removesuffix("/")))


def _check_endpoint(name, endpoint, network_policy):
    if not endpoint or not isinstance(endpoint, str):
        raise ProviderMisbehaved(f"the discovery document has no usable {name}")
    https_spelling(endpoint)
    network_policy.check_url(endpoint)

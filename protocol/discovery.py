"""What a provider says of itself (OpenID Connect Discovery 4, RFC 8414 2)."""

from .json_object import load_json_object
from .network_policy import PUBLIC, https_spelling
from .provider_errors import ProviderMisbehaved
from .transport import ProviderSession

WELL_KNOWN_PATH = "/.well-known/openid-configuration"
REQUIRED_ENDPOINTS = ("authorization_endpoint", "token_endpoint")
OPTIONAL_ENDPOINTS = ("revocation_endpoint", "userinfo_endpoint", "jwks_uri")


def fetch_metadata(issuer, network_policy=PUBLIC):
    """Return the metadata of the provider with this issuer, a dict.

    Its endpoints are usable URLs that `network_policy` allows, "" where it has none;
    all else is as the provider wrote it. Raises ProviderUnavailable when it cannot be
    had, and ProviderMisbehaved when it cannot be used, above all when it is another
    issuer's.
    """
    # Discovery 4.1: a slash that ends the issuer is removed before the path.
    url = issuer.removesuffix("/") + WELL_KNOWN_PATH
    with ProviderSession(network_policy=network_policy) as session:
        response = session.get(url, headers={"Accept": "application/json"})
    if response.status_code != 200:
        raise ProviderMisbehaved(f"discovery answered status {response.status_code}")
    metadata = load_json_object(response.content)
    # Discovery 4.3: to the letter, or it speaks for another provider.
    if metadata.get("issuer") != issuer:
        raise ProviderMisbehaved("the discovery document names another issuer")
    endpoints = {}
    for name in REQUIRED_ENDPOINTS + OPTIONAL_ENDPOINTS:
        endpoint = endpoints[name] = metadata.get(name) or ""
        if endpoint or name in REQUIRED_ENDPOINTS:
            _check_endpoint(name, endpoint, network_policy)
    return {**metadata, **endpoints}


def _check_endpoint(name, endpoint, network_policy):
    if not endpoint or not isinstance(endpoint, str):
        raise ProviderMisbehaved(f"the discovery document has no usable {name}")
    https_spelling(endpoint)
    network_policy.check_url(endpoint)

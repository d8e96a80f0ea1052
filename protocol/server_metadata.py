"""What an API says of itself, for clients that connect without a manual: as
authorization server (RFC 8414 2) and as protected resource (RFC 9728 2).
"""

AUTHORIZATION_SERVER = "/.well-known/oauth-authorization-server"
OPENID_CONFIGURATION = "/.well-known/openid-configuration"
PROTECTED_RESOURCE = "/.well-known/oauth-protected-resource"
_NAMES = (AUTHORIZATION_SERVER, OPENID_CONFIGURATION, PROTECTED_RESOURCE)

_BY_SECRET = ["client_secret_basic", "client_secret_post"]
_PUBLIC_TOO = [*_BY_SECRET, "none"]


def is_well_known(path):
    """Return whether a description of an API may be looked for at this path."""
    _, found, rest = path.partition("/.well-known/")
    return bool(found) and f"/.well-known/{rest}/".startswith(
        tuple(f"{name}/" for name in _NAMES)
    )


def endpoints(issuer):
    """Return the addresses of an authorization server, by their names in RFC 8414."""
    return {
        "authorization_endpoint": f"{issuer}/oauth2/authorize",
        "token_endpoint": f"{issuer}/oauth2/token",
        "revocation_endpoint": f"{issuer}/oauth2/revoke",
        "introspection_endpoint": f"{issuer}/oauth2/introspect",
    }


def authorization_server_metadata(issuer, scopes, documentation=None):
    """Return the document of RFC 8414 section 2.

    `issuer` is compared to the letter by clients. It stands at the addresses of OpenID
    Connect Discovery, too, but names nothing that only an OpenID provider has.
    """
    metadata = {
        "issuer": issuer,
        **endpoints(issuer),
        "scopes_supported": sorted(scopes),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": [
            "authorization_code",
            "refresh_token",
            "client_credentials",
        ],
        "token_endpoint_auth_methods_supported": _PUBLIC_TOO,
        "revocation_endpoint_auth_methods_supported": _PUBLIC_TOO,
        "introspection_endpoint_auth_methods_supported": _BY_SECRET,
        "code_challenge_methods_supported": ["S256"],  # RFC 7636 6.2
        "authorization_response_iss_parameter_supported": True,  # RFC 9207 3
        "protected_resources": [issuer],  # RFC 9728 4
    }
    if documentation:
        metadata["service_documentation"] = documentation
    return metadata


def protected_resource_metadata(resource, name, issuer, scopes, documentation=None):
    """Return the document of RFC 9728 section 2.

    `issuer` is of the one server whose tokens are accepted at `resource`: a client goes
    there for one.
    """
    metadata = {
        "resource": resource,
        "resource_name": name,
        "authorization_servers": [issuer],
        "scopes_supported": sorted(scopes),
        "bearer_methods_supported": ["header"],
    }
    if documentation:
        metadata["resource_documentation"] = documentation
    return metadata

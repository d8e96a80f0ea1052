"""Providers that organisations run themselves, as their public documentation described
them in November 2026, and any other.
"""

from odoo.tools import LazyTranslate

from .preset import OFFLINE, OPENID, Preset, openid_provider

_lt = LazyTranslate(__name__)

SELF_HOSTED = {
    "keycloak": Preset(
        label="Keycloak",
        source_url="https://www.keycloak.org/securing-apps/oidc-layers",
        console_url="https://HOST/admin/REALM/console/",
        host_example="sso.example.com",
        values=openid_provider(
            "https://HOST/realms/REALM",
            authorization_endpoint="/protocol/openid-connect/auth",
            token_endpoint="/protocol/openid-connect/token",
            revocation_endpoint="/protocol/openid-connect/revoke",
            userinfo_endpoint="/protocol/openid-connect/userinfo",
            jwks_uri="/protocol/openid-connect/certs",
            authorization_response_iss_parameter_supported=True,
        ),
        steps=(
            _lt("Clients → Create client: OpenID Connect."),
            _lt("Client authentication: on. Standard flow: on."),
            _lt("Valid redirect URIs: paste the redirect URI from below. Save."),
            _lt("The tab Credentials has the client secret."),
        ),
        caveats=(
            _lt(
                "Its refresh tokens end with the user's session there, after half an"
                " hour without use. Only applications of the JSON contract use them:"
                " for these add offline_access to the scope."
            ),
        ),
    ),
    "authentik": Preset(
        label="authentik",
        source_url="https://docs.goauthentik.io/add-secure-apps/providers/oauth2/",
        console_url="https://HOST/if/admin/",
        host_example="auth.example.com",
        values=openid_provider(
            "https://HOST/application/o/SLUG/",
            "https://HOST/application/o/",
            authorization_endpoint="authorize/",
            token_endpoint="token/",
            revocation_endpoint="revoke/",
            userinfo_endpoint="userinfo/",
            jwks_uri="SLUG/jwks/",
            scope=OFFLINE,
            user_matching="session",
        ),
        steps=(
            _lt(
                "Applications → Create with Provider: OAuth2/OpenID. The application's"
                " slug belongs above."
            ),
            _lt("Client type: Confidential. Choose a signing key."),
            _lt("Redirect URIs: strict, and the redirect URI from below."),
            _lt(
                "For applications of the JSON contract, Scopes: add offline_access,"
                " else they get no refresh tokens."
            ),
        ),
        caveats=(
            _lt(
                "Since version 2025.10 it says of each email that it is not verified."
                " So users are matched by the user who is signed in to this Odoo. To"
                " match by email, have a scope mapping there say email_verified for"
                " addresses that you have checked."
            ),
        ),
    ),
    "authelia": Preset(
        label="Authelia",
        source_url="https://www.authelia.com/integration/openid-connect/introduction/",
        console_url=(
            "https://www.authelia.com/configuration/identity-providers/openid-connect/"
            "clients/"
        ),
        host_example="auth.example.com",
        values=openid_provider(
            "https://HOST",
            authorization_endpoint="/api/oidc/authorization",
            token_endpoint="/api/oidc/token",
            revocation_endpoint="/api/oidc/revocation",
            userinfo_endpoint="/api/oidc/userinfo",
            jwks_uri="/jwks.json",
            scope=OFFLINE,
        ),
        steps=(
            _lt(
                "Clients are written into its configuration:"
                " identity_providers.oidc.clients."
            ),
            _lt("redirect_uris: the redirect URI from below."),
            _lt("scopes: openid, email, profile, offline_access."),
            _lt("grant_types: authorization_code, refresh_token."),
            _lt(
                "token_endpoint_auth_method: client_secret_basic. It keeps a digest of"
                " the client secret: write down the secret when you make it."
            ),
        ),
    ),
    "zitadel": Preset(
        label="ZITADEL",
        source_url="https://zitadel.com/docs/apis/openidoauth/endpoints",
        console_url="https://HOST/ui/console",
        host_example="acme.zitadel.cloud",
        values=openid_provider(
            "https://HOST",
            authorization_endpoint="/oauth/v2/authorize",
            token_endpoint="/oauth/v2/token",
            revocation_endpoint="/oauth/v2/revoke",
            userinfo_endpoint="/oidc/v1/userinfo",
            jwks_uri="/oauth/v2/keys",
            scope=OFFLINE,
        ),
        steps=(
            _lt("Projects → your project → New application: Web, method Code."),
            _lt("Redirect URIs: paste the redirect URI from below. Create."),
            _lt("OIDC configuration → Grant types: add Refresh Token."),
        ),
    ),
    "gitlab": Preset(
        label="GitLab",
        source_url="https://docs.gitlab.com/integration/openid_connect_provider/",
        console_url="https://HOST/-/user_settings/applications",
        host_example="gitlab.com",
        values=openid_provider(
            "https://HOST",
            authorization_endpoint="/oauth/authorize",
            token_endpoint="/oauth/token",
            revocation_endpoint="/oauth/revoke",
            userinfo_endpoint="/oauth/userinfo",
            jwks_uri="/oauth/discovery/keys",
        ),
        steps=(
            _lt("Add new application."),
            _lt("Redirect URI: paste the redirect URI from below. Confidential: on."),
            _lt("Scopes: openid, profile, email. Save."),
        ),
    ),
}

OTHERS = {
    "oidc": Preset(
        label="Any OpenID Connect issuer",
        source_url="https://openid.net/specs/openid-connect-discovery-1_0.html",
        values={"scope": OPENID},
        steps=(
            _lt(
                "Register an application at the provider: authorization code, with a"
                " client secret."
            ),
            _lt("Its redirect URI is the one below, to the letter."),
            _lt("Write the issuer above, then Read from Issuer fills in the rest."),
        ),
    ),
    "custom": Preset(
        label="Other OAuth 2.0 server",
        source_url="https://www.rfc-editor.org/rfc/rfc6749",
        steps=(
            _lt("Register an application at the provider: authorization code."),
            _lt("Its redirect URI is the one below, to the letter."),
            _lt("Write the provider's addresses under Advanced."),
        ),
    ),
}

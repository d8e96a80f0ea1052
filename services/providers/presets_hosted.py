"""Providers that others run, as their public documentation described them in
November 2026. Facts only; none of them was asked from here.
"""

from odoo.tools import LazyTranslate

from .preset import (
    NO_REVOCATION,
    NO_VERIFIED_EMAIL,
    OFFLINE,
    Preset,
    openid_provider,
)

_lt = LazyTranslate(__name__)

_MICROSOFT = "https://login.microsoftonline.com"


def _microsoft(tenant, issuer_tenant):
    """:return: values for the endpoints of one tenant or of all"""
    return {
        "issuer": f"{_MICROSOFT}/{issuer_tenant}/v2.0",
        "authorization_endpoint": f"{_MICROSOFT}/{tenant}/oauth2/v2.0/authorize",
        "token_endpoint": f"{_MICROSOFT}/{tenant}/oauth2/v2.0/token",
        "userinfo_endpoint": "https://graph.microsoft.com/oidc/userinfo",
        "jwks_uri": f"{_MICROSOFT}/{tenant}/discovery/v2.0/keys",
        "scope": OFFLINE,
        "user_matching": "session",
        "match_claim": "preferred_username",
    }


HOSTED = {
    "google": Preset(
        label="Google",
        source_url="https://developers.google.com/identity/openid-connect/openid-connect",
        console_url="https://console.cloud.google.com/apis/credentials",
        values=openid_provider(
            "https://accounts.google.com",
            "https://",
            authorization_endpoint="accounts.google.com/o/oauth2/v2/auth",
            token_endpoint="oauth2.googleapis.com/token",
            revocation_endpoint="oauth2.googleapis.com/revoke",
            userinfo_endpoint="openidconnect.googleapis.com/v1/userinfo",
            jwks_uri="www.googleapis.com/oauth2/v3/certs",
            # Without these Google gives no refresh token.
            authorize_params="access_type=offline&prompt=consent",
        ),
        steps=(
            _lt("APIs & Services → Credentials: Create credentials, OAuth client ID."),
            _lt("Application type: Web application."),
            _lt("Authorized redirect URIs: paste the redirect URI from below. Create."),
        ),
    ),
    "microsoft": Preset(
        label="Microsoft Entra ID (one tenant)",
        source_url="https://learn.microsoft.com/entra/identity-platform/v2-protocols-oidc",
        console_url="https://entra.microsoft.com",
        values=_microsoft("TENANT-ID", "TENANT-ID"),
        steps=(
            _lt(
                "App registrations → New registration. Supported account types: this"
                " organizational directory only."
            ),
            _lt("Redirect URI: Web, and the redirect URI from below. Register."),
            _lt(
                "Overview: the Directory (tenant) ID belongs above, the Application"
                " (client) ID is the client ID."
            ),
            _lt(
                "Certificates & secrets → New client secret: its Value is the client"
                " secret."
            ),
        ),
        caveats=(
            NO_VERIFIED_EMAIL,
            _lt(
                "Where the tenant is your own organisation's alone, users can be"
                " matched by the claim preferred_username, without a sign-in to Odoo:"
                " then set Provider Vouches for the Claim, and think of guests."
            ),
            NO_REVOCATION,
        ),
    ),
    "microsoft_any": Preset(
        label="Microsoft Entra ID (any tenant)",
        source_url="https://learn.microsoft.com/entra/identity-platform/v2-protocols-oidc",
        console_url="https://entra.microsoft.com",
        values=_microsoft("organizations", "{tenantid}"),
        steps=(
            _lt(
                "App registrations → New registration. Supported account types: any"
                " organizational directory."
            ),
            _lt("Redirect URI: Web, and the redirect URI from below. Register."),
            _lt(
                "Overview: the Application (client) ID is the client ID. Certificates &"
                " secrets → New client secret: its Value is the client secret."
            ),
        ),
        caveats=(
            _lt(
                "Every organisation chooses the claims of its own users. So users are"
                " matched by the user who is signed in to this Odoo."
            ),
            NO_REVOCATION,
        ),
    ),
    "okta": Preset(
        label="Okta",
        source_url="https://developer.okta.com/docs/api/openapi/okta-oauth/oauth/tag/OrgAS",
        console_url="https://HOST",
        host_example="acme.okta.com",
        values=openid_provider(
            "https://HOST",
            authorization_endpoint="/oauth2/v1/authorize",
            token_endpoint="/oauth2/v1/token",
            revocation_endpoint="/oauth2/v1/revoke",
            userinfo_endpoint="/oauth2/v1/userinfo",
            jwks_uri="/oauth2/v1/keys",
            scope=OFFLINE,
        ),
        steps=(
            _lt("Admin → Applications → Create App Integration: OIDC, Web."),
            _lt("Grant types: Authorization Code and Refresh Token."),
            _lt("Sign-in redirect URIs: paste the redirect URI from below. Save."),
        ),
        caveats=(
            _lt(
                "This is the organisation's own authorization server. For a custom one"
                " choose Any OpenID Connect issuer, such as"
                " https://acme.okta.com/oauth2/default."
            ),
        ),
    ),
    "auth0": Preset(
        label="Auth0",
        source_url="https://auth0.com/docs/get-started/applications/application-settings",
        console_url="https://manage.auth0.com",
        host_example="acme.eu.auth0.com",
        values=openid_provider(
            "https://HOST/",
            authorization_endpoint="authorize",
            token_endpoint="oauth/token",
            revocation_endpoint="oauth/revoke",
            userinfo_endpoint="userinfo",
            jwks_uri=".well-known/jwks.json",
            scope=OFFLINE,
            token_endpoint_auth_method="client_secret_post",
        ),
        steps=(
            _lt("Applications → Create Application: Regular Web Application."),
            _lt("Settings: the Domain belongs above."),
            _lt("Allowed Callback URLs: paste the redirect URI from below."),
            _lt("Advanced Settings → Grant Types: Authorization Code, Refresh Token."),
        ),
    ),
    "salesforce": Preset(
        label="Salesforce",
        source_url=(
            "https://help.salesforce.com/s/articleView"
            "?id=xcloud.remoteaccess_using_openid_discovery_endpoint.htm"
        ),
        console_url="https://login.salesforce.com",
        host_example="acme.my.salesforce.com",
        values=openid_provider(
            "https://HOST",
            authorization_endpoint="/services/oauth2/authorize",
            token_endpoint="/services/oauth2/token",
            revocation_endpoint="/services/oauth2/revoke",
            userinfo_endpoint="/services/oauth2/userinfo",
            jwks_uri="/id/keys",
            scope=OFFLINE,
        ),
        steps=(
            _lt("Setup → My Domain: the current My Domain URL belongs above."),
            _lt("Setup → External Client App Manager → New, and enable OAuth."),
            _lt("Callback URL: paste the redirect URI from below."),
            _lt(
                "OAuth scopes: openid; id, profile, email; refresh_token,"
                " offline_access. Consumer key and secret are client ID and secret."
            ),
        ),
        caveats=(
            _lt(
                "The host is your login domain: My Domain, a sandbox's own, or that of"
                " an Experience Cloud site."
            ),
        ),
    ),
    "slack": Preset(
        label="Slack",
        source_url="https://docs.slack.dev/authentication/sign-in-with-slack",
        console_url="https://api.slack.com/apps",
        values=openid_provider(
            "https://slack.com",
            authorization_endpoint="/openid/connect/authorize",
            token_endpoint="/api/openid.connect.token",
            userinfo_endpoint="/api/openid.connect.userInfo",
            jwks_uri="/openid/connect/keys",
            token_endpoint_auth_method="client_secret_post",
        ),
        steps=(
            _lt("Create New App → From scratch, in your workspace."),
            _lt("OAuth & Permissions, Redirect URLs: the redirect URI from below."),
            _lt("Basic Information → App Credentials: client ID and client secret."),
        ),
        caveats=(
            _lt("It takes redirect URIs that begin with https:// only."),
            _lt(
                "It gives refresh tokens, which only applications of the JSON contract"
                " use, only to apps that use token rotation."
            ),
            NO_REVOCATION,
        ),
    ),
    "zoho": Preset(
        label="Zoho",
        source_url=(
            "https://www.zoho.com/accounts/protocol/oauth/sign-in-using-zoho.html"
        ),
        console_url="https://api-console.zoho.com",
        host_example="accounts.zoho.eu",
        values=openid_provider(
            "https://HOST",
            authorization_endpoint="/oauth/v2/auth",
            token_endpoint="/oauth/v2/token",
            revocation_endpoint="/oauth/v2/token/revoke",
            userinfo_endpoint="/oauth/v2/userinfo",
            jwks_uri="/oauth/v2/keys",
            # Without these Zoho gives no refresh token.
            authorize_params="access_type=offline&prompt=consent",
            token_endpoint_auth_method="client_secret_post",
            user_matching="session",
        ),
        steps=(
            _lt("Get Started → Server-based Applications."),
            _lt("Authorized Redirect URIs: paste the redirect URI from below. Create."),
            _lt(
                "Above belongs the accounts server of your data center:"
                " accounts.zoho.com, .eu, .in, .com.au, .jp, .sa or"
                " accounts.zohocloud.ca."
            ),
        ),
        caveats=(
            NO_VERIFIED_EMAIL,
            _lt(
                "Users of one data center can sign in: each has an accounts server of"
                " its own, so make a provider for each."
            ),
        ),
    ),
}

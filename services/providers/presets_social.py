"""Providers where persons have accounts of their own, as their public documentation
described them in November 2026. Facts only; none of them was asked from here.
"""

from odoo.tools import LazyTranslate

from .preset import (
    NO_REFRESH_TOKEN,
    NO_REVOCATION,
    NO_VERIFIED_EMAIL,
    Preset,
    openid_provider,
)

_lt = LazyTranslate(__name__)

SOCIAL = {
    "github": Preset(
        label="GitHub",
        source_url=(
            "https://docs.github.com/en/apps/oauth-apps/building-oauth-apps/"
            "authorizing-oauth-apps"
        ),
        console_url="https://github.com/settings/developers",
        values={
            "authorization_endpoint": "https://github.com/login/oauth/authorize",
            "token_endpoint": "https://github.com/login/oauth/access_token",
            "userinfo_endpoint": "https://api.github.com/user",
            "scope": "read:user user:email",
            "token_endpoint_auth_method": "client_secret_post",
            "subject_claim": "id",
            "user_matching": "session",
        },
        steps=(
            _lt("OAuth Apps → New OAuth App."),
            _lt("Authorization callback URL: paste the redirect URI from below."),
            _lt("Register application, then Generate a new client secret."),
        ),
        caveats=(NO_VERIFIED_EMAIL, NO_REFRESH_TOKEN, NO_REVOCATION),
    ),
    "linkedin": Preset(
        label="LinkedIn",
        source_url=(
            "https://learn.microsoft.com/linkedin/consumer/integrations/self-serve/"
            "sign-in-with-linkedin-v2"
        ),
        console_url="https://www.linkedin.com/developers/apps",
        values=openid_provider(
            "https://www.linkedin.com/oauth",
            "https://",
            authorization_endpoint="www.linkedin.com/oauth/v2/authorization",
            token_endpoint="www.linkedin.com/oauth/v2/accessToken",
            userinfo_endpoint="api.linkedin.com/v2/userinfo",
            jwks_uri="www.linkedin.com/oauth/openid/jwks",
            token_endpoint_auth_method="client_secret_post",
            use_pkce=False,
            use_nonce=False,
        ),
        steps=(
            _lt("Create app. Products: Sign In with LinkedIn using OpenID Connect."),
            _lt("Auth → Authorized redirect URLs: paste the redirect URI from below."),
            _lt("Client ID and primary client secret are on the same page."),
        ),
        caveats=(
            _lt(
                "It refuses PKCE for web applications and leaves out the nonce: both"
                " are off. It may leave out that an email is verified, too: then this"
                " user is refused."
            ),
            NO_REFRESH_TOKEN,
            NO_REVOCATION,
        ),
    ),
    "apple": Preset(
        label="Apple",
        source_url=(
            "https://developer.apple.com/documentation/sign_in_with_apple/"
            "generate_and_validate_tokens"
        ),
        console_url=(
            "https://developer.apple.com/account/resources/identifiers/list/serviceId"
        ),
        values=openid_provider(
            "https://appleid.apple.com",
            authorization_endpoint="/auth/authorize",
            token_endpoint="/auth/token",
            revocation_endpoint="/auth/revoke",
            jwks_uri="/auth/keys",
            scope="openid email",
            response_mode="form_post",
            token_endpoint_auth_method="client_secret_post",
            user_matching="session",
        ),
        steps=(
            _lt(
                "Identifiers: an App ID with Sign In with Apple, then a Services ID,"
                " which is the client ID."
            ),
            _lt(
                "Services ID → Sign In with Apple → Configure → Return URLs: paste the"
                " redirect URI from below. It needs https and a domain name."
            ),
            _lt("Keys → a key for Sign In with Apple: it signs the client secret."),
        ),
        caveats=(
            _lt(
                "Odoo cannot make Apple's client secret, which is a token (JWT) signed"
                " with ES256 by that key, good for six months at most. Make it with a"
                " tool of your own, enter it as the client's secret, and write its end"
                " into Last Day of the Secret: administrators are told before."
            ),
            _lt(
                "It may write that an email is verified as text, which does not count,"
                " and users may hide their address. So users are matched by the user"
                " who is signed in to this Odoo."
            ),
        ),
    ),
    "facebook": Preset(
        label="Facebook",
        source_url=(
            "https://developers.facebook.com/docs/facebook-login/guides/advanced/"
            "manual-flow"
        ),
        console_url="https://developers.facebook.com/apps",
        values={
            "authorization_endpoint": "https://www.facebook.com/dialog/oauth",
            "token_endpoint": "https://graph.facebook.com/oauth/access_token",
            "userinfo_endpoint": "https://graph.facebook.com/me?fields=id,name,email",
            "scope": "public_profile email",
            "token_endpoint_auth_method": "client_secret_post",
            "subject_claim": "id",
            "user_matching": "session",
        },
        steps=(
            _lt("Create App, with Facebook Login. App type and permissions: email."),
            _lt(
                "Facebook Login → Settings → Valid OAuth Redirect URIs: paste the"
                " redirect URI from below."
            ),
            _lt("App settings → Basic: App ID and App secret."),
        ),
        caveats=(
            _lt("It is asked as an OAuth 2.0 server, not by OpenID Connect."),
            NO_VERIFIED_EMAIL,
            NO_REFRESH_TOKEN,
            NO_REVOCATION,
        ),
    ),
    "discord": Preset(
        label="Discord",
        source_url="https://discord.com/developers/docs/topics/oauth2",
        console_url="https://discord.com/developers/applications",
        values={
            "authorization_endpoint": "https://discord.com/oauth2/authorize",
            "token_endpoint": "https://discord.com/api/oauth2/token",
            "revocation_endpoint": "https://discord.com/api/oauth2/token/revoke",
            "userinfo_endpoint": "https://discord.com/api/users/@me",
            "scope": "identify email",
            "subject_claim": "id",
            "user_matching": "session",
        },
        steps=(
            _lt("New Application → OAuth2: client ID, and Reset Secret."),
            _lt("Redirects → Add Redirect: paste the redirect URI from below. Save."),
        ),
        caveats=(
            _lt(
                "It is an OAuth 2.0 server here, and says by a claim of its own,"
                " verified, that an email is verified, which does not count. So users"
                " are matched by the user who is signed in to this Odoo."
            ),
        ),
    ),
}

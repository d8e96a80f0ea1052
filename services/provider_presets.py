"""What is publicly known of common providers, to fill in a new provider's form."""

#: Words in the addresses below that an administrator replaces.
PLACEHOLDERS = ("TENANT-ID", "HOST", "REALM")

PRESETS = {
    "custom": {"label": "Custom", "values": {}},
    "google": {
        "label": "Google",
        "values": {
            "issuer": "https://accounts.google.com",
            "authorization_endpoint": "https://accounts.google.com/o/oauth2/v2/auth",
            "token_endpoint": "https://oauth2.googleapis.com/token",
            "revocation_endpoint": "https://oauth2.googleapis.com/revoke",
            "userinfo_endpoint": "https://openidconnect.googleapis.com/v1/userinfo",
            "jwks_uri": "https://www.googleapis.com/oauth2/v3/certs",
            "scope": "openid email profile",
            # Without these Google gives no refresh token.
            "authorize_params": "access_type=offline&prompt=consent",
        },
    },
    "microsoft": {
        "label": "Microsoft Entra ID (one tenant)",
        "values": {
            "issuer": "https://login.microsoftonline.com/TENANT-ID/v2.0",
            "authorization_endpoint": (
                "https://login.microsoftonline.com/TENANT-ID/oauth2/v2.0/authorize"
            ),
            "token_endpoint": (
                "https://login.microsoftonline.com/TENANT-ID/oauth2/v2.0/token"
            ),
            "revocation_endpoint": False,
            "userinfo_endpoint": "https://graph.microsoft.com/oidc/userinfo",
            "jwks_uri": (
                "https://login.microsoftonline.com/TENANT-ID/discovery/v2.0/keys"
            ),
            "scope": "openid email profile offline_access",
            "match_claim": "preferred_username",
        },
    },
    "keycloak": {
        "label": "Keycloak",
        "values": {
            "issuer": "https://HOST/realms/REALM",
            "authorization_endpoint": (
                "https://HOST/realms/REALM/protocol/openid-connect/auth"
            ),
            "token_endpoint": "https://HOST/realms/REALM/protocol/openid-connect/token",
            "revocation_endpoint": (
                "https://HOST/realms/REALM/protocol/openid-connect/revoke"
            ),
            "userinfo_endpoint": (
                "https://HOST/realms/REALM/protocol/openid-connect/userinfo"
            ),
            "jwks_uri": "https://HOST/realms/REALM/protocol/openid-connect/certs",
            "authorization_response_iss_parameter_supported": True,
            "scope": "openid email profile",
        },
    },
    "github": {
        "label": "GitHub",
        "values": {
            "issuer": False,
            "authorization_endpoint": "https://github.com/login/oauth/authorize",
            "token_endpoint": "https://github.com/login/oauth/access_token",
            "revocation_endpoint": False,
            "userinfo_endpoint": "https://api.github.com/user",
            "jwks_uri": False,
            "scope": "read:user user:email",
            "token_endpoint_auth_method": "client_secret_post",
            "subject_claim": "id",
            # GitHub says of no email that it is verified: link users to accounts.
            "user_matching": "session",
        },
    },
}

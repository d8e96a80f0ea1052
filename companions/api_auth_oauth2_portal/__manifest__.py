{
    "name": "API OAuth2 Authentication: Portal",
    "summary": "Portal users see and revoke the applications that act as them",
    "version": "19.0.1.0.0",
    "category": "Hidden",
    "license": "LGPL-3",
    "author": "api_auth_oauth2 contributors",
    "maintainers": ["api-auth-oauth2"],
    "website": "https://github.com/api-auth-oauth2/api_auth_oauth2",
    "development_status": "Beta",
    "depends": ["api_auth_oauth2", "portal"],
    "data": ["views/portal_templates.xml"],
    "auto_install": True,
}

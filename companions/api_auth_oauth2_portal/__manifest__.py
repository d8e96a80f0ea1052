{
    "name": "API OAuth2 Authentication: Portal",
    "summary": "Portal users see and revoke the applications that act as them",
    "version": "19.0.1.0.0",
    "category": "Hidden",
    "license": "LGPL-3",
    "author": "api_auth_oauth2 contributors",
    "depends": ["api_auth_oauth2", "portal"],
    "data": ["views/portal_templates.xml"],
    "auto_install": True,
}

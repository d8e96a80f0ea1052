{
    "name": "API OAuth2: routes to be fuzzed",
    "summary": "Routes of every kind, for ./dev fuzz alone",
    "version": "19.0.1.0.0",
    "author": "api_auth_oauth2 contributors",
    "license": "LGPL-3",
    "depends": ["api_auth_oauth2"],
    "installable": True,
}

{
    "name": "OAuth2 Benchmark Routes",
    "summary": "One trivial answer behind each kind of check, for ./dev bench",
    "version": "19.0.1.0.0",
    "category": "Hidden",
    "license": "LGPL-3",
    "author": "The api_auth_oauth2 contributors",
    "website": "https://github.com/api-auth-oauth2/api_auth_oauth2",
    "depends": ["api_auth_oauth2", "auth_api_key"],
    "installable": True,
}

{
    "name": "API OAuth2 Example",
    "summary": "Two routes that only an OAuth2 access token opens",
    "version": "19.0.1.0.0",
    "category": "Technical",
    "license": "LGPL-3",
    "author": "api_auth_oauth2 contributors",
    "website": "https://github.com/api-auth-oauth2/api_auth_oauth2",
    "depends": ["api_auth_oauth2"],
}

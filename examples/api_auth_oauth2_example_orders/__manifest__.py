{
    "name": "API OAuth2 Example: Orders",
    "summary": "A sales-order API of four routes, guarded by OAuth2",
    "version": "19.0.1.0.0",
    "category": "Technical",
    "license": "LGPL-3",
    "author": "api_auth_oauth2 contributors",
    "website": "https://github.com/api-auth-oauth2/api_auth_oauth2",
    "depends": ["api_auth_oauth2"],
    "data": [
        "security/ir.model.access.csv",
        "security/example_order_rules.xml",
        "views/example_order_views.xml",
    ],
    "demo": ["demo/demo.xml"],
}

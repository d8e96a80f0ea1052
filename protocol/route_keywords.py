"""The keywords of a protected route, for its decorator and for the check of all routes.

Odoo keeps a keyword that it does not know, and ignores it: a misspelt ``scopes`` would
leave the route open to every token of the API.
"""

#: What Odoo's ``http.route`` takes, its addons' included.
ODOO = frozenset(
    """
    auth captcha check_identity cors csrf handle_params_access_error
    list_as_website_content max_content_length methods multilang readonly save_session
    sitemap type website
    """.split()
)
#: What this addon adds.
OAUTH2 = frozenset(
    "oauth2_api oauth2_cross_origin oauth2_openapi oauth2_scopes".split()
)

"""What kinds of refusals there are, and what an administrator does about each.

A refusal carries its kind as ``cause`` (`protocol/errors.py`): events are grouped by
it, and told once an hour of each. Its key is stored, its words are the reader's.
"""

from ..server.docs_address import docs_address

#: The labels are extracted as those of the field ``cause`` of ``oauth2.event``.
CAUSES = [
    ("request", "Malformed Request"),
    ("client", "Unknown API or Client"),
    ("network", "Network Not Allowed"),
    ("no_proof", "No Proof"),
    ("secret", "Wrong Secret"),
    ("secret_missing", "Secret Missing"),
    ("secret_lost", "Secret Not Readable"),
    ("grant_type", "Grant Type Not Allowed"),
    ("redirect_uri", "Redirect URI Not Registered"),
    ("scope", "Scope Missing"),
    ("service_user", "Service User"),
    ("code", "Code Not Good"),
    ("reuse", "Used Twice"),
    ("unknown_grant", "Unknown Identity or Token"),
    ("token_over", "Token Over"),
    ("no_refresh_token", "No Refresh Token"),
    ("grant_over", "Grant Over"),
    ("other_api", "Token of Another API"),
    ("route", "Route Not Protected"),
    ("no_user", "No User Found"),
    ("user_blocked", "User Not Allowed"),
    ("unverified", "Email Not Verified"),
    ("claim", "Claim Missing"),
    ("user_exists", "User Exists Already"),
    ("other_account", "Another Account"),
    ("matching", "User Matching Not Safe"),
    ("denied", "Denied"),
    ("sign_in_over", "Sign-in Over"),
    ("script", "Script at the Callback"),
    ("embedded", "Embedded Page"),
    ("provider_error", "Error of the Provider"),
    ("provider_refused", "Refused by the Provider"),
    ("provider_client", "Client Refused by the Provider"),
    ("provider_answer", "Answer of the Provider Not Usable"),
    ("provider_away", "Provider Not Reached"),
    ("key", "Encryption Key Missing"),
    ("limit", "Too Many Calls"),
    ("busy", "Busy"),
    ("internal", "Error of Odoo"),
]

#: The page of docs/ that an advice names, by cause
_PAGES = {"request": "connect.md", "route": "developers.md"}


def advice_address(cause):
    """:return: where the page is read that the advice names, ``False`` for none"""
    page = _PAGES.get(cause)
    return docs_address(page) if page else False


def advices(env):
    """:return: ``{key of CAUSES: what to do about it}``, a sentence or two each; where
    nothing is to do there is none
    """
    secret = env._(
        "Give the application the client's present secret, or make a new one."
    )
    again = env._("Have the user authorize the application again.")
    wait = env._("Nothing is to do: the application tries again.")
    return {
        "request": env._(
            "The application's developer finds what to send in docs/connect.md."
        ),
        "client": env._(
            "Compare the address and the client ID in the application with those on the"
            " forms of API and client, and see that neither they nor the provider are"
            " archived."
        ),
        "network": env._(
            "Add the address's network to the client's allowed networks only if you"
            " know that the call was the application's."
        ),
        "no_proof": env._(
            "Have the application send the client secret, its current token, or an"
            " identity that this Odoo issued."
        ),
        "secret": secret,
        "secret_missing": secret,
        "secret_lost": env._(
            "Configure the former encryption key again, or type in the client secret"
            " again."
        ),
        "grant_type": env._(
            "Allow it on the client's form, if the application needs it."
        ),
        "redirect_uri": env._(
            "Compare the redirect URI in the application with those on the client's"
            " form, to the letter. Add one only if you know that it is the"
            " application's own: every caller that knows the client ID can send"
            " another."
        ),
        "scope": env._(
            "If the application should do this, add the scope to the client, and have"
            " the user authorize it again."
        ),
        "service_user": env._(
            "Choose a service user on the client's form who is active, in an allowed"
            " group of the API, and of its company."
        ),
        "code": again,
        "reuse": env._(
            "Find out whether the application sends its tokens twice, or whether they"
            " were stolen; then have the user authorize it again."
        ),
        "unknown_grant": again,
        "token_over": env._(
            "See that the application keeps the newest token that it receives, and have"
            " the user authorize it again."
        ),
        "no_refresh_token": again,
        "grant_over": again,
        "other_api": env._("Have the application call the API that issued its token."),
        "route": env._("Have the route's developer correct it, by docs/developers.md."),
        "no_user": env._(
            "Create or unarchive the user, or give the user that login; or change User"
            " Matching on the provider's form."
        ),
        "user_blocked": env._(
            "Unarchive the user, or add the user to an allowed group of the API, or to"
            " its company."
        ),
        "unverified": env._(
            "Have the user verify the email at the provider; or, if the provider is"
            " your organisation's own, set on its form that it vouches for the claim."
        ),
        "claim": env._(
            "Ask for the scope that has the provider send it (such as openid email), or"
            " choose another claim on the provider's form."
        ),
        "user_exists": env._(
            "Match this provider's users by login instead, or give the user that is"
            " there another login."
        ),
        "other_account": env._(
            "Have the user sign in with the same account as before, or revoke the"
            " client API user first."
        ),
        "matching": env._("Change User Matching on the provider's form."),
        "denied": env._("If it was a mistake, have the user start again."),
        "sign_in_over": env._(
            "Have the user start again in the application, and finish within ten"
            " minutes in the same browser."
        ),
        "script": env._(
            "If the application follows the sign-in itself, say so on the client's"
            " form."
        ),
        "embedded": env._(
            "Have the application open the sign-in in a window of its own."
        ),
        "provider_error": env._(
            "Look at the registration of the application at the provider: redirect URI,"
            " scopes, and who may sign in."
        ),
        "provider_refused": again,
        "provider_client": env._(
            "Compare client ID, client secret and authentication method with those at"
            " the provider."
        ),
        "provider_answer": env._(
            "Compare the provider's addresses, issuer and keys with its documentation,"
            " and see that the clock of this server is right."
        ),
        "provider_away": env._(
            "See that this server reaches the provider's addresses, and that the"
            " provider works."
        ),
        "key": env._(
            "Configure the encryption key of this database in odoo.conf again."
        ),
        "limit": env._(
            "Find out why the application calls so often; the settings have the limit."
        ),
        "busy": wait,
        "internal": env._("The server's log has the error."),
    }

"""Who becomes whom at a provider, in words."""


def in_words(provider):
    """
    :param provider: a record, or one that is only thought of yet
    :return: a sentence about its User Matching; "" without a provider
    """
    env, matching = provider.env, provider.user_matching
    if matching == "session":
        return env._(
            "A user first signs in to this Odoo, then at the provider, and acts as that"
            " Odoo user."
        )
    if matching == "oauth_uid":
        return env._(
            "A user acts as the Odoo user who has linked this account for signing in."
        )
    if matching == "create":
        return env._(
            "A user gets a new portal user of Odoo by the email that the provider has"
            " verified."
        )
    if matching == "login" and provider.match_claim in (False, "email"):
        return env._(
            "A user acts as the Odoo user whose login is the email that the provider"
            " has verified."
        )
    if matching == "login":
        return env._(
            "A user acts as the Odoo user whose login is the claim %s of the provider.",
            provider.match_claim,
        )
    return ""

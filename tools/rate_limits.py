"""The addon's rate limits, for commands that would only meet them."""

#: As in ``services/rate_limit.py``, which is Odoo's to import.
NAMES = ("address", "client_address", "client", "user", "refused_tokens")


def parameters(calls):
    """Return the system parameters that set all of them, a dict of texts.

    :param int calls: a minute; 0 for no limit
    """
    return {f"api_auth_oauth2.limit_{name}": str(calls) for name in NAMES}

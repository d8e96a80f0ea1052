"""Token information: what a provider answered, made whole for the application."""

import time

from .token_answer import lifetime_seconds


def expires_at(answer, lifetime, now=None):
    """When an access token stops opening routes.

    :param dict answer: the provider's token answer (RFC 6749 section 5.1)
    :param int lifetime: the API's own limit in seconds
    :param now: epoch seconds, the clock's when left out
    :return: epoch seconds: the earlier of the provider's end and the API's
    :raises ProviderMisbehaved: when the answer's ``expires_in`` cannot be read
    """
    said = lifetime_seconds(answer)
    return int(now or time.time()) + (lifetime if said is None else min(said, lifetime))


def token_information(answer, *, expires, db, login, now=None):
    """What the application receives.

    :param dict answer: the provider's answer, kept verbatim
    :param int expires: epoch seconds, see :func:`expires_at`
    :param str db: the database
    :param str login: the Odoo user's login
    :return: dict; ``expires_in`` (seconds), ``expires_at``, ``db`` and ``login`` are
        ours and win
    """
    return {
        **answer,
        "expires_in": max(0, expires - int(now or time.time())),
        "expires_at": expires,
        "db": db,
        "login": login,
    }

"""What a person reads on a page of a sign-in that was refused.

As much as ``error_description`` tells and no more, for one who knows of no protocol,
and in the reader's language; what the description says is for a developer.
"""

from ...protocol.errors import (
    AccessDenied,
    EmbeddedCaller,
    InvalidGrant,
    ServerError,
    SignInDenied,
    TemporarilyUnavailable,
    TooManyRequests,
)


def told_to_person(env, refusal):
    """:param OAuth2Error refusal: of a sign-in
    :return: a sentence or two: what happened, and what to do
    """
    # The first that fits; the base classes stand last.
    words = {
        TooManyRequests: env._(
            "There were too many attempts. Wait a minute, then try again."
        ),
        TemporarilyUnavailable: env._(
            "This cannot be done right now. Try again in a few minutes."
        ),
        EmbeddedCaller: env._(
            "This page was opened inside another page. Open it in a window of its own."
        ),
        SignInDenied: env._(
            "The sign-in was denied where you signed in. If you did not want that,"
            " start again in the application."
        ),
        AccessDenied: env._(
            "The account that you signed in with may not be used here. Perhaps it is"
            " another one than you meant: sign out of it, and start again in the"
            " application. If it is the right one, ask an administrator for access."
        ),
        InvalidGrant: env._(
            "The service where you signed in did not confirm it. Start again in the"
            " application."
        ),
        ServerError: env._(
            "The service where you signed in gave an answer that cannot be used. Start"
            " again in the application; if it stays so, an administrator has to act."
        ),
    }
    for kind, text in words.items():
        if isinstance(refusal, kind):
            return text
    if refusal.cause == "sign_in_over":
        return env._(
            "This sign-in was begun in another browser or by another user. Start again"
            " in the application."
        )
    if refusal.status >= 500:
        return env._("Something went wrong here. An administrator has to act.")
    return env._(
        "The application asked for something that does not work here. You can do"
        " nothing about it: its developer or an administrator has to act."
    )


def whom_to_tell(env, company):
    """:param company: whose Odoo the reader meets
    :return: a sentence that leads to what an administrator finds the refusal by
    """
    return env._(
        "If it happens again, tell an administrator of %(company)s what stands here:",
        company=company.name,
    )

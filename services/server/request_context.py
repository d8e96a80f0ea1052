"""What one HTTP request has already done, kept over reruns of its handler.

Odoo reruns a handler whose transaction could not be serialized. What was taken once (a
one-use state) or bought at a provider (tokens for a one-use code) must not be taken or
bought again by the rerun, so both live on the request object, which survives it.
"""

from odoo.http import request

from ...protocol.errors import OAuth2Error, UnknownSignIn

_WRITTEN = {
    "chromeos": "ChromeOS",
    "ipad": "iPad",
    "iphone": "iPhone",
    "macos": "macOS",
    "msie": "Internet Explorer",
}


def run_once(key, produce):
    """Call ``produce`` on the first run of a request's handler only.

    :param key: hashable name of what is done
    :param produce: callable without arguments
    :return: what the first call returned
    :raises OAuth2Error: what the first call raised, again; other exceptions are not
        kept
    """
    if not request:
        return produce()
    memory = request.__dict__.setdefault("_api_auth_oauth2_memory", {})
    if key not in memory:
        try:
            memory[key] = (produce(), None)
        except OAuth2Error as error:
            memory[key] = (None, error)
    value, error = memory[key]
    if error is not None:
        raise error
    return value


def remote_address():
    """:return: the address the running request came from, ``""`` outside of one"""
    return (request and request.httprequest.remote_addr) or ""


def browser_and_system():
    """Read as Odoo's list of devices reads it; of the header no more is kept.

    :return: such as ``"Firefox, Linux"``, ``""`` outside of a request or a browser
    """
    agent = request and request.httprequest.user_agent
    if not (agent and agent.browser):
        return ""
    names = filter(None, (agent.browser, agent.platform))
    return ", ".join(_WRITTEN.get(name, name.capitalize()) for name in names)


def set_audit_context(oauth2_api, client, *, is_proven=True, **known):
    """Remember whom the running request is about, for the event of a refusal.

    :param bool is_proven: whether its caller has proven any of it; a proven context is
        not replaced by one that is only named
    :param known: ``user``, ``user_login``, ``client_user_ref``; ``is_unproven`` where
        the caller has proven no more than that it began a sign-in, as any caller may
    """
    if request and (is_proven or not audit_context()[1]):
        request.oauth2_audit_context = (
            {"oauth2_api": oauth2_api, "client": client, **known},
            is_proven,
        )


def audit_context():
    """:return: ``(what set_audit_context was given last or None, is it proven)``"""
    return getattr(request, "oauth2_audit_context", (None, False))


def note_provider_answered():
    """What the running request tells from here on is the provider's word."""
    named, _is_proven = audit_context()
    (named or {}).pop("is_unproven", None)


def set_return_address(record):
    """Remember which sign-in the running request is about: what goes wrong from here
    on, its application is told.

    :param record: the ``oauth2.authorization.request``
    """
    if request:
        request.oauth2_sign_in = record.id
        if record:
            set_audit_context(record.api_id, record.client_id, is_proven=False)


def trial_claims(record, *found):
    """What a trial has found is kept in memory alone.

    :param found: ``(claims, whether a refresh token came)``, where it is known now
    :return: it
    """
    return run_once(("trial", record.id), lambda: found)


def trial_under_way(env):
    """:return: whether the running request finishes a trial of its own user, so that
    what is for the log is for the page instead
    """
    record_id = getattr(request, "oauth2_sign_in", None)
    records = env["oauth2.authorization.request"].sudo()
    record = records.browse(record_id or []).exists()
    return record.response_type == "trial" and record.user_id == env.user


def return_address(env, refusal):
    """:param OAuth2Error refusal: of the running request, rolled back
    :return: where the user's browser goes with it (RFC 6749 section 4.1.2.1), ``None``
        where the application asked for nothing of that, or no sign-in is known. One
        that is over leads to what came of it (reload, Back), but no code goes twice.
    """
    record_id = getattr(request, "oauth2_sign_in", None)
    records = env["oauth2.authorization.request"].sudo()
    if not (record := records.browse(record_id or []).exists()):
        return None
    if isinstance(refusal, UnknownSignIn):
        return record._address_after_decision()
    return record._response_address(
        error=refusal.error, error_description=refusal.description
    )

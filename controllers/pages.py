"""What a person's browser meets in the middle of a sign-in: pages and cookies."""

import json
from itertools import islice
from urllib.parse import parse_qs, urlsplit

from markupsafe import Markup

from odoo.http import Response, request

from ..protocol.browser import page_headers
from ..protocol.digests import digest
from ..protocol.errors import (
    AlreadyAllowed,
    InvalidClient,
    InvalidRequest,
    UnknownSignIn,
)
from ..protocol.parameters import MAX_BODY
from ..services.audit.refusal_log import RefusalLog
from ..services.server.request_context import (
    audit_context,
    return_address,
    trial_under_way,
)
from ..services.sign_in.page_reader import company_of, nearest_language, page_frame
from ..services.sign_in.refusal_words import told_to_person, whom_to_tell
from ..services.sign_in.trial_sign_in import in_words
from ..services.tokens.sign_in_progress import SIGN_IN_LIFETIME

BROWSER_ROUTING = {
    "type": "oauth2",
    "auth": "public",
    "csrf": False,  # secrets in form and cookie, of one page each, do that here
    "save_session": False,
    "max_content_length": MAX_BODY,
    "website": False,
}

_CONSENT_COOKIE = "oauth2_confirm_"


def answer_with_pages():
    """A person's browser asks: refusals are pages, in the person's language."""
    request.oauth2_shows_pages = True
    if request.session.uid:
        return  # Odoo has set the user's
    chosen = request.cookies.get("frontend_lang")
    accepted = request.httprequest.accept_languages
    wanted = [language for language, quality in accepted if quality]
    of_company = request.env.user.sudo().company_id.partner_id.lang
    if language := nearest_language(request.env, [chosen, *wanted, of_company]):
        request.update_context(lang=language)


def find_api(endpoint):
    """A browser that is sent back here has no client to authenticate.

    :raises InvalidRequest: instead of a challenge that would open a password dialogue
    """
    try:
        request.oauth2_api = request.env["oauth2.api"]._by_endpoint(endpoint)
    except InvalidClient as error:
        raise InvalidRequest("There is no such API here.", cause=error.cause) from error
    return request.oauth2_api


def _api_of_request():
    """:return: the path's before that of a sign-in, which would tell that there is one;
    ``None`` where none is known
    """
    named, _is_proven = audit_context()
    return getattr(request, "oauth2_api", None) or (named or {}).get("oauth2_api")


def page(template, *, status=200, leads_back=False, **values):
    """Render one of ``views/browser_pages.xml``.

    :param str template: name without the addon's
    :param leads_back: whether it may be a page on the way to an application
    :return: the response, with headers that keep it out of frames and caches
    """
    oauth2_api = values.get("api") or _api_of_request()
    values |= page_frame(request.env, values.get("user"), oauth2_api)
    html = request.env["ir.qweb"].sudo()._render(f"api_auth_oauth2.{template}", values)
    return Response(
        html,
        status=status,
        headers=page_headers(leads_back=leads_back),
        content_type="text/html; charset=utf-8",
    )


def leave(address):
    """:return: the response that sends the user's browser to its application"""
    response = request.redirect(address, 303, local=False)
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


def to_provider(address, secret, oauth2_api):
    """:param str secret: without which no other browser comes back from there
    :return: the response that sends the user's browser to sign in
    """
    response = leave(address)
    response.headers.update(page_headers(leads_back=True))
    [state] = parse_qs(urlsplit(address).query)["state"]
    set_cookie(response, start_cookie(state), secret, oauth2_api)
    return response


def refused_sign_in(refusal):
    """:param OAuth2Error refusal: of a sign-in, rolled back; the audit log is told, of
        a trial its administrator alone
    :return: the response: back to the application, or a page that tells a person
    """
    if trial_under_way(request.env):
        return page(
            "page_trial_refusal",
            status=refusal.status,
            told=told_to_person(request.env, refusal),
            **in_words(request.env, refusal),
        )
    address = return_address(request.env, refusal)
    is_told = not address and not isinstance(refusal, AlreadyAllowed)
    RefusalLog(request.env).log(refusal, is_page=is_told)
    return leave(address) if address else refusal_page(refusal)


def refusal_page(refusal):
    """:param OAuth2Error refusal: told to a person
    :return: the page
    """
    company = company_of(request.env, None, _api_of_request())
    response = page(
        "page_refusal",
        status=refusal.status,
        leads_back=True,  # whether it is one is not known; there is nothing to do on it
        error=refusal.error,
        told=told_to_person(request.env, refusal),
        whom_to_tell=whom_to_tell(request.env, company),
        description=refusal.description,
        reference=refusal.reference,
        is_allowed=isinstance(refusal, AlreadyAllowed),
        is_over=isinstance(refusal, UnknownSignIn),
    )
    told = refusal.headers()
    for name in {"Allow", "Retry-After"} & told.keys():
        response.headers[name] = told[name]
    return response


def consent_page(values, action=None):
    """:param dict values: of ``Consent.prepare_consent``
    :param str action: where its form goes, where not to ``confirm``
    :return: the page on which the user allows or denies
    """
    oauth2_api, secret = values["api"], values["csrf_token"]
    action = action or f"/{oauth2_api.endpoint}/oauth2/confirm"
    leads_back = bool(values["record"].client_redirect_uri)
    response = page("page_confirm", leads_back=leads_back, action=action, **values)
    set_cookie(response, consent_cookie(secret), values["cookie_secret"], oauth2_api)
    return response


def token_page(record, decision):
    """:param decision: of ``Consent.allow``, with token information
    :return: the page that shows it, for people and machines"""
    return page(
        "page_token_information",
        information=decision.information,
        withheld=", ".join(decision.withheld),
        embedded=_embedded_json(decision.information),
        client=record.client_id,
        api=record.api_id,
    )


def _embedded_json(value):
    """:return: a value as JSON that can stand inside a ``script`` element"""
    text = json.dumps(value)
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)


def set_cookie(response, name, secret, oauth2_api):
    """Give the browser a secret of this sign-in, for as long as one may take."""
    response.set_cookie(
        name,
        secret,
        max_age=int(SIGN_IN_LIFETIME.total_seconds()),
        path=_cookie_path(oauth2_api),
        secure=urlsplit(oauth2_api.redirect_uri).scheme == "https",
        httponly=True,
        samesite="Lax",
    )


def delete_cookie(response, name, oauth2_api):
    response.delete_cookie(name, path=_cookie_path(oauth2_api))


def _cookie_path(oauth2_api):
    return f"/{oauth2_api.endpoint}/oauth2"


def consent_cookie(form_secret):
    """A cookie of its own for each page, so that two sign-ins do not collide."""
    return f"{_CONSENT_COOKIE}{digest(form_secret)[:12]}"


def page_secrets():
    """:return: tuple of the secrets that consent pages gave this browser"""
    cookies = request.httprequest.cookies.items()
    found = (value for name, value in cookies if name.startswith(_CONSENT_COOKIE))
    return tuple(islice(found, 20))


def start_cookie(state):
    """:return: name of the cookie that the start page of this sign-in sets"""
    return f"oauth2_start_{digest(state)[:12]}"

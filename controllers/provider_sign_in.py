from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

from odoo import fields, http
from odoo.http import request

from ..protocol.browser import PAGE_HEADERS, Caller, classify_client
from ..protocol.digests import digest
from ..protocol.errors import (
    EmbeddedCaller,
    InvalidClient,
    InvalidRequest,
    OAuth2Error,
)
from ..protocol.parameters import MAX_BODY, Parameters
from ..services.rate_limit import RateLimit
from .pages import embedded_json, page, refusal_page

_ROUTING = {
    "type": "oauth2",
    "auth": "public",
    "csrf": False,  # secrets in form and cookie, of one page each, do that here
    "save_session": False,
    "max_content_length": MAX_BODY,
    "website": False,
}
_CALLBACK_PARAMETERS = ("code", "state", "iss", "error")


class ProviderSignIn(http.Controller):
    """The user's browser comes by: start page, callback and confirmation."""

    @http.route(
        "/<string:api>/oauth2/start",
        methods=["GET"],
        type="http",
        auth="user",
        website=False,
    )
    def start(self, api, **parameters):
        try:
            RateLimit(request.env).acquire()
            oauth2_api = _find_api(api)
            url, secret = request.env["oauth2.authorization.request"]._start(
                oauth2_api, parameters.get("request") or "", request.env.user
            )
        except OAuth2Error as refusal:
            request.env.cr.rollback()
            return refusal_page(refusal)
        response = request.redirect(url, local=False)
        response.headers.update(PAGE_HEADERS)
        _set_cookie(response, _start_cookie(_state_of(url)), secret, oauth2_api)
        return response

    @http.route(
        [
            "/<string:api>/oauth2/callback",
            "/<string:api>/oauth2/callback/<int:provider>",
        ],
        methods=["GET"],
        **_ROUTING,
    )
    def callback(self, api, provider=None):
        httprequest = request.httprequest
        caller = classify_client(httprequest.method, httprequest.headers)
        if caller is Caller.REFUSED:
            raise EmbeddedCaller()
        request.oauth2_shows_pages = caller is Caller.BROWSER
        RateLimit(request.env).acquire()
        oauth2_api = _find_api(api)
        parameters = _callback_parameters(httprequest.args)
        cookie = _start_cookie(parameters.get("state", ""))
        record = request.env["oauth2.authorization.request"]._callback(
            oauth2_api,
            parameters,
            browser_secret=httprequest.cookies.get(cookie, ""),
            user=request.env.user,
            own=f"/{provider}" if provider else "",
        )
        if caller is Caller.SCRIPT:
            return record._allow()
        return _confirmation_page(record)

    @http.route("/<string:api>/oauth2/confirm", methods=["POST"], **_ROUTING)
    def confirm(self, api):
        request.oauth2_shows_pages = True
        RateLimit(request.env).acquire()
        httprequest = request.httprequest
        oauth2_api = _find_api(api)
        form = Parameters.from_request(
            media_type=httprequest.mimetype,
            body=httprequest.get_data(),
            query_string=httprequest.query_string,
        )
        decision = form.text("decision", required=True)
        secret = form.text("csrf_token", required=True)
        cookie = _confirm_cookie(secret)
        record = request.env["oauth2.authorization.request"]._undecided(
            oauth2_api, secret, httprequest.cookies.get(cookie, "")
        )
        client = record.client_id
        if decision == "allow":
            information = record._allow()
            response = page(
                "page_token_information",
                information=information,
                embedded=embedded_json(information),
                client=client,
                api=oauth2_api,
            )
        elif decision == "deny":
            record._deny()
            response = page("page_denied", client=client, api=oauth2_api)
        else:
            raise InvalidRequest("The decision is allow or deny.")
        response.delete_cookie(cookie, path=_cookie_path(oauth2_api))
        return response


def _find_api(endpoint):
    """A browser that is sent back here has no client to authenticate.

    :raises InvalidRequest: instead of a challenge that would open a password dialogue
    """
    try:
        return request.env["oauth2.api"]._by_endpoint(endpoint)
    except InvalidClient as error:
        raise InvalidRequest("There is no such API here.") from error


def _callback_parameters(arguments):
    """:return: the callback's parameters that were sent
    :raises InvalidRequest: for one that comes twice (RFC 6749 section 3.1)
    """
    values = {name: arguments.getlist(name) for name in _CALLBACK_PARAMETERS}
    if any(len(value) > 1 for value in values.values()):
        raise InvalidRequest("A parameter was sent twice.")
    return {name: value[0] for name, value in values.items() if value}


def _confirmation_page(record):
    form_secret, cookie_secret = record._offer()
    claims = record._read_result()["claims"]
    user = record._odoo_user(claims)
    lifetime = record.api_id.authorization_lifetime
    response = page(
        "page_confirm",
        record=record,
        client=record.client_id,
        api=record.api_id,
        provider=record.client_id.provider_id,
        user=user,
        email=claims.get("email"),
        scopes=record.client_id._scopes_on(record.api_id),
        ends_at=fields.Datetime.now() + timedelta(seconds=lifetime),
        csrf_token=form_secret,
        action=f"/{record.api_id.endpoint}/oauth2/confirm",
    )
    _set_cookie(response, _confirm_cookie(form_secret), cookie_secret, record.api_id)
    return response


def _set_cookie(response, name, secret, oauth2_api):
    response.set_cookie(
        name,
        secret,
        max_age=600,
        path=_cookie_path(oauth2_api),
        secure=oauth2_api.redirect_uri.startswith("https:"),
        httponly=True,
        samesite="Lax",
    )


def _cookie_path(oauth2_api):
    return f"/{oauth2_api.endpoint}/oauth2"


def _confirm_cookie(form_secret):
    """A cookie of its own for each page, so that two sign-ins do not collide."""
    return f"oauth2_confirm_{digest(form_secret)[:12]}"


def _start_cookie(state):
    return f"oauth2_start_{digest(state)[:12]}"


def _state_of(url):
    """:return: the state that an authorization URL carries"""
    return parse_qs(urlsplit(url).query)["state"][0]

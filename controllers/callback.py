from urllib.parse import urlencode

from odoo import http
from odoo.http import Response, request

from ..protocol.browser import Caller, classify_client
from ..protocol.errors import EmbeddedCaller, InvalidRequest
from ..services.authentication.rate_limit import RateLimit
from ..services.sign_in.callback import AuthorizationResponse, Callback
from ..services.sign_in.consent import Consent
from ..services.sign_in.trial_sign_in import TrialSignIn
from .client_request import read_parameters
from .pages import (
    BROWSER_ROUTING,
    answer_with_pages,
    consent_page,
    delete_cookie,
    find_api,
    leave,
    page,
    page_secrets,
    start_cookie,
)

_PATHS = [
    "/<string:api>/oauth2/callback",
    "/<string:api>/oauth2/callback/<int:provider>",
]
#: RFC 6749 sections 4.1.2 and 4.1.2.1, RFC 9207; what is for people comes besides
_NAMES = ("code", "state", "iss", "error")


class CallbackController(http.Controller):
    """The provider sends its user back (RFC 6749 section 4.1.2)."""

    @http.route(_PATHS, methods=["GET"], **BROWSER_ROUTING)
    def callback(self, api, provider=None):
        httprequest = request.httprequest
        caller = classify_client(httprequest.method, httprequest.headers)
        if caller is Caller.REFUSED:
            raise EmbeddedCaller()
        if caller is Caller.BROWSER:
            answer_with_pages()
        RateLimit(request.env).acquire()
        oauth2_api = find_api(api)
        parameters = response_parameters(httprequest.args)
        cookie = start_cookie(parameters.get("state", ""))
        is_browser = caller is Caller.BROWSER  # what looks like a script sees no page
        response = AuthorizationResponse(
            **parameters,
            page_secrets=page_secrets() if is_browser else (),
            is_of_script=not is_browser,
            path=f"/{provider}" if provider else "",
            browser_secret=httprequest.cookies.get(cookie, ""),
            user=request.env.user,
        )
        record = Callback(request.env).receive(oauth2_api, response)
        if caller is Caller.SCRIPT:
            decided = Consent(request.env).allow(record)
            return leave(decided.address) if decided.address else decided.information
        answer = self._page(record)
        if cookie in httprequest.cookies:  # the start page's, used now
            delete_cookie(answer, cookie, oauth2_api)
        return answer

    def _page(self, record):
        """:return: the page, or the way back, where the user need not be asked"""
        if record.response_type == "trial":
            return page("page_trial_result", **TrialSignIn(request.env).finish(record))
        consent = Consent(request.env)
        if address := consent.remembered(record):
            return leave(address)
        return consent_page(consent.prepare_consent(record))

    @http.route(_PATHS, methods=["POST"], **BROWSER_ROUTING)
    def callback_form(self, api, provider=None):
        """The provider has the browser post a form (OAuth 2.0 Form Post Response Mode).

        Nothing is done with it but to lead to the address where other providers send
        their users: to a form of another site a browser adds no cookie of a sign-in.
        """
        answer_with_pages()
        oauth2_api, form = find_api(api), read_parameters()
        sent = {name: form.text(name) for name in _NAMES}
        sent["error_description"] = form.remark("error_description")
        query = urlencode({name: value for name, value in sent.items() if value})
        path = f"/{provider}" if provider else ""
        return Response(
            status=303,
            headers={
                "Location": f"/{oauth2_api.endpoint}/oauth2/callback{path}?{query}",
                "Cache-Control": "no-store",
                "Referrer-Policy": "no-referrer",
            },
        )


def response_parameters(arguments):
    """:return: dict of what the provider sent, fields of ``AuthorizationResponse``
    :raises InvalidRequest: for one that comes twice (RFC 6749 section 3.1)
    """
    names = [name for name in (*_NAMES, "error_description") if name in arguments]
    if any(len(arguments.getlist(name)) > 1 for name in names):
        raise InvalidRequest("A parameter was sent twice.")
    return {name: arguments[name] for name in names}

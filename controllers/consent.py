from odoo import http
from odoo.http import request

from ..protocol.browser import Caller, classify_client
from ..protocol.errors import (
    EmbeddedCaller,
    InvalidRequest,
    MethodNotAllowed,
    OAuth2Error,
    UnknownSignIn,
)
from ..protocol.parameters import MAX_BODY, Parameters
from ..services.authentication.rate_limit import RateLimit
from ..services.sign_in.consent import Consent
from ..services.sign_in.consent_page import other_user_address
from ..services.sign_in.waiting_sign_in import WaitingSignIn
from .client_request import read_parameters
from .pages import (
    BROWSER_ROUTING,
    answer_with_pages,
    consent_cookie,
    consent_page,
    delete_cookie,
    find_api,
    leave,
    page,
    refused_sign_in,
    token_page,
)


class ConsentController(http.Controller):
    """The user's decision, after a sign-in at the provider or at this Odoo."""

    @http.route("/<string:api>/oauth2/confirm", methods=["POST"], **BROWSER_ROUTING)
    def confirm(self, api):
        answer_with_pages()
        RateLimit(request.env).acquire()
        return self._decide(find_api(api), read_parameters())

    @http.route(
        "/<string:api>/oauth2/consent",
        methods=["GET", "POST"],
        type="http",
        # Odoo's own sign-in, whatever it asks for; it leads back here.
        auth="user",
        csrf=False,  # secrets in form and cookie, of one page each, do that here
        max_content_length=MAX_BODY,
        website=False,
    )
    def consent(self, api, **_parameters):
        try:
            return self._at_this_odoo(find_api(api))
        except OAuth2Error as refusal:
            request.env.cr.rollback()
            return refused_sign_in(refusal)

    def _at_this_odoo(self, oauth2_api):
        httprequest, consent = request.httprequest, Consent(request.env)
        if httprequest.method not in ("GET", "POST"):
            raise MethodNotAllowed({"GET", "POST"})
        if httprequest.method == "GET":
            caller = classify_client(httprequest.method, httprequest.headers)
            if caller is Caller.REFUSED:  # a frame is not sent on, either
                raise EmbeddedCaller()
        RateLimit(request.env).acquire()
        token = httprequest.args.get("request", "")
        record = WaitingSignIn(request.env).find_opened(oauth2_api, token)
        if httprequest.method == "POST":
            if record.user_id != request.env.user:
                return leave(httprequest.full_path)  # another one has signed in
            form = httprequest.form.to_dict(flat=False)
            try:
                return self._decide(oauth2_api, Parameters.from_form(form), record)
            except UnknownSignIn:
                if not record._is_pending():
                    raise
                return leave(httprequest.full_path)  # it was opened again meanwhile
        consent.bind(record, request.env.user)
        if address := consent.remembered(record):
            return leave(address)
        values = consent.prepare_consent(record)
        address = httprequest.full_path
        values["other_user"] = other_user_address(address)
        return consent_page(values, action=address)

    def _decide(self, oauth2_api, form, opened=None):
        """:param opened: the sign-in of the page's address, where it is this Odoo's"""
        decision = form.text("decision", required=True)
        secret = form.text("csrf_token", required=True)
        cookie = consent_cookie(secret)
        consent = Consent(request.env)
        cookie_secret = request.httprequest.cookies.get(cookie, "")
        waiting = WaitingSignIn(request.env)
        record = waiting.find_pending(oauth2_api, secret, cookie_secret, opened)
        if decision in ("allow", "read_only"):
            reads_only = decision == "read_only"
            ticked = form.ticked("scope_")
            decided = consent.allow(record, ticked, reads_only=reads_only)
        elif decision == "deny":
            decided = consent.deny(record)
        else:
            raise InvalidRequest("The decision is allow, read_only or deny.")
        response = self._answer(record, decided)
        delete_cookie(response, cookie, oauth2_api)
        return response

    def _answer(self, record, decided):
        if decided.address:
            return leave(decided.address)
        if decided.information:
            return token_page(record, decided)
        return page("page_denied", client=record.client_id, api=record.api_id)

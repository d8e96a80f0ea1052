from odoo import http
from odoo.http import request

from ..protocol.errors import InvalidRequest
from ..services.consent import Consent
from ..services.rate_limit import RateLimit
from .client_request import read_parameters
from .pages import (
    BROWSER_ROUTING,
    consent_cookie,
    delete_cookie,
    find_api,
    page,
    token_page,
)


class ConsentController(http.Controller):
    """The user's decision."""

    @http.route("/<string:api>/oauth2/confirm", methods=["POST"], **BROWSER_ROUTING)
    def confirm(self, api):
        request.oauth2_shows_pages = True
        RateLimit(request.env).acquire()
        oauth2_api, form = find_api(api), read_parameters()
        decision = form.text("decision", required=True)
        secret = form.text("csrf_token", required=True)
        cookie = consent_cookie(secret)
        consent = Consent(request.env)
        record = consent.find_pending(
            oauth2_api, secret, request.httprequest.cookies.get(cookie, "")
        )
        if decision == "allow":
            response = token_page(record, *consent.allow(record, form.ticked("scope_")))
        elif decision == "deny":
            consent.deny(record)
            response = page("page_denied", client=record.client_id, api=oauth2_api)
        else:
            raise InvalidRequest("The decision is allow or deny.")
        delete_cookie(response, cookie, oauth2_api)
        return response

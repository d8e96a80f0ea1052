from odoo import http
from odoo.http import request

from ..protocol.browser import Caller, classify_client
from ..protocol.errors import (
    EmbeddedCaller,
    InvalidRequest,
    MethodNotAllowed,
    OAuth2Error,
)
from ..protocol.parameters import MAX_BODY
from ..services.authentication.rate_limit import RateLimit
from ..services.sign_in.trial_sign_in import TrialSignIn
from .pages import find_api, page, refused_sign_in, to_provider


class TrialController(http.Controller):
    """A Settings administrator tries a sign-in: *Sign In as Me*."""

    @http.route(
        "/<string:api>/oauth2/trial/<int:client>",
        methods=["GET", "POST"],
        type="http",
        max_content_length=MAX_BODY,
        auth="user",
        csrf=False,  # checked below, and told on a page of ours
        website=False,
    )
    def trial(self, api, client, **_parameters):
        try:
            return self._trial(find_api(api), client)
        except OAuth2Error as refusal:
            request.env.cr.rollback()
            return refused_sign_in(refusal)

    def _trial(self, oauth2_api, client_id):
        httprequest, trial = request.httprequest, TrialSignIn(request.env)
        if httprequest.method not in ("GET", "POST"):
            raise MethodNotAllowed({"GET", "POST"})
        RateLimit(request.env).acquire()
        client = trial.find_client(oauth2_api, client_id)
        if httprequest.method == "POST":
            token = httprequest.form.get("csrf_token", "")
            if not token.isascii() or not request.validate_csrf(token):
                raise InvalidRequest("This page is too old: open it again.")
            return to_provider(*trial.begin(oauth2_api, client), oauth2_api)
        if classify_client("GET", httprequest.headers) is not Caller.BROWSER:
            raise EmbeddedCaller()
        return page(
            "page_trial",
            leads_back=True,  # its form leads to the provider
            told=trial.told_before(client),
            provider=client.provider_id,
            api=oauth2_api,
            csrf_token=request.csrf_token(),
        )

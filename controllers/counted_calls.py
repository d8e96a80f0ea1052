"""Each call of a protected route is counted, by how it was answered in the end."""

from odoo.http import Request

from ..protocol.errors import MissingToken, TooManyRequests, error_code
from ..services.calls import routes
from ..services.calls.call_counts import (
    GOOD,
    MISSING_TOKEN,
    OUTCOMES,
    TOO_MANY_REQUESTS,
    counts,
)

_WITHOUT_CODE = {
    MissingToken: MISSING_TOKEN,
    TooManyRequests: TOO_MANY_REQUESTS,
}


def count_calls():
    """Have Odoo's requests do so; for ``post_load``, once a process.

    Here a call is over: committed or rolled back, and run as often as it had to be.
    """
    serve = Request._serve_db

    def _serve_db(request):
        try:
            answer = serve(request)
        except Exception as error:
            _count(request, getattr(error, "error_response", error))
            raise
        _count(request, answer)
        return answer

    Request._serve_db = _serve_db


def _count(request, answer):
    token = getattr(request, "oauth2_grant", None)
    endpoint = ""
    if not token:
        is_protected = routes.matched_routing().get("auth") == "oauth2"
        # A browser's question before a call carries no token.
        if not is_protected or request.httprequest.method == "OPTIONS":
            return
        endpoint = routes.matched_endpoint()
    refusal = getattr(request, "oauth2_refusal", None)
    counts.count(request.db, token, endpoint, _outcome(answer, refusal))


def _outcome(answer, refusal):
    """:param answer: a response, or the exception that becomes one
    :param refusal: the last ``OAuth2Error`` of the request, which may be of a run
        before the one that was answered; or nothing
    :return: one of ``OUTCOMES``
    """
    status = getattr(answer, "status_code", None) or getattr(answer, "code", None)
    if status and status < 400:
        return GOOD
    if refusal and refusal.status == status:
        code = _WITHOUT_CODE.get(type(refusal), refusal.error)
        if code in OUTCOMES:
            return code
    return error_code(status or 500)

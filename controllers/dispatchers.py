"""Route types: the OAuth2 endpoints, the JSON routes they protect, and JSON-2."""

import logging
import uuid
from http import HTTPStatus

import psycopg2
from psycopg2.errors import LockNotAvailable
from psycopg2.extensions import TransactionRollbackError
from werkzeug.exceptions import HTTPException, UnsupportedMediaType
from werkzeug.wrappers import Response as WerkzeugResponse

from odoo.exceptions import (
    AccessDenied,
    AccessError,
    ConcurrencyError,
    LockError,
    MissingError,
    RedirectWarning,
    UserError,
    ValidationError,
)
from odoo.http import (
    Dispatcher,
    Json2Dispatcher,
    Response,
    SessionExpiredException,
)
from odoo.sql_db import PoolError

from odoo.addons.base.models.ir_qweb import QWebError

from ..protocol.errors import (
    InvalidRequest,
    MethodNotAllowed,
    OAuth2Error,
    TemporarilyUnavailable,
    TooManyRequests,
    error_code,
)
from ..services.audit.refusal_log import RefusalLog
from ..services.authentication.rate_limit import RateLimit
from ..services.calls import routes
from ..services.calls.json2_errors import error_answer
from ..services.server import no_connection
from ..services.server.request_body import read_body
from ..services.server.wire_answer import error_response, json_response
from .arguments import bind, check_unknown, read_object
from .json_answer import NotJson, encode
from .pages import refusal_page, refused_sign_in

_logger = logging.getLogger(__name__)

#: Another transaction was faster, each time.
_BUSY = (TransactionRollbackError, LockNotAvailable, ConcurrencyError)


def _refusal(exc):
    """:return: the refusal that an exception stands for, ``None`` for any other"""
    if isinstance(exc, _BUSY):
        # Odoo has tried again and again, and gives up.
        return TemporarilyUnavailable(
            reason="Other calls changed the same records.", cause="busy", retry_after=1
        )
    if no_connection.is_no_connection(exc):
        return no_connection.refusal(exc)
    return exc if isinstance(exc, OAuth2Error) else None


def _log_internal_error(request, error_id):
    """Have the audit log find what a caller was told, where it has a line."""
    [route, *_others] = routes.matched_routing()["routes"]
    grant = getattr(request, "oauth2_grant", None)
    RefusalLog(request.env).log_internal_error(error_id, route, grant)


class _JsonDispatcher(Dispatcher):
    """Answers in JSON, whatever happens, and never with a traceback."""

    routing_type = "_oauth2_abstract"
    error_id = ""  # of what was none of the caller's doing

    @classmethod
    def is_compatible_with(cls, request):
        # Core would answer another content type with an HTML page.
        return True

    def _call(self, endpoint):
        return self.request.registry["ir.http"]._dispatch(endpoint)

    def handle_error(self, exc):
        if refusal := _refusal(exc):
            return error_response(refusal)
        if isinstance(exc, HTTPException) and exc.response:
            return exc.response
        status, description = self._describe(exc)
        return json_response(
            {"error": error_code(status), "error_description": description},
            headers={"Cache-Control": "no-store"},
            status=status,
        )

    def _describe(self, exc):
        """:return: ``(HTTP status, description)`` of an exception"""
        if isinstance(exc, HTTPException):
            return exc.code, str(exc.description or exc.name)
        if isinstance(exc, (AccessError, AccessDenied, SessionExpiredException)):
            return 403, _message(exc)
        if isinstance(exc, MissingError):
            return 404, _message(exc)
        if isinstance(exc, LockError):
            return 409, _message(exc)
        if isinstance(exc, (UserError, RedirectWarning)):
            return 422, _message(exc)
        self.error_id = uuid.uuid4().hex
        what = f"the answer is no JSON: {exc}" if isinstance(exc, NotJson) else ""
        _logger.error(
            "Error %s: %s at %s",
            self.error_id,
            what or type(exc).__name__,
            self.request.httprequest.path,
        )
        _log_internal_error(self.request, self.error_id)
        return 500, f"Internal error {self.error_id}: see the server's log."


class OAuth2Dispatcher(_JsonDispatcher):
    """The endpoints of the protocol: they read their own parameters."""

    routing_type = "oauth2"

    def dispatch(self, endpoint, args):
        self.request.params = dict(args)
        try:
            if self.request.httprequest.method == "OPTIONS":
                # Odoo lets it through to every route, and would run the handler.
                raise MethodNotAllowed(endpoint.routing["methods"])
            result = self._call(endpoint)
        except OAuth2Error as refusal:
            # Returned, not raised: what must be remembered of a refusal is committed.
            self.request.env.cr.rollback()
            refusal = self._counted(refusal)
            if getattr(self.request, "oauth2_shows_pages", False):
                return refused_sign_in(refusal)
            RefusalLog(self.request.env).log(refusal)
            return error_response(refusal)
        if isinstance(result, Response):
            return result
        headers = [("Cache-Control", "no-store"), ("Pragma", "no-cache")]
        return self.request.make_json_response(result, headers=headers)

    def handle_error(self, exc):
        if isinstance(exc, ValidationError):
            # So Odoo tells that two at once wrote what may be there once, in the words
            # of the database. What a caller of an endpoint reads is always the same.
            exc = TemporarilyUnavailable(cause="busy", retry_after=1)
        is_page = getattr(self.request, "oauth2_shows_pages", False)
        if not is_page or getattr(exc, "response", None):
            return super().handle_error(exc)
        refusal = _refusal(exc)
        if not refusal:
            status, description = self._describe(exc)
            refusal = OAuth2Error(description)
            refusal.status, refusal.error = status, error_code(status)
            refusal.reference = self.error_id
        try:
            self.request.env.cr.rollback()
            return refusal_page(refusal)
        except (psycopg2.Error, PoolError, QWebError):
            # What failed, fails for this page, too.
            return error_response(refusal)

    def _counted(self, refusal):
        """:return: the refusal that the caller receives: too many calls, or this"""
        try:
            RateLimit(self.request.env).count_refusal(refusal)
        except TooManyRequests as too_many:
            return too_many
        return refusal


class OAuth2JsonDispatcher(_JsonDispatcher):
    """The routes of ``oauth2_route``: arguments in, JSON out."""

    routing_type = "oauth2_json"

    def dispatch(self, endpoint, args):
        methods = endpoint.routing["methods"] or ()
        if self.request.httprequest.method == "OPTIONS" not in methods:
            raise MethodNotAllowed(methods or {"GET", "POST"})
        self.request.params = bind(
            endpoint.routing["oauth2_arguments"],
            query=self.request.httprequest.args.to_dict(flat=False),
            body=self._body(),
            path=args,
        )
        return self._answer(self._call(endpoint))

    def _body(self):
        data = read_body()
        if not data.strip():
            return {}
        if self.request.httprequest.mimetype != "application/json":
            raise InvalidRequest("Send the body as application/json.")
        return read_object(data)

    def _answer(self, result):
        """:param result: what a handler returned: a response, a value, or a tuple of a
            value and an HTTP status
        :raises NotJson: for anything that is none of these
        """
        if isinstance(result, HTTPException):
            raise result
        if isinstance(result, WerkzeugResponse):
            return Response.load(result)
        status = 200
        if type(result) is tuple:
            result, status = _value_and_status(result)
        if status in _WITHOUT_BODY:
            return self.request.make_response(b"", status=status)
        return _json_answer(self.request, result, status)


#: RFC 9110 sections 15.3.5, 15.3.6, 15.4.5
_WITHOUT_BODY = {204, 205, 304}


def _value_and_status(result):
    """:raises NotJson: for a tuple that is none of value and status"""
    if len(result) != 2 or type(result[1]) not in (int, HTTPStatus):
        raise NotJson("a tuple is a value and a status: return a list instead")
    value, status = result
    if not 200 <= status < 600 or (status in _WITHOUT_BODY and value is not None):
        raise NotJson(f"a tuple with the status {status}, and what it cannot have")
    return value, int(status)


def _json_answer(request, value, status=200):
    return request.make_response(
        encode(value),
        headers=[("Content-Type", "application/json; charset=utf-8")],
        status=status,
    )


class OAuth2Json2Dispatcher(Json2Dispatcher):
    """Odoo's JSON-2 with our tokens: any body is read in one way, or refused, and what
    is answered is JSON, without the traceback that Odoo puts into ``debug``.
    """

    routing_type = "oauth2_json2"

    @classmethod
    def is_compatible_with(cls, request):
        return True

    def dispatch(self, endpoint, args):
        data = read_body()
        if data and self.request.httprequest.mimetype not in self.mimetypes:
            raise UnsupportedMediaType("Send the body as application/json.")
        self.jsonrequest = read_object(data) if data.strip() else {}
        check_unknown(self.jsonrequest, args)
        self.request.params = {**self.jsonrequest, **args}
        result = self.request.registry["ir.http"]._dispatch(endpoint)
        if isinstance(result, Response):
            return result
        return _json_answer(self.request, result)

    def handle_error(self, exc):
        if refusal := _refusal(exc):
            return error_response(refusal)
        if isinstance(exc, HTTPException) and exc.response:
            return exc.response
        method_name = self.request.oauth2_match[1].get("__method__")
        is_unwritten = isinstance(exc, NotJson)
        answer, error_id = error_answer(exc, method_name, is_unwritten)
        if error_id:
            _log_internal_error(self.request, error_id)
        return answer


def _message(exc):
    return str(exc.args[0]) if exc.args else "The request was refused."

"""Route types: the OAuth2 endpoints, the JSON routes they protect, and JSON-2."""

import json
import logging
import uuid

from psycopg2.errors import LockNotAvailable
from psycopg2.extensions import TransactionRollbackError
from werkzeug.exceptions import BadRequest, HTTPException, UnsupportedMediaType

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
from odoo.models import BaseModel
from odoo.tools.json import json_default

from ..protocol.errors import (
    InvalidRequest,
    MethodNotAllowed,
    OAuth2Error,
    TemporarilyUnavailable,
    TooManyRequests,
)
from ..services.audit import Audit
from ..services.json2_errors import for_application
from ..services.rate_limit import RateLimit
from ..services.wire_answer import error_response
from .arguments import bind, read_object
from .pages import refusal_page

_logger = logging.getLogger(__name__)

#: Another transaction was faster, each time.
_BUSY = (TransactionRollbackError, LockNotAvailable, ConcurrencyError)


def _refusal(exc):
    """:return: the refusal that an exception stands for, ``None`` for any other"""
    if isinstance(exc, _BUSY):
        # Odoo has tried again and again, and gives up.
        return TemporarilyUnavailable(reason="the same rows changed", retry_after=1)
    return exc if isinstance(exc, OAuth2Error) else None


class _JsonDispatcher(Dispatcher):
    """Answers in JSON, whatever happens, and never with a traceback."""

    routing_type = "_oauth2_abstract"

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
        status, error, description = self._describe(exc)
        return self.request.make_json_response(
            {"error": error, "error_description": description},
            headers=[("Cache-Control", "no-store")],
            status=status,
        )

    def _describe(self, exc):
        """:return: ``(HTTP status, error code, description)`` of an exception"""
        if isinstance(exc, HTTPException):
            code = "server_error" if exc.code >= 500 else "invalid_request"
            return exc.code, code, exc.description or exc.name
        if isinstance(exc, (AccessError, AccessDenied, SessionExpiredException)):
            return 403, "access_denied", _message(exc)
        if isinstance(exc, MissingError):
            return 404, "not_found", _message(exc)
        if isinstance(exc, LockError):
            return 409, "invalid_request", _message(exc)
        if isinstance(exc, (UserError, RedirectWarning)):
            return 422, "invalid_request", _message(exc)
        error_id = uuid.uuid4().hex
        _logger.error(
            "Error %s: %s at %s",
            error_id,
            type(exc).__name__,
            self.request.httprequest.path,
        )
        return 500, "server_error", f"Internal error {error_id}: see the server's log."


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
            refusal = self._record_refusal(refusal)
            if getattr(self.request, "oauth2_shows_pages", False):
                return refusal_page(refusal)
            return error_response(refusal)
        if isinstance(result, Response):
            return result
        headers = [("Cache-Control", "no-store"), ("Pragma", "no-cache")]
        return self.request.make_json_response(result, headers=headers)

    def handle_error(self, exc):
        if isinstance(exc, ValidationError):
            # So Odoo tells that two at once wrote what may be there once, in the words
            # of the database. What a caller of an endpoint reads is always the same.
            exc = TemporarilyUnavailable(reason="a constraint", retry_after=1)
        return super().handle_error(exc)

    def _record_refusal(self, refusal):
        """:return: the refusal that the caller receives: too many calls, or this"""
        env = self.request.env
        try:
            RateLimit(env).count_refusal(refusal)
        except TooManyRequests as too_many:
            refusal = too_many
        Audit(env).log_refusal(refusal)
        return refusal


class OAuth2JsonDispatcher(_JsonDispatcher):
    """The routes of ``oauth2_route``: arguments in, JSON out."""

    routing_type = "oauth2_json"

    def dispatch(self, endpoint, args):
        methods = endpoint.routing["methods"] or ()
        if self.request.httprequest.method == "OPTIONS" not in methods:
            raise MethodNotAllowed(methods or {"GET", "POST"})
        self.request.params = bind(
            endpoint.routing["oauth2_handlers"],
            query=self.request.httprequest.args.to_dict(flat=False),
            body=self._body(),
            path=args,
        )
        result = self._call(endpoint)
        if isinstance(result, Response):
            return result
        return self.request.make_response(
            _encode(result),
            headers=[("Content-Type", "application/json; charset=utf-8")],
        )

    def _body(self):
        httprequest = self.request.httprequest
        of_unknown_length = "Transfer-Encoding" in httprequest.headers
        if not httprequest.content_length and not of_unknown_length:
            return {}
        data = httprequest.get_data()
        if not data.strip():
            if of_unknown_length:
                raise InvalidRequest("Send the body with its Content-Length.")
            return {}
        if httprequest.mimetype != "application/json":
            raise InvalidRequest("Send the body as application/json.")
        return read_object(data)


class OAuth2Json2Dispatcher(Json2Dispatcher):
    """Odoo's JSON-2, without the traceback that it puts into ``debug``."""

    routing_type = "oauth2_json2"

    @classmethod
    def is_compatible_with(cls, request):
        return True

    def dispatch(self, endpoint, args):
        httprequest = self.request.httprequest
        if httprequest.content_length and httprequest.mimetype not in self.mimetypes:
            raise UnsupportedMediaType("Send the body as application/json.")
        try:
            return super().dispatch(endpoint, args)
        except RecursionError as error:
            if self.jsonrequest is not None:
                raise  # from the method that was called
            raise BadRequest("The body is nested too deeply.") from error

    def handle_error(self, exc):
        if refusal := _refusal(exc):
            return error_response(refusal)
        method_name = self.request.oauth2_match[1]["__method__"]
        return for_application(exc, super().handle_error(exc), method_name)


def _json_default(value):
    """Records become their ids, dates and bytes what Odoo's own JSON writes."""
    return value.ids if isinstance(value, BaseModel) else json_default(value)


_encode = json.JSONEncoder(
    ensure_ascii=False, allow_nan=False, default=_json_default
).encode


def _message(exc):
    return str(exc.args[0]) if exc.args else "The request was refused."

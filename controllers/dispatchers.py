"""Two route types: the OAuth2 endpoints, and the JSON routes that they protect."""

import inspect
import json
import logging
import uuid

from werkzeug.exceptions import HTTPException

from odoo.exceptions import AccessDenied, AccessError, MissingError, UserError
from odoo.http import Dispatcher, Response, SessionExpiredException
from odoo.models import BaseModel

from ..models.protected_routes import handler_of
from ..models.wire_answer import error_response
from ..protocol.errors import InvalidRequest, MethodNotAllowed, OAuth2Error
from .pages import refusal_page

_logger = logging.getLogger(__name__)


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
        if isinstance(exc, OAuth2Error):
            return error_response(exc)
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
        if isinstance(exc, UserError):
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
            self._record_refusal(refusal)
            if getattr(self.request, "oauth2_shows_pages", False):
                return refusal_page(refusal)
            return error_response(refusal)
        if isinstance(result, Response):
            return result
        headers = [("Cache-Control", "no-store"), ("Pragma", "no-cache")]
        return self.request.make_json_response(result, headers=headers)

    def _record_refusal(self, refusal):
        # Before anything is proven nothing is kept: anybody could fill the table.
        if parties := getattr(self.request, "oauth2_parties", None):
            self.request.env["oauth2.event"]._record(
                "refusal", error=refusal.error, reason=refusal.reason, **parties
            )


class OAuth2JsonDispatcher(_JsonDispatcher):
    """The routes of ``oauth2_route``: arguments in, JSON out."""

    routing_type = "oauth2_json"

    def dispatch(self, endpoint, args):
        methods = endpoint.routing["methods"] or ()
        if self.request.httprequest.method == "OPTIONS" not in methods:
            raise MethodNotAllowed(methods or {"GET", "POST"})
        self.request.params = {
            **self.request.httprequest.args.to_dict(),
            **self._body(),
            **args,
        }
        _check_arguments(handler_of(endpoint), self.request.params)
        result = self._call(endpoint)
        if isinstance(result, Response):
            return result
        if isinstance(result, BaseModel):
            result = result.ids
        return self.request.make_json_response(result)

    def _body(self):
        httprequest = self.request.httprequest
        data = httprequest.get_data()
        if not data.strip():
            if "Transfer-Encoding" in httprequest.headers:
                raise InvalidRequest("Send the body with its Content-Length.")
            return {}
        if httprequest.mimetype != "application/json":
            raise InvalidRequest("Send the body as application/json.")
        try:
            body = json.loads(data)
        except (ValueError, RecursionError) as error:
            raise InvalidRequest("The request body is not valid JSON.") from error
        if not isinstance(body, dict):
            raise InvalidRequest("The request body must be a JSON object.")
        return body


def _check_arguments(handler, arguments):
    """Refuse arguments that a handler does not take, and the lack of ones it needs.

    :param handler: the controller's method
    :param dict arguments: by name
    :raises InvalidRequest: naming the argument
    """
    _self, *parameters = inspect.signature(handler).parameters.values()
    named = {p.name: p for p in parameters if p.kind is not p.VAR_KEYWORD}
    if len(named) == len(parameters):
        for name in arguments.keys() - named.keys():
            shown = name if name.isascii() and name.isidentifier() else "sent"
            raise InvalidRequest(f"The argument {shown} is unknown here.")
    for name, parameter in named.items():
        if parameter.default is parameter.empty and name not in arguments:
            raise InvalidRequest(f"The argument {name} is missing.")


def _message(exc):
    return str(exc.args[0]) if exc.args else "The request was refused."

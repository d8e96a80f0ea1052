import logging

import psycopg2
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge, abort
from werkzeug.exceptions import MethodNotAllowed as WerkzeugMethodNotAllowed
from werkzeug.exceptions import NotFound as WerkzeugNotFound

from odoo import SUPERUSER_ID, api, models
from odoo.exceptions import MissingError
from odoo.http import request
from odoo.sql_db import PoolError

from ..protocol.credentials import bearer_token
from ..protocol.errors import (
    InsufficientScope,
    InvalidToken,
    MethodNotAllowed,
    MissingToken,
    NotFound,
    OAuth2Error,
    RequestForbidden,
    TemporarilyUnavailable,
)
from ..protocol.rate_limit import FixedWindowCounter
from ..protocol.scope import scope_string
from ..services.json2_errors import for_application
from ..services.json2_scope import JSON2Scope
from ..services.rate_limit import RateLimit
from . import cross_origin
from .protected_routes import NATIVE_JSON2, expand_api, inspect_route
from .wire_answer import error_response

_logger = logging.getLogger(__name__)

_noted_uses = FixedWindowCounter(capacity=10_000, window=300)  # of (database, grant id)


class IrHttp(models.AbstractModel):
    """The request hook: a Bearer token is checked before anything is dispatched."""

    _inherit = "ir.http"

    def _generate_routing_rules(self, modules, converters):
        endpoints = self.env["oauth2.api"]._active_endpoints()
        for url, endpoint in super()._generate_routing_rules(modules, converters):
            inspect_route(url, endpoint)
            if endpoint.routing["auth"] == "oauth2":
                url = expand_api(url, endpoints)
            if url:
                yield url, endpoint

    @classmethod
    def _match(cls, path_info):
        try:
            rule, args = super()._match(path_info)
        except WerkzeugMethodNotAllowed as error:
            if cls._is_api_path(path_info):
                refusal = MethodNotAllowed(error.valid_methods or ())
                error.error_response = cls._unmatched(refusal)
            raise
        except WerkzeugNotFound:
            # Something else may still serve the path; see _handle_error.
            if "\0" in path_info:
                # Core looks for it in the database, where NUL is an error.
                abort(error_response(NotFound()))
            request.oauth2_not_found = cls._is_api_path(path_info)
            raise
        # The check below needs to know the API, which the path may name.
        request.oauth2_match = rule, dict(args)  # some are taken out on the way
        return rule, args

    @classmethod
    def _is_api_path(cls, path):
        """:return: whether whoever asks for this path expects JSON of ours"""
        first, _, rest = path.lstrip("/").partition("/")
        if rest.startswith("oauth2/"):
            return True
        # An archived API is gone, and yet the path is nobody else's.
        apis = request.env["oauth2.api"].sudo().with_context(active_test=False)
        return bool(apis.search_count([("endpoint", "=", first)], limit=1))

    @classmethod
    def _authenticate(cls, endpoint):
        routing = endpoint.routing
        if routing.get("oauth2_problem"):
            _logger.error("Refused %s: %s", endpoint, routing["oauth2_problem"])
            request.session.can_save = False
            abort(error_response(RequestForbidden()))
        if request.httprequest.method == "OPTIONS" and cls._answers_preflight():
            cls._authenticate_explicit("none")  # a preflight never carries a token
            return
        super()._authenticate(endpoint)
        if routing["auth"] != "oauth2":
            return
        if routing["oauth2_required"] - request.oauth2_grant.scopes:
            scope = scope_string(routing["oauth2_required"])
            cls._refuse(InsufficientScope(scope=scope))

    @classmethod
    def _auth_method_oauth2(cls):
        """Identity by access token (RFC 6750 section 2.1); a session is nothing here.

        :raises HTTPException: with the refusal of RFC 6750 section 3 as its response
        """
        request.session.can_save = False
        routing = request.oauth2_match[0].endpoint.routing
        try:
            text = bearer_token(request.httprequest.headers.get("Authorization"))
            if text is None:
                raise MissingToken(scope=scope_string(routing["oauth2_required"]))
            grant = cls._oauth2_check(text, cls._oauth2_endpoint())
            if grant is None:
                RateLimit(request.env).count_refused_token()
                raise InvalidToken()
        except OAuth2Error as refusal:
            cls._refuse(refusal)
        cls._become(grant)

    @classmethod
    def _auth_method_bearer(cls, *args, **kwargs):
        """On Odoo's own JSON-2, and nowhere else, take a token of ours like a key."""
        if request.oauth2_match[0].rule == NATIVE_JSON2:
            try:
                text = bearer_token(request.httprequest.headers.get("Authorization"))
            except OAuth2Error:
                text = None  # Odoo's own check answers
            grant = text and cls._oauth2_check(text, None)
            if grant:
                request.session.can_save = False
                cls._become(grant)
                return None
        return super()._auth_method_bearer(*args, **kwargs)

    @classmethod
    def _oauth2_check(cls, text, endpoint):
        """:return: what a bearer token opens at that endpoint, or ``None``
        :raises TemporarilyUnavailable: when the database does not say
        """
        try:
            return request.env["oauth2.token"]._grant_of(text, endpoint)
        except psycopg2.Error as error:
            _logger.error("No token can be checked: %s", error)
            raise TemporarilyUnavailable(
                "No token can be checked at the moment; try again.",
                reason="the database does not answer the check",
                retry_after=1,
            ) from error

    @classmethod
    def _become(cls, grant):
        """Go on as the grant's user, with that user's language and time zone."""
        request.oauth2_grant = grant
        try:
            context = request.env["res.users"]._oauth2_context(grant.user_id)
        except MissingError:
            cls._refuse(
                TemporarilyUnavailable(
                    "The token's user is not known everywhere yet; try again.",
                    reason="the replica does not have the user yet",
                    retry_after=1,
                )
            )
        request.update_env(user=grant.user_id, context=context)
        cls._note_oauth2_use(grant)

    @classmethod
    def _oauth2_endpoint(cls):
        """:return: the endpoint of the API that the matched route belongs to, if any"""
        rule, args = request.oauth2_match
        return rule.endpoint.routing.get("oauth2_api") or args.get("api") or ""

    @classmethod
    def _note_oauth2_use(cls, grant):
        """Have the use of a grant noted after the call, now and then."""
        if not _noted_uses.is_due((request.db, grant.client_user_id)):
            return
        registry, grant_id = request.registry, grant.client_user_id

        @request.env.cr.postcommit.add
        def note():
            # The call was answered well: whatever happens here must not undo that.
            try:
                with registry.cursor() as cr:
                    env = api.Environment(cr, SUPERUSER_ID, {})
                    env["oauth2.client.user"]._note_use(grant_id)
            except (psycopg2.Error, PoolError) as error:
                _logger.info("The use of a grant was not noted: %s", error)

    @classmethod
    def _pre_dispatch(cls, rule, args):
        routing = rule.endpoint.routing
        if request.httprequest.method == "OPTIONS" and cls._answers_preflight():
            request.session.can_save = False
            methods = routing["methods"] or ["GET", "POST"]
            origins = cls._callers_origins()
            abort(cross_origin.preflight_response(origins, methods))
        if routing["auth"] != "oauth2":
            return super()._pre_dispatch(rule, args)
        result = super()._pre_dispatch(rule, args)
        if not routing["oauth2_wants_api"]:
            # Odoo warns of arguments that a handler does not name.
            args.pop("api", None)
        return result

    @classmethod
    def _dispatch(cls, endpoint):
        if cls._is_native_json2_of_grant():
            grant = request.oauth2_grant
            arguments = dict(request.params)
            model, method = arguments.pop("__model__"), arguments.pop("__method__")
            JSON2Scope(request.env).check(grant, model, method, arguments)
        return super()._dispatch(endpoint)

    @classmethod
    def _is_native_json2_of_grant(cls):
        """:return: whether one of our tokens opened Odoo's own JSON-2"""
        grant = getattr(request, "oauth2_grant", None)
        return bool(grant) and request.oauth2_match[0].rule == NATIVE_JSON2

    @classmethod
    def _handle_error(cls, exception):
        if isinstance(exception, OAuth2Error):
            return cls._oauth2_refusal(exception)
        if getattr(request, "oauth2_not_found", False) and isinstance(
            exception, (WerkzeugNotFound, RequestEntityTooLarge)
        ):
            # Too large is what Odoo calls each form that it cannot read.
            return cls._unmatched(NotFound())
        response = super()._handle_error(exception)
        if cls._is_native_json2_of_grant():
            method_name = request.oauth2_match[1]["__method__"]
            response = for_application(exception, response, method_name)
        if cls._is_cross_origin():
            if isinstance(response, HTTPException):
                response = response.get_response(request.httprequest.environ)
            cls._share_with_origin(response)
        return response

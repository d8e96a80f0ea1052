import contextlib
import logging

import psycopg2
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge, abort
from werkzeug.exceptions import MethodNotAllowed as WerkzeugMethodNotAllowed
from werkzeug.exceptions import NotFound as WerkzeugNotFound

from odoo import models
from odoo.exceptions import AccessDenied, MissingError
from odoo.http import _dispatchers, request
from odoo.sql_db import PoolError
from odoo.tools import config

from ..protocol.credentials import bearer_token
from ..protocol.errors import (
    InsufficientScope,
    InvalidToken,
    MethodNotAllowed,
    MisconfiguredRoute,
    MissingToken,
    NotFound,
    OAuth2Error,
    TemporarilyUnavailable,
)
from ..protocol.scope import scope_string
from ..services.audit.refusal_log import RefusalLog
from ..services.authentication.rate_limit import RateLimit
from ..services.calls import refused_call, routes
from ..services.calls.cross_origin import CrossOrigin
from ..services.calls.json2_scope import JSON2Scope
from ..services.calls.token_validation import TokenValidation
from ..services.server import last_use, no_connection
from ..services.server.last_signal import last_signal
from ..services.server.request_body import check_encoding
from ..services.server.request_context import remote_address
from ..services.server.wire_answer import error_response

_logger = logging.getLogger(__name__)

_PUBLIC_USER = "base.public_user"


class IrHttp(models.AbstractModel):
    """The request hook: a Bearer token is checked before anything is dispatched."""

    _inherit = "ir.http"

    def _register_hook(self):
        super()._register_hook()
        # Known before the first call, which may find no connection to the database.
        routes.note_endpoints(self.env["oauth2.api"]._active_endpoints())

    def _generate_routing_rules(self, modules, converters):
        oauth2_api = self.env["oauth2.api"]
        endpoints = oauth2_api._active_endpoints()
        routes.note_endpoints(endpoints)
        rules = super()._generate_routing_rules(modules, converters)
        yield from routes.expanded(rules, endpoints, oauth2_api._described_endpoints())

    @classmethod
    def _match(cls, path_info):
        # Odoo has just read it, and begins the call's own transaction after this.
        request.oauth2_signal = last_signal(request.env.cr)
        is_api_path = routes.is_api_path(request.env, path_info)
        if is_api_path:
            # Of an unknown path http_routing would make one in the visitor's language.
            request.is_frontend_multilang = False
        try:
            rule, args = super()._match(path_info)
        except WerkzeugMethodNotAllowed as error:
            if is_api_path:
                refusal = MethodNotAllowed(error.valid_methods or ())
                error.error_response = cls._unmatched(refusal)
            raise
        except WerkzeugNotFound:
            # Something else may still serve the path; see _handle_error.
            if "\0" in path_info:
                # Core looks for it in the database, where NUL is an error.
                abort(error_response(NotFound()))
            request.oauth2_not_found = is_api_path
            raise
        routes.inspect_late_rule(rule)
        # The check below needs to know the API, which the path may name.
        request.oauth2_match = rule, dict(args)  # some are taken out on the way
        if rule.endpoint.routing["auth"] == "oauth2":
            cls._validate_early()
        return rule, args

    @classmethod
    def _validate_early(cls):
        """Check a call's token in the transaction in which Odoo read its signals.

        The one of the call itself begins later, and not at all where the route asks the
        database nothing: that saves two round trips. A replica's is no place for it.
        What fails here fails again, and is answered, in ``_auth_method_oauth2``.
        """
        if config["db_replica_host"]:
            return
        with contextlib.suppress(OAuth2Error, psycopg2.Error, PoolError):
            text = bearer_token(request.httprequest.headers.get("Authorization"))
            if text is not None:
                request.oauth2_validated = cls._validated(
                    text, routes.matched_endpoint()
                )

    @classmethod
    def _authenticate(cls, endpoint):
        routing = endpoint.routing
        if routing.get("oauth2_problem"):
            problem, route = routing["oauth2_problem"], routing["routes"][0]
            _logger.error("Refused %s: %s", endpoint, problem)
            RefusalLog(request.env).log_route(route, problem)
            request.session.can_save = False
            abort(error_response(MisconfiguredRoute()))
        if CrossOrigin(request.env).answers_preflight():
            cls._authenticate_explicit("none")  # a preflight never carries a token
            return
        super()._authenticate(endpoint)
        if token := getattr(request, "oauth2_grant", None):
            try:
                cls._check_oauth2_call(token, routing.get("oauth2_required", ()))
            except OAuth2Error as refusal:
                cls._refuse(refusal)

    @classmethod
    def _authenticate_explicit(cls, auth):
        try:
            return super()._authenticate_explicit(auth)
        except AccessDenied as error:
            # So Odoo answers whatever fails here, as if the caller could do better.
            failure = error.__context__
            if (
                isinstance(failure, (psycopg2.Error, PoolError))
                and routes.is_own_call()
            ):
                raise failure from None
            raise

    @classmethod
    def _check_oauth2_call(cls, token, scopes):
        """What a call with a valid token may do; other addons may refuse more.

        :param token: the ``TokenContext``
        :param scopes: names of the scopes that the route asks for
        :raises OAuth2Error: it may not
        """
        if not token.scopes.issuperset(scopes):
            raise InsufficientScope(scope=scope_string(scopes))

    @classmethod
    def _auth_method_oauth2(cls):
        """Identity by access token (RFC 6750 section 2.1); a session is nothing here.

        :raises HTTPException: with the refusal of RFC 6750 section 3 as its response
        """
        request.session.can_save = False
        required = routes.matched_routing()["oauth2_required"]
        try:
            text = bearer_token(request.httprequest.headers.get("Authorization"))
            if text is None:
                raise MissingToken(scope=scope_string(required))
            try:  # once: when Odoo runs the call again, so is its check
                grant = vars(request).pop("oauth2_validated")
            except KeyError:
                grant = cls._validated(text, routes.matched_endpoint())
            if grant is None:
                RateLimit(request.env).count_refused_token()
                raise InvalidToken(**refused_call.why())
        except OAuth2Error as refusal:
            cls._refuse(refusal)
        cls._set_request_user(grant)

    @classmethod
    def _auth_method_oauth2_client(cls):
        """The public user, and no statement to see that there is one (``public``)."""
        if request.env.uid is None:
            public_user = request.env["ir.model.data"]._xmlid_to_res_id(_PUBLIC_USER)
            request.update_env(user=public_user)

    @classmethod
    def _auth_method_bearer(cls, *args, **kwargs):
        """On Odoo's own JSON-2, and nowhere else, take a token of ours like a key."""
        if routes.is_native_json2():
            try:
                text = bearer_token(request.httprequest.headers.get("Authorization"))
            except OAuth2Error:
                text = None  # Odoo's own check answers
            try:
                grant = text and cls._validated(text, None)
            except (psycopg2.Error, PoolError) as error:
                if not no_connection.is_no_connection(error):
                    raise
                cls._refuse(no_connection.refusal(error))
            if grant:
                request.session.can_save = False
                # Odoo's own drops chunked bodies, and writes what is no JSON.
                request.dispatcher = _dispatchers["oauth2_json2"](request)
                cls._set_request_user(grant)
                return None
        return super()._auth_method_bearer(*args, **kwargs)

    @classmethod
    def _validated(cls, text, endpoint):
        validation = TokenValidation(request.env)
        grant = validation.validate(
            text, endpoint, request.oauth2_signal, address=remote_address()
        )
        request.oauth2_refused_token = validation.refused
        return grant

    @classmethod
    def _set_request_user(cls, grant):
        """Go on as the grant's user, with that user's language and time zone."""
        request.oauth2_grant = grant
        try:
            context = request.env["res.users"]._oauth2_context(grant.user_id)
        except MissingError:
            cls._refuse(
                TemporarilyUnavailable(
                    "The token's user is not known everywhere yet; try again.",
                    reason="The replica does not have the user yet.",
                    retry_after=1,
                )
            )
        if grant.company_id:
            context = {**context, "allowed_company_ids": [grant.company_id]}
        request.update_env(user=grant.user_id, context=context)
        last_use.GRANT.note(request.env, grant.client_user_id)

    @classmethod
    def _pre_dispatch(cls, rule, args):
        cross_origin = CrossOrigin(request.env)
        if cross_origin.answers_preflight():
            request.session.can_save = False
            abort(cross_origin.preflight_response())
        result = super()._pre_dispatch(rule, args)
        routing = rule.endpoint.routing
        if routing["auth"] == "oauth2":
            check_encoding(body=routing["type"] == "http")
        if routing["auth"] == "oauth2" and not routing["oauth2_wants_api"]:
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
    def _post_dispatch(cls, response):
        CrossOrigin(request.env).share(response)
        return super()._post_dispatch(response)

    @classmethod
    def _handle_error(cls, exception):
        if isinstance(exception, OAuth2Error):
            return refused_call.response(exception)
        if getattr(request, "oauth2_not_found", False) and isinstance(
            exception, (WerkzeugNotFound, RequestEntityTooLarge)
        ):
            # Too large is what Odoo calls each form that it cannot read.
            return cls._unmatched(NotFound())
        response = super()._handle_error(exception)
        if CrossOrigin(request.env).is_open():
            if isinstance(response, HTTPException):
                response = response.get_response(request.httprequest.environ)
            with contextlib.suppress(psycopg2.Error, PoolError):
                request.env.cr.rollback()  # which may have refused a statement
                CrossOrigin(request.env).share(response)
        return response

    @classmethod
    def _is_native_json2_of_grant(cls):
        """:return: whether one of our tokens opened Odoo's own JSON-2"""
        return bool(getattr(request, "oauth2_grant", None)) and routes.is_native_json2()

    @classmethod
    def _unmatched(cls, refusal):
        """:return: the response to a path or method that no route of ours serves"""
        response = error_response(refusal)
        CrossOrigin(request.env).share_unmatched(response)
        return response

    @classmethod
    def _refuse(cls, refusal):
        """:raises HTTPException: with the refusal as its response"""
        abort(refused_call.response(refusal))

import logging
import time

import psycopg2
from werkzeug.exceptions import MethodNotAllowed as WerkzeugMethodNotAllowed
from werkzeug.exceptions import NotFound as WerkzeugNotFound
from werkzeug.exceptions import abort

from odoo import SUPERUSER_ID, api, models
from odoo.http import is_cors_preflight, request
from odoo.sql_db import PoolError

from ..protocol.authorization_header import bearer_token
from ..protocol.errors import (
    InsufficientScope,
    InvalidToken,
    MethodNotAllowed,
    MissingToken,
    NotFound,
    OAuth2Error,
    RequestForbidden,
)
from ..protocol.scope import scope_string
from .protected_routes import expand_api, inspect_route
from .wire_answer import error_response

_logger = logging.getLogger(__name__)

_NOTE_EVERY = 300  # seconds between two notes of one grant's use, in one process
_MAX_NOTED = 10_000  # grants remembered; then all are forgotten and noted anew
_noted = {}  # {(database, grant id): monotonic seconds of the last note}


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
                error.error_response = error_response(refusal)
            raise
        except WerkzeugNotFound:
            # Something else may still serve the path; see _handle_error.
            request.oauth2_not_found = cls._is_api_path(path_info)
            if request.oauth2_not_found and "\0" in path_info:
                # Core looks for it in the database, where NUL is an error.
                abort(error_response(NotFound()))
            raise
        # The check below needs to know the API, which the path may name.
        request.oauth2_match = rule, args
        return rule, args

    @classmethod
    def _is_api_path(cls, path):
        """:return: whether whoever asks for this path expects JSON of ours"""
        first, _, rest = path.lstrip("/").partition("/")
        if rest.startswith("oauth2/"):
            return True
        if not first.isprintable():  # nor would the database take a NUL
            return False
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
        super()._authenticate(endpoint)
        if routing["auth"] != "oauth2" or is_cors_preflight(request, endpoint):
            return
        missing = routing["oauth2_required"] - request.oauth2_grant.scopes
        if missing:
            scope = scope_string(routing["oauth2_required"])
            abort(error_response(InsufficientScope(scope=scope)))

    @classmethod
    def _auth_method_oauth2(cls):
        """Identity by access token (RFC 6750 section 2.1); a session is nothing here.

        :raises HTTPException: with the refusal of RFC 6750 section 3 as its response
        """
        request.session.can_save = False
        # Nobody yet: the ORM computes nothing in an environment without user.
        cls._auth_method_public()
        try:
            grant = cls._oauth2_grant()
        except OAuth2Error as refusal:
            abort(error_response(refusal))
        request.oauth2_grant = grant
        request.update_env(user=grant.user_id, context={})
        request.update_env(context=dict(request.env["res.users"].context_get()))
        cls._note_oauth2_use(grant)

    @classmethod
    def _oauth2_grant(cls):
        rule, args = request.oauth2_match
        text = bearer_token(request.httprequest.headers.get("Authorization"))
        routing = rule.endpoint.routing
        if text is None:
            raise MissingToken(scope=scope_string(routing["oauth2_required"]))
        endpoint = routing.get("oauth2_api") or args.get("api") or ""
        grant = request.env["oauth2.token"].sudo()._grant_of(text, endpoint)
        if grant is None:
            raise InvalidToken()
        return grant

    @classmethod
    def _note_oauth2_use(cls, grant):
        """Have the use of a grant noted after the call, now and then."""
        key, now = (request.db, grant.client_user_id), time.monotonic()
        if now - _noted.get(key, -_NOTE_EVERY) < _NOTE_EVERY:
            return
        if len(_noted) >= _MAX_NOTED:
            _noted.clear()
        _noted[key] = now
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
        result = super()._pre_dispatch(rule, args)
        routing = rule.endpoint.routing
        if routing["auth"] == "oauth2" and not routing["oauth2_wants_api"]:
            # Odoo warns of arguments that a handler does not name.
            args.pop("api", None)
        return result

    @classmethod
    def _handle_error(cls, exception):
        if isinstance(exception, OAuth2Error):
            return error_response(exception)
        if isinstance(exception, WerkzeugNotFound) and getattr(
            request, "oauth2_not_found", False
        ):
            return error_response(NotFound())
        return super()._handle_error(exception)

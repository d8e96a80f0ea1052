from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import config, ormcache

from ..protocol.errors import InsufficientScope, InvalidRequest
from ..protocol.json_object import check_storable
from ..protocol.scope import SCOPE_TOKEN, scope_string
from .json2_arguments import check_context, reached
from .json2_methods import CLASSED_METHODS
from .json2_paths import UnknownShape
from .transactions import primary_cursor

_MAX_ID = 2**31 - 1  # PostgreSQL's integer


class OAuth2Scope(models.Model):
    """A named permission of one API."""

    _name = "oauth2.scope"
    _inherit = ["oauth2.configuration"]
    _description = "OAuth2 Scope"
    _order = "api_id, name"

    name = fields.Char(
        required=True,
        help="What routes ask for and challenges name, such as partners.read."
        " No spaces, quotes or backslashes.",
    )
    description = fields.Char(
        translate=True,
        help="What the user reads when asked for consent: Read your contacts.",
    )
    line_ids = fields.One2many(
        "oauth2.scope.line",
        "scope_id",
        "Opens over JSON-2",
        help="Models and operations that this scope opens. None: it opens nothing over"
        " JSON-2, and still is what routes may ask for by name.",
    )
    api_id = fields.Many2one(
        "oauth2.api", "API", required=True, ondelete="cascade", index=True
    )
    json2_served = fields.Boolean(compute="_compute_json2_served")

    _name_unique = models.Constraint(
        "UNIQUE (api_id, name)", "This API already has a scope of that name."
    )

    @api.depends("api_id.json2_enabled", "api_id.bearer_enabled")
    def _compute_json2_served(self):
        for scope in self:
            oauth2_api = scope.api_id
            scope.json2_served = oauth2_api.json2_enabled or oauth2_api.bearer_enabled

    def _configuration_parties(self):
        return {"oauth2_api": self.api_id}

    @api.model
    def _opened(self, api_id, names):
        """What scopes open over JSON-2, together.

        :param int api_id: id of the API
        :param frozenset names: of the scopes
        :return: ``{model name: (frozenset of operations, frozenset of methods)}``
        """
        if not config["db_replica_host"]:
            return self._opened_cached(api_id, names)
        # That a cache is out of date, a server learns from the replica, which lags.
        with primary_cursor(self.env) as cr:
            return self.with_env(self.env(cr=cr))._read_opened(api_id, names)

    @api.model
    @ormcache("api_id", "names")
    def _opened_cached(self, api_id, names):
        return self._read_opened(api_id, names)

    def _read_opened(self, api_id, names):
        lines = self.env["oauth2.scope.line"].sudo()
        opened = {}
        domain = [
            ("scope_id.api_id", "=", api_id),
            ("scope_id.name", "in", list(names)),
        ]
        for line in lines.search(domain):
            operations, methods = opened.get(line.model_id.model, (frozenset(),) * 2)
            opened[line.model_id.model] = (
                operations | line._operations(),
                methods | frozenset(line._methods()),
            )
        return opened

    @api.model
    def _check_json2(self, grant, model_name, method_name, arguments):
        """Refuse a JSON-2 call that no scope opens.

        :param Grant grant: of the token check
        :param str model_name: as in the path
        :param str method_name: as in the path
        :param dict arguments: the call's, by name
        :raises InsufficientScope: naming the scopes that would open the model
        :raises InvalidRequest: for an argument whose reach cannot be told
        """
        check_storable(arguments)
        opened = self._opened(grant.api_id, grant.scopes)
        operations, methods = opened.get(model_name, (frozenset(),) * 2)
        needed = CLASSED_METHODS.get(method_name)
        if not (method_name in methods if needed is None else needed <= operations):
            raise InsufficientScope(
                "No scope of this token opens this model for this kind of method.",
                scope=self._scopes_opening(grant.api_id, model_name, method_name),
            )
        beyond = {
            (other, operation)
            for other, operation in self._reached(model_name, method_name, arguments)
            if operation not in opened.get(other, (frozenset(),))[0]
        }
        if beyond:
            raise InsufficientScope(
                "The call reaches other models that no scope of this token opens."
            )

    @api.model
    def _reached(self, model_name, method_name, arguments):
        """:return: ``{(model, operation)}`` that a call reaches by its arguments
        :raises InvalidRequest: for an argument whose reach cannot be told
        """
        model, arguments = self.env[model_name], dict(arguments)
        _check_ids(arguments.pop("ids", None))
        context = arguments.pop("context", None) or {}
        try:
            if method_name in CLASSED_METHODS:
                return reached(model, method_name, arguments, context)
            # What the method does with its arguments is what its name was opened for.
            check_context(model, context)
        except UnknownShape as error:
            name = error.args[0]
            if not (name.isascii() and name.isidentifier() and len(name) < 64):
                name = "sent"
            raise InvalidRequest(
                f"The argument {name} cannot be followed to the models that it reaches."
            ) from error
        return set()

    @api.model
    def _scopes_opening(self, api_id, model_name, method_name):
        """:return: the API's scopes that open a call each, as a scope string"""
        needed = CLASSED_METHODS.get(method_name)
        scopes = self.sudo().search([("api_id", "=", api_id)])
        lines = scopes.line_ids.filtered(lambda line: line.model_id.model == model_name)
        if needed is None:
            lines = lines.filtered(lambda line: method_name in line._methods())
        else:
            lines = lines.filtered(lambda line: needed <= line._operations())
        return scope_string(lines.scope_id.mapped("name"))

    @api.constrains("name")
    def _check_name(self):
        for scope in self:
            if not SCOPE_TOKEN.fullmatch(scope.name):
                raise ValidationError(
                    self.env._(
                        "%s is no scope name: use visible ASCII characters without"
                        " spaces, quotes and backslashes.",
                        scope.name,
                    )
                )

    def write(self, vals):
        if "name" in vals:
            renamed = self.filtered(lambda scope: scope.name != vals["name"])
            Grant = self.env["oauth2.client.user"].sudo()
            if Grant.search_count([("scope_ids", "in", renamed.ids)], limit=1):
                raise ValidationError(
                    self.env._(
                        "A granted scope keeps its name: its users agreed to that one."
                        " Make a new scope instead."
                    )
                )
        return super().write(vals)

    @api.constrains("api_id")
    def _check_api_is_fixed(self):
        Client = self.env["oauth2.client"].sudo().with_context(active_test=False)
        for scope in self:
            clients = Client.search([("scope_ids", "in", scope.ids)])
            if any(scope.api_id not in client.api_ids for client in clients):
                raise ValidationError(
                    self.env._("A scope in use cannot move to another API.")
                )


def _check_ids(value):
    """Record ids, before they reach a method that expects nothing else.

    :raises InvalidRequest: for anything that no record can be found by
    """
    ids = value if isinstance(value, list) else [value or 0]
    if not all(type(item) is int and abs(item) <= _MAX_ID for item in ids):
        raise InvalidRequest("The argument ids must be a list of record ids.")

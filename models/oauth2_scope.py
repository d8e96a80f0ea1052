from odoo import api, fields, models
from odoo.exceptions import AccessError, ValidationError
from odoo.fields import Domain
from odoo.tools import SQL, format_list, ormcache

from ..protocol.scope import SCOPE_TOKEN
from ..services.calls import json2_methods
from ..services.configuration.duplicate import free_text
from ..services.scopes.route_list import list_routes, routes_table
from ..services.server.transactions import primary_cursor

_SHOWN_NAMES = 8  # of models that a sentence names; the lines tell the rest


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
        copy=True,
        help="Models and operations that this scope opens. None: it opens nothing over"
        " JSON-2, and still is what routes may ask for by name.",
    )
    api_id = fields.Many2one(
        "oauth2.api", "API", required=True, ondelete="cascade", index=True
    )
    opens_in_words = fields.Text(
        "What It Opens",
        compute="_compute_opens_in_words",
        help="What an application may do with it over JSON-2, where its user may.",
    )
    routes_table = fields.Html(
        "Routes", compute="_compute_routes_table", sanitize=False
    )
    was_granted = fields.Boolean(
        readonly=True,
        copy=False,
        help="A user has agreed to it: only Settings administrators may open more.",
    )
    json2_served = fields.Boolean(compute="_compute_json2_served")
    can_widen = fields.Boolean(
        compute="_compute_can_widen",
        help="The user who looks at it may have it open more, rename it and move it.",
    )

    _name_unique = models.Constraint(
        "UNIQUE (api_id, name)", "This API already has a scope of that name."
    )

    @api.depends("api_id.json2_enabled", "api_id.bearer_enabled")
    def _compute_json2_served(self):
        for scope in self:
            oauth2_api = scope.api_id
            scope.json2_served = oauth2_api.json2_enabled or oauth2_api.bearer_enabled

    @api.depends(
        *(f"line_ids.{name}" for name in ("model_id", "method_names")),
        *(f"line_ids.perm_{name}" for name in json2_methods.OPERATIONS),
    )
    def _compute_opens_in_words(self):
        for scope in self:
            opened, calls = {}, []
            for line in scope.line_ids.filtered("model_id"):
                name = line.model_id.name
                if kinds := line._operation_words():
                    opened.setdefault(tuple(kinds), []).append(name)
                if methods := line._methods():
                    methods = format_list(self.env, methods)
                    calls.append(
                        self.env._(
                            "call %(methods)s of %(model)s",
                            methods=methods,
                            model=name,
                        )
                    )
            clauses = [
                self.env._(
                    "%(do)s %(models)s",
                    do=format_list(self.env, kinds),
                    models=self._first_of(names),
                )
                for kinds, names in opened.items()
            ]
            scope.opens_in_words = (
                self.env._("May %s.", "; ".join(clauses + calls))
                if clauses or calls
                else self.env._("Nothing over JSON-2.")
            )

    def _first_of(self, names):
        """:return: the names as people list them, the last of many by their number"""
        shown = names[:_SHOWN_NAMES]
        if more := len(names) - len(shown):
            shown.append(self.env._("%s more", more))
        return format_list(self.env, shown)

    @api.depends("name", "api_id")
    def _compute_routes_table(self):
        asked = list_routes(self.env)
        for scope in self:
            endpoint = scope.api_id.endpoint
            found = [
                route
                for route in asked
                if scope.name in route.scopes and route.endpoint in ("", endpoint)
            ]
            scope.routes_table = routes_table(self.env, found)

    @api.depends("was_granted")
    @api.depends_context("uid")
    def _compute_can_widen(self):
        is_system = self.env.is_system()
        for scope in self:
            scope.can_widen = is_system or not (
                scope.was_granted or scope._origin._are_unasked()
            )

    def _values_of_copy(self):
        on_api = [("api_id", "=", self.api_id.id)]
        return {"name": free_text(self, "name", on_api)}

    def _configuration_parties(self):
        return {"oauth2_api": self.api_id}

    @api.model
    @ormcache("api_id", "version")
    def _opened_models(self, api_id, version):
        """What each scope of an API opens over JSON-2; other addons may override it.

        :param int api_id: id of the API
        :param int version: number of Odoo's last signal, as read with the token: what
            was remembered before it is not used any more
        :return: ``{scope name: {model name: (operations, methods)}}``, both frozensets;
            it is shared, so copy what you change
        """
        opened = {}
        with primary_cursor(self.env) as cr:
            lines = self.env(cr=cr, su=True)["oauth2.scope.line"]
            for line in lines.search([("scope_id.api_id", "=", api_id)]):
                models_of_scope = opened.setdefault(line.scope_id.name, {})
                if line.model_id.model not in self.env:  # its module is gone
                    continue
                models_of_scope[line.model_id.model] = (
                    line._operations(),
                    frozenset(line._methods()),
                )
        return opened

    def _label(self):
        """:return: what people read of it: what it is for, else its name"""
        return self.description or self.name

    def _agreement(self):
        """:return: set of what a user agrees to: ``(scope id, scope name)`` and
        ``(scope id, model name, operation or method)``
        """
        return {(scope.id, scope.name) for scope in self} | self.line_ids._opened()

    def _were_granted(self):
        """:return: whether a user granted one of these scopes, now or ever, or is not
        asked, by a client that asks none and may have one

        A grant that is made at the same time writes to the scope's row, too: Odoo runs
        the later of the two again, and it sees what the other has done.
        """
        self.env.cr.execute(
            SQL(
                "UPDATE oauth2_scope SET was_granted = was_granted WHERE id IN %s",
                tuple(self.ids),
            ),
            log_exceptions=False,
        )
        self.invalidate_recordset(["was_granted"])
        return any(self.mapped("was_granted")) or self._are_unasked()

    def _are_unasked(self):
        """:return: whether a client that asks no user may have one"""
        Client = self.env["oauth2.client"].sudo().with_context(active_test=False)
        domain = Domain("scope_ids", "in", self.ids) & Client._asking_no_user()
        return bool(Client.search(domain, limit=1))

    def _note_granted(self):
        """Remember that a user agreed to these scopes as they are."""
        new = self.sudo().filtered(lambda scope: not scope.was_granted)
        if new:
            self.env.cr.execute(
                SQL(
                    "UPDATE oauth2_scope SET was_granted = true WHERE id IN %s",
                    tuple(new.ids),
                ),
                log_exceptions=False,  # two first grants at once: one is run again
            )
            new.invalidate_recordset(["was_granted"])

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
        if "was_granted" in vals and not self.env.su:
            raise AccessError(self.env._("Only a sign-in says that it was granted."))
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
            # Routes ask for names: another name opens other routes.
            renamed._check_not_granted()
        if "api_id" in vals:
            moved = self.filtered(lambda scope: scope.api_id.id != vals["api_id"])
            moved._check_not_granted()
        return super().write(vals)

    def _check_not_granted(self):
        """What was granted is renamed and moved by Settings administrators alone.

        :raises AccessError: for others
        """
        if self and not self.env.is_system() and self._were_granted():
            raise AccessError(
                self.env._(
                    "Users have agreed to this scope, or are not asked: only Settings"
                    " administrators may rename or move it."
                )
            )

    @api.constrains("api_id")
    def _check_api_is_fixed(self):
        Client = self.env["oauth2.client"].sudo().with_context(active_test=False)
        for scope in self:
            clients = Client.search([("scope_ids", "in", scope.ids)])
            if any(scope.api_id not in client.api_ids for client in clients):
                raise ValidationError(
                    self.env._("A scope in use cannot move to another API.")
                )

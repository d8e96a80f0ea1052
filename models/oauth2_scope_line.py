from odoo import api, fields, models
from odoo.exceptions import AccessError, ValidationError
from odoo.tools import format_list

from ..services.calls import json2_methods
from ..services.configuration.configuration_changes import describe_line, opened
from ..services.scopes.administration_models import is_administration


class OAuth2ScopeLine(models.Model):
    """What a scope opens of one model over JSON-2: kinds of ORM methods, or named ones.

    What the Odoo user may do stays the outer limit.
    """

    _name = "oauth2.scope.line"
    _inherit = ["oauth2.configuration"]
    _description = "OAuth2 Scope Line"
    _order = "scope_id, model_id"
    _rec_name = "model_id"

    scope_id = fields.Many2one(
        "oauth2.scope", required=True, ondelete="cascade", index=True
    )
    model_id = fields.Many2one(
        "ir.model",
        required=True,
        ondelete="cascade",
        domain=[("transient", "=", False)],
        help="The model that this line opens.",
    )
    model_name = fields.Char("Technical Name", related="model_id.model")
    perm_read = fields.Boolean(
        "Read", default=True, help="Search and read its records."
    )
    perm_create = fields.Boolean("Create", help="Create records.")
    perm_write = fields.Boolean("Change", help="Change records.")
    perm_unlink = fields.Boolean("Delete", help="Delete records.")
    method_names = fields.Char(
        "Other Methods",
        help="Further public methods that may be called, separated by spaces, such as"
        " action_confirm, web_read or load. Whatever such a method does, with whatever"
        " arguments and to whatever model, the application may then do.",
    )

    _model_unique = models.Constraint(
        "UNIQUE (scope_id, model_id)", "This scope already has a line for that model."
    )

    @api.constrains("method_names")
    def _check_method_names(self):
        for line in self:
            for name in line._methods():
                if not name.isidentifier() or name.startswith("_"):
                    raise ValidationError(
                        self.env._("%s is no public method's name.", name)
                    )
                if name in json2_methods.SERVED_METHODS:
                    raise ValidationError(
                        self.env._(
                            "%s is opened by read, create, write or delete, not by"
                            " name.",
                            name,
                        )
                    )

    @api.model_create_multi
    def create(self, vals_list):
        lines = super().create(vals_list)
        lines._check_widening(lines._opened())
        return lines

    def write(self, vals):
        before = self._opened()
        result = super().write(vals)
        self._check_widening(self._opened() - before)
        return result

    def _check_widening(self, gained):
        """Only Settings administrators open more to applications that users authorized
        already, what decides rights, and methods that do whatever they do.

        :param gained: what a change of these lines opens, as of :meth:`_opened`
        :raises AccessError: it is a Settings administrator's to open
        """
        if not gained or self.env.is_system():
            return
        if self.scope_id._were_granted():
            raise AccessError(
                self.env._(
                    "Users have agreed to what this scope opens, or are not asked by a"
                    " client that may have it: only Settings administrators may open"
                    " more. Make a new scope instead."
                )
            )
        for _scope, model_name, what in gained:
            if (
                what not in json2_methods.OPERATIONS
                or model_name not in self.env  # what it will be is not known
                or is_administration(self.env, model_name)
            ):
                raise AccessError(
                    self.env._(
                        "Only Settings administrators may open %(what)s of %(model)s:"
                        " methods by name, models that decide who may do what, and"
                        " models whose module is not installed.",
                        what=what,
                        model=model_name,
                    )
                )

    def _configuration_parties(self):
        return {"oauth2_api": self.scope_id.api_id}

    def _configuration_name(self):
        return self.scope_id.name

    def _snapshot(self, names):
        return opened(self)

    def _describe_change(self, before):
        return describe_line(before, opened(self))

    def _describe_end(self):
        return describe_line(opened(self), None)

    def _methods(self):
        """:return: the further methods of this line, a list of names"""
        self.ensure_one()
        return (self.method_names or "").replace(",", " ").split()

    def _opened(self):
        """:return: set of ``(scope id, model name, operation or method)``"""
        return {
            (line.scope_id.id, line.model_id.model, what)
            for line in self.sudo()
            for what in (*line._operations(), *line._methods())
        }

    def _in_words(self):
        """:return: the line's model and what the line opens of it, for people"""
        self.ensure_one()
        calls = [self.env._("call %s", name) for name in self._methods()]
        return self.env._(
            "%(model)s: %(operations)s",
            model=self.model_id.name,
            operations=format_list(self.env, self._operation_words() + calls),
        )

    def _operation_words(self):
        """:return: the kinds of what the line opens, a list of words for people"""
        words = {
            "read": self.env._("read"),
            "create": self.env._("create"),
            "write": self.env._("change"),
            "unlink": self.env._("delete"),
        }
        kinds = self._operations()
        return [word for operation, word in words.items() if operation in kinds]

    def _operations(self):
        """:return: frozenset of ``read``, ``create``, ``write``, ``unlink``"""
        self.ensure_one()
        return frozenset(
            operation
            for operation in json2_methods.OPERATIONS
            if self[f"perm_{operation}"]
        )

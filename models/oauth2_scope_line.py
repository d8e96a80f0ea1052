from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..services.json2_methods import SERVED_METHODS


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
    perm_read = fields.Boolean(
        "Read", default=True, help="Search and read its records."
    )
    perm_create = fields.Boolean("Create", help="Create records.")
    perm_write = fields.Boolean("Write", help="Change records.")
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
                if name in SERVED_METHODS:
                    raise ValidationError(
                        self.env._(
                            "%s is opened by read, create, write or delete, not by"
                            " name.",
                            name,
                        )
                    )

    def _configuration_parties(self):
        return {"oauth2_api": self.scope_id.api_id}

    def _methods(self):
        """:return: the further methods of this line, a list of names"""
        self.ensure_one()
        return (self.method_names or "").replace(",", " ").split()

    def _operations(self):
        """:return: frozenset of ``read``, ``create``, ``write``, ``unlink``"""
        self.ensure_one()
        return frozenset(
            operation
            for operation in ("read", "create", "write", "unlink")
            if self[f"perm_{operation}"]
        )

from odoo import api, fields, models
from odoo.exceptions import UserError


class ExampleOrder(models.Model):
    """A sales order, as small as one can be."""

    _name = "oauth2.example.order"
    _description = "Example Order"
    _order = "id desc"

    name = fields.Char(required=True, readonly=True, default="New", copy=False)
    partner_id = fields.Many2one("res.partner", "Customer", required=True, index=True)
    user_id = fields.Many2one(
        "res.users",
        "Salesperson",
        required=True,
        readonly=True,
        default=lambda self: self.env.user,
        index=True,
    )
    state = fields.Selection(
        [("draft", "Draft"), ("confirmed", "Confirmed")],
        required=True,
        readonly=True,
        default="draft",
        copy=False,
    )
    confirmed_at = fields.Datetime(readonly=True, copy=False)
    note = fields.Text()
    line_ids = fields.One2many(
        "oauth2.example.order.line", "order_id", "Lines", copy=True
    )
    amount_total = fields.Float(
        "Total", compute="_compute_amount_total", store=True, digits=(16, 2)
    )

    @api.depends("line_ids.subtotal")
    def _compute_amount_total(self):
        for order in self:
            order.amount_total = sum(order.line_ids.mapped("subtotal"))

    @api.model_create_multi
    def create(self, vals_list):
        orders = super().create(vals_list)
        for order in orders:
            order.name = f"O{order.id:05}"
        return orders

    def action_confirm(self):
        """Confirm drafts.

        :raises UserError: when there is nothing to sell, or it is confirmed already
        """
        for order in self:
            if order.state != "draft":
                raise UserError(
                    self.env._("Order %s is confirmed already.", order.name)
                )
            if not order.line_ids:
                raise UserError(self.env._("Order %s has no lines.", order.name))
        self.write({"state": "confirmed", "confirmed_at": fields.Datetime.now()})

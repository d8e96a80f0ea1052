from odoo import api, fields, models


class ExampleOrderLine(models.Model):
    """What is sold, how much of it, and for how much."""

    _name = "oauth2.example.order.line"
    _description = "Example Order Line"
    _order = "id"
    _rec_name = "product"

    order_id = fields.Many2one(
        "oauth2.example.order", required=True, ondelete="cascade", index=True
    )
    product = fields.Char(required=True)
    quantity = fields.Float(default=1)
    price_unit = fields.Float("Unit Price", digits=(16, 2))
    subtotal = fields.Float(compute="_compute_subtotal", store=True, digits=(16, 2))

    _quantity_positive = models.Constraint(
        "CHECK (quantity > 0)", "The quantity of a line is a positive number."
    )

    @api.depends("quantity", "price_unit")
    def _compute_subtotal(self):
        for line in self:
            line.subtotal = line.quantity * line.price_unit

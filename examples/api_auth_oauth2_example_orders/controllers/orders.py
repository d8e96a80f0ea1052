from datetime import datetime

from werkzeug.exceptions import BadRequest, NotFound

from odoo import http
from odoo.fields import Command, Domain

from odoo.addons.api_auth_oauth2.oauth2 import oauth2_route

_MOST = 200  # orders in one answer


class Orders(http.Controller):
    """Sales orders: list, read, create, confirm; each with the scope it needs."""

    @oauth2_route("/<api>/orders", scopes="orders.read", methods=["GET"], readonly=True)
    def list_orders(
        self,
        state: str = "",
        created_since: datetime | None = None,
        limit: int = 80,
        offset: int = 0,
    ):
        """The orders that the token's user may see, newest first.

        :param state: ``draft`` or ``confirmed``; all by default
        :param created_since: such as ``2026-11-23T10:00:00Z``
        :param limit: how many at most, up to 200
        :param offset: how many to leave out
        :return: ``{"orders": […], "total": how many there are}``
        """
        if limit < 0 or offset < 0:
            raise BadRequest("limit and offset are not negative.")
        domain = Domain.TRUE
        if state:
            domain &= Domain("state", "=", state)
        if created_since:
            domain &= Domain("create_date", ">=", created_since)
        model = self.env["oauth2.example.order"]
        orders = model.search(domain, limit=min(limit, _MOST), offset=offset)
        return {
            "orders": [_summary(order) for order in orders],
            "total": model.search_count(domain),
        }

    @oauth2_route(
        "/<api>/orders/<int:order_id>",
        scopes="orders.read",
        methods=["GET"],
        readonly=True,
    )
    def read_order(self, order_id: int):
        """One order with its lines."""
        return _details(self._order(order_id))

    @oauth2_route("/<api>/orders", scopes="orders.write", methods=["POST"])
    def create_order(self, partner_id: int, lines: list[dict], note: str = ""):
        """Create a draft.

        :param partner_id: database id of the customer
        :param lines: ``[{"product": text, "quantity": number, "price_unit": number}]``
        :return: the order with its lines
        """
        if not self.env["res.partner"].search_count([("id", "=", partner_id)]):
            raise BadRequest("There is no such customer, or not for you.")
        order = self.env["oauth2.example.order"].create(
            {
                "partner_id": partner_id,
                "note": note,
                "line_ids": [Command.create(_line(line)) for line in lines],
            }
        )
        return _details(order)

    @oauth2_route(
        "/<api>/orders/<int:order_id>/confirm",
        scopes="orders.confirm",
        methods=["POST"],
    )
    def confirm_order(self, order_id: int):
        """Confirm a draft; what the order itself refuses becomes a 422."""
        order = self._order(order_id)
        order.action_confirm()
        return _details(order)

    def _order(self, order_id):
        """:raises NotFound: also for an order that the user may not see"""
        order = self.env["oauth2.example.order"].search([("id", "=", order_id)])
        if not order:
            raise NotFound("There is no such order, or not for you.")
        return order


def _line(values):
    """Check one line of a caller, who may set these fields and no others."""
    kinds = {"product": str, "quantity": (int, float), "price_unit": (int, float)}
    if unknown := values.keys() - kinds.keys():
        raise BadRequest(f"A line has no {min(unknown)!r}.")
    for name, kind in kinds.items():
        value = values.get(name)
        if isinstance(value, bool) or not isinstance(value, kind):
            raise BadRequest(f"A line needs {name}, a text or a number.")
    return values


def _summary(order):
    return {
        "id": order.id,
        "name": order.name,
        "customer": {"id": order.partner_id.id, "name": order.partner_id.display_name},
        "state": order.state,
        "total": order.amount_total,
        "created_at": order.create_date,
    }


def _details(order):
    return {
        **_summary(order),
        "confirmed_at": order.confirmed_at or None,
        "note": order.note or "",
        "lines": [
            {
                "product": line.product,
                "quantity": line.quantity,
                "price_unit": line.price_unit,
                "subtotal": line.subtotal,
            }
            for line in order.line_ids
        ],
    }

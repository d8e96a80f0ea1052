from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger

from odoo.addons.api_auth_oauth2.tests.common import OAuth2Records

LINES = [
    {"product": "Chair", "quantity": 2, "price_unit": 40.5},
    {"product": "Desk", "quantity": 1, "price_unit": 200},
]


@tagged("post_install", "-at_install")
class TestOrders(OAuth2Records, HttpCase):
    """The four routes, as an application with a token meets them."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        scopes = ["orders.read", "orders.write", "orders.confirm"]
        cls.access = cls.make_access("crm", scopes)
        cls.customer = cls.env["res.partner"].create({"name": "Deco"})
        cls.env.flush_all()

    def call(self, path, body=None, **options):
        """Call ``/crm/<path>`` with the token; a body makes it a POST."""
        return self.url_open(
            f"/crm/{path}",
            json=body,
            method="GET" if body is None else "POST",
            headers=self.access.headers,
            **options,
        )

    def make_order(self, **values):
        body = {"partner_id": self.customer.id, "lines": LINES, **values}
        answer = self.call("orders", body)
        self.assertEqual(answer.status_code, 200, answer.text)
        return answer.json()

    def assertRefused(self, answer, status, says):
        self.assertEqual(answer.status_code, status, answer.text)
        self.assertIn(says, answer.json()["error_description"])

    def take_away(self, scope):
        """Take a scope from the application, as an administrator does."""
        scopes = self.access.client.scope_ids
        self.access.client.scope_ids = scopes.filtered(lambda s: s.name != scope)
        self.env.flush_all()

    def test_an_order_is_created_read_and_confirmed(self):
        order = self.make_order(note="By Friday")
        self.assertEqual(order["state"], "draft")
        self.assertEqual(order["total"], 281)
        self.assertEqual(order["customer"], {"id": self.customer.id, "name": "Deco"})
        self.assertEqual([line["subtotal"] for line in order["lines"]], [81, 200])
        path = f"orders/{order['id']}"
        self.assertEqual(self.call(path).json(), order)
        confirmed = self.call(f"{path}/confirm", {}).json()
        self.assertEqual(confirmed["state"], "confirmed")
        self.assertRegex(confirmed["confirmed_at"], r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$")
        record = self.env["oauth2.example.order"].browse(order["id"])
        self.assertEqual(record.create_uid, self.access.user)

    def test_orders_are_listed_newest_first(self):
        first, second = self.make_order(), self.make_order()
        self.call(f"orders/{first['id']}/confirm", {})

        def listed(**params):
            answer = self.call("orders", params=params).json()
            return [order["id"] for order in answer["orders"]], answer["total"]

        self.assertEqual(listed(), ([second["id"], first["id"]], 2))
        self.assertEqual(listed(limit=1), ([second["id"]], 2))
        self.assertEqual(listed(offset=1), ([first["id"]], 2))
        self.assertEqual(listed(state="draft"), ([second["id"]], 1))
        self.assertEqual(listed(created_since="2099-01-01"), ([], 0))

    def test_each_route_needs_its_scope(self):
        order = self.make_order()
        for scope, path, body in (
            ("orders.read", "orders", None),
            ("orders.read", f"orders/{order['id']}", None),
            ("orders.write", "orders", {"partner_id": 1, "lines": []}),
            ("orders.confirm", f"orders/{order['id']}/confirm", {}),
        ):
            with self.subTest(path=path, scope=scope):
                scopes = self.access.client.scope_ids
                self.take_away(scope)
                answer = self.call(path, body)
                self.assertRefused(answer, 403, "scope")
                challenge = answer.headers["WWW-Authenticate"]
                self.assertIn(f'scope="{scope}"', challenge)
                self.access.client.scope_ids = scopes
                self.env.flush_all()

    def test_without_a_token_nothing_opens(self):
        self.assertEqual(self.url_open("/crm/orders").status_code, 401)

    @mute_logger("odoo.http")
    def test_an_order_of_another_user_is_not_there(self):
        other = self.make_user("other@example.com")
        order = self.env["oauth2.example.order"].create(
            {"partner_id": self.customer.id, "user_id": other.id}
        )
        self.env.flush_all()
        self.assertRefused(self.call(f"orders/{order.id}"), 404, "no such order")
        answer = self.call(f"orders/{order.id}/confirm", {})
        self.assertRefused(answer, 404, "no such order")
        self.assertEqual(self.call("orders").json(), {"orders": [], "total": 0})

    @mute_logger("odoo.http")
    def test_what_the_order_refuses_is_told(self):
        order = self.make_order()
        self.call(f"orders/{order['id']}/confirm", {})
        answer = self.call(f"orders/{order['id']}/confirm", {})
        self.assertRefused(answer, 422, f"Order {order['name']} is confirmed already.")
        empty = self.make_order(lines=[])
        answer = self.call(f"orders/{empty['id']}/confirm", {})
        self.assertRefused(answer, 422, "has no lines")

    @mute_logger("odoo.http", "odoo.sql_db")
    def test_wrong_input_is_refused_and_nothing_is_left(self):
        chair = {"product": "Chair", "quantity": 1, "price_unit": 1}
        count = self.env["oauth2.example.order"].search_count([])
        for values, status, says in (
            ({"partner_id": "1"}, 400, "partner_id must be of type integer"),
            ({"partner_id": 2**30}, 400, "no such customer"),
            ({"lines": "Chair"}, 400, "lines must be of type list"),
            ({"lines": ["Chair"]}, 400, "lines must be of type list"),
            ({"lines": [{**chair, "order_id": 1}]}, 400, "no 'order_id'"),
            ({"lines": [{**chair, "quantity": "1"}]}, 400, "quantity"),
            ({"lines": [{"product": "Chair"}]}, 400, "quantity"),
            ({"lines": [{**chair, "quantity": 0}]}, 422, "positive"),
            ({"state": "confirmed"}, 400, "state is unknown"),
        ):
            with self.subTest(values=values):
                body = {"partner_id": self.customer.id, "lines": [], **values}
                self.assertRefused(self.call("orders", body), status, says)
        self.assertEqual(self.env["oauth2.example.order"].search_count([]), count)
        self.assertRefused(self.call("orders?limit=many"), 400, "limit")
        self.assertRefused(self.call("orders?limit=-1"), 400, "negative")

from . import test_orders, test_orders_clients

from . import example_order, example_order_line

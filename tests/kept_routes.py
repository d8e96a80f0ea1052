"""The routing map, kept from test to test.

Odoo's test cases empty every cache after each test. The map is made of controllers and
of the active APIs' endpoints, and making one takes longer than most tests.
"""

from odoo import http

from odoo.addons.base.models.ir_http import IrHttp

_kept = {}


def keep_routes(env, of_class=None):
    """Have the map at hand that a request to this database would make now.

    :param of_class: dict that keeps the maps with controllers of a test class, and ends
        with it; without one there is none of them at hand
    """
    controllers = frozenset(_served())
    kept = of_class if any("<locals>" in name for name in controllers) else _kept
    if kept is None:
        return
    endpoints = env["oauth2.api"]._active_endpoints()
    websites = env["website"].search([]).ids if "website" in env else []
    for key in [None, *websites]:
        made_of = env.cr.dbname, key, endpoints, controllers
        if made_of not in kept:
            kept[made_of] = env["ir.http"].routing_map(key)
        add = IrHttp.routing_map.__cache__.add_value
        add(env["ir.http"], key, cache_value=kept[made_of])


def _served():
    """:return: names of the addons' controllers, and of those that extend them"""
    classes = [c for each in http.Controller.children_classes.values() for c in each]
    while classes:
        cls = classes.pop()
        if cls.__module__.startswith("odoo.addons."):  # Odoo joins others for a map
            yield f"{cls.__module__}.{cls.__qualname__}"
            classes += cls.__subclasses__()

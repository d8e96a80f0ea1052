"""The routing map, kept from test to test.

Odoo's test cases empty every cache after each test, and much of what tests do empties
this one. The map is made of controllers and of the active APIs, and making one takes
longer than most tests. Odoo's cache stays as it is: what is kept is made no second time
when it is missed there.
"""

from odoo import http

from odoo.addons.base.models.ir_http import IrHttp

from ..models.ir_http import routes

_cache = IrHttp.routing_map.__cache__
_make = _cache.method
_kept = {}
_of_class = None


def keep_routes(env, of_class=None):
    """Have the map at hand that a request to this database would make now.

    :param of_class: dict that keeps the maps with controllers of a test class, and ends
        with it; without one none of them is kept
    """
    global _of_class
    _of_class, _cache.method = of_class, _kept_or_made
    if of_class is None and _has_a_class_s_controllers(_served()):
        return
    websites = env["website"].search([]).ids if "website" in env else []
    for key in [None, *websites]:
        env["ir.http"].routing_map(key)


def _kept_or_made(self, key=None):
    """As Odoo's own: the map of these controllers and APIs."""
    controllers = frozenset(_served())
    kept = _of_class if _has_a_class_s_controllers(controllers) else _kept
    if kept is None:
        return _make(self, key)
    apis = self.env["oauth2.api"]
    endpoints = apis._active_endpoints()
    described = repr(apis._described_endpoints())
    rules = type(self)._generate_routing_rules  # another one where a test patches it
    made_of = self.env.cr.dbname, key, endpoints, described, controllers, rules
    if made_of not in kept:
        kept[made_of] = _make(self, key)
    routes.note_endpoints(endpoints)
    return kept[made_of]


def _has_a_class_s_controllers(names):
    return any("<locals>" in name for name in names)


def _served():
    """:return: names of the addons' controllers, and of those that extend them"""
    classes = [c for each in http.Controller.children_classes.values() for c in each]
    while classes:
        cls = classes.pop()
        if cls.__module__.startswith("odoo.addons."):  # Odoo joins others for a map
            yield f"{cls.__module__}.{cls.__qualname__}"
            classes += cls.__subclasses__()

"""What administrators are told of the routes that addons have on an API."""

from lxml import html

from odoo import http
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..oauth2 import oauth2_route
from ..services.scopes.route_list import list_routes
from .route_common import RouteCase


@tagged("post_install", "-at_install")
class TestRouteList(RouteCase):
    @classmethod
    def add_controllers(cls):
        class Base(http.Controller):
            @oauth2_route("/<api>/shelves", scopes="probe.read", methods=["GET"])
            def shelves(self):
                return []

            @oauth2_route("/<api>/shelves/<int:shelf>", scopes="audit.read")
            def shelf(self, shelf):
                return shelf

            @oauth2_route("/crm/shelves", api="crm", scopes="shelves.crm")
            def tied(self):
                return []

            @oauth2_route("/<api>/clock")
            def clock(self):
                return ""

            @oauth2_route("/<api>/weakened", scopes="probe.read")
            def weakened(self):
                return ""

        class Override(Base):
            @oauth2_route(scopes="audit.more")
            def shelf(self, shelf):
                return super().shelf(shelf)

            @http.route(auth="public")
            def weakened(self):
                return ""

        return Override

    @classmethod
    def setUpClass(cls):
        # Told of /<api>/weakened each time that an API is made.
        muted = mute_logger("odoo.addons.api_auth_oauth2.services.calls.routes")
        cls.enterClassContext(muted)
        super().setUpClass()

    def rows(self, record):
        """:return: the table of routes that a form shows, a list of lists of texts"""
        rows = html.fromstring(record.routes_table or "<table/>").iter("tr")
        cells = [[" ".join(td.text_content().split()) for td in tr] for tr in rows]
        return [row for row in cells if "shelves" in row[1] or "weak" in row[1]]

    def lacking(self, oauth2_api):
        """:return: names that its form warns of, without those of the example addons"""
        names = (oauth2_api.lacking_scopes or "").split(", ")
        return [name for name in names if name.startswith(("audit", "shelves"))]

    def test_routes_are_listed_with_what_they_ask_for_over_their_overrides(self):
        found = {route.path: route for route in list_routes(self.env)}
        route = found["/<api>/shelves/<int:shelf>"]
        self.assertEqual(route.scopes, {"audit.read", "audit.more"})
        self.assertEqual(route.methods, ())
        self.assertEqual(route.addons, ("api_auth_oauth2",))
        self.assertEqual(found["/crm/shelves"].endpoint, "crm")
        self.assertFalse(found["/<api>/clock"].scopes)
        self.assertIn("drops auth", found["/<api>/weakened"].problem)

    def test_our_own_routes_are_listed_only_where_asked_for(self):
        own = "/<api>/oauth2/whoami"
        self.assertNotIn(own, [route.path for route in list_routes(self.env)])
        self.assertIn(own, [route.path for route in list_routes(self.env, own=True)])

    def test_forms_of_api_and_scope_list_the_routes(self):
        reading = ["GET", "/<api>/shelves", "probe.read", "api_auth_oauth2"]
        self.assertIn(reading, self.rows(self.api))
        scope = self.api.scope_ids.filtered(lambda s: s.name == "probe.read")
        paths = [row[1] for row in self.rows(scope)]
        self.assertEqual(paths[0], "/<api>/shelves")
        self.assertIn("Refused: an override drops auth='oauth2'", paths[1])
        crm = self.make_api("crm", scopes=())
        self.assertIn("/crm/shelves", [row[1] for row in self.rows(crm)])
        self.assertNotIn("/crm/shelves", [row[1] for row in self.rows(self.api)])

    def test_forms_of_api_and_scope_show_the_tables(self):
        for record in (self.api, self.api.scope_ids[:1]):
            arch = html.fromstring(record.get_view(view_type="form")["arch"])
            self.assertTrue(arch.xpath("//field[@name='routes_table']"), record)

    def test_scopes_that_no_token_has_are_a_warning_on_the_api(self):
        crm = self.make_api("crm", scopes=("probe.read",))
        audits = ["audit.more", "audit.read"]
        self.assertEqual(self.lacking(self.api), audits)
        self.assertEqual(self.lacking(crm), [*audits, "shelves.crm"])
        self.make_scopes(self.api, [*audits, "shelves.crm"])
        self.env.invalidate_all()
        self.assertEqual(self.lacking(self.api), [])
        self.assertEqual(self.lacking(crm), ["shelves.crm"], "of no other API")
        self.api.active = False
        self.env.invalidate_all()
        self.assertEqual(self.lacking(crm), [*audits, "shelves.crm"])

    def test_scopes_that_no_token_has_are_offered_with_the_ready_ones(self):
        action = self.api.action_add_ready_scopes()
        choice = self.env[action["res_model"]].browse(action["res_id"])
        line = choice.line_ids.filtered(lambda line: line.name == "audit.read")
        self.assertIn("/<api>/shelves/<int:shelf>", line.description)
        line.is_chosen = True
        choice.action_add()
        made = self.api.scope_ids.filtered(lambda s: s.name == "audit.read")
        self.assertEqual(len(made), 1)
        self.assertFalse(made.line_ids)
        self.assertEqual(self.lacking(self.api), ["audit.more"])

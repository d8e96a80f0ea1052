"""What inherits a protected route, and what weakens one by mistake."""

import functools
from decimal import Decimal

from odoo import http
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..oauth2 import oauth2_route
from ..protocol.errors import InsufficientScope
from .route_common import MISSING, RouteCase

_ROUTES = "odoo.addons.api_auth_oauth2.services.calls.routes"
_HOOK = "odoo.addons.api_auth_oauth2.models.ir_http"


@tagged("with_website")
class TestOverride(RouteCase):
    """What inherits a route keeps its protection."""

    keeps_routes = False

    @classmethod
    def add_controllers(cls):
        class Base(http.Controller):
            @oauth2_route("/<api>/kept", scopes="probe.read")
            def kept(self):
                return "base"

            @oauth2_route("/<api>/bare", scopes="probe.read")
            def bare(self):
                return "base"

            @oauth2_route("/<api>/undecorated", scopes="probe.read")
            def undecorated(self):
                return "base"

            @oauth2_route("/<api>/more", scopes="probe.read")
            def more(self):
                return "base"

            @oauth2_route("/moved", api="orders")
            def moved(self):
                return "base"

            @oauth2_route("/<api>/public", scopes="probe.read")
            def public(self):
                return "base"

            @oauth2_route("/<api>/none", scopes="probe.read")
            def none(self):
                return "base"

        class Override(Base):
            @oauth2_route()
            def kept(self):
                return super().kept() + " and override"

            @http.route()
            def bare(self):
                return super().bare() + " and override"

            def undecorated(self):
                return super().undecorated() + " and override"

            @oauth2_route(scopes="probe.write")
            def more(self):
                return super().more() + " and override"

            @oauth2_route(api="crm")
            def moved(self):
                return "moved"

            @http.route(auth="public")
            def public(self):
                return "weakened"

            @http.route("/somewhere/else", auth="none")
            def none(self):
                return "weakened"

        cls.add_annotated_routes()
        cls.add_wrong_routes()
        return Override

    @classmethod
    def add_annotated_routes(cls):
        class Annotated(http.Controller):
            @oauth2_route("/<api>/annotated", scopes="probe.read")
            def annotated(self, number: int = 0):
                return number

            @oauth2_route("/<api>/file", type="http", scopes="probe.read")
            def file(self, number=0):
                return str(number)

        class AnnotatedOverride(Annotated):
            @oauth2_route()
            def annotated(self, number: Decimal = 0):
                return number

            @oauth2_route()
            def file(self, number: Decimal = 0):
                return str(Decimal(number))

        cls.annotated_override = AnnotatedOverride

    @classmethod
    def add_wrong_routes(cls):
        class NoApi(http.Controller):
            @http.route("/no-api", auth="oauth2", type="http")
            def no_api(self):
                return "served"

        class TwoApis(http.Controller):
            @http.route("/<api>/two", auth="oauth2", type="http", oauth2_api="crm")
            def two_apis(self):
                return "served"

        class NoAuth(http.Controller):
            @http.route("/<api>/no-auth", type="http", oauth2_scopes="probe.read")
            def no_auth(self):
                return "served"

            @http.route("/no-auth", auth="public", type="http", oauth2_api="orders")
            def no_auth_api(self):
                return "served"

        class CorsForAll(http.Controller):
            @http.route("/<api>/cors", auth="oauth2", type="http", cors="*")
            def cors_for_all(self):
                return "served"

        class OnWebsite(http.Controller):
            @http.route("/<api>/site", auth="oauth2", type="http", website=True)
            def on_website(self):
                return "served"

        class BadScope(http.Controller):
            @http.route("/<api>/bad", auth="oauth2", type="http", oauth2_scopes='a"b')
            def bad_scope(self):
                return "served"

        class Misspelt(http.Controller):
            @http.route("/<api>/m1", auth="oauth2", type="http", scopes="probe.read")
            def scopes(self):
                return "served"

            @http.route("/<api>/m2", auth="oauth2", type="http", oauth2_scope="x")
            def oauth2_scope(self):
                return "served"

            @http.route("/m3", auth="oauth2", type="http", oauth2_api="orders", api="x")
            def api(self):
                return "served"

            @http.route("/<api>/m4", auth="oauth2", type="http", oauth2_scopes="a,b")
            def comma(self):
                return "served"

            @http.route("/m5", auth="public", type="http", oauth2_scope="probe.read")
            def unprotected(self):
                return "served"

    def setUp(self):
        super().setUp()
        # Routes are generated with the first request after a change.
        self.registry.clear_cache("routing")
        # Core warns of the override that has no decorator.
        with self.assertLogs(_ROUTES, "ERROR") as logs, mute_logger("odoo.http"):
            self.url_open("/web/health")
        self.logs = "\n".join(logs.output)

    def test_an_override_inherits_protection_and_scopes(self):
        for path in ("/orders/kept", "/orders/bare", "/orders/undecorated"):
            self.assertEqual(self.assertOpens(path=path), "base and override")
            missing = f'{MISSING}, scope="probe.read"'
            self.assertRefused(self.get(path), 401, "invalid_token", missing)

    def test_an_override_may_add_scopes_to_a_route(self):
        self.assertEqual(self.assertOpens(path="/orders/more"), "base and override")
        self.grant.scope_ids = self.api.scope_ids.filtered(
            lambda s: s.name == "probe.write"
        )
        self.assertForbidden("probe.read probe.write", path="/orders/more")

    def test_another_addon_may_refuse_more_than_scopes_do(self):
        self.assertOpens(path="/orders/kept")
        hook = self.registry["ir.http"]
        check = hook._check_oauth2_call

        def refuse_one_user(cls, token, scopes):
            check(token, scopes)
            if token.user_id == self.user.id:
                raise InsufficientScope(scope="nobody.has.it")

        self.patch(hook, "_check_oauth2_call", classmethod(refuse_one_user))
        self.assertForbidden("nobody.has.it", path="/orders/kept")

    def assertNeverServed(self, path, logged):
        self.assertIn(logged, self.logs)
        for token in (None, self.token):
            with self.assertLogs(_HOOK, "ERROR") as logs:
                response = self.get(path, token)
            self.assertRefused(response, 500, "server_error")
            self.assertIn(logged, logs.output[0])

    def test_an_override_that_drops_the_protection_is_refused(self):
        self.assertNeverServed("/orders/public", "an override drops auth='oauth2'")
        self.assertNeverServed("/somewhere/else", "an override drops auth='oauth2'")

    def test_an_override_that_moves_a_route_to_another_api_is_refused(self):
        self.assertNeverServed("/moved", "moves the route to another API")

    def test_a_route_without_an_api_or_with_two_is_refused(self):
        self.assertNeverServed("/no-api", "the route names no API")
        self.assertNeverServed("/orders/two", "the route names two APIs")

    def test_a_route_with_scopes_or_api_but_without_protection_is_refused(self):
        logged = "oauth2_scopes and oauth2_api protect nothing without auth='oauth2'"
        self.assertNeverServed("/orders/no-auth", logged)
        self.assertNeverServed("/no-auth", logged)

    def test_a_route_that_is_shared_with_every_origin_is_refused(self):
        self.assertNeverServed("/orders/cors", "leave out cors=")

    def test_a_route_that_a_website_would_set_the_company_of_is_refused(self):
        self.assertNeverServed("/orders/site", "leave out website=")

    def test_a_misspelt_keyword_of_a_plain_route_leaves_it_closed(self):
        self.assertNeverServed("/orders/m1", "unknown keywords: scopes")
        self.assertNeverServed("/orders/m2", "unknown keywords: oauth2_scope")
        self.assertNeverServed("/m3", "unknown keywords: api")
        self.assertNeverServed("/orders/m4", "separate scopes by spaces")
        self.assertNeverServed("/m5", "unknown keywords: oauth2_scope")

    def test_an_override_with_an_annotation_that_is_not_served_is_refused(self):
        self.assertNeverServed("/orders/annotated", "annotated with (Decimal)")

    def test_an_override_of_a_route_of_type_http_reads_its_arguments_itself(self):
        response = self.get("/orders/file?number=1.50", self.token)
        self.assertEqual((response.status_code, response.text), (200, "1.50"))

    def test_a_malformed_scope_breaks_its_own_route_alone(self):
        self.assertNeverServed("/orders/bad", "no scope name")


class TestRuleOfAnotherAddon(RouteCase):
    """Rules that other addons add to the routing map by themselves (OCA endpoint)."""

    routings = {
        "/added": {"oauth2_api": "orders", "oauth2_scopes": "probe.read"},
        "/<api>/added": {},
        "/added/none": {},
        "/added/misspelt": {"oauth2_api": "orders", "scopes": "probe.read"},
        "/added/public": {"auth": "public", "oauth2_scopes": "probe.read"},
        "/added/plain": {"auth": "public"},
        "/<api>/added/json": {"type": "oauth2_json"},
    }

    def setUp(self):
        super().setUp()
        hook = self.registry["ir.http"]
        generate = hook._generate_routing_rules

        def chained(model, modules, converters):
            yield from generate(model, modules, converters)
            for url, routing in self.routings.items():
                yield url, self.make_endpoint(url, routing)

        self.patch(hook, "_generate_routing_rules", chained)
        self.registry.clear_cache("routing")
        self.addCleanup(self.registry.clear_cache, "routing")

    def make_endpoint(self, url, routing):
        class Handler:
            def answer(self, addon, **kwargs):
                return http.Response(f"{addon} served")

            def answer_json(self, api, addon: Decimal, number: int, *, by=None, **more):
                return [api, addon, number, by, more]

        if routing.get("type") == "oauth2_json":
            endpoint = functools.partial(Handler().answer_json, "given")
            endpoint = functools.partial(endpoint, "other", by="name")
        else:
            endpoint = functools.partial(Handler().answer, "other")
            functools.update_wrapper(endpoint, Handler.answer)
        endpoint.routing = {
            "type": "http",
            "auth": "oauth2",
            "methods": ["GET"],
            "routes": [url],
            "readonly": False,
            **routing,
        }
        return endpoint

    def test_one_that_names_its_api_is_served_like_any_other(self):
        for path in ("/added", "/orders/added"):
            answer = self.get(path, self.token)
            self.assertEqual((answer.status_code, answer.text), (200, "other served"))
            self.assertEqual(self.get(path, "unknown").status_code, 401)
        missing = f'{MISSING}, scope="probe.read"'
        self.assertRefused(self.get("/added"), 401, "invalid_token", missing)
        self.grant.scope_ids = False
        self.assertForbidden("probe.read", path="/added")

    def test_what_a_rule_gives_its_handler_is_no_caller_s_argument(self):
        answer = self.get("/orders/added/json?number=5&x=y", self.token)
        self.assertEqual(answer.json(), ["given", "other", 5, "name", {"x": "y"}])
        for name in ("addon", "by", "api", "self"):
            answer = self.get(f"/orders/added/json?number=5&{name}=6", self.token)
            self.assertRefused(answer, 400, "invalid_request")
            self.assertIn(f"{name} is unknown", answer.json()["error_description"])

    def test_an_unknown_api_in_its_path_opens_nothing(self):
        self.assertEqual(self.get("/nowhere/added", self.token).status_code, 401)

    def test_one_that_is_wrong_is_refused_and_logged(self):
        for path, problem in (
            ("/added/none", "names no API"),
            ("/added/misspelt", "unknown keywords: scopes"),
            ("/added/public", "protect nothing without"),
        ):
            with self.subTest(path), self.assertLogs(_HOOK, "ERROR") as logs:
                with mute_logger(_ROUTES):
                    answer = self.get(path, self.token)
                self.assertRefused(answer, 500, "server_error")
                self.assertIn(problem, logs.output[0])

    def test_one_without_protection_is_left_alone(self):
        self.assertEqual(self.get("/added/plain").text, "other served")

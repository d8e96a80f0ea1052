"""How a protected route is declared and found, and who is calling."""

import enum
from collections.abc import Sequence
from decimal import Decimal
from typing import Literal, TypedDict
from uuid import UUID

from werkzeug.test import EnvironBuilder

from odoo import http
from odoo.http import request
from odoo.tests import BaseCase, tagged

from ..oauth2 import oauth2, oauth2_route
from ..protocol.errors import InsufficientScope
from .route_common import RouteCase


@tagged("post_install", "-at_install", "api_auth_oauth2")
class TestWrongUse(BaseCase):
    """Wrong use fails at import, with an error that says what to write instead."""

    def test_keywords_that_oauth2_route_sets_itself_are_refused_at_import(self):
        for name, value in (
            ("auth", "public"),
            ("auth", "oauth2"),
            ("csrf", True),
            ("save_session", True),
            ("cors", "*"),
            ("oauth2_scopes", "x"),
            ("oauth2_api", "orders"),
        ):
            with self.subTest(name), self.assertRaisesRegex(TypeError, name):
                oauth2_route("/<api>/x", **{name: value})

    def test_an_unknown_keyword_of_oauth2_route_is_refused_at_import(self):
        for name in ("scope", "oauth2_scope", "scopes_", "method", "readonli", "Auth"):
            with self.subTest(name), self.assertRaisesRegex(TypeError, "it takes api"):
                oauth2_route("/<api>/x", **{name: "secret.read"})

    def test_keywords_that_odoo_takes_pass_oauth2_route(self):
        oauth2_route(
            "/<api>/x",
            scopes="a b",
            type="http",
            methods=["GET"],
            readonly=True,
            website=False,
            max_content_length=1024,
            check_identity=False,
            list_as_website_content=False,
        )

    def test_a_comma_between_scopes_of_a_route_is_refused_at_import(self):
        with self.assertRaisesRegex(ValueError, "by spaces"):
            oauth2_route("/<api>/x", scopes="a,b")
        with self.assertRaisesRegex(ValueError, "by spaces"):
            oauth2.require("a,b")

    def test_a_route_type_that_is_neither_json_nor_http_is_refused_at_import(self):
        for kind in ("json", "jsonrpc", "json2", None):
            with self.subTest(kind), self.assertRaisesRegex(ValueError, "type="):
                oauth2_route("/<api>/x", type=kind)

    def test_route_methods_that_are_no_list_of_methods_are_refused_at_import(self):
        for methods in ("GET", ["get"], [b"GET"], [None]):
            with self.subTest(methods), self.assertRaisesRegex(ValueError, "a list"):
                oauth2_route("/<api>/x", methods=methods)

    def test_a_route_without_an_api_is_refused_at_import(self):
        for route in ("/x", ["/<api>/x", "/y"], "/<string:api>/x", "/<int:api>/x"):
            with self.subTest(route):
                with self.assertRaisesRegex(TypeError, "belongs to no API"):
                    oauth2_route(route)
        oauth2_route("/x", api="orders")

    def test_a_route_with_two_apis_is_refused_at_import(self):
        for route in ("/<api>/x", ["/x", "/<api>/y"]):
            with self.subTest(route), self.assertRaisesRegex(TypeError, "already"):
                oauth2_route(route, api="orders")

    def test_a_malformed_scope_of_a_route_is_refused_at_import(self):
        """RFC 6749 section 3.3"""
        for scopes in ('a"b', "a\\b", "é", "a\tb", ["a b"], [1]):
            with self.subTest(scopes), self.assertRaisesRegex(ValueError, "scope"):
                oauth2_route("/<api>/x", scopes=scopes)

    def test_a_malformed_api_of_a_route_is_refused_at_import(self):
        for api in ("", "Orders", "/orders", "a b", "-a", "é"):
            with self.subTest(api), self.assertRaisesRegex(ValueError, "endpoint"):
                oauth2_route("/x", api=api)

    def test_oauth2_route_without_brackets_is_refused_at_import(self):
        """``@oauth2_route`` over a method, without arguments"""
        with self.assertRaises(TypeError):

            @oauth2_route
            def handler(self):
                """Never served."""


class Address(TypedDict):
    street: str


class Ratio(enum.Enum):
    HALF = 0.5


@tagged("post_install", "-at_install", "api_auth_oauth2")
class TestArgumentsAtImport(BaseCase):
    """A handler that no call could fit is refused while Python imports its module."""

    def assertRefusedAtImport(self, handler, *says, **routing):
        with self.assertRaises(TypeError) as raised:
            oauth2_route("/<api>/x", **routing)(handler)
        for text in (handler.__qualname__, *says):
            self.assertIn(text, str(raised.exception))

    def test_an_annotation_that_no_json_value_becomes_is_refused_at_import(self):
        for annotation, says in (
            (Decimal, "Decimal"),
            (UUID, "UUID"),
            (Address, "Address"),
            (Ratio, "0.5 of a Literal or an Enum"),
            (Literal[b"a"], "b'a' of a Literal"),
            (tuple[int, ...], "tuple"),
            (set, "set"),
            (bytes, "bytes"),
            (Sequence[int], "Sequence"),
            (dict[int, str], "dict"),
            (int | Decimal, "Decimal"),
            (list[UUID | None], "UUID"),
            (dict[str, list[Decimal]], "Decimal"),
            (type(self), "TestArgumentsAtImport"),
            ("KnownToTypeCheckersAlone", "'KnownToTypeCheckersAlone' is not defined"),
            ("list[KnownToTypeCheckersAlone]", "is not defined"),
            ("enum.Missing", "Missing"),
            ("a b", "must be an expression"),
            (42, "42"),
        ):

            def handler(self, number: annotation):
                """Never served."""

            def taking_more(self, **number: annotation):
                """Never served."""

            for each in (handler, taking_more):
                with self.subTest(annotation=annotation, handler=each):
                    self.assertRefusedAtImport(
                        each, "number is annotated with", says, "write bool, int"
                    )

    def test_an_annotation_that_no_text_of_a_path_becomes_is_refused_at_import(self):
        for annotation in (list, dict, list[int], dict[str, int], list[int] | None):

            def handler(self, part: annotation):
                """Never served."""

            for part in ("part", "string:part", "path:part", "any(a, b):part"):
                with self.subTest(annotation, part=part):
                    with self.assertRaisesRegex(TypeError, "no part of a path"):
                        oauth2_route(["/<api>/x", f"/<api>/<{part}>"])(handler)
            oauth2_route("/<api>/<parts:part>")(handler)  # a converter makes it

        def either(self, part: str | list):
            """Served."""

        oauth2_route("/<api>/<part>")(either)

    def test_an_argument_that_has_no_name_to_send_is_refused_at_import(self):
        def handler(self, number, /, word):
            """Never served."""

        self.assertRefusedAtImport(handler, "move number behind the /")

    def test_a_handler_without_self_is_refused_at_import(self):
        def handler():
            """Never served."""

        self.assertRefusedAtImport(handler, "takes no self")

        def keyword_only(*, number: int):
            """Never served."""

        self.assertRefusedAtImport(keyword_only, "takes no self")

    def test_annotations_of_a_route_of_type_http_are_the_developer_s_own(self):
        def handler(self, number: Decimal):
            """Reads its arguments itself."""

        oauth2_route("/<api>/x", type="http")(handler)

    def test_an_annotation_of_what_only_some_paths_have_is_judged(self):
        def handler(self, number: Decimal):
            """Served by path alone."""

        paths = ["/<api>/<string:number>", "/<api>/x/<number>"]
        oauth2_route(paths)(handler)
        with self.assertRaisesRegex(TypeError, "Decimal"):
            oauth2_route([*paths, "/<api>/x"])(handler)


@tagged("post_install", "-at_install", "api_auth_oauth2")
class TestOutsideOfACall(BaseCase):
    """``oauth2`` is false where no token was checked."""

    def test_oauth2_is_false_without_a_request(self):
        self.assertNoCaller()

    def test_oauth2_is_false_in_a_request_without_a_database(self):
        environ = EnvironBuilder(path="/web/database/selector").get_environ()
        http._request_stack.push(http.Request(http.HTTPRequest(environ)))
        self.addCleanup(http._request_stack.pop)
        self.assertNoCaller()

    def assertNoCaller(self):
        self.assertFalse(oauth2)
        self.assertEqual(oauth2.scopes, frozenset())
        for record in (oauth2.api, oauth2.client, oauth2.client_user):
            self.assertFalse(record)
        with self.assertRaises(InsufficientScope):
            oauth2.require("probe.read")


class TestContext(RouteCase):
    """``oauth2`` says who is calling."""

    @classmethod
    def add_controllers(cls):
        def answer():
            return {
                "bool": bool(oauth2),
                "api": oauth2.api.endpoint,
                "client": oauth2.client.name,
                "grant": oauth2.client_user.ids,
                "scopes": sorted(oauth2.scopes),
            }

        class Context(http.Controller):
            @oauth2_route("/<api>/context")
            def context(self):
                return answer()

            @oauth2_route("/<api>/context/api")
            def context_api(self, api):
                return api

            @oauth2_route("/<api>/context/require")
            def context_require(self, scopes):
                oauth2.require(scopes)
                return sorted(oauth2.scopes)

            @http.route("/context/public", type="http", auth="public")
            def context_public(self):
                return request.make_json_response(answer())

        cls.answer = staticmethod(answer)

    def test_oauth2_tells_the_caller_inside_of_a_protected_call(self):
        self.assertEqual(
            self.assertOpens(path="/orders/context"),
            {
                "bool": True,
                "api": "orders",
                "client": "Application",
                "grant": self.grant.ids,
                "scopes": ["probe.read", "probe.write"],
            },
        )

    def test_oauth2_is_false_in_a_call_of_a_public_route(self):
        self.assertEqual(
            self.assertOpens(path="/context/public"),
            {"bool": False, "api": False, "client": False, "grant": [], "scopes": []},
        )

    def test_the_scopes_that_oauth2_tells_are_those_of_the_moment(self):
        self.client.scope_ids = self.api.scope_ids[0]
        answer = self.assertOpens(path="/orders/context")
        self.assertEqual(answer["scopes"], ["probe.read"])

    def test_a_handler_that_names_api_gets_the_api_of_the_path(self):
        self.assertEqual(self.assertOpens(path="/orders/context/api"), "orders")
        response = self.get("/orders/context/api?api=crm", self.token)
        self.assertRefused(response, 400, "invalid_request")

    def test_require_demands_more_than_the_route(self):
        path = "/orders/context/require?scopes="
        answer = self.assertOpens(path=path + "probe.write%20probe.read")
        self.assertEqual(answer, ["probe.read", "probe.write"])
        self.assertForbidden("probe.read probe.x", path=path + "probe.x%20probe.read")


@tagged("with_website")
class TestFindingRoutes(RouteCase):
    """``<api>`` stands for the active APIs and nothing else."""

    @classmethod
    def add_controllers(cls):
        class Found(http.Controller):
            @oauth2_route("/crm/found-there", api="crm", methods=["GET"])
            def found_there(self):
                return "crm"

            @oauth2_route("/<api>/found", methods=["GET"])
            def found(self):
                cls.found.append(request.httprequest.method)
                return oauth2.api.endpoint

        cls.found = []

    def test_a_path_under_no_active_api_stays_odoo_s(self):
        for path in ("/fr/found", "/nowhere/found", "/orders2/found", "/Orders/found"):
            with self.subTest(path):
                response = self.get(path, self.token)
                self.assertEqual(response.status_code, 404)
                self.assertIn("text/html", response.headers["Content-Type"])

    def test_routes_follow_renamed_archived_and_deleted_apis(self):
        crm = self.make_api("crm", scopes=())
        self.client.api_ids += crm
        _grant, token = self.make_grant(self.client, self.user, crm)
        self.assertEqual(self.assertOpens(token, path="/crm/found"), "crm")
        crm.endpoint = "sales"
        self.assertEqual(self.assertOpens(token, path="/sales/found"), "sales")
        self.assertEqual(self.get("/crm/found", token).status_code, 404)
        crm.active = False
        response = self.get("/sales/found", token)
        self.assertRefused(response, 404, "not_found")
        crm.unlink()
        self.assertEqual(self.get("/sales/found", token).status_code, 404)
        self.assertOpens(path="/orders/found")

    def test_an_api_may_be_made_for_a_route_that_waits_for_it(self):
        self.assertInvalid(path="/crm/found-there")
        _grant, token = self.make_grant(
            self.make_client(
                self.make_api("crm"), self.provider, client_identifier="other-app"
            ),
            self.user,
        )
        self.assertEqual(self.assertOpens(token, path="/crm/found-there"), "crm")
        self.assertInvalid(path="/crm/found-there")

    def test_with_no_active_api_there_is_no_such_route(self):
        self.env["oauth2.api"].search([]).active = False
        response = self.get("/orders/found", self.token)
        self.assertRefused(response, 404, "not_found")

    def test_an_unknown_path_under_a_protected_api_is_404_in_json(self):
        for path in ("/orders/nothing", "/orders", "/orders/found/more"):
            for token in (None, self.token):
                response = self.get(path, token)
                self.assertRefused(response, 404, "not_found")

    def test_a_wrong_method_at_a_protected_route_is_405(self):
        """RFC 9110 section 15.5.6"""
        for method in ("POST", "PUT", "PATCH", "DELETE"):
            with self.subTest(method):
                response = self.get("/orders/found", self.token, method=method)
                self.assertRefused(response, 405, "invalid_request")
                self.assertIn("GET", response.headers["Allow"].split(", "))

    def test_options_at_a_protected_route_runs_no_handler(self):
        response = self.get("/orders/found", self.token, method="OPTIONS")
        self.assertEqual((response.status_code, response.content), (204, b""))
        self.assertFalse(self.found)

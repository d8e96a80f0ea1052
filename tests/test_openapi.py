"""What an API tells of itself as an OpenAPI document, and to whom."""

import enum
from datetime import date, datetime
from typing import Literal

from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from odoo import http
from odoo.tests import BaseCase, tagged

from ..oauth2 import oauth2_route
from ..protocol.argument_types import MISFITS
from ..protocol.handler_arguments import arguments_of
from ..services.calls.routes import handlers_of, rules_of
from ..services.server.base_url import BASE_URL_PARAMETER
from .generators import values
from .json_route_common import JsonRouteCase
from .kept_routes import keep_routes
from .property_common import holds_for


class Colour(enum.Enum):
    RED = "red"


@tagged("post_install", "-at_install", "with_website")
class OpenAPICase(JsonRouteCase):
    @classmethod
    def add_controllers(cls):
        class Described(http.Controller):
            @oauth2_route(
                "/<api>/visits/<int:visit_id>", scopes="probe.read", methods=["GET"]
            )
            def visit(self, visit_id: int, days: list[date] = (), limit: int = 80):
                """Tell of a visit.

                What only this addon's authors are to know.
                """

            @oauth2_route("/<api>/visits", scopes="probe.write", methods=["POST"])
            def plan(
                self, day: date, note: str | None = None, colour: Colour = Colour.RED
            ):
                """Plan a visit."""

            @oauth2_route("/<api>/secret", scopes="probe.other", methods=["GET"])
            def of_no_scope_of_the_api(self):
                """No token of this API opens it."""

            @oauth2_route("/visits/count", api="orders", type="http", methods=["GET"])
            def count(self):
                """Count visits."""

            @oauth2_route("/visits/of/others", api="crm", methods=["GET"])
            def others(self):
                """A route of another API."""

    def setUp(self):
        super().setUp()
        self.open_to("everyone")

    def open_to(self, access):
        self.api.openapi_access = access
        self.env.flush_all()

    def described(self, token="", api="orders"):
        """:return: the document, valid by OpenAPI 3.1"""
        document = self.served(token, api)
        OpenAPIV31SpecValidator(document).validate()
        return document

    def served(self, token="", api="orders"):
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        response = self.url_open(f"/{api}/openapi.json", headers=headers)
        return self.assertServed(response)

    def operation(self, method, path, **options):
        return self.described(**options)["paths"][path][method]


class TestOpenAPIReaders(OpenAPICase):
    def test_no_caller_reads_the_description_by_default(self):
        self.open_to(False)
        for headers in ({}, {"Authorization": f"Bearer {self.token}"}):
            answer = self.url_open("/orders/openapi.json", headers=headers)
            self.assertTold(answer, 404, "not_found")

    def test_everyone_reads_it_where_an_administrator_says_so(self):
        answer = self.url_open(
            "/orders/openapi.json", headers={"Origin": "https://editor.example.com"}
        )
        self.assertServed(answer)
        self.assertEqual(answer.headers["Access-Control-Allow-Origin"], "*")
        self.assertNotIn("Set-Cookie", answer.headers)

    def test_holders_of_a_token_read_of_what_its_scopes_open(self):
        self.open_to("token")
        self.assertTold(self.url_open("/orders/openapi.json"), 401, "invalid_token")
        self.assertIn("post", self.described(self.token)["paths"]["/orders/visits"])
        read = self.api.scope_ids.filtered(lambda scope: scope.name == "probe.read")
        self.grant.scope_ids = read
        self.env.flush_all()
        document = self.described(self.token)
        self.assertIn("/orders/visits/{visit_id}", document["paths"])
        self.assertNotIn("/orders/visits", document["paths"])
        flows = document["components"]["securitySchemes"]["oauth2"]["flows"]
        self.assertEqual(list(flows["authorizationCode"]["scopes"]), ["probe.read"])

    def test_everyone_s_description_is_made_once_until_something_changes(self):
        rules = dict(rules_of(self.env, "orders"))
        [handler] = handlers_of(rules["/orders/visits/<int:visit_id>"].endpoint)
        self.addCleanup(setattr, handler, "__doc__", handler.__doc__)
        keep_routes(self.env)  # those of this class are made again when Odoo asks
        told = self.summary()
        for number, change in enumerate(self.changes()):
            handler.__doc__ = f"Tell of visit {number}."
            self.assertEqual(self.summary(), told, "made again for no reason")
            change()
            self.env.flush_all()
            told = self.summary()
            self.assertEqual(told, f"Tell of visit {number}.", "not made again")

    def summary(self):
        return self.served()["paths"]["/orders/visits/{visit_id}"]["get"]["summary"]

    def changes(self):
        """:return: what makes a description another one, to be called"""
        scope = self.api.scope_ids[0]
        parameters = self.env["ir.config_parameter"].sudo()
        return [
            lambda: self.api.write({"name": "Renamed"}),
            lambda: self.api.write({"json2_enabled": True}),
            lambda: self.open_model(scope, "res.partner", "read"),
            lambda: scope.update_field_translations(
                "description", {"en_US": "Read visits"}
            ),
            lambda: parameters.set_param(
                BASE_URL_PARAMETER, "https://other.example.com"
            ),
            lambda: self.registry.clear_cache("routing"),
        ]

    def test_everyone_reads_it_in_their_own_language(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        scope = self.api.scope_ids[0]
        scope.description = "Read visits"
        scope.with_context(lang="fr_FR").description = "Lire les visites"
        self.env.flush_all()
        for language, description in {
            "en-US": "Read visits",
            "fr-FR": "Lire les visites",
        }.items():
            answer = self.url_open(
                "/orders/openapi.json", headers={"Accept-Language": language}
            )
            self.assertIn(description, answer.text)

    def test_an_archived_api_has_no_description(self):
        self.api.active = False
        self.env.flush_all()
        answer = self.url_open("/orders/openapi.json")
        self.assertTold(answer, 404, "not_found")

    def test_an_api_s_administrator_may_open_its_description(self):
        group = self.env.ref("api_auth_oauth2.group_admin")
        manager = self.make_user("manager@example.com", group_ids=[(6, 0, group.ids)])
        self.api.with_user(manager).openapi_access = "token"
        self.assertEqual(self.api.openapi_access, "token")


class TestOpenAPIDocument(OpenAPICase):
    def test_routes_have_their_arguments_as_annotated(self):
        visit = self.operation("get", "/orders/visits/{visit_id}")
        parameters = {each["name"]: each for each in visit["parameters"]}
        self.assertEqual(parameters["visit_id"]["in"], "path")
        self.assertEqual(parameters["visit_id"]["schema"], {"type": "integer"})
        days = {"type": "array", "items": {"type": "string", "format": "date"}}
        self.assertEqual(parameters["days"]["schema"], days)
        self.assertEqual(
            parameters["limit"]["schema"], {"type": "integer", "default": 80}
        )
        self.assertEqual(visit["security"], [{"oauth2": ["probe.read"]}])
        plan = self.operation("post", "/orders/visits")
        body = plan["requestBody"]["content"]["application/json"]["schema"]
        self.assertEqual(body["required"], ["day"])
        self.assertFalse(body["additionalProperties"])
        colour = {"enum": ["red"], "default": "red"}
        self.assertEqual(body["properties"]["colour"], colour)
        whoami = self.operation("get", "/orders/oauth2/whoami")["responses"]["200"]
        told = whoami["content"]["application/json"]["schema"]["properties"]
        self.assertLessEqual({"endpoint", "name"}, set(told["api"]["properties"]))
        self.assertLessEqual({"client_id", "name"}, set(told["client"]["properties"]))

    def test_of_a_docstring_the_first_paragraph_is_told(self):
        visit = self.operation("get", "/orders/visits/{visit_id}")
        self.assertEqual(visit["summary"], "Tell of a visit.")
        self.assertNotIn("authors", str(visit))

    def test_routes_that_no_token_of_the_api_opens_are_left_out(self):
        paths = self.described()["paths"]
        self.assertIn("/visits/count", paths)
        self.assertIn("/orders/oauth2/whoami", paths)
        for left_out in ("/orders/secret", "/visits/of/others", "/orders/openapi.json"):
            self.assertNotIn(left_out, paths)
        self.assertFalse([path for path in paths if "json/2" in path])

    def test_the_security_scheme_has_this_api_s_addresses_and_scopes(self):
        self.api.scope_ids[0].description = "Read visits"
        self.env.flush_all()
        document = self.described()
        self.assertEqual(document["openapi"], "3.1.0")
        [server] = document["servers"]
        self.assertEqual(self.api.issuer, f"{server['url']}/orders")
        flows = document["components"]["securitySchemes"]["oauth2"]["flows"]
        code, own = flows["authorizationCode"], flows["clientCredentials"]
        self.assertEqual(code["authorizationUrl"], self.api.authorization_url)
        self.assertEqual(code["tokenUrl"], self.api.token_url)
        self.assertEqual(own["tokenUrl"], self.api.token_url)
        names = {"probe.read": "Read visits", "probe.write": "probe.write"}
        self.assertEqual(code["scopes"], names)
        self.assertEqual(own["scopes"], names)

    def test_models_that_scopes_open_have_their_operations_and_fields(self):
        self.api.json2_enabled = True
        read, write = self.api.scope_ids.sorted("name")
        self.open_model(read, "res.partner", "read")
        self.open_model(write, "res.partner", "read", "create", methods="message_post")
        document = self.described()
        root = "/orders/json/2/res.partner"
        offered = {
            path.removeprefix(f"{root}/"): methods["post"]
            for path, methods in document["paths"].items()
            if path.startswith(root)
        }
        self.assertLess({"search_read", "create", "message_post"}, offered.keys())
        for closed in ("write", "unlink", "action_archive"):
            self.assertNotIn(closed, offered)
        self.assertEqual(
            offered["search_read"]["security"],
            [{"oauth2": ["probe.read"]}, {"oauth2": ["probe.write"]}],
        )
        self.assertEqual(offered["create"]["security"], [{"oauth2": ["probe.write"]}])
        fields = document["components"]["schemas"]["res.partner"]["properties"]
        self.assertEqual(
            fields["name"]["$ref"].rpartition("/")[2], "Text", fields["name"]
        )
        restricted = [
            name
            for name, field in self.env["res.partner"]._fields.items()
            if field.groups
        ]
        self.assertTrue(restricted)
        self.assertFalse(fields.keys() & set(restricted))

    def test_many_models_come_without_their_fields(self):
        self.api.json2_enabled = True
        for model in self.env["ir.model"].search(
            [("transient", "=", False), ("model", "=like", "res.%")], limit=20
        ):
            if not self.env[model.model]._abstract:
                self.open_model(self.api.scope_ids[0], model.model, "read")
        schemas = self.described()["components"]["schemas"]
        self.assertEqual(schemas.keys(), {"Domain", "Error"})

    def test_what_is_described_is_served(self):
        self.api.json2_enabled = True
        self.open_model(self.api.scope_ids[0], "res.partner", "read")
        document = self.described()
        for method, body in {
            "search_read": {"domain": [], "fields": ["name"], "limit": 1},
            "search_count": {"domain": []},
            "fields_get": {"allfields": ["name"]},
        }.items():
            path = f"json/2/res.partner/{method}"
            offered = document["paths"][f"/orders/{path}"]["post"]
            content = offered["requestBody"]["content"]["application/json"]
            schemas = {"components": document["components"], **content["schema"]}
            self.assertTrue(Draft202012Validator(schemas).is_valid(body), method)
            self.assertServed(self.call(path, body))


class TestOpenAPIOfAnotherAddon(JsonRouteCase):
    @classmethod
    def add_controllers(cls):
        class Own(http.Controller):
            @oauth2_route("/<api>/openapi.json", methods=["GET"])
            def describe(self):
                return "of another addon"

    def test_a_route_of_another_addon_at_the_same_path_is_served(self):
        for access in (False, "token", "everyone"):
            self.api.openapi_access = access
            self.env.flush_all()
            with self.subTest(access):
                answer = self.assertServed(self.call("openapi.json"))
                self.assertEqual(answer, "of another addon")


def _handler(
    self,
    whole: int,
    real: float,
    text: str,
    flag: bool,
    day: date | None,
    moment: datetime,
    many: list[int],
    table: dict[str, bool],
    choice: Literal["a", 1, None],
    several: int | str | list[str],
):
    """Takes an argument of each type."""


class TestPropertySchemas(BaseCase):
    @holds_for(values, examples=300)
    def test_what_an_argument_takes_fits_its_schema(self, value):
        for name, argument_type in arguments_of([_handler]).types.items():
            try:
                argument_type.check(value)
            except MISFITS:
                continue
            validator = Draft202012Validator(argument_type.schema)
            self.assertTrue(validator.is_valid(value), name)

    @holds_for(st.one_of(st.none(), st.text(max_size=3), st.integers(), st.booleans()))
    def test_what_fits_a_schema_without_format_is_taken(self, value):
        types = arguments_of([_handler]).types
        for name in ("text", "flag", "choice", "several", "many"):
            if Draft202012Validator(types[name].schema).is_valid(value):
                types[name].check(value)

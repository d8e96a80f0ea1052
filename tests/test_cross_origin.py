from datetime import timedelta

from odoo import fields, http
from odoo.exceptions import UserError, ValidationError
from odoo.http import request
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..oauth2 import oauth2_route
from .json_route_common import JsonRouteCase

SHOP = "https://shop.example.com"
PORTAL = "https://portal.example.com:8443"
EVIL = "https://evil.example.com"


@tagged("post_install", "-at_install", "with_website")
class TestCrossOrigin(JsonRouteCase):
    """Pages of other origins: their application's own origins, exactly, never ``*``."""

    @classmethod
    def add_controllers(cls):
        class Routes(http.Controller):
            @oauth2_route("/<api>/things", methods=["GET", "POST"], scopes="probe.read")
            def things(self, fail: str = ""):
                if fail == "user":
                    raise UserError(request.env._("No."))
                if fail == "bug":
                    raise ZeroDivisionError()
                return []

            @oauth2_route("/<api>/things.csv", type="http", methods=["GET"])
            def things_csv(self, fail=""):
                if fail:
                    raise UserError(request.env._("No."))
                return request.make_response("a;b", [("Vary", "Accept")])

            @oauth2_route("/<api>/admin", methods=["GET"], scopes="admin")
            def admin(self):
                return []

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.api.json2_enabled = cls.api.bearer_enabled = True
        cls.client.allowed_origins = f"{SHOP} https://second.example.com"
        cls.other = cls.make_client(
            cls.api,
            cls.make_provider(),
            client_identifier="other-app",
            allowed_origins=PORTAL,
        )
        cls.env.flush_all()

    def preflight(self, path, origin=SHOP, method="POST"):
        headers = {
            "Origin": origin,
            "Access-Control-Request-Method": method,
            "Access-Control-Request-Headers": "authorization,content-type",
        }
        headers = {k: v for k, v in headers.items() if v}
        return self.url_open(path, method="OPTIONS", headers=headers)

    def assertShared(self, response, origin):
        """The page of that origin, and no other, may read the answer."""
        self.assertEqual(response.headers["Access-Control-Allow-Origin"], origin)
        self.assertIn("Origin", response.headers["Vary"])
        # A token is no cookie: the page itself sends it.
        self.assertNotIn("Access-Control-Allow-Credentials", response.headers)

    def assertNotShared(self, response):
        self.assertIn("Origin", response.headers["Vary"])
        for name in response.headers:
            self.assertFalse(name.lower().startswith("access-control-"), name)

    def test_a_preflight_is_answered_for_the_origins_of_all_clients_of_the_api(self):
        for path in (
            "/orders/things",
            "/orders/things.csv",
            "/orders/admin",
            "/orders/json/2/res.partner/read",
        ):
            for origin in (SHOP, "https://second.example.com", PORTAL):
                with self.subTest(path=path, origin=origin):
                    answer = self.preflight(path, origin)
                    self.assertEqual(answer.status_code, 204)
                    self.assertEqual(answer.content, b"")
                    self.assertShared(answer, origin)
                    headers = answer.headers["Access-Control-Allow-Headers"].lower()
                    self.assertIn("authorization", headers)
                    self.assertIn("content-type", headers)
                    self.assertEqual(answer.headers["Access-Control-Max-Age"], "600")

    def test_a_preflight_of_odoos_own_json2_is_answered_where_tokens_open_it(self):
        path = "/json/2/res.partner/search_count"
        answer = self.preflight(path)
        self.assertEqual(answer.status_code, 204)
        self.assertShared(answer, SHOP)
        self.assertEqual(answer.headers["Access-Control-Allow-Methods"], "POST")
        self.assertNotIn("Set-Cookie", answer.headers)
        for origin in (EVIL, None):
            # As Odoo answers without us.
            answer = self.preflight(path, origin)
            self.assertEqual(answer.status_code, 401)
            self.assertNotIn("Access-Control-Allow-Origin", answer.headers)
        self.api.bearer_enabled = False
        self.env.flush_all()
        self.assertEqual(self.preflight(path).status_code, 401)

    @mute_logger("odoo.http")
    def test_a_refused_token_at_odoos_own_json2_is_told_to_the_page(self):
        for origin, shared in ((SHOP, True), (EVIL, False)):
            answer = self.url_open(
                "/json/2/res.partner/search_count",
                json={"domain": []},
                method="POST",
                headers={"Authorization": "Bearer unknown", "Origin": origin},
            )
            self.assertEqual(answer.status_code, 401)
            self.assertEqual("Access-Control-Allow-Origin" in answer.headers, shared)

    def test_a_call_with_an_api_key_is_answered_as_odoo_answers_it(self):
        key = (
            self.env["res.users.apikeys"]
            .with_user(self.env.ref("base.user_admin"))
            .sudo()
            ._generate("rpc", "key", fields.Datetime.now() + timedelta(days=1))
        )
        answer = self.url_open(
            "/json/2/res.partner/search_count",
            json={"domain": []},
            method="POST",
            headers={"Authorization": f"Bearer {key}", "Origin": SHOP},
        )
        self.assertEqual(answer.status_code, 200, answer.text)
        self.assertNotIn("Access-Control-Allow-Origin", answer.headers)
        self.assertNotIn("Vary", answer.headers)

    def test_pages_may_ask_for_sign_ins_refresh_and_revoke(self):
        for name, methods in (
            ("provider/authorize", {"GET", "POST"}),
            ("token", {"POST"}),
            ("revoke", {"GET", "POST"}),
        ):
            path = f"/orders/oauth2/{name}"
            with self.subTest(path=path):
                answer = self.preflight(path)
                self.assertEqual(answer.status_code, 204)
                self.assertShared(answer, SHOP)
                allowed = answer.headers["Access-Control-Allow-Methods"]
                self.assertEqual({m.strip() for m in allowed.split(",")}, methods)
                for origin, is_shared in ((SHOP, True), (PORTAL, True), (EVIL, False)):
                    answer = self.url_open(
                        path, json={"x": 1}, method="POST", headers={"Origin": origin}
                    )
                    self.assertIn(answer.status_code, (400, 401))
                    (self.assertShared if is_shared else self.assertNotShared)(
                        answer, *([origin] if is_shared else [])
                    )
                self.assertNotShared(self.preflight(path, EVIL))

    def test_pages_of_a_sign_in_are_shared_with_no_origin(self):
        for name, method in (
            ("callback", "GET"),
            ("confirm", "POST"),
            ("start", "GET"),
            ("authorize", "GET"),
            ("consent", "GET"),
        ):
            path = f"/orders/oauth2/{name}"
            page = {"headers": {"Origin": SHOP}, "allow_redirects": False}
            for answer in (
                self.preflight(path, method=method),
                self.url_open(path, method=method, **page),
            ):
                with self.subTest(path=path):
                    self.assertNotIn("Access-Control-Allow-Origin", answer.headers)

    def test_a_preflight_names_the_methods_of_the_route(self):
        for path, methods in (
            ("/orders/things", {"GET", "POST"}),
            ("/orders/admin", {"GET"}),
            ("/orders/json/2/res.partner/read", {"POST"}),
        ):
            allowed = self.preflight(path).headers["Access-Control-Allow-Methods"]
            self.assertEqual({m.strip() for m in allowed.split(",")}, methods)

    def test_a_preflight_leaves_no_session_cookie(self):
        for origin in (SHOP, EVIL):
            answer = self.preflight("/orders/things", origin)
            self.assertNotIn("Set-Cookie", answer.headers)

    def test_only_the_exact_origin_counts(self):
        for origin in (
            EVIL,
            "http://shop.example.com",
            "https://shop.example.com:444",
            "https://shop.example.com/",
            "https://shop.example.com.evil.example.com",
            "https://evil.example.com/https://shop.example.com",
            "https://SHOP.example.com",
            "https://a.shop.example.com",
            f"{SHOP} {EVIL}",
            "null",
            "*",
            None,
        ):
            with self.subTest(origin=origin):
                answer = self.preflight("/orders/things", origin)
                self.assertEqual(answer.status_code, 204)
                self.assertNotShared(answer)
                headers = {"Origin": origin} if origin else {}
                answer = self.call("things", headers=headers)
                self.assertServed(answer)
                self.assertNotShared(answer)

    def test_origins_of_archived_clients_apis_and_of_other_apis_do_not_count(self):
        self.make_client(
            self.make_api("crm"),
            self.make_provider(),
            client_identifier="crm-app",
            allowed_origins=EVIL,
        )
        self.env.flush_all()
        self.assertNotShared(self.preflight("/orders/things", EVIL))
        self.other.active = False
        self.env.flush_all()
        self.assertNotShared(self.preflight("/orders/things", PORTAL))
        self.api.active = False
        self.env.flush_all()
        with mute_logger("odoo.http"):
            answer = self.preflight("/orders/things", SHOP)
        self.assertEqual(answer.status_code, 404)
        self.assertNotIn("Access-Control-Allow-Origin", answer.headers)

    def test_a_served_call_is_shared_with_its_own_clients_origins_alone(self):
        for path in ("things", "things.csv"):
            with self.subTest(path=path):
                self.assertShared(self.call(path, headers={"Origin": SHOP}), SHOP)
                self.assertNotShared(self.call(path, headers={"Origin": PORTAL}))
        answer = self.call("things.csv", headers={"Origin": SHOP})
        self.assertEqual(answer.headers["Vary"], "Accept, Origin")

    def json2(self, base, origin):
        return self.url_open(
            f"{base}/json/2/res.partner/search_count",
            json={"domain": []},
            method="POST",
            headers={"Authorization": f"Bearer {self.token}", "Origin": origin},
        )

    def test_json2_too_under_the_api_and_on_odoos_own_path(self):
        self.open_model(self.api.scope_ids[0], "res.partner", "read")
        for base in ("/orders", ""):
            with self.subTest(base=base):
                answer = self.json2(base, SHOP)
                self.assertEqual(answer.status_code, 200, answer.text)
                self.assertShared(answer, SHOP)
                self.assertNotShared(self.json2(base, PORTAL))

    def test_refusals_before_the_token_is_known_are_shared_with_all_clients(self):
        for headers, status in (
            ({"Authorization": None}, 401),
            ({"Authorization": "Bearer wrong"}, 401),
            ({"Authorization": "Basic eDp5"}, 401),
        ):
            for origin in (SHOP, PORTAL):
                with self.subTest(headers=headers, origin=origin):
                    answer = self.call(
                        "things",
                        token="",
                        headers={**headers, "Origin": origin},
                    )
                    self.assertEqual(answer.status_code, status, answer.text)
                    self.assertShared(answer, origin)
                    exposed = answer.headers["Access-Control-Expose-Headers"]
                    self.assertIn("WWW-Authenticate", exposed)
            answer = self.call("things", token="", headers={"Origin": EVIL})
            self.assertNotShared(answer)

    @mute_logger("odoo.http", "odoo.addons.api_auth_oauth2.controllers.dispatchers")
    def test_errors_of_a_known_caller_are_shared_with_its_own_clients_origins(self):
        for path, body, status in (
            ("admin", None, 403),
            ("things?fail=user", None, 422),
            ("things?fail=bug", None, 500),
            ("things", {"colour": "red"}, 400),
            ("things", b"{", 400),
            ("things.csv?fail=1", None, 422),
            ("json/2/res.users/read", {"ids": [1]}, 403),
        ):
            with self.subTest(path=path):
                answer = self.call(path, body, headers={"Origin": SHOP})
                self.assertEqual(answer.status_code, status, answer.text)
                self.assertShared(answer, SHOP)
                self.assertEqual(answer.headers["Vary"], "Origin")
                answer = self.call(path, body, headers={"Origin": PORTAL})
                self.assertEqual(answer.status_code, status, answer.text)
                self.assertNotShared(answer)

    @mute_logger("odoo.http")
    def test_unknown_paths_and_methods_are_shared_too(self):
        for path, method, status in (("nothing", "GET", 404), ("admin", "PUT", 405)):
            answer = self.call(path, method=method, headers={"Origin": SHOP})
            self.assertEqual(answer.status_code, status, answer.text)
            self.assertShared(answer, SHOP)
            answer = self.call(path, method=method, headers={"Origin": EVIL})
            self.assertNotShared(answer)

    def test_an_origin_is_scheme_host_and_port_alone(self):
        client = self.client
        for origins in (
            "*",
            "null",
            "shop.example.com",
            "https://*.example.com",
            "https://shop.example.com/",
            "https://shop.example.com/app",
            "https://SHOP.example.com",
            "https://user@shop.example.com",
            "http://shop.example.com",
            f"{SHOP},{PORTAL}",
            "javascript://shop.example.com",
        ):
            with self.subTest(origins=origins), self.assertRaises(ValidationError):
                client.allowed_origins = origins
        client.allowed_origins = f"{SHOP}  {PORTAL} http://localhost:3000"
        self.assertEqual(client._origins(), [SHOP, PORTAL, "http://localhost:3000"])
        client.allowed_origins = False
        self.assertEqual(client._origins(), [])

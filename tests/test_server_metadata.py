"""What an API says of itself: as a server (RFC 8414), as a resource (RFC 9728)."""

from psycopg2 import IntegrityError

from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger

from .common import OAuth2Records

SERVER = "/.well-known/oauth-authorization-server"
OPENID = "/.well-known/openid-configuration"
RESOURCE = "/.well-known/oauth-protected-resource"
PAGE = "https://inspector.example.com"


@tagged("post_install", "-at_install", "with_website")
class TestServerMetadata(OAuth2Records, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["ir.config_parameter"].set_param(
            "api_auth_oauth2.base_url", "https://odoo.example.com/"
        )
        cls.api = cls.make_api(scopes=("orders.write", "orders.read"))
        cls.make_client(cls.api, cls.make_provider())
        cls.api.documentation_url = "https://example.com/help"
        cls.env.flush_all()

    def get(self, path, method="GET", **headers):
        headers = {name.replace("_", "-"): text for name, text in headers.items()}
        return self.url_open(
            path, method=method, headers=headers, allow_redirects=False
        )

    def described(self, path):
        answer = self.get(path)
        self.assertEqual(answer.status_code, 200, answer.text)
        self.assertEqual(
            answer.headers["Content-Type"], "application/json; charset=utf-8"
        )
        return answer.json()

    def assertOpenToAll(self, answer):
        """Pages of any origin may read it; caches need not tell them apart."""
        self.assertEqual(answer.headers["Access-Control-Allow-Origin"], "*")
        self.assertNotIn("Access-Control-Allow-Credentials", answer.headers)
        self.assertNotIn("Set-Cookie", answer.headers)

    def test_an_api_describes_itself_as_an_authorization_server(self):
        """RFC 8414 section 2, RFC 9207 section 3, RFC 9728 section 4"""
        issuer = "https://odoo.example.com/orders"
        by_secret = ["client_secret_basic", "client_secret_post"]
        self.assertEqual(
            self.described(f"{SERVER}/orders"),
            {
                "issuer": issuer,
                "authorization_endpoint": f"{issuer}/oauth2/authorize",
                "token_endpoint": f"{issuer}/oauth2/token",
                "revocation_endpoint": f"{issuer}/oauth2/revoke",
                "introspection_endpoint": f"{issuer}/oauth2/introspect",
                "scopes_supported": ["orders.read", "orders.write"],
                "response_types_supported": ["code"],
                "response_modes_supported": ["query"],
                "grant_types_supported": [
                    "authorization_code",
                    "refresh_token",
                    "client_credentials",
                ],
                "token_endpoint_auth_methods_supported": [*by_secret, "none"],
                "revocation_endpoint_auth_methods_supported": [*by_secret, "none"],
                "introspection_endpoint_auth_methods_supported": by_secret,
                "code_challenge_methods_supported": ["S256"],
                "authorization_response_iss_parameter_supported": True,
                "service_documentation": "https://example.com/help",
                "protected_resources": [issuer],
            },
        )
        self.assertEqual(self.api._resource_identifier(), issuer)

    def test_the_same_is_said_wherever_a_client_looks_for_it(self):
        """RFC 8414 sections 3.1 and 5"""
        described = self.described(f"{SERVER}/orders")
        for path in (f"/orders{OPENID}", f"{OPENID}/orders", f"/orders{SERVER}"):
            with self.subTest(path):
                self.assertEqual(self.described(path), described)

    def test_an_api_names_itself_alone_as_the_server_whose_tokens_it_takes(self):
        """RFC 9728 section 2"""
        identifier = "https://odoo.example.com/orders"
        self.assertEqual(
            self.described(f"{RESOURCE}/orders"),
            {
                "resource": identifier,
                "resource_name": "Orders",
                "resource_documentation": "https://example.com/help",
                "authorization_servers": [identifier],
                "scopes_supported": ["orders.read", "orders.write"],
                "bearer_methods_supported": ["header"],
            },
        )

    def test_a_resource_below_an_api_is_described_by_its_own_name(self):
        """RFC 9728 section 3.3: a client takes no description of another one"""
        described = self.described(f"{RESOURCE}/orders")
        del described["resource"]
        for below in ("mcp", "json/2", "a%20b/%C3%A9", "a@b:c;d=e", "%22%3Cscript%3E"):
            with self.subTest(below):
                answer = self.described(f"{RESOURCE}/orders/{below}")
                named = answer.pop("resource")
                self.assertEqual(named, f"https://odoo.example.com/orders/{below}")
                self.assertEqual(answer, described)

    def test_an_api_without_documentation_names_none(self):
        self.api.documentation_url = False
        self.env.flush_all()
        self.assertNotIn("service_documentation", self.described(f"{SERVER}/orders"))
        self.assertNotIn("resource_documentation", self.described(f"{RESOURCE}/orders"))

    def test_the_documentation_of_an_api_is_a_web_address(self):
        for wrong in ("javascript:alert(1)", "help", "https://a b"):
            with (
                self.subTest(wrong),
                self.assertRaises(IntegrityError),
                mute_logger("odoo.sql_db"),
                self.env.cr.savepoint(),
            ):
                self.api.documentation_url = wrong
                self.env.flush_all()

    def test_the_host_header_decides_nothing_of_a_description(self):
        answer = self.get(f"{SERVER}/orders", X_Forwarded_Host="evil.example.com")
        self.assertNotIn("evil", answer.text)

    def test_pages_of_any_origin_may_read_descriptions(self):
        for path in (f"{SERVER}/orders", f"/orders{OPENID}", f"{RESOURCE}/orders/mcp"):
            for headers in ({}, {"Origin": PAGE}):
                with self.subTest(path, headers=headers):
                    answer = self.get(path, **headers)
                    self.assertEqual(answer.status_code, 200)
                    self.assertOpenToAll(answer)
                    self.assertNotIn("Origin", answer.headers.get("Vary", ""))

    def test_a_preflight_for_a_description_allows_the_headers_that_clients_send(self):
        for path in (f"{SERVER}/orders", f"{OPENID}/orders", f"{RESOURCE}/orders"):
            with self.subTest(path):
                answer = self.get(
                    path,
                    "OPTIONS",
                    Origin=PAGE,
                    Access_Control_Request_Method="GET",
                    Access_Control_Request_Headers="mcp-protocol-version",
                )
                self.assertEqual((answer.status_code, answer.content), (204, b""))
                self.assertOpenToAll(answer)
                self.assertEqual(answer.headers["Access-Control-Allow-Methods"], "GET")
                allowed = answer.headers["Access-Control-Allow-Headers"].split(", ")
                for name in ("MCP-Protocol-Version", "Authorization", "Content-Type"):
                    self.assertIn(name, allowed)

    def test_a_description_is_kept_for_a_while_and_by_no_shared_cache(self):
        """RFC 9111 section 5.2.2.7: several databases may answer one address"""
        for path in (f"{SERVER}/orders", f"{RESOURCE}/orders"):
            answer = self.get(path)
            self.assertEqual(answer.headers["Cache-Control"], "private, max-age=300")

    def test_head_tells_of_a_description_what_get_would(self):
        head, full = (self.get(f"{SERVER}/orders", way) for way in ("HEAD", "GET"))
        self.assertEqual((head.status_code, head.content), (200, b""))
        for name in ("Content-Type", "Content-Length", "Cache-Control"):
            self.assertEqual(head.headers[name], full.headers[name])

    @mute_logger("odoo.http")
    def test_what_is_not_described_is_told_in_json_to_any_page(self):
        self.make_api("old", active=False)
        self.env.flush_all()
        for path in (
            f"{SERVER}/nowhere",
            f"{SERVER}/old",
            f"{SERVER}/orders/more",
            SERVER,
            RESOURCE,
            OPENID,
            f"{RESOURCE}/nowhere",
            f"{RESOURCE}/nowhere/mcp",
            f"{OPENID}/nowhere",
            f"/old{OPENID}",
        ):
            with self.subTest(path):
                answer = self.get(path, Origin=PAGE)
                self.assertEqual(answer.status_code, 404)
                self.assertEqual(answer.json()["error"], "not_found")
                self.assertEqual(answer.headers["Cache-Control"], "no-store")
                self.assertOpenToAll(answer)
                self.assertNotIn("WWW-Authenticate", answer.headers)

    @mute_logger("odoo.http")
    def test_a_description_is_only_read(self):
        answer = self.get(f"{SERVER}/orders", "POST", Origin=PAGE)
        self.assertEqual(answer.status_code, 405)
        self.assertIn("GET", answer.headers["Allow"])
        self.assertOpenToAll(answer)

    def test_descriptions_of_what_is_no_api_are_left_to_others(self):
        """Other addons, and Odoo to come, serve these addresses for their names."""
        rules = [
            rule.rule
            for rule in self.env["ir.http"].routing_map().iter_rules()
            if ".well-known/o" in rule.rule
        ]
        self.assertEqual(len(rules), 6)
        for rule in rules:
            self.assertRegex(rule, r'<any\(.*"orders".*\):api>')

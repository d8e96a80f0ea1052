from odoo import http
from odoo.http import request
from odoo.tests import tagged

from ..oauth2 import oauth2_route
from .route_common import INVALID, MALFORMED, MISSING, RouteCase


class ProbeCase(RouteCase):
    @classmethod
    def add_controllers(cls):
        class Probe(http.Controller):
            @oauth2_route("/<api>/probe", scopes="probe.read", methods=["GET"])
            def probe(self):
                return {
                    "login": request.env.user.login,
                    "lang": request.env.context.get("lang"),
                    "tz": request.env.context.get("tz"),
                    "companies": request.env.companies.ids,
                    "su": request.env.su,
                }

            @oauth2_route("/<api>/probe/open")
            def probe_open(self):
                return "open"

            @oauth2_route("/<api>/probe/both", scopes="probe.write probe.read")
            def probe_both(self):
                return "both"

            @oauth2_route("/probe-of-orders", api="orders", scopes="probe.read")
            def probe_fixed(self):
                return "fixed"

            @oauth2_route("/<api>/probe/readonly", scopes="probe.read", readonly=True)
            def probe_readonly(self):
                return {
                    "readonly": request.env.cr.readonly,
                    "partners": request.env["res.partner"].search_count([]),
                }

            @http.route(
                "/<api>/probe/plain",
                auth="oauth2",
                type="http",
                oauth2_scopes="probe.read",
            )
            def probe_plain(self):
                return request.make_json_response(request.env.user.login)

            @http.route(
                "/<api>/probe/rpc",
                auth="oauth2",
                type="jsonrpc",
                oauth2_scopes="probe.read",
            )
            def probe_rpc(self):
                return request.env.user.login

            @http.route(
                "/<api>/probe/json2",
                auth="oauth2",
                type="json2",
                oauth2_scopes="probe.read",
            )
            def probe_json2(self):
                return request.env.user.login


@tagged("with_website")
class TestChallenge(ProbeCase):
    """Refusals of RFC 6750 section 3, to the letter."""

    def test_a_call_without_token_is_challenged_without_error(self):
        """RFC 6750 section 3.1: no error code, no error information"""
        missing = f'{MISSING}, scope="probe.read"'
        self.assertRefused(self.get(), 401, "invalid_token", missing)
        for header in ("Basic ZGVtbzpkZW1v", "Negotiate abc", "nonsense"):
            with self.subTest(header):
                response = self.get(headers={"Authorization": header})
                self.assertRefused(response, 401, "invalid_token", missing)

    def test_a_challenge_names_the_scopes_that_the_route_needs(self):
        for path, challenge in (
            ("/orders/probe/open", MISSING),
            ("/orders/probe/both", f'{MISSING}, scope="probe.read probe.write"'),
        ):
            self.assertRefused(self.get(path), 401, "invalid_token", challenge)

    def test_a_token_in_the_query_string_or_body_is_none(self):
        """RFC 9700 section 4.3.2, RFC 6750 section 2.3"""
        missing = f'{MISSING}, scope="probe.read"'
        response = self.get(f"/orders/probe?access_token={self.token}")
        self.assertRefused(response, 401, "invalid_token", missing)
        response = self.get(
            "/orders/probe/open", method="POST", data={"access_token": self.token}
        )
        self.assertRefused(response, 401, "invalid_token", MISSING)

    def test_a_malformed_authorization_header_is_invalid_request(self):
        for header in (
            "Bearer",
            "Bearer ",
            "Bearer a b",
            f"Bearer {self.token} x",
            "Bearer " + "x" * 20_000,
            "Bearer é",
        ):
            with self.subTest(header[:20]):
                response = self.get(headers={"Authorization": header.encode()})
                self.assertRefused(response, 400, "invalid_request", MALFORMED)

    def test_two_authorization_headers_are_invalid_request(self):
        """RFC 6750 section 3.1: more than one method"""
        good = ("Authorization", f"Bearer {self.token}")
        status, _headers, body = self.get_raw("/orders/probe", good)
        self.assertEqual(status, 200, body)
        for other in (
            good,
            ("Authorization", "Bearer another"),
            ("Authorization", "Basic ZGVtbzpkZW1v"),
        ):
            for pair in ((good, other), (other, good)):
                with self.subTest(pair):
                    status, headers, body = self.get_raw("/orders/probe", *pair)
                    self.assertEqual(status, 400, body)
                    self.assertChallenge(headers["WWW-Authenticate"], MALFORMED)
                    self.assertIn('"invalid_request"', body)

    def test_the_letter_case_of_bearer_is_free(self):
        """RFC 9110 section 11.1"""
        for scheme in ("bearer", "BEARER"):
            header = {"Authorization": f"{scheme} {self.token}"}
            self.assertEqual(self.get(headers=header).status_code, 200)

    def test_a_route_declared_with_odoo_s_decorator_is_as_safe(self):
        """``@http.route(auth="oauth2", oauth2_scopes=…)`` of any type"""
        for name in ("plain", "rpc", "json2"):
            path, options = f"/orders/probe/{name}", {}
            if name != "plain":
                options = {"json": {}, "method": "POST"}
            with self.subTest(name):
                response = self.get(path, self.token, **options)
                self.assertIn(self.user.login, response.text)
                response = self.get(path, **options)
                missing = f'{MISSING}, scope="probe.read"'
                self.assertRefused(response, 401, "invalid_token", missing)
                response = self.get(path, "unknown", **options)
                self.assertRefused(response, 401, "invalid_token", INVALID)
                self.client.scope_ids = False
                self.assertForbidden("probe.read", path=path, **options)
                self.client.scope_ids = self.api.scope_ids


@tagged("with_website")
class TestIdentity(ProbeCase):
    """A call acts as the token's user, with any other user signed in."""

    def test_a_call_with_a_token_saves_no_session(self):
        sessions = http.root.session_store
        self.patch(sessions, "save", lambda session: self.fail("a session was saved"))
        for path in ("/orders/probe", "/orders/probe/plain"):
            response = self.get(path, self.token)
            self.assertEqual(response.status_code, 200, response.text)
            self.assertNotIn("Set-Cookie", response.headers)
            self.assertNotIn("Set-Cookie", self.get(path).headers)

    def test_a_call_runs_in_the_user_s_language_and_time_zone(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        self.user.write({"lang": "fr_FR", "tz": "Europe/Paris"})
        self.authenticate("admin", "admin")
        answer = self.assertOpens(headers={"Accept-Language": "de"})
        self.assertEqual((answer["lang"], answer["tz"]), ("fr_FR", "Europe/Paris"))
        self.assertEqual(answer["companies"], self.user.company_id.ids)

    def test_a_read_only_route_works_without_any_write(self):
        answer = self.assertOpens(path="/orders/probe/readonly")
        self.assertIs(answer["readonly"], True)
        self.assertGreater(answer["partners"], 0)

"""What the authorization endpoint refuses, and to whom it tells it (RFC 6749 section
4.1.2.1).
"""

from odoo.tests import tagged

from .authorization_server_common import STATE, AuthorizationServerCase


@tagged("post_install", "-at_install")
class TestAuthorizationRequest(AuthorizationServerCase):
    def test_until_client_and_redirect_uri_are_known_nothing_redirects(self):
        for changes in (
            {"client_id": "stranger"},
            {"client_id": None},
            {"client_id": ""},
            {"client_id": ["own-app", "own-app"]},
            {"redirect_uri": "https://evil.example.com/back"},
            {"redirect_uri": None, "client_id": "demo-app"},
            {"redirect_uri": ["https://app.example.com/back"] * 2},
        ):
            with self.subTest(changes):
                response = self.ask_for_code(**changes)
                self.assertEqual(response.status_code, 400)
                self.assertNotIn("Location", response.headers)
                self.assertIn("text/html", response.headers["Content-Type"])

    def test_other_errors_go_to_the_client_with_its_state(self):
        for error, changes in (
            ("unsupported_response_type", {"response_type": "token"}),
            ("invalid_request", {"response_type": None}),
            ("invalid_request", {"response_type": ""}),
            ("invalid_request", {"code_challenge": None}),
            ("invalid_request", {"code_challenge": ""}),
            ("invalid_request", {"code_challenge_method": "plain"}),
            ("invalid_request", {"code_challenge_method": None}),
            ("invalid_request", {"code_challenge": "short"}),
            ("invalid_request", {"scope": ["a", "b"]}),
            ("invalid_request", {"response_mode": "fragment"}),
            ("invalid_scope", {"scope": "unknown"}),
            ("invalid_target", {"resource": "https://other.example.com"}),
        ):
            with self.subTest(error, **changes):
                answer = self.answer(self.ask_for_code(**changes))
                self.assertEqual(answer["error"], error)
                self.assertEqual(answer["state"], STATE)
                self.assertEqual(answer["iss"], self.issuer)
                self.assertNotIn("code", answer)

    def test_an_unknown_scope_beside_known_ones_is_left_out(self):
        answer = self.tokens(scope="partners.read everything")
        self.assertEqual(answer["scope"], "partners.read")

    def test_a_client_that_may_not_use_codes_is_told(self):
        self.own.allows_authorization_code = False
        self.env.flush_all()
        answer = self.answer(self.ask_for_code())
        self.assertEqual(answer["error"], "unauthorized_client")

"""The authorization code grant at this Odoo (RFC 6749 section 4.1)."""

from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.tests import tagged

from ..protocol.digests import digest
from ..services.authentication.client_authentication import ROTATION_GRACE
from .authorization_server_common import (
    REDIRECT_URI,
    STATE,
    AuthorizationServerCase,
)
from .common import BROWSER_HEADERS, basic_authorization


@tagged("post_install", "-at_install")
class TestAuthorizationCode(AuthorizationServerCase):
    def test_a_code_comes_back_with_state_and_issuer(self):
        address, page = self.open_consent()
        self.assertTrue(address.startswith(f"{self.issuer}/oauth2/consent?request="))
        answer = self.answer(self.decide(address, page))
        self.assertEqual(set(answer), {"code", "state", "iss"})
        self.assertEqual(answer["state"], STATE)
        self.assertEqual(answer["iss"], self.issuer)

    def test_a_code_gives_tokens_of_this_odoo(self):
        answer = self.tokens()
        self.assertEqual(
            set(answer),
            {"access_token", "token_type", "expires_in", "scope", "refresh_token"},
        )
        self.assertEqual(answer["token_type"], "Bearer")
        self.assertEqual(answer["scope"], "orders.read partners.read")
        self.assertLessEqual(answer["expires_in"], 3600)
        self.assertGreater(answer["expires_in"], 3590)
        self.assertTrue(answer["access_token"].startswith("odoo_at_"))
        self.assertTrue(answer["refresh_token"].startswith("odoo_rt_"))
        self.assertEqual(self.call_as(answer["access_token"]), 200)

    def test_deny_goes_back_with_access_denied(self):
        address, page = self.open_consent()
        answer = self.answer(self.decide(address, page, "deny"))
        self.assertEqual(answer["error"], "access_denied")
        self.assertEqual(answer["state"], STATE)
        self.assertEqual(answer["iss"], self.issuer)
        self.assertFalse(self.own.client_user_ids)

    def test_a_provider_says_who_the_user_is_and_its_tokens_are_let_go_of(self):
        self.client.write(
            {"redirect_uris": REDIRECT_URI, "client_type": "confidential"}
        )
        self.env.flush_all()
        response = self.ask_for_code(client_id="demo-app")
        self.assertEqual(response.status_code, 303, response.text)
        location = response.headers["Location"]
        endpoint = self.provider_record.authorization_endpoint
        self.assertTrue(location.startswith(endpoint), location)
        page = self.visit(self.sign_in(location), BROWSER_HEADERS)
        response = self.decide("/orders/oauth2/confirm", page)
        code = self.answer(response)["code"]
        headers = basic_authorization("demo-app", "demo-secret")
        answer = self.exchange(code, headers).json()
        self.assertTrue(answer["access_token"].startswith("odoo_at_"), answer)
        self.assertEqual(self.call_as(answer["access_token"]), 200)

    def test_a_provider_that_only_says_who_the_user_is_is_asked_for_no_refresh_token(
        self,
    ):
        self.client.redirect_uris = REDIRECT_URI
        self.provider_record.write(
            {
                "scope": "openid email offline_access",
                "authorize_params": "access_type=offline&prompt=consent&hd=example.com",
            }
        )
        for params, prompt in (
            ("access_type=offline&prompt=consent&hd=example.com", None),
            ("access_type=online&prompt=login consent&hd=example.com", "login"),
        ):
            self.provider_record.authorize_params = params
            self.env.flush_all()
            location = self.ask_for_code(client_id="demo-app").headers["Location"]
            self.sign_in(location)
            asked = self.provider.requests[-1]["params"]
            self.assertEqual(asked["scope"], "openid email")
            self.assertEqual(asked.get("prompt"), prompt)
            self.assertEqual(asked["hd"], "example.com")
            self.assertNotEqual(asked.get("access_type"), "offline")
        self.sign_in(self.ask()["authorization_url"])  # the JSON contract refreshes
        asked = self.provider.requests[-1]["params"]
        self.assertEqual(asked["scope"], "openid email offline_access")
        self.assertEqual(asked["prompt"], "login consent")

    def test_each_authorization_is_a_grant_of_its_own(self):
        first, second = self.tokens(), self.tokens()
        self.assertEqual(len(self.own.client_user_ids), 2)
        self.assertEqual(self.call_as(first["access_token"]), 200)
        self.assertEqual(self.call_as(second["access_token"]), 200)

    def test_a_confidential_client_is_not_asked_about_twice(self):
        self.tokens(scope="partners.read")
        _address, page = self.open_consent(scope="partners.read")
        self.assertEqual(set(self.answer(page)), {"code", "state", "iss"})
        self.env.invalidate_all()
        event = self.env["oauth2.event"].search([("kind", "=", "sign_in")], limit=1)
        self.assertIn("was not asked again", event.reason)
        _address, page = self.open_consent(scope="partners.read orders.read")
        self.assertEqual(page.status_code, 200, "it asks for more")

    def test_who_does_not_prove_to_be_the_client_learns_nothing_of_it(self):
        """RFC 6749 section 3.2.1"""
        for grant_type in ("client_credentials", "authorization_code"):
            refused = self.ask_token({}, client_id="own-app", grant_type=grant_type)
            self.assertRefused(refused, 401, "invalid_client")

    def test_a_wrong_verifier_burns_no_code(self):
        code = self.code()
        wrong = self.exchange(code, code_verifier="w" * 43)
        self.assertRefused(wrong, 400, "invalid_grant")
        self.assertEqual(self.exchange(code).status_code, 200)

    def test_a_code_lives_for_a_minute_by_the_clock_of_the_database(self):
        """Odoo's own may differ, and that of each of its servers."""
        now = fields.Datetime.now
        for minutes in (-5, 5):
            with self.subTest(minutes):
                delta = timedelta(minutes=minutes)
                with patch.object(fields.Datetime, "now", lambda d=delta: now() + d):
                    code = self.code()
                request = self.env["oauth2.authorization.request"].search(
                    [("code_digest", "=", digest(code))]
                )
                left = request.expires_at - now()
                self.assertAlmostEqual(left.total_seconds(), 60, delta=5)

    def test_a_code_used_twice_ends_what_it_gave(self):
        code = self.code()
        answer = self.exchange(code).json()
        self.assertRefused(self.exchange(code), 400, "invalid_grant")
        self.assertEqual(self.call_as(answer["access_token"]), 401)
        refused = self.refresh(answer["refresh_token"])
        self.assertRefused(refused, 400, "invalid_grant")
        self.assertEqual(self.own.client_user_ids.ended_by, "reuse")

    def test_a_code_used_twice_ends_what_it_gave_whatever_verifier_comes(self):
        for verifier in ("w" * 43, "short", "", None):
            with self.subTest(verifier):
                code = self.code()
                answer = self.exchange(code).json()
                again = self.exchange(code, code_verifier=verifier)
                self.assertEqual(again.status_code, 400, again.text)
                self.assertEqual(self.call_as(answer["access_token"]), 401)

    def test_a_refresh_rotates_and_gives_the_same_to_who_crosses_it(self):
        first = self.tokens()
        second = self.refresh(first["refresh_token"])
        self.assertEqual(second.status_code, 200, second.text)
        again = self.refresh(first["refresh_token"]).json()
        second = second.json()
        self.assertNotEqual(second["access_token"], first["access_token"])
        self.assertEqual(
            (again["access_token"], again["refresh_token"]),
            (second["access_token"], second["refresh_token"]),
        )
        self.assertEqual(self.call_as(second["access_token"]), 200)

    def test_a_refresh_token_used_after_the_grace_ends_the_grant(self):
        first = self.tokens()
        second = self.refresh(first["refresh_token"]).json()
        self.env.invalidate_all()
        rotated = self.env["oauth2.token"].search(
            [("kind", "=", "refresh"), ("rotated_at", "!=", False)]
        )
        rotated.rotated_at = fields.Datetime.now() - ROTATION_GRACE
        self.env.flush_all()
        refused = self.refresh(first["refresh_token"])
        self.assertRefused(refused, 400, "invalid_grant")
        self.assertEqual(self.call_as(second["access_token"]), 401)
        refused = self.refresh(second["refresh_token"])
        self.assertRefused(refused, 400, "invalid_grant")

    def test_a_refresh_asks_for_less_and_never_for_more(self):
        first = self.tokens(scope="partners.read")
        refused = self.refresh(first["refresh_token"], scope="orders.read")
        self.assertRefused(refused, 400, "invalid_scope")
        again = self.refresh(first["refresh_token"], scope="partners.read")
        self.assertEqual(again.json()["scope"], "partners.read")

    def test_the_clean_up_keeps_rotated_refresh_tokens(self):
        first = self.tokens()
        second = self.refresh(first["refresh_token"]).json()
        self.env.invalidate_all()
        tokens = self.env["oauth2.token"].search([("rotated_at", "!=", False)])
        tokens.rotated_at = fields.Datetime.now() - timedelta(days=3)
        self.env.flush_all()
        self.clean_up()
        refused = self.refresh(first["refresh_token"])
        self.assertRefused(refused, 400, "invalid_grant")
        self.assertEqual(self.call_as(second["access_token"]), 401)

    def test_introspection_tells_a_client_of_its_own_tokens(self):
        answer = self.tokens()
        told = self.introspect(answer["access_token"]).json()
        self.assertTrue(told["active"])
        self.assertEqual(told["username"], self.user.login)
        self.assertEqual(told["client_id"], "own-app")
        self.assertEqual(told["scope"], answer["scope"])
        self.assertEqual(told["iss"], self.issuer)
        self.assertTrue(self.introspect(answer["refresh_token"]).json()["active"])
        self.assertEqual(self.introspect("unknown").json(), {"active": False})

    def introspect(self, token):
        return self.url_open(
            "/orders/oauth2/introspect",
            data={"token": token},
            headers=basic_authorization("own-app", self.secret),
        )

    def test_revoking_a_token_ends_its_grant(self):
        answer = self.tokens()
        response = self.url_open(
            "/orders/oauth2/revoke",
            data={"token": answer["refresh_token"]},
            headers=basic_authorization("own-app", self.secret),
        )
        self.assertEqual((response.status_code, response.json()), (200, {}))
        self.assertEqual(self.call_as(answer["access_token"]), 401)
        self.assertFalse(self.own.client_user_ids)

    def test_client_credentials_act_as_the_service_user(self):
        self.serve_as(self.make_user("robot@example.com"))
        first = self.ask_token(grant_type="client_credentials", scope="orders.read")
        self.assertEqual(first.status_code, 200, first.text)
        second = self.ask_token(grant_type="client_credentials", scope="orders.read")
        self.assertEqual(first.json()["scope"], "orders.read")
        self.assertNotIn("refresh_token", first.json())
        self.assertEqual(len(self.own.client_user_ids), 1)
        for answer in (first.json(), second.json()):
            self.assertEqual(self.call_as(answer["access_token"]), 200)

"""Rules of the RFCs that no other test is about; see docs/security.md for all."""

from urllib.parse import urlencode

from .attack_common import AttackCase
from .faulty_provider import FaultyProvider


class TestStandards(AttackCase):
    def test_unknown_parameters_of_the_callback_are_ignored(self):
        """RFC 6749 section 4.1.2"""
        url = self.sign_in(self.asked["authorization_url"])
        extra = {"session_state": "x", "scope": "admin", "client_id": "other"}
        response = self.visit(f"{url}&{urlencode(extra)}")
        self.assertEqual(response.status_code, 200, response.text)

    def test_a_token_in_the_callback_is_not_taken(self):
        """RFC 9700 section 4.6, RFC 6749 section 10.16"""
        stolen = {
            "access_token": "stolen",
            "id_token": self.provider.id_token("stolen", self.sent["nonce"]),
            "token_type": "Bearer",
            "state": self.sent["state"],
        }
        response = self.visit(f"/orders/oauth2/callback?{urlencode(stolen)}")
        self.assertRefused(response, 400, "invalid_request")
        self.assertOpensNothing("stolen")
        self.assertNoGrant()

    def test_a_redirect_takes_no_form_along(self):
        """RFC 9700 section 4.12"""
        self.provider_record.user_matching = "session"
        start = self.ask()["authorization_url"]
        self.new_browser(self.user)
        self.assertEqual(self.navigate(start).status_code, 303)

    def test_the_token_endpoint_is_called_by_post(self):
        """RFC 6749 section 3.2, RFC 7009 section 2.1"""
        _information, identity = self.authorize()
        self.assertEqual(self.refresh(identity).status_code, 200)
        self.assertEqual(self.revoke(identity).status_code, 200)
        methods = [
            request["method"]
            for request in self.provider.requests
            if request["endpoint"] in ("token", "revocation")
        ]
        # The code, a refresh; its two tokens to revoke, and the one it rotated.
        self.assertEqual(methods, ["POST"] * 5)

    def test_a_public_client_sends_its_identifier(self):
        """RFC 6749 section 3.2.1"""
        self.provider_record.token_endpoint_auth_method = "none"
        self.provider.client_secret = None
        _information, identity = self.authorize()
        self.assertEqual(self.refresh(identity).status_code, 200)
        for request in self.provider.requests:
            if request["endpoint"] == "token":
                self.assertEqual(request["params"]["client_id"], "demo-app")
                self.assertNotIn("client_secret", request["params"])
                self.assertNotIn("Authorization", request["headers"])

    def test_no_more_is_asked_for_than_a_sign_in_needs(self):
        """RFC 6749 section 10.3, RFC 9700 section 2.3"""
        self.assertEqual(self.sent["scope"].split(), ["openid", "email", "profile"])

    def test_no_cookie_holds_a_token(self):
        """RFC 6750 section 5.3"""
        self.new_browser()
        response = self.decide(self.open_page())
        information = self.embedded(response)
        self.bearer("/orders/partners", information["access_token"])
        cookies = " ".join(cookie.value or "" for cookie in self.opener.cookies)
        for page in (self.response, response):
            cookies += page.headers.get("Set-Cookie", "")
        self.assertIn("oauth2_confirm_", cookies)
        for name in ("access_token", "refresh_token", "id_token"):
            self.assertNotIn(information[name], cookies)

    def test_each_sign_in_is_asked_about_again(self):
        """RFC 6749 section 10.2"""
        for _time in range(2):
            self.asked = self.ask("42")
            form = self.open_page()  # a page to decide upon, whatever was allowed
            self.assertPage(self.decide(form), 200)
        self.asked = self.ask("42")
        before = self.grant_of("42").authorized_at, self.grants.token_ids.ids
        self.open_page()
        self.assertEqual(
            (self.grant_of("42").authorized_at, self.grants.token_ids.ids), before
        )

    def test_a_code_goes_to_the_server_alone_to_which_the_user_was_sent(self):
        """RFC 9700 section 4.4.2: the server is remembered with each request"""
        evil = self.enterContext(FaultyProvider())
        own = self.provider.endpoints()
        for name in ("issuer", "authorization_endpoint", "token_endpoint"):
            with self.subTest(name):
                callback = self.sign_in(self.ask()["authorization_url"])
                self.provider_record.write({name: evil.endpoints()[name]})
                self.assertRefused(self.visit(callback), 400, "invalid_request")
                self.provider_record.write({name: own[name]})
        self.assertFalse(evil.calls)
        self.assertFalse(self.provider.calls["token"])
        self.assertNoGrant()
        # What stays as it was, or is about something else, ends nothing.
        callback = self.sign_in(self.ask()["authorization_url"])
        self.provider_record.write({**own, "name": "Renamed", "scope": "openid"})
        self.assertEqual(self.visit(callback).status_code, 200)

    def test_an_error_of_another_issuer_is_not_believed(self):
        """RFC 9207 section 2.4"""
        answer = {"error": "access_denied", "state": self.sent["state"]}
        answer["iss"] = "https://evil.example.com"
        response = self.visit(f"/orders/oauth2/callback?{urlencode(answer)}")
        self.assertRefused(response, 400, "invalid_request")

    def test_the_issuer_of_a_tenant(self):
        """RFC 9207 section 2.4, for an issuer that names the tenant in its address"""
        tenant = "11111111-2222-3333-4444-555555555555"
        issuer = f"{self.provider.issuer}/{{tenantid}}/v2.0"
        self.provider_record.write({"issuer": issuer, "vouches_for_claim": True})
        for wrong in (
            "https://evil.example.com",
            self.provider.issuer,
            issuer,
            issuer.replace("{tenantid}", "common"),
            issuer.replace("{tenantid}", f"{tenant}/v2.0/x"),
            issuer.replace("{tenantid}", tenant) + "\n",
            issuer.replace("{tenantid}", tenant).replace("v2.0", "v2x0"),
        ):
            with self.subTest(wrong):
                self.asked = self.ask()
                answer = {"code": "x", "state": self.sent["state"], "iss": wrong}
                response = self.visit(f"/orders/oauth2/callback?{urlencode(answer)}")
                self.assertRefused(response, 400, "invalid_request")
                self.assertIn("iss", response.json()["error_description"])
        self.assertFalse(self.provider.calls["token"])
        self.asked = self.ask()
        right = issuer.replace("{tenantid}", tenant)
        answer = {"code": "x", "state": self.sent["state"], "iss": right}
        self.visit(f"/orders/oauth2/callback?{urlencode(answer)}")
        self.assertEqual(self.provider.calls["token"], 1)

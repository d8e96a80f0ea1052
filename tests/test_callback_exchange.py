from odoo.tests import tagged

from ..protocol import transport
from .test_callback_refusals import RefusalCase


@tagged("post_install", "-at_install")
class TestCallbackExchange(RefusalCase):
    """The provider's token endpoint refuses, fails or answers nonsense."""

    def assertExchangeFails(self, status, error, calls=1):
        response = self.come_back()
        self.assertRefused(response, status, error)
        # The state is spent: the same request never succeeds later.
        self.assertNotIn("Retry-After", response.headers)
        self.assertEqual(self.provider.calls["token"], calls)
        self.assertNothingGranted()
        self.assertSpent()

    def test_it_refuses_the_code(self):
        self.provider.answer("token", status=400, json={"error": "invalid_grant"})
        self.assertExchangeFails(400, "invalid_grant")

    def test_it_refuses_odoo_itself(self):
        self.client.client_secret = "no-longer-valid"
        self.assertExchangeFails(502, "server_error")

    def note(self):
        """:return: since when the record says that tokens may have been given out"""
        self.env.invalidate_all()
        return self.record.exchange_began_at

    def test_a_refusal_leaves_no_note(self):
        self.provider.answer("token", status=400, json={"error": "invalid_grant"})
        self.assertExchangeFails(400, "invalid_grant")
        self.assertFalse(self.note())

    def test_an_answer_leaves_no_note(self):
        self.assertEqual(self.come_back().status_code, 200)
        self.assertFalse(self.note())

    def test_an_answer_that_does_not_arrive_is_told_of_when_the_sign_in_lapses(self):
        self.provider.close("token")
        self.assertExchangeFails(503, "temporarily_unavailable")
        began = self.note()
        self.assertTrue(began)
        self.record.unlink()
        event = self.env["oauth2.event"].search([], limit=1)
        self.assertEqual((event.kind, event.client_id), ("refusal", self.client))
        self.assertIn(f"asked for at {began} UTC, was not recorded", event.reason)

    def test_it_is_down(self):
        self.provider_record.token_endpoint = "http://127.0.0.1:1/token"
        self.asked = self.ask()
        self.assertExchangeFails(503, "temporarily_unavailable", calls=0)

    def test_nobody_is_told_to_repeat_a_spent_sign_in(self):
        self.provider_record.token_endpoint = "http://127.0.0.1:1/token"
        self.asked = self.ask()
        answer = self.come_back()
        self.assertEqual(answer.status_code, 503)
        self.assertNotIn("Retry-After", answer.headers)
        self.assertIn("start again", answer.json()["error_description"])

    def test_it_hangs(self):
        self.patch(transport, "READ_SECONDS", 0.2)
        url = self.sign_in(self.asked["authorization_url"])
        self.provider.hang = 5
        self.assertRefused(self.visit(url), 503, "temporarily_unavailable")
        self.assertNothingGranted()
        self.assertSpent()

    def test_it_answers_a_byte_now_and_then(self):
        self.patch(transport, "TOTAL_SECONDS", 0.3)
        head = b"HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n"
        self.provider.drip("token", b" " * 100, head=head)
        self.assertExchangeFails(503, "temporarily_unavailable")

    def test_it_hangs_up(self):
        self.provider.close("token")
        self.assertExchangeFails(503, "temporarily_unavailable")

    def test_it_fails(self):
        for status in (500, 502, 503, 429):
            self.asked = self.ask()
            self.provider.answer("token", status=status, body=b"<h1>oops</h1>")
            self.assertRefused(self.come_back(), 503, "temporarily_unavailable")
        self.assertNothingGranted()

    def test_it_redirects(self):
        self.provider.redirect("token", f"{self.provider.issuer}/userinfo")
        self.assertExchangeFails(502, "server_error")
        self.assertEqual(self.provider.calls["userinfo"], 0)

    def test_it_answers_megabytes(self):
        self.provider.flood("token")
        self.assertExchangeFails(502, "server_error")
        self.assertLess(self.provider.flooded, 50)

    def test_it_answers_what_is_no_token(self):
        good = {"access_token": "a-token", "token_type": "Bearer"}
        bound = self.provider.sign({"sub": "olivia", "cnf": {"jkt": "x"}})
        for name, answer in {
            "HTML": {
                "body": b"<html></html>",
                "headers": {"Content-Type": "text/html"},
            },
            "nothing": {"body": b""},
            "broken JSON": {"body": b'{"access_token": "a'},
            "a list": {"json": [good]},
            "no access token": {"json": {"token_type": "Bearer"}},
            "an access token that is no text": {"json": {**good, "access_token": 1}},
            "an access token of two lines": {"json": {**good, "access_token": "a\nb"}},
            "another token type": {"json": {**good, "token_type": "mac"}},
            "proof of possession": {"json": {**good, "token_type": "DPoP"}},
            "a token bound to a key": {"json": {**good, "access_token": bound}},
            "nonsense as expires_in": {"json": {**good, "expires_in": "soon"}},
            "an error with status 200": {"json": {"error": "oops"}},
            "an unknown error": {"status": 400, "json": {"error": "invalid_scope"}},
            "a status without error": {"status": 404, "json": {}},
        }.items():
            with self.subTest(name):
                self.asked = self.ask()
                self.provider.answer("token", **answer)
                self.assertRefused(self.come_back(), 502, "server_error")
        self.assertNothingGranted()


@tagged("post_install", "-at_install")
class TestCallbackIdentityOfTheUser(RefusalCase):
    """Tokens came, but not for anybody who may be let in: they are revoked."""

    def assertLetsNobodyIn(self, status, error):
        revoked = self.provider.calls["revocation"]
        self.asked = self.ask()
        self.assertRefused(self.come_back(), status, error)
        self.assertNothingGranted()
        self.tell_providers()
        self.assertEqual(self.provider.calls["revocation"] - revoked, 2)
        self.assertFalse(self.env["oauth2.revocation"].search([]))

    def test_a_bad_id_token(self):
        """OpenID Connect Core section 3.1.3.7"""
        for override in (
            {"iss": "https://evil.example.com"},
            {"aud": "another-app"},
            {"azp": "another-app"},
            {"exp": 1},
            {"nonce": "another"},
            {"nonce": None},
            {"sub": None},
            {"at_hash": "x"},
        ):
            with self.subTest(override=override):
                self.provider.id_token_claims_override = override
                self.assertLetsNobodyIn(502, "server_error")

    def test_beside_another_grant_they_are_left_and_told_of(self):
        """Whose they are is not known: any grant of the client might be ended."""
        self.authorize()
        self.asked = self.ask()
        self.provider.id_token_claims_override = {"nonce": "another"}
        self.assertRefused(self.come_back(), 502, "server_error")
        self.assertLeftThere()

    def test_an_id_token_that_somebody_else_signed(self):
        forged = self.provider.id_token("a-token")
        self.provider.rotate_key()
        self.provider.token_answer_override = {"id_token": forged}
        self.assertLetsNobodyIn(502, "server_error")

    def test_an_id_token_that_is_none(self):
        for id_token in ("nonsense", "a.b.c", 42):
            self.provider.token_answer_override = {"id_token": id_token}
            self.asked = self.ask()
            self.assertRefused(self.come_back(), 502, "server_error")
        self.assertNothingGranted()

    def test_userinfo_about_another_subject(self):
        """OpenID Connect Core section 5.3.2"""
        self.provider.id_token_claims_override = {"email": None}
        self.provider.answer(
            "userinfo", json={**self.provider.user_claims(), "sub": "mallory"}
        )
        self.assertLetsNobodyIn(502, "server_error")

    def test_no_user_matches(self):
        self.provider.claims = {"email": "nobody@example.com", "email_verified": True}
        self.assertLetsNobodyIn(403, "access_denied")

    def test_the_user_is_in_no_allowed_group(self):
        self.api.allowed_group_ids = self.env.ref("base.group_system")
        self.assertLetsNobodyIn(403, "access_denied")

    def test_the_keys_cannot_be_had(self):
        self.provider_record.jwks_uri = "http://127.0.0.1:1/jwks"
        self.assertLetsNobodyIn(503, "temporarily_unavailable")

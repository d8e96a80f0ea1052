from odoo.tests import tagged

from ..protocol import transport
from .provider_faults import claim, told
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
        return response

    def test_a_provider_that_refuses_odoo_itself_spends_the_sign_in(self):
        self.client.client_secret = "no-longer-valid"
        self.assertExchangeFails(502, "server_error")

    def note(self):
        """:return: since when the record says that tokens may have been given out"""
        self.env.invalidate_all()
        return self.record.exchange_began_at

    def test_a_provider_that_is_down_spends_the_sign_in(self):
        self.provider_record.token_endpoint = "http://127.0.0.1:1/token"
        self.asked = self.ask()
        response = self.assertExchangeFails(503, "temporarily_unavailable", calls=0)
        self.assertIn("start again", response.json()["error_description"])

    def test_a_refused_code_leaves_no_note_of_lost_tokens(self):
        self.provider.answer("token", status=400, json={"error": "invalid_grant"})
        self.assertExchangeFails(400, "invalid_grant")
        self.assertFalse(self.note())

    def test_an_answer_of_the_provider_leaves_no_note_of_lost_tokens(self):
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

    def test_a_token_endpoint_that_hangs_spends_the_sign_in(self):
        self.patch(transport, "READ_SECONDS", 0.2)
        url = self.sign_in(self.asked["authorization_url"])
        self.provider.hang = 5
        self.assertRefused(self.visit(url), 503, "temporarily_unavailable")
        self.assertNothingGranted()
        self.assertSpent()

    def test_a_byte_now_and_then_is_no_answer_of_the_token_endpoint(self):
        self.patch(transport, "TOTAL_SECONDS", 0.3)
        head = b"HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n"
        self.provider.drip("token", b" " * 100, head=head)
        self.assertExchangeFails(503, "temporarily_unavailable")


def tell_of_mallory(provider):
    provider.id_token_claims_override = {"email": None}
    told(provider, sub="mallory")


def be_unknown(provider):
    provider.claims["email"] = "nobody@example.com"


@tagged("post_install", "-at_install")
class TestCallbackIdentityOfTheUser(RefusalCase):
    """Tokens came, but not for a user who may be let in: they are revoked."""

    def test_tokens_of_a_refused_sign_in_are_revoked_at_the_provider(self):
        """OpenID Connect Core sections 3.1.3.7 and 5.3.2"""
        group = self.env.ref("base.group_system")
        keys = {"jwks_uri": "http://127.0.0.1:1/jwks"}
        for name, spoil, status, error in (
            ("a bad id_token", claim(aud="x"), 502, "server_error"),
            ("userinfo of another", tell_of_mallory, 502, "server_error"),
            ("no such user", be_unknown, 403, "access_denied"),
            (
                "a user in no allowed group",
                lambda _provider: self.api.write({"allowed_group_ids": group.ids}),
                403,
                "access_denied",
            ),
            (
                "keys that cannot be had",
                lambda _provider: self.provider_record.write(keys),
                503,
                "temporarily_unavailable",
            ),
        ):
            with self.row(name):
                self.renew_provider()
                spoil(self.provider)
                self.asked = self.ask()
                self.assertRefused(self.come_back(), status, error)
                self.assertNothingGranted()
                self.tell_providers()
                self.assertEqual(self.provider.calls["revocation"], 2)
                self.assertFalse(self.env["oauth2.revocation"].search([]))

    def test_tokens_beside_another_grant_are_left_at_the_provider_and_told_of(self):
        """Whose they are is not known: any grant of the client might be ended."""
        self.authorize()
        self.asked = self.ask()
        self.provider.id_token_claims_override = {"nonce": "another"}
        self.assertRefused(self.come_back(), 502, "server_error")
        self.assertLeftThere()

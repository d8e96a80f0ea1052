"""A public client's callers, who prove a user's grant, are counted by user."""

from odoo.tests import tagged

from .authorization_server_common import AuthorizationServerCase
from .test_rate_limits import RateLimitCase


@tagged("post_install", "-at_install")
class TestPublicClient(RateLimitCase, AuthorizationServerCase):
    def setUp(self):
        super().setUp()
        self.own.client_type = "public"
        self.env.flush_all()
        self.limit(user=3)

    def exchange(self, code, headers=None, **changes):
        return super().exchange(code, {}, client_id="own-app", **changes)

    def refresh(self, token, headers=None, **parameters):
        return super().refresh(token, {}, client_id="own-app", **parameters)

    def test_refreshes_of_a_user_of_a_public_client_are_limited(self):
        token = self.tokens()["refresh_token"]
        for _time in range(2):
            response = self.refresh(token)
            self.assertEqual(response.status_code, 200, response.text)
            token = response.json()["refresh_token"]
        self.assertLimited(self.refresh(token))
        self.assertEqual(
            self.events().reason,
            "More than 3 calls a minute came with the tokens of one user of one"
            " client.",
        )
        self.assertEqual(self.events().user_id, self.user)
        self.forget_calls()  # a minute later
        self.assertEqual(self.refresh(token).status_code, 200, "it was spent")

    def test_codes_of_a_user_of_a_public_client_are_limited(self):
        codes = [self.code() for _time in range(4)]
        for code in codes[:3]:
            self.assertEqual(self.exchange(code).status_code, 200)
        self.assertLimited(self.exchange(codes[3]))
        self.assertLimited(self.exchange(codes[3]))
        self.forget_calls()  # a minute later
        self.assertEqual(self.exchange(codes[3]).status_code, 200, "it was spent")

    def test_a_repeated_refresh_of_a_public_client_is_counted_too(self):
        token = self.tokens()["refresh_token"]
        for status in (200, 200, 429):
            self.assertEqual(self.refresh(token).status_code, status)

    def test_one_user_of_a_public_client_keeps_no_other_out(self):
        token = self.tokens()["refresh_token"]
        for _time in range(2):
            self.refresh(token)
        self.assertLimited(self.refresh(token))
        other = self.make_user("anna@example.com")
        self.authenticate(other.login, other.login)
        self.assertTrue(self.tokens()["refresh_token"])

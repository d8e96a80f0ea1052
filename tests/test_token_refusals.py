from datetime import timedelta

from odoo import fields
from odoo.tests import tagged

from ..protocol import transport
from .test_token import TokenCase


@tagged("post_install", "-at_install")
class TestTokenGrantInForce(TokenCase):
    """Before the provider is asked the grant is looked at, see ``test_access_cut``."""

    def assertRefusedFor(self, status, error):
        response = self.assertUnchanged(self.by_secret)
        self.assertRefused(response, status, error)

    def test_a_grant_whose_authorization_is_over_is_not_refreshed(self):
        self.grant.expires_at = fields.Datetime.now() - timedelta(seconds=1)
        self.assertRefusedFor(400, "invalid_grant")

    def test_an_expired_grant_is_not_refreshed(self):
        self.grant.state = "expired"
        self.assertRefusedFor(400, "invalid_grant")

    def test_a_grant_without_refresh_token_is_not_refreshed(self):
        self.provider.issue_refresh_token = False
        self.information, self.identity = self.authorize("43")
        self.names["client_user_identity"] = "43"
        self.assertNotIn("refresh_token", self.information)
        self.provider.calls.clear()
        self.assertRefusedFor(400, "invalid_grant")


@tagged("post_install", "-at_install")
class TestTokenProviderFails(TokenCase):
    """What the provider does wrong costs the grant nothing."""

    def assertNothingLost(self, status, error, calls=1):
        self.provider.calls.clear()
        self.pause()
        response = self.assertUnchanged(self.by_secret, calls=calls)
        self.assertRefused(response, status, error)
        opened = self.bearer("/orders/partners", self.information["access_token"])
        self.assertEqual(opened.status_code, 200, opened.text)
        return response

    def assertGoesOn(self):
        self.provider.behave()
        self.pause()
        self.refreshed(self.by_secret())

    def test_a_provider_that_is_down_costs_the_grant_nothing(self):
        endpoint = self.provider_record.token_endpoint
        self.provider_record.token_endpoint = "http://127.0.0.1:1/token"
        response = self.assertNothingLost(503, "temporarily_unavailable", calls=0)
        self.assertGreater(int(response.headers["Retry-After"]), 0)
        self.provider_record.token_endpoint = endpoint
        self.assertGoesOn()

    def test_a_provider_that_hangs_costs_the_grant_nothing(self):
        self.patch(transport, "READ_SECONDS", 0.2)
        self.provider.hang = 5
        response = self.assertUnchanged(self.by_secret, calls=1)
        self.assertRefused(response, 503, "temporarily_unavailable")
        self.assertGreater(int(response.headers["Retry-After"]), 0)

    def test_the_provider_s_retry_after_is_handed_on(self):
        self.provider.answer("token", status=503, headers={"Retry-After": "77"})
        response = self.assertNothingLost(503, "temporarily_unavailable")
        self.assertEqual(response.headers["Retry-After"], "77")

    def test_a_provider_that_refuses_odoo_itself_costs_the_grant_nothing(self):
        self.provider.client_secret = "changed-there"
        self.assertNothingLost(502, "server_error")
        self.provider.client_secret = "demo-secret"
        self.assertGoesOn()

    def test_a_refresh_that_brings_another_user_s_access_token_is_refused(self):
        other = self.make_user("other@example.com")
        _grant, token = self.make_grant(self.client, other)
        answer = {"access_token": token, "token_type": "Bearer"}
        self.provider.answer("token", json=answer)
        self.assertNothingLost(502, "server_error")


@tagged("post_install", "-at_install")
class TestTokenProviderEndsTheGrant(TokenCase):
    """The provider says ``invalid_grant``: authorize again."""

    def test_invalid_grant_of_the_provider_ends_the_grant(self):
        grant = self.grant
        self.provider.answer("token", status=400, json={"error": "invalid_grant"})
        response = self.by_secret()
        self.assertRefused(response, 400, "invalid_grant")
        self.assertIn("authorize again", response.json()["error_description"])
        self.env.invalidate_all()
        self.assertEqual(grant.state, "expired")
        # The access token is kept, to be revoked with the grant.
        self.assertEqual(grant.token_ids.mapped("kind"), ["access"])
        opened = self.bearer("/orders/partners", self.information["access_token"])
        self.assertRefused(opened, 401, "invalid_token")

    def test_a_provider_that_ended_the_grant_is_not_asked_again(self):
        self.provider.answer("token", status=400, json={"error": "invalid_grant"})
        self.by_secret()
        self.provider.behave()
        self.assertRefused(self.by_secret(), 400, "invalid_grant")
        self.assertEqual(self.provider.calls["token"], 1)

    def test_a_new_authorization_brings_a_grant_back_that_the_provider_ended(self):
        grant = self.grant
        self.provider.answer("token", status=400, json={"error": "invalid_grant"})
        self.by_secret()
        self.provider.behave()
        self.information, _identity = self.authorize(self.identity)
        self.assertEqual(self.grant, grant)
        self.assertFalse(grant.ended_by)
        opened = self.bearer("/orders/partners", self.information["access_token"])
        self.assertEqual(opened.status_code, 200, opened.text)
        self.refreshed(self.by_secret())

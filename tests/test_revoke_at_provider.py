from datetime import timedelta

from odoo import fields
from odoo.tests import tagged

from ..protocol import transport
from ..protocol.provider_client import ProviderClient
from .test_revoke import RevokeCase


@tagged("post_install", "-at_install")
class TestRevokeAtProvider(RevokeCase):
    """A provider that cannot be told now is told later; here the grant ends at once."""

    def assertToldLater(self, response):
        self.assertRevoked(response, at_provider=False)
        self.assertEqual(self.pending.mapped("kind"), ["refresh", "access"])
        self.provider.behave()
        self.provider.requests.clear()
        self.tell_providers()
        self.assertFalse(self.told(), "not before its time")
        self.pending.next_try_at = fields.Datetime.now() - timedelta(seconds=1)
        self.tell_providers()
        self.assertEqual(
            self.told(),
            [
                ("refresh_token", self.information["refresh_token"]),
                ("access_token", self.information["access_token"]),
            ],
        )
        self.assertFalse(self.pending)

    def test_the_provider_is_told_once_the_grant_has_ended_here(self):
        """RFC 7009 section 2.1: whatever becomes of the call, no token is used again"""
        tell, left = ProviderClient.revoke_token, []
        count = (
            "SELECT count(*) FROM oauth2_client_user g"
            " LEFT JOIN oauth2_token t ON t.client_user_id = g.id"
            " WHERE g.client_id = %s"
        )

        def look_and_tell(client, *token):
            self.env.cr.execute(count, [self.client.id])
            left.extend(self.env.cr.fetchone())
            return tell(client, *token)

        self.patch(ProviderClient, "revoke_token", look_and_tell)
        self.assertRevoked(self.revoke(client_secret="demo-secret"))
        self.assertEqual(left, [0, 0])

    def test_a_provider_that_fails_or_hangs_up_is_told_later(self):
        for name, fail in {
            "it fails": lambda: self.provider.answer("revocation", status=503),
            "it hangs up": lambda: self.provider.close("revocation"),
        }.items():
            with self.row(name):
                fail()
                self.assertToldLater(self.revoke(client_secret="demo-secret"))

    def test_a_provider_that_is_down_is_told_later(self):
        endpoint = self.provider_record.revocation_endpoint
        self.move("http://127.0.0.1:1/revoke")
        response = self.revoke(client_secret="demo-secret")
        self.move(endpoint)
        self.assertToldLater(response)

    def move(self, endpoint):
        """Past the form, which gives up what waits for another address."""
        self.env.flush_all()
        query = "UPDATE oauth2_provider SET revocation_endpoint = %s WHERE id = %s"
        self.env.cr.execute(query, [endpoint, self.provider_record.id])
        self.env.invalidate_all()

    def test_a_provider_that_hangs_is_told_later(self):
        self.patch(transport, "READ_SECONDS", 0.2)
        self.provider.hang = 5
        response = self.revoke(client_secret="demo-secret")
        self.assertRevoked(response, at_provider=False)
        self.assertEqual(len(self.pending), 2)

    def test_a_provider_that_answers_nonsense_is_told_later(self):
        for answer in (
            {"status": 302, "headers": {"Location": "/userinfo"}},
            {"status": 400, "body": b"<h1>oops</h1>"},
            {"status": 401, "json": {"error": "invalid_client"}},
        ):
            self.information, self.identity = self.authorize()
            self.names["client_user_identity"] = self.identity
            self.provider.answer("revocation", **answer)
            self.assertRevoked(self.revoke(), at_provider=False)
        self.assertEqual(len(self.pending), 6)

    def test_an_earlier_refresh_token_that_a_proxy_refuses_is_told_later(self):
        revoke, earlier = self.provider.on_revocation, self.information["refresh_token"]
        self.authorize(self.identity)

        def on_revocation(handler, params):
            if params["token"] == earlier:
                return 403, {}
            return revoke(handler, params)

        self.provider.on_revocation = on_revocation
        self.assertRevoked(self.revoke(client_secret="demo-secret"), at_provider=False)
        self.assertEqual(self.pending.mapped("kind"), ["refresh"])

    def refuse_access_tokens(self, **error):
        """The provider revokes refresh tokens, and of access tokens answers this."""
        revoke = self.provider.on_revocation

        def on_revocation(handler, params):
            if params["token_type_hint"] == "access_token":
                return 400, error
            return revoke(handler, params)

        self.provider.on_revocation = on_revocation

    def test_an_access_token_that_is_gone_with_its_refresh_token_is_revoked(self):
        self.refuse_access_tokens(error="invalid_request")
        self.assertRevoked(self.revoke(client_secret="demo-secret"))
        self.assertFalse(self.pending)

    def test_a_signed_access_token_that_cannot_be_revoked_is_told(self):
        self.provider.access_token_format = "jwt"
        for error in ("invalid_request", "unsupported_token_type"):
            self.refuse_access_tokens(error=error)
            self.information, _identity = self.authorize(self.identity)
            response = self.revoke(client_secret="demo-secret")
            self.assertRevoked(response, at_provider=False)
            self.assertFalse(self.pending)

    def test_the_job_asks_once_for_an_access_token_that_is_refused(self):
        self.refuse_access_tokens(error="invalid_request")
        self.grant.unlink()
        self.tell_providers()
        self.assertEqual(len(self.told()), 2)
        self.assertFalse(self.pending)

    def test_unsupported_token_type_is_not_asked_again(self):
        # RFC 7009 section 2.2.1: asking again would not help.
        unsupported = {"error": "unsupported_token_type"}
        self.provider.answer("revocation", status=400, json=unsupported)
        response = self.revoke(client_secret="demo-secret")
        self.assertRevoked(response, at_provider=False)
        self.assertFalse(self.pending)

    def test_a_token_that_cannot_be_sent_keeps_no_other_from_revocation(self):
        grant = self.grant
        grant._current_token("access").sudo().value = False  # cannot be sent
        self.assertRevoked(self.revoke(client_secret="demo-secret"))
        self.assertEqual([hint for hint, _token in self.told()], ["refresh_token"])

    def test_a_provider_without_revocation_is_told_nothing(self):
        self.provider_record.revocation_endpoint = False
        response = self.revoke(client_secret="demo-secret")
        self.assertRevoked(response, at_provider=False)
        self.assertFalse(self.pending)
        self.assertFalse(self.told())


@tagged("post_install", "-at_install")
class TestRevokeByDeletion(RevokeCase):
    """Deleting from the backend revokes as well."""

    def assertToldByCron(self):
        if self.api.exists():
            self.assertGone()
        self.assertFalse(self.told())
        self.tell_providers()
        self.assertEqual(
            [hint for hint, _token in self.told()], ["refresh_token", "access_token"]
        )
        self.assertFalse(self.provider.grants)

    def test_whatever_is_deleted_its_grants_are_revoked_at_the_provider(self):
        for name, delete in {
            "grant": self.grant.unlink,
            "grant, by the form": self.grant.action_revoke,
            "user": self.user.unlink,
            "API": self.api.unlink,
            "client": self.client.unlink,
            "provider": self.provider_record.unlink,
        }.items():
            with self.row(name):
                delete()
                self.assertToldByCron()

    def test_a_deleted_client_s_pending_revocations_are_sent(self):
        self.provider.answer("revocation", status=503)
        self.revoke(client_secret="demo-secret")
        self.provider.behave()
        self.provider.requests.clear()
        self.client.unlink()
        self.env["oauth2.revocation"].search([]).next_try_at = fields.Datetime.now()
        self.assertToldByCron()

    def test_a_deleted_client_s_revocations_wait_for_a_provider_that_is_down(self):
        self.client.unlink()
        self.provider.answer("revocation", status=503)
        self.tell_providers()
        waiting = self.env["oauth2.revocation"].search([])
        self.assertEqual(waiting.mapped("state"), ["pending"] * 2)
        self.assertEqual(waiting.mapped("client_name"), ["Application"] * 2)
        self.provider.behave()
        self.provider.requests.clear()
        waiting.next_try_at = fields.Datetime.now()
        self.assertToldByCron()

    def test_a_deleted_client_without_readable_secret_is_told_in_the_revocation(self):
        self.client.sudo().client_secret_encrypted = "nonsense"
        self.client.unlink()
        self.tell_providers()
        reasons = self.env["oauth2.revocation"].search([]).mapped("reason")
        self.assertIn("invalid_client", reasons[0])

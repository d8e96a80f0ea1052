import json
from urllib.parse import urlencode

from odoo.tests import tagged

from ..services.refresh import Refresh
from .test_token import TokenCase


@tagged("post_install", "-at_install")
class RevokeCase(TokenCase):
    def revoke(self, **options):
        return self.send("revoke", **options)

    def told(self):
        """What the provider was asked to revoke, in order."""
        return [
            (request["params"]["token_type_hint"], request["params"]["token"])
            for request in self.provider.requests
            if request["endpoint"] == "revocation"
        ]

    @property
    def pending(self):
        self.env.invalidate_all()
        return self.env["oauth2.revocation"].search(
            [("client_id", "=", self.client.id)]
        )

    def assertRevoked(self, response, at_provider=True):
        self.assertEqual(response.status_code, 200, response.text)
        self.assertEqual(
            response.json(), {"revoked": True, "provider_revoked": at_provider}
        )
        self.assertEqual(response.headers["Cache-Control"], "no-store")
        self.assertGone()

    def assertGone(self):
        self.assertFalse(self.grant)
        answer = self.bearer("/orders/partners", self.information["access_token"])
        self.assertRefused(answer, 401, "invalid_token")

    def assertKept(self, response, status, error):
        self.assertRefused(response, status, error)
        self.assertTrue(self.grant)
        self.assertFalse(self.told())
        answer = self.bearer("/orders/partners", self.information["access_token"])
        self.assertEqual(answer.status_code, 200, answer.text)


class TestRevoke(RevokeCase):
    """``GET|POST /<api>/oauth2/revoke``: the grant ends here and at the provider."""

    def test_revoke_by_get_and_post_with_json_or_form_is_the_same(self):
        for number, (method, media_type, write) in enumerate(
            (
                ("GET", "application/json", json.dumps),
                ("POST", "application/json", json.dumps),
                ("GET", "application/x-www-form-urlencoded", urlencode),
                ("POST", "application/x-www-form-urlencoded", urlencode),
            )
        ):
            with self.subTest(method=method, media_type=media_type):
                self.information, self.identity = self.authorize(f"user {number}")
                self.names["client_user_identity"] = self.identity
                response = self.url_open(
                    "/orders/oauth2/revoke",
                    data=write({**self.names, "client_secret": "demo-secret"}),
                    method=method,
                    headers={"Content-Type": media_type},
                )
                self.assertRevoked(response)

    def test_a_revocation_tells_the_provider_refresh_then_access_token(self):
        """RFC 7009 section 2.1"""
        self.assertRevoked(self.revoke(client_secret="demo-secret"))
        self.assertEqual(
            self.told(),
            [
                ("refresh_token", self.information["refresh_token"]),
                ("access_token", self.information["access_token"]),
            ],
        )
        self.assertFalse(self.provider.grants)
        self.assertFalse(self.pending)

    def test_a_revocation_tells_of_the_current_tokens_and_ends_rotated_ones_here(self):
        new = self.refreshed(self.by_secret())
        self.assertRevoked(self.revoke(client_secret="demo-secret"))
        self.assertEqual(
            [token for _hint, token in self.told()],
            [new["refresh_token"], new["access_token"]],
        )

    def test_a_grant_that_another_call_deletes_meanwhile_is_invalid_grant(self):
        """It is found, and gone when its row is to be locked."""
        lock = Refresh.lock

        def overtaken(refresh, grant):
            grant.search([]).unlink()
            grant.env.invalidate_all()
            lock(refresh, grant)

        self.patch(Refresh, "lock", overtaken)
        for call in (self.revoke, self.refresh):
            token = self.information["refresh_token"]
            self.assertRefused(call(refresh_token=token), 400, "invalid_grant")
            self.information, _identity = self.authorize(self.own_identity)

    def test_a_second_revocation_is_invalid_grant(self):
        self.assertRevoked(self.revoke(client_secret="demo-secret"))
        response = self.revoke(client_secret="demo-secret")
        self.assertRefused(response, 400, "invalid_grant")
        self.assertEqual(len(self.told()), 2)

    def test_a_revocation_leaves_other_grants_alone(self):
        other, _identity = self.authorize("43")
        self.assertRevoked(self.revoke(client_secret="demo-secret"))
        answer = self.bearer("/orders/partners", other["access_token"])
        self.assertEqual(answer.status_code, 200, answer.text)

    def test_an_expired_grant_can_be_revoked(self):
        self.grant.state = "expired"
        self.assertRevoked(self.revoke(client_secret="demo-secret"))

import json
from datetime import timedelta
from urllib.parse import urlencode

from odoo import fields
from odoo.tests import tagged

from ..services.refresh import Refresh
from .common import basic_authorization
from .test_token import TokenCase


@tagged("post_install", "-at_install")
class RevokeCase(TokenCase):
    def revoke(self, bearer=None, headers=None, method="POST", **body):
        headers = dict(headers or {})
        if bearer:
            headers["Authorization"] = f"Bearer {bearer}"
        body = {**self.names, **body}
        return self.call("revoke", body, headers=headers, method=method)

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

    def test_get_and_post_with_json_or_form_do_the_same(self):
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

    def test_the_provider_is_told_refresh_token_then_access_token(self):
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

    def test_the_current_tokens_are_revoked_not_replaced_ones(self):
        new = self.refreshed(self.by_secret())
        self.assertRevoked(self.revoke(client_secret="demo-secret"))
        self.assertEqual(
            [token for _hint, token in self.told()],
            [new["refresh_token"], new["access_token"]],
        )

    def test_replaced_tokens_are_dead_at_once_too(self):
        self.refreshed(self.by_secret())
        self.assertRevoked(self.revoke(client_secret="demo-secret"))

    def test_one_that_another_call_overtakes_is_invalid_grant(self):
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

    def test_other_grants_live_on(self):
        other, _identity = self.authorize("43")
        self.assertRevoked(self.revoke(client_secret="demo-secret"))
        answer = self.bearer("/orders/partners", other["access_token"])
        self.assertEqual(answer.status_code, 200, answer.text)

    def test_a_grant_that_is_over_can_be_revoked(self):
        self.grant.state = "expired"
        self.assertRevoked(self.revoke(client_secret="demo-secret"))


class TestRevokeProof(RevokeCase):
    """The same proofs as on ``token``, but an access token only while it is good."""

    def test_names_alone_prove_nothing(self):
        self.assertKept(self.revoke(), 401, "invalid_client")
        unknown = self.revoke(client_id="nobody")
        self.assertEqual(self.revoke().content, unknown.content)

    def test_the_secret_in_the_header(self):
        self.assertRevoked(self.revoke(headers=basic_authorization()))

    def test_a_wrong_secret(self):
        for wrong in (
            {"client_secret": "wrong"},
            {"headers": basic_authorization(secret="wrong")},
            {"client_secret": "wrong", "bearer": self.information["access_token"]},
        ):
            self.assertKept(self.revoke(**wrong), 401, "invalid_client")

    def test_the_secret_twice(self):
        response = self.revoke(
            headers=basic_authorization(), client_secret="demo-secret"
        )
        self.assertKept(response, 400, "invalid_request")

    def test_the_access_token(self):
        self.assertRevoked(self.revoke(bearer=self.information["access_token"]))

    def test_an_expired_access_token(self):
        token = self.grant._current_token("access")
        token.expires_at = fields.Datetime.now() - timedelta(seconds=1)
        response = self.revoke(bearer=self.information["access_token"])
        self.assertRefused(response, 400, "invalid_grant")
        self.assertTrue(self.grant)
        self.assertFalse(self.told())

    def test_a_replaced_access_token(self):
        self.refreshed(self.by_secret())
        response = self.revoke(bearer=self.information["access_token"])
        self.assertKept(response, 400, "invalid_grant")

    def test_the_refresh_token(self):
        response = self.revoke(refresh_token=self.information["refresh_token"])
        self.assertRevoked(response)

    def test_a_replaced_refresh_token(self):
        self.refreshed(self.by_secret())
        response = self.revoke(refresh_token=self.information["refresh_token"])
        self.assertKept(response, 400, "invalid_grant")

    def test_an_expired_access_token_beside_the_refresh_token(self):
        token = self.grant._current_token("access")
        token.expires_at = fields.Datetime.now() - timedelta(seconds=1)
        response = self.revoke(
            bearer=self.information["access_token"],
            refresh_token=self.information["refresh_token"],
        )
        self.assertRefused(response, 400, "invalid_grant")

    def test_a_wrong_token(self):
        _grant, other = self.make_grant(self.client, self.user)
        for wrong in ({"bearer": other}, {"refresh_token": "unknown"}):
            self.assertKept(self.revoke(**wrong), 400, "invalid_grant")

    def test_an_issued_identity(self):
        self.information, self.identity = self.authorize()
        self.names["client_user_identity"] = self.identity
        self.assertRevoked(self.revoke())

    def test_an_unknown_identity(self):
        for identity in ("nobody", "cui_made-up"):
            response = self.revoke(
                client_user_identity=identity, client_secret="demo-secret"
            )
            self.assertKept(response, 400, "invalid_grant")

    def test_trust_identity(self):
        self.api.trust_identity = True
        self.assertRevoked(self.revoke())

    def test_require_secret_accepts_nothing_else(self):
        self.client.require_secret = True
        self.api.trust_identity = True
        for proof in (
            {},
            {"bearer": self.information["access_token"]},
            {"refresh_token": self.information["refresh_token"]},
        ):
            self.assertKept(self.revoke(**proof), 401, "invalid_client")
        self.assertRevoked(self.revoke(client_secret="demo-secret"))

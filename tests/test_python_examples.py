import json

from odoo.tests import tagged

from .common import OAuth2Case


@tagged("post_install", "-at_install", "with_website")
class TestPythonExamples(OAuth2Case):
    """The three requests of the documentation that existing applications follow.

    ``self.opener`` is a ``requests.Session``: its ``request`` is ``requests.request``
    with the cookie by which this server knows the running test.
    """

    def authorize_as_documented(self, **identity):
        response = self.opener.request(
            "GET",
            f"{self.base_url()}/orders/oauth2/provider/authorize",
            headers={"Content-Type": "application/json"},
            data=json.dumps({"client_id": "demo-app", **identity}),
        )
        self.assertEqual(response.status_code, 200, response.text)
        callback = self.visit(self.sign_in(response.json()["authorization_url"]))
        self.assertEqual(callback.status_code, 200, callback.text)
        return response.json(), callback.json()

    def token_as_documented(self, identity):
        return self.opener.request(
            "POST",
            f"{self.base_url()}/orders/oauth2/token",
            headers={"Content-Type": "application/json"},
            data=json.dumps(
                {"client_id": "demo-app", "client_user_identity": identity}
            ),
        )

    def revoke_as_documented(self, identity):
        return self.opener.request(
            "GET",
            f"{self.base_url()}/orders/oauth2/revoke",
            headers={"Content-Type": "application/json"},
            data=json.dumps(
                {"client_id": "demo-app", "client_user_identity": identity}
            ),
        )

    def assertServed(self, identity, information):
        response = self.token_as_documented(identity)
        self.assertEqual(response.status_code, 200, response.text)
        refreshed = response.json()
        self.assertNotEqual(refreshed["access_token"], information["access_token"])
        self.assertEqual(set(refreshed), set(information))
        opened = self.bearer("/orders/partners", refreshed["access_token"])
        self.assertEqual(opened.status_code, 200, opened.text)
        self.assertTrue(self.provider.grants)
        response = self.revoke_as_documented(identity)
        self.assertEqual(response.status_code, 200, response.text)
        self.assertEqual(response.json(), {"revoked": True, "provider_revoked": True})
        self.assertFalse(self.provider.grants)
        self.assertFalse(self.grant_of(str(identity)))
        opened = self.bearer("/orders/partners", refreshed["access_token"])
        self.assertRefused(opened, 401, "invalid_token")

    def test_the_documented_requests_work_with_an_issued_identity(self):
        asked, information = self.authorize_as_documented()
        self.assertServed(asked["client_user_identity"], information)

    def test_the_documented_requests_work_with_a_trusted_identity(self):
        self.api.trust_identity = True
        for identity in ("user-42", 42):
            asked, information = self.authorize_as_documented(
                client_user_identity=identity
            )
            self.assertEqual(asked["client_user_identity"], str(identity))
            self.assertServed(identity, information)

    def test_the_documented_requests_need_a_proof_for_an_own_identity(self):
        self.authorize_as_documented(client_user_identity="user-42")
        for call in (self.token_as_documented, self.revoke_as_documented):
            self.assertRefused(call("user-42"), 401, "invalid_client")
        self.assertTrue(self.grant_of("user-42"))

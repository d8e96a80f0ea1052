from odoo.tests import tagged

from .common import OAuth2Case


@tagged("post_install", "-at_install", "with_website")
class TestFlow(OAuth2Case):
    """The main job, from nothing to revoked."""

    def test_the_whole_documented_flow(self):
        information, identity = self.authorize()
        self.assertEqual(information["db"], self.env.cr.dbname)
        self.assertEqual(information["login"], self.user.login)

        answer = self.bearer("/orders/partners", information["access_token"])
        self.assertEqual(answer.status_code, 200, answer.text)
        self.assertIn("name", answer.json()[0])

        names = {"client_id": "demo-app", "client_user_identity": identity}
        response = self.call("token", names)
        self.assertEqual(response.status_code, 200, response.text)
        refreshed = response.json()
        self.assertNotEqual(refreshed["access_token"], information["access_token"])
        answer = self.bearer("/orders/partners", refreshed["access_token"])
        self.assertEqual(answer.status_code, 200, answer.text)

        response = self.call("revoke", names, method="GET")
        self.assertEqual(response.json(), {"revoked": True, "provider_revoked": True})
        self.assertFalse(self.grant_of(identity))
        answer = self.bearer("/orders/partners", refreshed["access_token"])
        self.assertEqual(answer.status_code, 401)
        self.assertEqual(answer.json()["error"], "invalid_token")

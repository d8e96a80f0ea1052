from odoo.tests import tagged

from .common import OAuth2Case


@tagged("post_install", "-at_install")
class TestEvents(OAuth2Case):
    """The audit log explains what happened, and holds no secret."""

    def events(self):
        self.env.invalidate_all()
        return self.env["oauth2.event"].search(
            [("client_id", "=", self.client.id)], order="id"
        )

    def test_each_step_of_a_grant_leaves_a_line(self):
        _information, identity = self.authorize()
        names = {"client_id": "demo-app", "client_user_identity": identity}
        self.call("token", names)
        self.call("revoke", names)
        self.assertEqual(
            self.events().mapped("kind"), ["authorize", "sign_in", "refresh", "revoke"]
        )
        signed_in = self.events()[1]
        self.assertEqual(signed_in.user_id, self.user)
        self.assertEqual(signed_in.api_id, self.api)
        self.assertEqual(signed_in.address, "127.0.0.1")

    def test_a_refused_call_of_a_known_client_leaves_a_line(self):
        response = self.call(
            "token",
            {"client_id": "demo-app", "client_user_identity": "cui_made-up"},
        )
        self.assertRefused(response, 400, "invalid_grant")
        refusal = self.events()
        self.assertEqual(
            (refusal.kind, refusal.error, refusal.reason),
            ("refusal", "invalid_grant", "unknown identity"),
        )

    def test_a_refused_sign_in_leaves_a_line_with_its_reason(self):
        self.provider.claims["email_verified"] = "true"
        response = self.visit(self.sign_in(self.ask()["authorization_url"]))
        self.assertRefused(response, 403, "access_denied")
        refusal = self.events()[-1]
        self.assertEqual(refusal.reason, "the claimed email is not verified")

    def test_an_unknown_client_leaves_nothing(self):
        before = self.env["oauth2.event"].search_count([])
        response = self.call("token", {"client_id": "x", "client_user_identity": "1"})
        self.assertRefused(response, 401, "invalid_client")
        self.assertEqual(self.env["oauth2.event"].search_count([]), before)

    def test_a_line_outlives_what_it_tells_of(self):
        self.authorize()
        signed_in = self.events()[1]
        self.api.unlink()
        signed_in.invalidate_recordset()
        self.assertEqual(
            (signed_in.api_name, bool(signed_in.api_id)), ("Orders", False)
        )

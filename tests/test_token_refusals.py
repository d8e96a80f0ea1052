from datetime import timedelta

from odoo import fields
from odoo.tests import tagged

from ..protocol import transport
from ..protocol.jwks import key_sets
from .test_token import TokenCase


@tagged("post_install", "-at_install")
class TestTokenGrantInForce(TokenCase):
    """Before the provider is asked, all is checked as on a protected call."""

    def assertRefusedFor(self, status, error):
        response = self.assertUnchanged(self.by_secret)
        self.assertRefused(response, status, error)

    def test_the_user_is_archived(self):
        self.user.active = False
        self.assertRefusedFor(400, "invalid_grant")

    def test_the_user_lost_the_group(self):
        group = self.env["res.groups"].create({"name": "Drivers"})
        self.api.allowed_group_ids = group
        self.assertRefusedFor(400, "invalid_grant")
        self.user.group_ids += group
        self.refreshed(self.by_secret())

    def test_the_api_is_archived(self):
        self.api.active = False
        self.assertRefusedFor(401, "invalid_client")

    def test_the_client_is_archived(self):
        self.client.active = False
        self.assertRefusedFor(401, "invalid_client")

    def test_the_provider_is_archived(self):
        self.provider_record.active = False
        self.assertRefusedFor(401, "invalid_client")

    def test_the_client_left_the_api(self):
        self.client.write({"api_ids": False, "scope_ids": False})
        self.assertRefusedFor(401, "invalid_client")

    def test_the_authorization_is_over(self):
        self.grant.expires_at = fields.Datetime.now() - timedelta(seconds=1)
        self.assertRefusedFor(400, "invalid_grant")

    def test_the_grant_is_expired(self):
        self.grant.state = "expired"
        self.assertRefusedFor(400, "invalid_grant")

    def test_there_is_no_refresh_token(self):
        self.provider.issue_refresh_token = False
        self.information, self.identity = self.authorize("43")
        self.names["client_user_identity"] = "43"
        self.assertNotIn("refresh_token", self.information)
        self.provider.calls.clear()
        self.assertRefusedFor(400, "invalid_grant")

    def test_all_these_and_an_unknown_identity_read_the_same(self):
        unknown = self.by_secret(client_user_identity="nobody")
        self.grant.state = "expired"
        self.assertEqual(self.by_secret().content, unknown.content)
        self.grant.state = "active"
        self.user.active = False
        self.assertEqual(self.by_secret().content, unknown.content)


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

    def test_it_is_down(self):
        endpoint = self.provider_record.token_endpoint
        self.provider_record.token_endpoint = "http://127.0.0.1:1/token"
        response = self.assertNothingLost(503, "temporarily_unavailable", calls=0)
        self.assertGreater(int(response.headers["Retry-After"]), 0)
        self.provider_record.token_endpoint = endpoint
        self.assertGoesOn()

    def test_it_hangs(self):
        self.patch(transport, "READ_SECONDS", 0.2)
        self.provider.hang = 5
        response = self.assertUnchanged(self.by_secret, calls=1)
        self.assertRefused(response, 503, "temporarily_unavailable")
        self.assertGreater(int(response.headers["Retry-After"]), 0)

    def test_it_fails(self):
        for status in (500, 502, 503, 429):
            self.provider.answer("token", status=status, body=b"<h1>oops</h1>")
            response = self.assertNothingLost(503, "temporarily_unavailable")
            self.assertGreater(int(response.headers["Retry-After"]), 0)
        self.assertGoesOn()

    def test_its_own_retry_after_is_handed_on(self):
        self.provider.answer("token", status=503, headers={"Retry-After": "77"})
        response = self.assertNothingLost(503, "temporarily_unavailable")
        self.assertEqual(response.headers["Retry-After"], "77")

    def test_it_does_not_know_odoo_any_more(self):
        self.provider.client_secret = "changed-there"
        self.assertNothingLost(502, "server_error")
        self.provider.client_secret = "demo-secret"
        self.assertGoesOn()

    def test_it_answers_what_is_no_token(self):
        good = {"access_token": "a-token", "token_type": "Bearer"}
        bound = self.provider.sign({"sub": "olivia", "cnf": {"jkt": "x"}})
        for name, answer in {
            "HTML": {"body": b"<html/>", "headers": {"Content-Type": "text/html"}},
            "nothing": {"body": b""},
            "a list": {"json": [good]},
            "no access token": {"json": {"token_type": "Bearer"}},
            "another token type": {"json": {**good, "token_type": "mac"}},
            "a token bound to a key": {"json": {**good, "access_token": bound}},
            "nonsense as expires_in": {"json": {**good, "expires_in": "soon"}},
            "a redirect": {"status": 302, "headers": {"Location": "/userinfo"}},
            "another error": {"status": 400, "json": {"error": "unauthorized_client"}},
        }.items():
            with self.subTest(name):
                self.provider.answer("token", **answer)
                self.assertNothingLost(502, "server_error")
        self.assertGoesOn()

    def test_it_answers_megabytes(self):
        self.provider.flood("token")
        self.assertNothingLost(502, "server_error")
        self.assertGoesOn()

    def test_its_id_token_names_another(self):
        """OpenID Connect Core section 12.2"""
        for override in (
            {"sub": "mallory"},
            {"iss": "https://evil.example.com"},
            {"aud": "another-app"},
            {"exp": 1},
        ):
            self.provider.id_token_claims_override = override
            self.provider.rotate = False
            self.assertNothingLost(502, "server_error")
        self.provider.id_token_claims_override = {}
        self.assertGoesOn()

    def assertGoesOnWithTheNewRefreshToken(self):
        """The provider rotated it, so that the old one would end the grant there."""
        token = self.information["refresh_token"]
        self.refreshed(self.refresh(refresh_token=token))
        self.assertEqual(len(self.provider.grants), 1)

    def test_its_id_token_cannot_be_checked(self):
        key_sets.clear()
        self.provider.answer("jwks", status=503)
        self.provider.calls.clear()
        response = self.by_secret()
        self.assertRefused(response, 503, "temporarily_unavailable")
        self.assertGreater(int(response.headers["Retry-After"]), 0)
        self.assertEqual(self.provider.calls["token"], 1)
        opened = self.bearer("/orders/partners", self.information["access_token"])
        self.assertEqual(opened.status_code, 200, opened.text)
        key_sets.clear()
        self.provider.behave()
        self.assertGoesOnWithTheNewRefreshToken()

    def test_its_id_token_is_bad_for_once(self):
        self.provider.token_answer_override = {"id_token": "a.b.c"}
        self.assertRefused(self.by_secret(), 502, "server_error")
        opened = self.bearer("/orders/partners", self.information["access_token"])
        self.assertEqual(opened.status_code, 200, opened.text)
        self.provider.token_answer_override = {}
        self.assertGoesOnWithTheNewRefreshToken()

    def test_another_user_s_access_token(self):
        other = self.make_user("other@example.com")
        _grant, token = self.make_grant(self.client, other)
        answer = {"access_token": token, "token_type": "Bearer"}
        self.provider.answer("token", json=answer)
        self.assertNothingLost(502, "server_error")


@tagged("post_install", "-at_install")
class TestTokenProviderEndsTheGrant(TokenCase):
    """The provider says ``invalid_grant``: authorize again."""

    def test_tokens_are_dropped_and_the_grant_expires(self):
        grant = self.grant
        self.provider.answer("token", status=400, json={"error": "invalid_grant"})
        response = self.by_secret()
        self.assertRefused(response, 400, "invalid_grant")
        self.assertIn("authorize again", response.json()["error_description"])
        self.env.invalidate_all()
        self.assertEqual(grant.state, "expired")
        self.assertFalse(grant.token_ids)
        opened = self.bearer("/orders/partners", self.information["access_token"])
        self.assertRefused(opened, 401, "invalid_token")

    def test_it_is_not_asked_again(self):
        self.provider.answer("token", status=400, json={"error": "invalid_grant"})
        self.by_secret()
        self.provider.behave()
        self.assertRefused(self.by_secret(), 400, "invalid_grant")
        self.assertEqual(self.provider.calls["token"], 1)

    def test_a_new_authorization_brings_the_same_grant_back(self):
        grant = self.grant
        self.provider.answer("token", status=400, json={"error": "invalid_grant"})
        self.by_secret()
        self.provider.behave()
        self.information, _identity = self.authorize(self.identity)
        self.assertEqual(self.grant, grant)
        opened = self.bearer("/orders/partners", self.information["access_token"])
        self.assertEqual(opened.status_code, 200, opened.text)
        self.refreshed(self.by_secret())

    def test_github_s_word_for_it_counts_too(self):
        self.provider.answer("token", json={"error": "bad_refresh_token"})
        self.assertRefused(self.by_secret(), 400, "invalid_grant")
        self.assertEqual(self.grant.state, "expired")

"""A process of the server is killed (SIGKILL) at the worst moment."""

import os
import signal

from server import in_background, sql, visit, wait_until
from world import Fault


class Refresh(Fault):
    def setUp(self):
        super().setUp()
        _first, self.identity = self.site.authorize()
        self.provider.calls.clear()

    def call(self):
        return self.refresh(self.identity)

    def test_answer_unread_rotating(self):
        """killed with a refresh's answer unread; the provider rotates, ends on reuse"""
        self.provider.kill = "token"
        self.assertDies(self.call)
        self.assertTrue(self.grants()[0]["refresh_began_at"])
        self.assertExplained("refresh without answer")
        # The provider takes the old refresh token for a stolen one.
        answer = self.call()
        self.assertEqual(answer.status_code, 400, answer.text)
        self.assertEqual(answer.json()["error"], "invalid_grant")
        self.assertEqual(self.grants()[0]["state"], "expired")
        self.assertEqual(len(self.losses()), 1)
        self.assertExplained()
        self.site.authorize(self.identity)
        self.refreshed(self.identity)

    def test_answer_unread_not_rotating(self):
        """killed with a refresh's answer unread; the provider does not rotate"""
        self.provider.rotate = False
        self.provider.kill = "token"
        self.assertDies(self.call)
        self.assertExplained("refresh without answer")
        self.refreshed(self.identity)
        self.assertEqual(len(self.losses()), 1)
        self.assertExplained("grant")

    def test_answer_unread_then_revoked(self):
        """killed with a refresh's answer unread, then revoked"""
        self.provider.kill = "token"
        self.assertDies(self.call)
        answer = self.site.revoke(self.identity)
        self.assertEqual(answer.status_code, 200, answer.text)
        kind, reason = self.events()[-1]
        self.assertEqual(kind, "revoke")
        # This provider ends a grant whatever token of it is named; others may not.
        self.assertIn("was not recorded", reason)
        self.assertExplained()

    def assertAnswerIsLost(self):
        """The next call goes on with the token that the provider takes for stolen."""
        self.assertExplained("refresh without answer")
        self.assertEqual(self.call().status_code, 400)
        self.assertEqual(len(self.losses()), 1)
        self.assertExplained()

    def test_before_the_tokens_are_stored(self):
        """killed while it stores the tokens of a refresh"""
        self.kill_while_locked_out("oauth2_token", self.call)
        self.assertAnswerIsLost()

    def test_before_the_event_is_stored(self):
        """killed while it stores the event of a refresh; no rotation"""
        self.provider.rotate = False
        self.kill_while_locked_out("oauth2_event", self.call)
        self.assertExplained("refresh without answer")
        self.refreshed(self.identity)
        self.assertExplained("grant")

    def test_before_the_answer(self):
        """killed before the provider answers a refresh, which it does then"""
        self.provider.hang = 3
        future = in_background(self.call)
        wait_until(lambda: self.provider.calls["token"])
        os.kill(self.provider.asking(), signal.SIGKILL)
        self.assertDies(future.result)
        [held] = self.provider.grants
        wait_until(lambda: len(held["refresh"]) == 2)
        self.provider.hang = 0
        self.assertAnswerIsLost()


class RefreshWithIdToken(Fault):
    def test_while_the_keys_are_fetched(self):
        """killed while it fetches the keys of a refreshed id_token"""
        self.site = self.make_site()
        _first, identity = self.site.authorize()
        # An address that no process of the server has asked for keys.
        self.administrator.write(
            "oauth2.provider",
            self.site.provider_id,
            jwks_uri=f"{self.provider.issuer}/jwks?again",
        )
        self.provider.calls.clear()
        self.provider.kill = "jwks"
        self.provider.rotate = False
        self.assertDies(lambda: self.refresh(identity))
        self.assertExplained("refresh without answer")
        self.refreshed(identity)
        self.assertEqual(len(self.losses()), 1)
        self.assertExplained("grant")


class Revoke(Fault):
    def setUp(self):
        super().setUp()
        self.tokens, self.identity = self.site.authorize()

    def call(self):
        return self.site.revoke(self.identity)

    def assertClosed(self):
        answer = self.site.partners(self.tokens["access_token"])
        self.assertEqual(answer.status_code, 401, answer.text)
        self.assertEqual(self.grants(), [])

    def test_answer_unread(self):
        """killed with a revocation's answer unread"""
        self.provider.kill = "revocation"
        self.assertDies(self.call)
        self.assertClosed()
        self.assertEqual(len(self.revocations()), 2)
        self.tell_provider()
        self.assertEqual(self.revocations(), [])
        self.assertExplained()

    def test_not_told(self):
        """killed before the provider has done what it is asked to revoke"""
        self.provider.answer("revocation", status=503)
        self.provider.hang = 2
        future = in_background(self.call)
        wait_until(lambda: self.provider.calls["revocation"])
        os.kill(self.provider.asking(), signal.SIGKILL)
        self.assertDies(future.result)
        self.assertClosed()
        self.assertExplained("revocation under way")
        self.provider.hang = 0
        self.provider.behave()
        self.tell_provider()
        self.assertExplained()

    def test_before_anything_is_stored(self):
        """killed while it ends the grant here"""
        self.kill_while_locked_out("oauth2_revocation", self.call)
        self.assertExplained("grant")
        self.assertEqual(self.call().status_code, 200)
        self.assertClosed()
        self.assertExplained()


class Callback(Fault):
    def setUp(self):
        super().setUp()
        asked = self.site.ask()
        self.identity = asked["client_user_identity"]
        self.url = self.site.sign_in(asked["authorization_url"])

    def call(self):
        return visit(self.url)

    def lapse(self):
        """Let no user decide in time, and the job forget the sign-in."""
        sql(
            "UPDATE oauth2_authorization_request"
            " SET expires_at = expires_at - interval '2 days'"
        )
        self.run_job("ir_cron_clean_up")

    def test_answer_unread(self):
        """killed with the tokens of a sign-in unread"""
        self.provider.kill = "token"
        self.assertDies(self.call)
        self.assertExplained("sign-in without answer")
        self.assertEqual(self.grants(), [])
        self.assertEqual(self.call().status_code, 400)  # its state is spent
        self.lapse()
        self.assertExplained("event")

    def test_before_the_grant_is_stored(self):
        """killed while it stores the grant of a sign-in"""
        self.kill_while_locked_out("oauth2_token", self.call)
        self.assertExplained("recorded answer")
        self.lapse()
        self.assertExplained("revocation under way")
        self.tell_provider()
        self.assertExplained()

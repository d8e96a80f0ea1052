"""The provider is down, hangs, answers too late, or has forgotten everything."""

import time

from server import at_once, said_to_be_lost, sql, visit
from world import Fault

OUR_PATIENCE = 10  # seconds, of Odoo with a provider
CALLERS = 20


class Provider(Fault):
    def setUp(self):
        super().setUp()
        self.tokens, self.identity = self.site.authorize()
        self.provider.calls.clear()

    def assertUnavailable(self, answer):
        self.assertEqual(answer.status_code, 503, answer.text)
        self.assertEqual(answer.json()["error"], "temporarily_unavailable")

    def assertOpens(self):
        answer = self.site.partners(self.tokens["access_token"])
        self.assertEqual(answer.status_code, 200, answer.text)

    def test_down(self):
        """provider down: what is there goes on, and a refresh works once it is back"""
        self.provider.close("token")
        self.provider.close("revocation")
        for answer in at_once(*[lambda: self.refresh(self.identity)] * CALLERS):
            self.assertUnavailable(answer)
            self.assertGreater(int(answer.headers["Retry-After"]), 0)
        self.assertOpens()
        self.provider.behave()
        self.refreshed(self.identity)
        self.assertExplained("grant")

    def test_down_while_revoking(self):
        """provider down during a revocation: it is told later"""
        self.provider.close("revocation")
        told = self.site.revoke(self.identity).json()
        self.assertEqual(told, {"revoked": True, "provider_revoked": False})
        self.assertExplained("revocation under way")
        self.tell_provider()
        self.assertExplained("revocation under way")
        self.provider.behave()
        self.tell_provider()
        self.assertExplained()

    def test_hanging(self):
        """provider hanging: no caller waits long, nothing is lost"""
        self.provider.hang = 60
        begun = time.monotonic()
        self.assertUnavailable(self.refresh(self.identity))
        self.assertLess(time.monotonic() - begun, OUR_PATIENCE + 5)
        self.assertOpens()
        self.provider.hang = 0
        self.refreshed(self.identity)
        self.assertExplained("grant")

    def answer_late(self):
        """From now on the provider does what it is asked, and says so too late."""
        token = self.provider.on_token

        def on_token(handler, params):
            answer = token(handler, params)
            time.sleep(OUR_PATIENCE + 1)
            return answer

        self.provider.on_token = on_token
        self.addCleanup(setattr, self.provider, "on_token", token)
        return token

    def test_late_refresh(self):
        """provider answering a refresh after our timeout, having rotated"""
        well = self.answer_late()
        self.assertUnavailable(self.refresh(self.identity))
        self.assertExplained("refresh without answer")
        self.provider.on_token = well
        self.assertEqual(self.refresh(self.identity).status_code, 400)
        self.assertTrue(self.losses())
        self.assertExplained()
        self.site.authorize(self.identity)
        self.refreshed(self.identity)
        self.assertExplained("grant")

    def test_late_sign_in(self):
        """provider answering a sign-in after our timeout, having given out tokens"""
        well = self.answer_late()
        url = self.site.sign_in(self.site.ask()["authorization_url"])
        answer = visit(url)
        self.assertUnavailable(answer)
        self.assertExplained("grant", "sign-in without answer")
        self.provider.on_token = well
        self.assertEqual(visit(url).status_code, 400)
        self.lapse()
        self.assertExplained("grant", "event")

    def callback(self):
        return self.site.sign_in(self.site.ask()["authorization_url"])

    def lapse(self):
        """Let the sign-ins lapse that no user has finished, and the job come by."""
        sql(
            "UPDATE oauth2_authorization_request"
            "   SET expires_at = now() - interval '1 hour' WHERE api_id = %s",
            self.site.api_id,
        )
        self.run_job("ir_cron_clean_up")

    def test_down_while_signing_in(self):
        """provider down when a sign-in comes back: it is spent, a new one works"""
        url = self.callback()
        self.provider.close("token")
        self.assertUnavailable(visit(url))
        self.assertEqual(visit(url).status_code, 400)
        self.lapse()
        self.assertTrue(self.losses())
        self.assertExplained("grant")
        self.provider.behave()
        self.site.authorize()
        self.assertExplained("grant", "grant")

    def test_hanging_while_signing_in(self):
        """provider hanging when a sign-in comes back: the record says so"""
        url = self.callback()
        self.provider.hang = 60
        begun = time.monotonic()
        self.assertUnavailable(visit(url))
        self.assertLess(time.monotonic() - begun, OUR_PATIENCE + 5)
        self.provider.hang = 0
        self.lapse()
        self.assertTrue(self.losses())

    def test_memory_lost_while_signing_in(self):
        """provider lost its memory before a code comes back: nothing is granted"""
        url = self.callback()
        self.provider.codes.clear()
        answer = visit(url)
        self.assertEqual(answer.status_code, 400, answer.text)
        self.assertEqual(answer.json()["error"], "invalid_grant")
        self.assertEqual(len(self.grants()), 1)
        self.lapse()
        self.assertEqual(said_to_be_lost(self.site), [])  # it has given out nothing
        self.site.authorize()

    def test_late_revocation(self):
        """provider answering a revocation after our timeout, having done it"""
        revoke, late = self.provider.on_revocation, []

        def on_revocation(handler, params):
            answer = revoke(handler, params)
            if not late:
                late.append(True)
                time.sleep(OUR_PATIENCE + 1)
            return answer

        self.provider.on_revocation = on_revocation
        self.addCleanup(setattr, self.provider, "on_revocation", revoke)
        told = self.site.revoke(self.identity).json()
        self.assertEqual(told, {"revoked": True, "provider_revoked": False})
        self.assertEqual(len(self.revocations()), 2)  # the other one is not sent then
        self.tell_provider()
        self.assertEqual(self.revocations(), [])
        self.assertExplained()

    def test_memory_lost(self):
        """provider lost its memory: the grant ends here too, with an event"""
        self.provider.grants.clear()
        self.provider.codes.clear()
        self.assertOpens()  # what Odoo gave out is Odoo's to end
        answer = self.refresh(self.identity)
        self.assertEqual(answer.status_code, 400, answer.text)
        self.assertEqual(self.grants()[0]["state"], "expired")
        self.assertEqual(
            self.events()[-1], ("refusal", "The provider answered invalid_grant.")
        )
        closed = self.site.partners(self.tokens["access_token"])
        self.assertEqual(closed.status_code, 401, closed.text)
        self.site.authorize(self.identity)
        self.refreshed(self.identity)
        self.assertExplained("grant")

    def test_memory_lost_while_revoking(self):
        """provider lost its memory: a revocation is over all the same"""
        self.provider.grants.clear()
        told = self.site.revoke(self.identity).json()
        self.assertEqual(told, {"revoked": True, "provider_revoked": True})
        closed = self.site.partners(self.tokens["access_token"])
        self.assertEqual(closed.status_code, 401, closed.text)
        self.assertEqual(self.revocations(), [])

    def test_storm_with_a_killed_process(self):
        """20 callers refresh; the process that got the answer is killed"""
        self.provider.kill = "token"

        def call():
            try:
                return self.refresh(self.identity).status_code
            except OSError:
                return None

        statuses = at_once(*[call] * CALLERS)
        self.assertIn(None, statuses)
        # The provider ended the grant at the next call, as it should.
        self.assertEqual(set(statuses) - {None}, {400})
        self.assertEqual(self.provider.calls["token"], 2)
        self.assertEqual(self.grants()[0]["state"], "expired")
        lost = said_to_be_lost(self.site)
        self.assertEqual([kind for kind, _reason in lost], ["end"])
        self.assertExplained()

"""Two servers on one database: what one did, the other knows at once."""

from providers import QuickProvider
from server import ServerCase, at_once, sql


class TestSeveralServers(ServerCase):
    def setUp(self):
        super().setUp()
        self.provider = self.enterContext(QuickProvider())
        # Without id_tokens: this provider's would name the user who signed in last.
        self.site = self.make_site().use(self.provider, scope="email profile")
        self.second = self.site.on_the_second_server()
        self.first, self.identity = self.site.authorize()
        self.provider.calls.clear()

    def assertOneCall(self, callers, **proof):
        """:param int callers: at each of two servers, at once"""
        self.provider.hang = 0.3
        calls = [
            lambda: self.site.refresh(self.identity, **proof),
            lambda: self.second.refresh(self.identity, **proof),
        ]
        answers = at_once(*calls * callers)
        self.assertEqual({answer.status_code for answer in answers}, {200})
        tokens = {answer.json()["access_token"] for answer in answers}
        self.assertEqual(len(tokens), 1)
        self.assertEqual(self.provider.calls["token"], 1)
        self.assertOpens(self.second, tokens.pop())

    def test_100_refreshes_at_once_at_both_are_one_call_to_the_provider(self):
        self.assertOneCall(50, refresh_token=self.first["refresh_token"])

    def test_refreshes_by_identity_at_once_at_both_are_one_call_to_the_provider(self):
        """Their answer is kept for five seconds, the one to a token for a minute: here
        all workers of the servers are busy at once, and none has a second call."""
        self.assertOneCall(6)

    def test_of_revocations_at_both_one_succeeds(self):
        answers = at_once(
            lambda: self.site.revoke(self.identity),
            lambda: self.second.revoke(self.identity),
        )
        self.assertEqual(sorted(a.status_code for a in answers), [200, 400])
        self.assertEqual(self.grants(self.site), 0)
        waiting = "SELECT count(*) FROM oauth2_revocation WHERE client_id = %s"
        self.assertEqual(sql(waiting, self.site.client_id), [(0,)])

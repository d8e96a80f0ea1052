"""Two servers on one database: what one did, the other knows at once."""

from providers import QuickProvider
from server import ServerCase, at_once, sql

CALLERS = 50  # at each of two servers


class TestSeveralServers(ServerCase):
    def setUp(self):
        super().setUp()
        self.provider = self.enterContext(QuickProvider())
        # Without id_tokens: this provider's would name the user who signed in last.
        self.site = self.make_site().use(self.provider, scope="email profile")
        self.second = self.site.on_the_second_server()
        self.first, self.identity = self.site.authorize()
        self.provider.calls.clear()

    def test_100_refreshes_at_once_at_both_are_one_call_to_the_provider(self):
        self.provider.hang = 0.3
        calls = [
            lambda: self.site.refresh(self.identity),
            lambda: self.second.refresh(self.identity),
        ]
        answers = at_once(*calls * CALLERS)
        self.assertEqual({answer.status_code for answer in answers}, {200})
        tokens = {answer.json()["access_token"] for answer in answers}
        self.assertEqual(len(tokens), 1)
        self.assertEqual(self.provider.calls["token"], 1)
        self.assertOpens(self.second, tokens.pop())

    def test_of_revocations_at_both_one_succeeds(self):
        answers = at_once(
            lambda: self.site.revoke(self.identity),
            lambda: self.second.revoke(self.identity),
        )
        self.assertEqual(sorted(a.status_code for a in answers), [200, 400])
        self.assertEqual(self.grants(self.site), 0)
        waiting = "SELECT count(*) FROM oauth2_revocation WHERE client_id = %s"
        self.assertEqual(sql(waiting, self.site.client_id), [(0,)])

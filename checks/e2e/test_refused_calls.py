"""The audit log tells of refused calls on a real server, too, whose calls roll back."""

from providers import QuickProvider
from server import ServerCase, at_once, sql

TOLD = "SELECT count(*) FROM oauth2_event WHERE error = %s AND client_id = %s"
PROCESSES = 2 * 8


class TestRefusedCalls(ServerCase):
    def test_a_call_refused_for_its_scope_writes_one_event_for_each_process(self):
        site = self.make_site().use(self.enterContext(QuickProvider()))
        token = site.authorize()[0]["access_token"]
        self.administrator.write("oauth2.client", site.client_id, scope_ids=[(5,)])
        answers = at_once(*[lambda: site.partners(token)] * 40)
        self.assertEqual({answer.status_code for answer in answers}, {403})
        [[told]] = sql(TOLD, "insufficient_scope", site.client_id)
        self.assertIn(told, range(1, PROCESSES + 1))

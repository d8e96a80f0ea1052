"""The connections on which tokens are checked: kept, and replaced when they end."""

from providers import QuickProvider
from server import ServerCase, at_once, sql

WORKERS = 8
KEPT = (
    "SELECT pid FROM pg_stat_activity WHERE datname = current_database()"
    " AND query LIKE 'SELECT oauth2_token_check%%' AND state = 'idle'"
)


class TestCheckConnections(ServerCase):
    def setUp(self):
        self.site = self.make_site().use(self.enterContext(QuickProvider()))
        self.token = self.site.authorize()[0]["access_token"]

    def call_everywhere(self):
        answers = at_once(*[lambda: self.site.partners(self.token)] * 40)
        self.assertEqual([answer.status_code for answer in answers], [200] * 40)

    def test_a_process_keeps_one(self):
        for _time in range(3):
            self.call_everywhere()
        self.assertIn(len(sql(KEPT)), range(1, WORKERS + 1))

    def test_nobody_notices_that_the_database_ended_them(self):
        self.call_everywhere()
        ended = sql(f"SELECT pg_terminate_backend(pid) FROM ({KEPT}) kept")
        self.assertTrue(ended)
        self.call_everywhere()

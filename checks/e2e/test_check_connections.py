"""The token check has no connections beside Odoo's pool."""

from providers import QuickProvider
from server import ServerCase, at_once, sql

#: What an idle connection of Odoo's pool did last is to end its transaction.
BESIDE = (
    "SELECT query FROM pg_stat_activity WHERE datname = current_database()"
    " AND query ILIKE '%%oauth2_token%%' AND state LIKE 'idle%%'"
)


class TestCheckConnections(ServerCase):
    def test_the_token_check_keeps_no_connection_beside_odoo_s(self):
        site = self.make_site().use(self.enterContext(QuickProvider()))
        token = site.authorize()[0]["access_token"]
        answers = at_once(*[lambda: site.partners(token)] * 40)
        self.assertEqual([answer.status_code for answer in answers], [200] * 40)
        self.assertEqual(sql(BESIDE), [])

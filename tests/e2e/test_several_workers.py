"""What is changed in one worker process counts with the next call of any other."""

import re

from providers import QuickProvider
from server import LOG, ServerCase, Site, at_once, log_of, sql, wait_until

MODEL = "res.partner"
CALLERS = 24


class TestSeveralWorkers(ServerCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.site = Site(cls.administrator, {"json2_enabled": True})
        cls.site.use(cls.enterClassContext(QuickProvider()))
        cls.line_id = cls.administrator.create(
            "oauth2.scope.line",
            scope_id=cls.site.scope_id,
            model_id=sql("SELECT id FROM ir_model WHERE model = %s", MODEL)[0][0],
        )

    def setUp(self):
        super().setUp()
        told, self.identity = self.site.authorize()
        self.token = told["access_token"]

    def processes(self):
        """Return the processes that have answered JSON-2 calls, one for each."""
        lines = log_of(f"/{self.site.endpoint}/json/2/", LOG)
        return [re.match(r"\S+ \S+ (\d+) ", line)[1] for line in lines]

    def answers(self):
        """Return `{(status, error)}` of many calls at once, by several processes."""
        before = len(self.processes())

        def call():
            return self.site.json2(self.token, MODEL, "search_count", domain=[])

        answers = at_once(*[call] * CALLERS)
        wait_until(lambda: len(self.processes()) >= before + CALLERS)
        self.assertGreater(len(set(self.processes()[before:])), 1)
        told = [answer.json() for answer in answers]
        return {
            (answer.status_code, body["error"] if isinstance(body, dict) else None)
            for answer, body in zip(answers, told, strict=True)
        }

    def assertAllOpen(self):
        self.assertEqual(self.answers(), {(200, None)})

    def assertAllRefused(self, status, error):
        self.assertEqual(self.answers(), {(status, error)})

    def test_a_changed_scope_line_counts_at_once_in_each_worker(self):
        for opens in (True, False, True):
            line = "oauth2.scope.line", self.line_id
            self.administrator.write(*line, perm_read=opens)
            if opens:
                self.assertAllOpen()
            else:
                self.assertAllRefused(403, "insufficient_scope")

    def test_a_scope_taken_from_a_client_counts_at_once_in_each_worker(self):
        self.assertAllOpen()
        client, scope = self.site.client_id, self.site.scope_id
        self.administrator.write("oauth2.client", client, scope_ids=[(3, scope)])
        self.assertAllRefused(403, "insufficient_scope")
        self.administrator.write("oauth2.client", client, scope_ids=[(4, scope)])
        self.assertAllOpen()

    def test_a_scope_taken_from_a_grant_counts_at_once_in_each_worker(self):
        """A new sign-in narrows it: its older token, good for a minute more, too."""
        self.assertAllOpen()
        client, scope = self.site.client_id, self.site.scope_id
        self.administrator.write("oauth2.client", client, scope_ids=[(3, scope)])
        self.site.authorize(self.identity)
        self.administrator.write("oauth2.client", client, scope_ids=[(4, scope)])
        self.assertAllRefused(403, "insufficient_scope")

    def last_use(self):
        query = (
            "SELECT last_used_at, last_used_at > now() AT TIME ZONE 'UTC' - interval"
            " '1 minute' FROM oauth2_client_user WHERE api_id = %s ORDER BY id DESC"
        )
        return sql(query, self.site.api_id)[0]

    def test_the_use_of_a_grant_is_noted_once_in_five_minutes(self):
        self.assertEqual(self.last_use(), (None, None))
        self.assertAllOpen()
        noted, is_now = self.last_use()
        self.assertTrue(is_now)
        for _time in range(3):
            self.assertAllOpen()
        self.assertEqual(self.last_use(), (noted, True))

    def test_a_refused_call_is_no_use_of_a_grant_and_the_first_good_one_is(self):
        """However many processes have refused the grant's first calls."""
        line = "oauth2.scope.line", self.line_id
        self.administrator.write(*line, perm_read=False)
        for _time in range(5):
            self.assertAllRefused(403, "insufficient_scope")
        self.assertEqual(self.last_use(), (None, None))
        self.administrator.write(*line, perm_read=True)
        self.assertAllOpen()
        self.assertTrue(self.last_use()[1])

    def test_a_revocation_counts_at_once_in_each_worker(self):
        self.assertAllOpen()
        self.assertEqual(self.site.revoke(self.identity).status_code, 200)
        self.assertAllRefused(401, "invalid_token")

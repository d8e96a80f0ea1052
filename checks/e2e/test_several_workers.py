"""What is changed in one worker process counts with the next call of any other."""

import re

from access_changes import NARROWED, OPEN, AccessCase
from server import at_once, log_of, sql, wait_until


class TestSeveralWorkers(AccessCase):
    def processes(self):
        """Return the processes that wrote of calls of the site, one for each line."""
        lines = log_of(f"/{self.site.endpoint}/")
        return [re.match(r"\S+ \S+ (\d+) ", line)[1] for line in lines]

    def assertAll(self, expected):
        """Many calls of each door at once, by several processes, are answered so."""
        before = len(self.processes())
        answers = at_once(*self.doors() * 8)
        wait_until(lambda: len(set(self.processes()[before:])) > 1)
        self.assertAnswers(expected, answers)

    def test_what_ends_or_narrows_access_counts_at_once_in_each_worker(self):
        for name, change, expected in self.changes():
            with self.subTest(name):
                self.authorize()
                self.assertAll(OPEN)
                with change:
                    self.assertAll(expected)

    def last_use(self):
        query = (
            "SELECT last_used_at, last_used_at > now() AT TIME ZONE 'UTC' - interval"
            " '1 minute' FROM oauth2_client_user WHERE api_id = %s ORDER BY id DESC"
        )
        return sql(query, self.site.api_id)[0]

    def test_the_use_of_a_grant_is_noted_once_in_five_minutes_with_its_address(self):
        self.assertEqual(self.last_use(), (None, None))
        self.assertAll(OPEN)
        noted, is_now = self.last_use()
        self.assertTrue(is_now)
        query = (
            "SELECT last_used_from FROM oauth2_client_user WHERE api_id = %s"
            " ORDER BY id DESC"
        )
        self.assertEqual(sql(query, self.site.api_id)[0], ("127.0.0.1",))
        for _time in range(3):
            self.assertAll(OPEN)
        self.assertEqual(self.last_use(), (noted, True))

    def test_a_refused_call_is_no_use_of_a_grant_and_the_first_good_one_is(self):
        """However many processes have refused the grant's first calls."""
        client, scope = ("oauth2.client", self.site.client_id), self.site.scope_id
        with self.change(*client, "scope_ids", [(3, scope)], [(4, scope)]):
            for _time in range(5):
                self.assertAll(NARROWED)
            self.assertEqual(self.last_use(), (None, None))
        self.assertAll(OPEN)
        self.assertTrue(self.last_use()[1])

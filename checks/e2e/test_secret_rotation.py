"""A client's secret is rotated under load: what counts is the same in each worker."""

from providers import QuickProvider
from server import SECRET, ServerCase, at_once, sql, wait_until

NEW = "renewed-secret"


class TestSecretRotation(ServerCase):
    def setUp(self):
        self.site = self.make_site()
        provider = self.enterContext(QuickProvider())
        self.site.use(provider)
        _told, self.identity = self.site.authorize()
        self.administrator.write(
            "oauth2.client", self.site.client_id, client_secret=NEW
        )
        provider.client_secret = NEW

    def statuses(self, secret):
        """Return what many refreshes at once are answered, by several processes."""

        def refresh():
            return self.site.refresh(self.identity, client_secret=secret).status_code

        return set(at_once(*[refresh] * 8))

    def last_use(self):
        query = "SELECT former_secret_used_at FROM oauth2_client WHERE id = %s"
        return sql(query, self.site.client_id)[0][0]

    def test_a_former_secret_proves_in_each_worker_until_it_is_ended(self):
        for secret in (SECRET, NEW):
            self.assertEqual(self.statuses(secret), {200})
        ids = [self.site.client_id]
        self.administrator.call("oauth2.client", "action_end_former_secret", ids)
        self.assertEqual(self.statuses(SECRET), {401})
        self.assertEqual(self.statuses(NEW), {200})

    def test_the_use_of_a_former_secret_is_noted_and_that_of_the_new_one_not(self):
        self.assertEqual(self.statuses(NEW), {200})
        self.assertIsNone(self.last_use())
        self.assertEqual(self.statuses("neither-of-both"), {401})
        self.assertIsNone(self.last_use())
        self.assertEqual(self.statuses(SECRET), {200})
        wait_until(self.last_use)

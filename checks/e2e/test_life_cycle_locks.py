"""The scheduled jobs beside callers, on a server of several processes."""

import time

from providers import QuickProvider
from server import (
    ServerCase,
    held,
    in_background,
    is_a_session_locked_out,
    locked,
    sql,
    wait_until,
)

#: No caller waits for a job; a machine under load takes its time all the same.
SOON = 5


class TestJobInFlight(ServerCase):
    def setUp(self):
        provider = self.enterContext(QuickProvider())
        self.site = self.make_site().use(provider, scope="email profile")
        self.information, self.identity = self.site.authorize()
        self.lapsed = [self.site.authorize()[1] for _number in range(3)]
        sql(
            "UPDATE oauth2_client_user SET expires_at = now() - interval '1 hour'"
            " WHERE api_id = %s AND id <> (SELECT min(id) FROM oauth2_client_user"
            " WHERE api_id = %s)",
            self.site.api_id,
            self.site.api_id,
        )
        # Other sign-ins of the same account would keep the provider from being told.
        sql(
            "UPDATE oauth2_client_user SET subject = subject || id WHERE api_id = %s",
            self.site.api_id,
        )

    def run_job(self):
        [[cron]] = sql(
            "SELECT res_id FROM ir_model_data WHERE module = 'api_auth_oauth2'"
            " AND name = 'ir_cron_clean_up'"
        )
        return self.administrator.call("ir.cron", "method_direct_trigger", [cron])

    def states(self):
        query = "SELECT state FROM oauth2_client_user WHERE api_id = %s ORDER BY id"
        return [state for (state,) in sql(query, self.site.api_id)]

    def assertServesAtOnce(self):
        """Token check and refresh, while another process holds something."""
        begun = time.monotonic()
        self.assertOpens(self.site, self.information["access_token"])
        answer = self.site.refresh(self.identity)
        self.assertEqual(answer.status_code, 200, answer.text)
        self.assertOpens(self.site, answer.json()["access_token"])
        self.assertLess(time.monotonic() - begun, SOON)

    def test_a_batch_in_flight_blocks_no_call_and_no_refresh(self):
        # The job waits for the table of revocations, with lapsed grants in its hands.
        with locked("oauth2_revocation"):
            job = in_background(self.run_job)
            wait_until(is_a_session_locked_out)
            self.assertServesAtOnce()
            self.assertFalse(job.done())
        job.result()
        self.assertEqual(self.states(), ["active", *["expired"] * 3])

    def test_tokens_under_deletion_block_no_call_and_no_refresh(self):
        self.site.refresh(self.identity)
        sql("UPDATE oauth2_client_user SET last_refresh_at = NULL")
        sql(
            "UPDATE oauth2_token SET rotated_at = rotated_at - interval '1 hour',"
            " revocable_until = NULL WHERE rotated_at IS NOT NULL"
        )
        with held("SELECT id FROM oauth2_token WHERE rotated_at IS NOT NULL"):
            begun = time.monotonic()
            answer = self.site.refresh(self.identity)
            self.assertEqual(answer.status_code, 200, answer.text)
            self.assertLess(time.monotonic() - begun, SOON)
            # Nor does the job wait for them.
            self.run_job()
        self.run_job()
        old = (  # of a provider: digests of this Odoo's own are kept
            "SELECT 1 FROM oauth2_token WHERE rotated_at < now() - interval '61 s'"
            " AND is_issued IS NOT TRUE"
        )
        self.assertEqual(sql(old), [])

"""Grants end by themselves; the job says so, and tells the provider."""

from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import ValidationError
from odoo.tests import tagged

from ..services.audit.audit import Audit
from .faulty_provider import FaultyProvider
from .test_revoke import RevokeCase


@tagged("post_install", "-at_install")
class LifeCycleCase(RevokeCase):
    def run_job(self, name="ir_cron_clean_up"):
        """Run a job as the scheduler does.

        :return: ``(records done, records remaining)`` as the job reported them
        """
        self.env.flush_all()
        with self.registry.cursor() as cr:
            env = self.env(cr=cr)
            cron = env.ref(f"api_auth_oauth2.{name}")
            cron, progress = cron._add_progress()
            cron.ir_actions_server_id.with_user(cron.user_id).with_context(
                cron_id=cron.id, ir_cron_progress_id=progress.id
            ).run()
            told = progress.done, progress.remaining
        self.env.invalidate_all()
        return told

    def ago(self, **delta):
        return fields.Datetime.now() - timedelta(**delta)

    def told_of(self, kind):
        self.env.invalidate_all()
        return self.env["oauth2.event"].search([("kind", "=", kind)])

    def assertEnded(self, reason):
        """State, tokens, event; and the provider hears of both tokens."""
        self.assertEqual(self.grant.state, "expired")
        self.assertFalse(
            self.grant.token_ids or self.grant.sudo().cached_token_response
        )
        line = self.told_of("end")
        self.assertEqual((line.reason, line.user_id), (reason, self.user))
        self.assertEqual(line.client_user_ref, self.grant.id)
        answer = self.bearer("/orders/partners", self.information["access_token"])
        self.assertRefused(answer, 401, "invalid_token")
        self.assertRefused(self.by_secret(), 400, "invalid_grant")
        self.assertEqual(self.pending.mapped("kind"), ["refresh", "access"])
        self.tell_providers()
        hints = [hint for hint, _token in self.told()]
        self.assertEqual(hints, ["refresh_token", "access_token"])
        self.assertFalse(self.provider.grants)


class TestEnd(LifeCycleCase):
    def test_a_grant_ends_with_its_authorization_lifetime(self):
        self.grant.expires_at = self.ago(hours=1)
        self.run_job()
        self.assertEnded(
            "The grant has ended, because its authorization lifetime is over."
        )

    def test_a_grant_that_was_not_refreshed_in_time_ends(self):
        for token in self.grant.token_ids:
            token.expires_at = self.ago(hours=1)
        self.run_job()
        self.assertEnded("The grant has ended, because it was not refreshed in time.")

    def test_a_grant_that_can_be_refreshed_does_not_end(self):
        self.grant._current_token("access").expires_at = self.ago(hours=1)
        self.run_job()
        self.assertEqual(self.grant.state, "active")
        self.refreshed(self.by_secret())
        self.assertFalse(self.told_of("end"))

    def test_a_grant_ends_once(self):
        self.grant.expires_at = self.ago(hours=1)
        self.run_job()
        self.run_job()
        self.assertEqual(len(self.told_of("end")), 1)

    def test_the_provider_is_not_told_where_the_account_has_another_grant(self):
        """Google, for one, would end that one as well."""
        information, identity = self.authorize("43")
        self.grant.expires_at = self.ago(hours=1)
        self.run_job()
        self.assertEqual(self.grant.state, "expired")
        self.assertFalse(self.pending)
        reason = self.told_of("end").reason
        self.assertIn("its tokens were not revoked at the provider", reason)
        self.assertTrue(self.grant_of(identity).token_ids)
        opened = self.bearer("/orders/partners", information["access_token"])
        self.assertEqual(opened.status_code, 200, opened.text)

    def test_the_provider_is_told_of_all_where_an_account_s_grants_end_together(self):
        _information, identity = self.authorize("43")
        other = self.grant_of(identity)
        (self.grant + other).expires_at = self.ago(hours=1)
        self.run_job()
        self.assertEqual((self.grant.state, other.state), ("expired", "expired"))
        self.tell_providers()
        self.assertEqual(len(self.told()), 4)
        self.assertFalse(self.provider.grants)

    def test_a_grant_s_end_by_the_provider_is_in_the_audit_log(self):
        self.provider.answer("token", status=400, json={"error": "invalid_grant"})
        self.assertRefused(self.by_secret(), 400, "invalid_grant")
        self.assertIn("the provider ended it", self.told_of("end").reason)


class TestJob(LifeCycleCase):
    """In batches, and with a report."""

    def many(self, count):
        """Grants whose time is over."""
        for number in range(count):
            user = self.make_user(f"user{number}@example.com")
            self.make_grant(self.client, user, expires_at=self.ago(hours=1))

    def expired(self):
        domain = [("state", "=", "expired"), ("client_id", "=", self.client.id)]
        return self.env["oauth2.client.user"].search_count(domain)

    def test_the_clean_up_reports_what_it_did(self):
        self.env["oauth2.authorization.request"].search([]).unlink()
        self.many(3)
        self.assertEqual(self.run_job(), (3, 0))
        self.assertEqual(self.run_job(), (0, 0))

    def test_the_clean_up_goes_on_where_it_was_stopped(self):
        self.many(5)
        self.env.flush_all()
        steps = []

        def stop_after_two(_self, processed=0, **_options):
            steps.append(processed)
            return 0 if sum(steps) >= 2 else 60

        def run(commit_progress):
            Progress = type(self.env["ir.cron"])
            with patch.object(Progress, "_commit_progress", commit_progress):
                with self.registry.cursor() as cr:
                    self.env(cr=cr)["oauth2.client.user"]._cron_clean_up(limit=2)
            self.env.invalidate_all()

        run(stop_after_two)
        self.assertEqual(self.expired(), 2)
        run(lambda *_arguments, **_options: 60)
        self.assertEqual(self.expired(), 5)
        self.assertEqual(len(self.told_of("end")), 5)

    def test_the_clean_up_reports_what_remains_when_its_time_is_over(self):
        self.many(3)
        reported = []

        def no_time(_self, processed=0, remaining=None, **_options):
            reported.append(remaining)
            return 0

        with patch.object(type(self.env["ir.cron"]), "_commit_progress", no_time):
            self.env["oauth2.client.user"]._cron_clean_up(limit=2)
        self.assertEqual(len(reported), 1)
        self.assertGreater(reported[0], 0)

    def test_an_event_is_kept_as_long_as_the_setting_says(self):
        settings = {"api_auth_oauth2_event_retention_days": 10}
        self.env["res.config.settings"].create(settings).execute()
        audit = Audit(self.env)
        lines = [audit.record("refusal", reason=str(days)) for days in (9, 11, 400)]
        self.env.flush_all()
        for line, days in zip(lines, (9, 11, 400), strict=True):
            self.env.cr.execute(
                "UPDATE oauth2_event SET create_date = %s WHERE id = %s",
                (self.ago(days=days), line.id),
            )
        self.run_job()
        self.assertTrue(lines[0].exists())
        self.assertFalse(lines[1].exists() or lines[2].exists())

    def test_events_are_kept_for_a_year_by_default(self):
        self.assertEqual(self.env["oauth2.event"]._retention().days, 365)
        for nonsense in ("x", "-1", "0", "1e9", "²"):
            self.env["ir.config_parameter"].set_param(
                "api_auth_oauth2.event_retention_days", nonsense
            )
            self.assertEqual(self.env["oauth2.event"]._retention().days, 365)
        for days in (0, -1, 36501):
            with self.assertRaises(ValidationError):
                self.env["res.config.settings"].create(
                    {"api_auth_oauth2_event_retention_days": days}
                )


class TestGivenUp(LifeCycleCase):
    """A revocation that never got through is not dropped in silence."""

    def setUp(self):
        super().setUp()
        self.provider.answer("revocation", status=503)
        self.revoke(client_secret="demo-secret")

    def test_pauses_between_tries_of_a_revocation_double(self):
        pauses = []
        for _try in range(11):
            self.pending.next_try_at = self.ago(seconds=1)
            self.tell_providers()
            left = self.pending[0].next_try_at - fields.Datetime.now()
            pauses.append(round(left.total_seconds() / 60))
        self.assertEqual(pauses, [2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048])

    def test_a_provider_that_does_not_answer_is_asked_once_in_a_run(self):
        """The others' tokens do not wait for it, not even those that come later."""
        self.provider.requests.clear()
        healthy = self.enterContext(FaultyProvider())
        another = self.make_provider(healthy.endpoints())
        names = {"client_identifier": "another"}
        client = self.make_client(self.api, another, **names)
        healthy.client_id = "another"
        waiting = self.pending
        last = self.queue(client, "refresh", "of-the-healthy-one")
        (waiting + last).next_try_at = self.ago(hours=1)
        self.env.flush_all()
        with self.registry.cursor() as cr:
            self.env(cr=cr)["oauth2.revocation"]._cron_send(limit=3)
        self.env.invalidate_all()
        self.assertFalse(last.exists())
        self.assertEqual(len(self.told()), 1)
        self.assertEqual(waiting.mapped("tries"), [2, 0])
        self.assertGreater(min(waiting.mapped("next_try_at")), fields.Datetime.now())

    def test_a_revocation_waits_as_long_as_the_provider_says(self):
        headers = {"Retry-After": "7200"}
        self.provider.answer("revocation", status=503, headers=headers)
        self.pending[0].next_try_at = self.ago(seconds=1)
        self.tell_providers()
        left = self.pending[0].next_try_at - fields.Datetime.now()
        self.assertEqual(round(left.total_seconds() / 3600), 2)

    def give_up(self):
        self.pending.tries = 12
        logger = "odoo.addons.api_auth_oauth2.services.tokens.revocation_outbox"
        with self.assertLogs(logger, "ERROR") as logs:
            for _run in range(2):  # asked once in each
                waiting = self.pending.filtered(lambda one: one.state == "pending")
                waiting.next_try_at = self.ago(seconds=1)
                self.tell_providers()
        self.assertEqual(len(logs.output), 2)

    def test_a_revocation_given_up_is_in_log_audit_log_and_list(self):
        self.give_up()
        self.assertEqual(self.pending.mapped("state"), ["given_up"] * 2)
        self.assertEqual([r.value for r in self.pending.sudo()], [False, False])
        lines = self.told_of("given_up")
        self.assertEqual(lines.client_id, self.client)
        self.assertEqual(len(lines), 2)
        self.assertIn("token not revoked at the provider: ", lines[0].reason)

    def test_a_revocation_given_up_is_not_tried_again(self):
        self.give_up()
        self.provider.behave()
        self.provider.requests.clear()
        self.pending.next_try_at = self.ago(days=1)
        self.tell_providers()
        self.assertFalse(self.told())

    def test_a_revocation_given_up_does_not_tie_the_client_to_its_provider(self):
        self.give_up()
        self.env["oauth2.authorization.request"].search([]).unlink()
        self.client.provider_id = self.make_provider()

    def test_a_revocation_given_up_is_deleted_as_events_are(self):
        self.give_up()
        self.run_job()
        self.assertEqual(len(self.pending), 2)
        self.env.cr.execute(
            "UPDATE oauth2_revocation SET write_date = %s", (self.ago(days=366),)
        )
        self.run_job()
        self.assertFalse(self.pending)

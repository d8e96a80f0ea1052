"""Administrators are told 30 and 7 days before a client's secret ends, each once."""

from datetime import date, timedelta

from odoo import fields
from odoo.tests import tagged

from ..services.authentication.secret_notices import ACTIVITY_TYPE
from ..services.jobs.clean_up import CleanUp
from .test_access_rights import AccessCase

OUR_GROUP, SETTINGS = "api_auth_oauth2.group_admin", "base.group_system"


@tagged("post_install", "-at_install")
class TestSecretNotices(AccessCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.own = cls.env["oauth2.client"].create({"name": "Own"})
        cls.own._generate_secret()

    def run_job(self, on=None):
        """:param date on: the day of the server's clock, today by default"""
        now = fields.Datetime.to_datetime(on) if on else fields.Datetime.now()
        self.patch(fields.Date, "today", lambda: now.date())
        self.env["oauth2.client"].flush_model()
        job = CleanUp(self.env)
        job.tell_of_secrets(100, None)
        self.assertFalse(job._failed)

    def activities(self, client):
        return client.activity_ids.filtered(
            lambda each: each.activity_type_id == self.env.ref(ACTIVITY_TYPE)
        )

    def mails(self, client):
        """Messages that tell a user of an activity: of each Odoo makes one mail."""
        return self.env["mail.message"].search(
            [
                ("model", "=", "oauth2.client"),
                ("res_id", "=", client.id),
                ("message_type", "=", "user_notification"),
            ]
        )

    def members(self, group):
        users = self.env.ref(group).all_user_ids
        return users.filtered("active")

    def assertTold(self, client, times, group=OUR_GROUP):
        """Each who may mend it has one activity, and was sent so many mails."""
        people = self.members(group)
        self.assertTrue(people)
        told, sent = self.activities(client), self.mails(client)
        self.assertEqual(len(told), len(people) if times else 0)
        self.assertEqual(len(sent), times * len(people))
        if times:
            self.assertEqual(told.user_id, people)
            self.assertEqual(sent.notified_partner_ids, people.partner_id)

    def test_administrators_are_told_30_and_7_days_before_and_each_once(self):
        end = date(2040, 3, 31)
        self.own.secret_expires_on = end
        for days, times in (
            (40, 0),
            (31, 0),
            (30, 1),
            (30, 1),
            (29, 1),
            (8, 1),
            (7, 2),
            (6, 2),
            (0, 2),
            (-9, 2),
        ):
            with self.subTest(days_before=days):
                self.run_job(end - timedelta(days=days))
                self.assertTold(self.own, times)
        self.assertEqual(set(self.activities(self.own).mapped("date_deadline")), {end})

    def test_a_day_on_which_no_job_ran_is_made_up_for(self):
        for left, times in ((20, 1), (3, 1), (-1, 1)):
            with self.subTest(days_left_at_first_run=left):
                client = self.env["oauth2.client"].create({"name": "Late"})
                client._generate_secret()
                client.secret_expires_on = date(2040, 3, 31)
                self.run_job(date(2040, 3, 31) - timedelta(days=left))
                self.assertTold(client, times)

    def test_a_clock_that_goes_back_has_nothing_told_again(self):
        end = date(2040, 3, 31)
        self.own.secret_expires_on = end
        for days in (7, 30, 7, 60, 30):
            self.run_job(end - timedelta(days=days))
        self.assertTold(self.own, 1)

    def test_a_new_secret_or_another_day_withdraws_what_was_told(self):
        end = date(2040, 3, 31)
        self.own.secret_expires_on = end
        self.run_job(end)
        self.assertTrue(self.activities(self.own))
        self.own._generate_secret()
        self.assertFalse(self.activities(self.own))
        self.run_job(end)
        self.assertFalse(self.activities(self.own))
        self.own.secret_expires_on = end
        self.run_job(end)
        self.assertTold(self.own, 2)
        self.own.secret_expires_on = end + timedelta(days=300)
        self.assertFalse(self.activities(self.own))

    def test_of_a_providers_secret_settings_administrators_are_told(self):
        self.client.secret_expires_on = date(2040, 3, 31)
        self.run_job(date(2040, 3, 30))
        self.assertNotIn(self.manager, self.activities(self.client).user_id)
        self.assertTold(self.client, 1, SETTINGS)

    def test_of_a_company_s_client_administrators_of_that_company_are_told(self):
        self.own.company_id = self.env["res.company"].create({"name": "Branch"})
        self.manager.company_ids += self.own.company_id
        self.own.secret_expires_on = date(2026, 12, 31)
        self.run_job(date(2026, 12, 1))
        told = self.activities(self.own).user_id
        self.assertIn(self.manager, told)
        for user in told:
            self.assertIn(self.own.company_id, user.company_ids)
        self.assertNotEqual(told, self.members(OUR_GROUP))

    def test_of_a_client_without_a_secret_or_archived_nobody_is_told(self):
        bare = self.env["oauth2.client"].create({"name": "Bare"})
        (bare + self.own).secret_expires_on = date(2040, 3, 31)
        self.own.active = False
        self.run_job(date(2040, 3, 30))
        self.assertFalse(self.activities(bare + self.own))

    def test_a_notice_is_in_the_language_of_the_user_and_holds_no_secret(self):
        secret = self.own._generate_secret()
        self.own.secret_expires_on = date(2040, 3, 31)
        self.run_job(date(2040, 3, 30))
        texts = str(self.activities(self.own).read()) + str(self.mails(self.own).read())
        self.assertIn("Make a new secret", texts)
        self.assertNotIn(secret, texts)

    def test_the_form_says_that_a_secret_ends_or_has_ended(self):
        self.patch(fields.Date, "today", lambda: date(2040, 3, 1))
        for client, day, said in (
            (self.own, date(2040, 4, 1), False),
            (self.own, date(2040, 3, 31), "last day is 03/31/2040"),
            (self.own, date(2040, 3, 1), "last day is 03/01/2040"),
            (self.own, date(2040, 2, 29), "ended on 02/29/2040: it is refused"),
            (self.client, date(2040, 2, 29), "The provider's secret ended on"),
        ):
            client.secret_expires_on = day
            warning = client.with_context(lang="en_US").secret_warning
            self.assertIn(said or "", warning or "")
            self.assertEqual(bool(warning), bool(said))

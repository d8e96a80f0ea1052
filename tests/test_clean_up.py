"""The scheduled job that forgets what is over, and nothing else."""

from datetime import timedelta

from odoo import fields
from odoo.tests import tagged

from ..services.jobs.clean_up import CleanUp
from .common import BROWSER_HEADERS
from .test_token import TokenCase


@tagged("post_install", "-at_install")
class TestCleanUp(TokenCase):
    def setUp(self):
        super().setUp()
        self.env["oauth2.authorization.request"].search([]).unlink()

    def ago(self, **delta):
        """A moment; to the database it is still when this class's tests began."""
        return fields.Datetime.now() - timedelta(**delta)

    def requests(self):
        self.env.invalidate_all()
        return self.env["oauth2.authorization.request"].search(
            [("client_id", "=", self.client.id)]
        )

    def open_page(self):
        """A browser's sign-in that no user decides upon."""
        url = self.sign_in(self.ask()["authorization_url"])
        self.assertEqual(self.visit(url, BROWSER_HEADERS).status_code, 200)
        return self.requests()[0]

    def test_a_cached_token_response_is_wiped_after_a_minute(self):
        self.refreshed(self.by_secret())
        self.clean_up()
        self.assertTrue(self.grant.sudo().cached_token_response)
        self.grant.last_refresh_at = self.ago(seconds=30)
        self.clean_up()
        self.assertTrue(self.grant.sudo().cached_token_response)
        self.grant.last_refresh_at = self.ago(hours=1)
        self.clean_up()
        self.assertFalse(self.grant.sudo().cached_token_response)

    def test_rotated_tokens_are_deleted_after_a_minute(self):
        self.provider_record.revocation_endpoint = False  # else: see test_revoke
        self.refreshed(self.by_secret())
        rotated = self.grant.token_ids.filtered("rotated_at")
        self.assertEqual(len(rotated), 2)
        self.clean_up()
        self.assertTrue(all(rotated.mapped("rotated_at")))
        rotated.rotated_at = self.ago(hours=1)
        self.clean_up()
        self.assertFalse(rotated.exists())
        self.assertEqual(
            sorted(self.grant.token_ids.mapped("kind")), ["access", "refresh"]
        )

    def test_an_expired_token_is_kept_for_the_day_that_it_proves_a_refresh(self):
        token = self.grant._current_token("access")
        token.expires_at = self.ago(hours=23)
        self.clean_up()
        self.assertTrue(token.exists())
        token.write({"expires_at": self.ago(hours=25), "revocable_until": False})
        self.clean_up()
        self.assertFalse(token.exists())
        self.assertTrue(self.grant)

    def test_an_undecided_sign_in_is_discarded_and_revoked(self):
        record = self.open_page()
        self.clean_up()
        self.assertTrue(record.sudo().result)
        record.expires_at = self.ago(minutes=1)
        # Another grant of this client and subject would be ended with it.
        self.grant.state = "expired"
        self.clean_up()
        self.assertFalse(record.sudo().result)
        self.assertTrue(record.decided_at)
        self.tell_providers()
        self.assertEqual(self.provider.calls["revocation"], 2)

    def test_tokens_left_beside_another_grant_are_in_the_audit_log(self):
        self.open_page().expires_at = self.ago(minutes=1)
        self.clean_up()
        self.tell_providers()
        self.assertEqual(self.provider.calls["revocation"], 0)
        event = self.env["oauth2.event"].search([], limit=1)
        self.assertEqual(event.kind, "given_up")
        self.assertEqual((event.api_id, event.client_id), (self.api, self.client))
        self.assertIn("were not revoked at the provider", event.reason)

    def test_a_sign_in_that_may_still_be_decided_upon_is_left_alone(self):
        asked = self.ask()
        page = self.open_page()
        self.clean_up()
        self.assertEqual(len(self.requests()), 2)
        self.assertFalse(page.decided_at)
        response = self.visit(self.sign_in(asked["authorization_url"]))
        self.assertEqual(response.status_code, 200, response.text)

    def test_a_sign_in_is_forgotten_a_day_after_its_end(self):
        self.ask()
        self.authorize()
        self.requests().expires_at = self.ago(hours=23)
        self.clean_up()
        self.assertEqual(len(self.requests()), 2)
        self.requests().expires_at = self.ago(hours=25)
        self.clean_up()
        self.assertFalse(self.requests())

    def test_an_undecided_sign_in_is_revoked_before_it_is_deleted(self):
        self.open_page().expires_at = self.ago(days=2)
        self.open_page().expires_at = self.ago(hours=1)
        self.grant.state = "expired"
        # Fewer than there are, as after a long time out of service.
        job = CleanUp(self.env)
        for _time in range(3):
            job.abandon_sign_ins(1, None)
            job.forget_sign_ins(1, None)
        self.assertEqual(len(self.requests()), 1)
        self.tell_providers()
        self.assertEqual(self.provider.calls["revocation"], 4)

    def test_an_issued_identity_is_remembered_for_a_day(self):
        identity = self.ask()["client_user_identity"]
        self.requests().expires_at = self.ago(hours=23)
        self.clean_up()
        again = self.ask(identity)
        self.assertEqual(again["client_user_identity"], identity)
        self.requests().expires_at = self.ago(hours=25)
        self.clean_up()
        body = {"client_id": "demo-app", "client_user_identity": identity}
        response = self.call("provider/authorize", body)
        self.assertRefused(response, 400, "invalid_request")

    def test_an_issued_identity_is_remembered_as_long_as_its_grant(self):
        _information, identity = self.authorize()
        self.requests().expires_at = self.ago(days=2)
        self.clean_up()
        self.assertFalse(self.requests())
        self.authorize(identity)

    def test_the_clean_up_deletes_no_grant_and_no_event(self):
        self.grant.write({"state": "expired", "expires_at": self.ago(days=999)})
        events = self.env["oauth2.event"].search_count([])
        self.clean_up()
        self.assertTrue(self.grant)
        self.assertEqual(self.env["oauth2.event"].search_count([]), events)

    def test_the_clean_up_is_due_every_few_minutes(self):
        for name in ("ir_cron_clean_up", "ir_cron_revocations"):
            cron = self.env.ref(f"api_auth_oauth2.{name}")
            self.assertTrue(cron.active)
            self.assertEqual((cron.interval_number, cron.interval_type), (5, "minutes"))

"""What the records say of a refresh whose answer never arrived."""

import time
from datetime import timedelta

from odoo import fields

from ..protocol import transport
from .test_token import TokenCase


class RecordsCase(TokenCase):
    own_identity = None  # an issued one: knowing it is a proof

    def last_event(self):
        self.env.invalidate_all()
        return self.env["oauth2.event"].search([], limit=1)

    def note(self):
        self.env.invalidate_all()
        return self.grant.refresh_began_at

    def lapse(self):
        """The grant's time is over, and the job comes by."""
        self.grant.expires_at = fields.Datetime.now() - timedelta(hours=1)
        self.env.flush_all()
        with self.registry.cursor() as cr:
            self.env(cr=cr)["oauth2.client.user"]._cron_clean_up()
        self.env.invalidate_all()


class TestRefreshRecords(RecordsCase):
    """A grant is never lost while the provider holds it and no record says so."""

    def lose_an_answer(self):
        """Another process asked the provider, and ended before it wrote the answer."""
        self.grant.refresh_began_at = fields.Datetime.now() - timedelta(minutes=1)

    def lost_answers(self):
        """:return: the events that tell of one"""
        self.env.invalidate_all()
        domain = [("reason", "like", "was not recorded")]
        return self.env["oauth2.event"].search(domain)

    def test_a_refresh_that_went_well_leaves_no_note(self):
        self.refreshed(self.refresh())
        self.assertFalse(self.note())
        self.assertFalse(self.last_event().reason)

    def test_a_refresh_answered_too_late_leaves_the_note(self):
        self.patch(transport, "READ_SECONDS", 0.2)
        self.provider.hang = 5
        self.assertEqual(self.refresh().status_code, 503)
        self.assertTrue(self.note())
        self.assertEqual(self.last_event().error, "temporarily_unavailable")

    def test_a_refused_refresh_takes_the_note_back(self):
        self.provider.answer("token", status=401, json={"error": "invalid_client"})
        self.assertEqual(self.refresh().status_code, 502)
        self.assertFalse(self.note())

    def test_a_failed_refresh_leaves_the_note_of_an_earlier_one(self):
        self.lose_an_answer()
        began = self.note()
        self.provider.answer("token", status=401, json={"error": "invalid_client"})
        self.assertEqual(self.refresh().status_code, 502)
        self.assertEqual(self.note(), began)
        self.provider.close("token")
        self.assertEqual(self.refresh().status_code, 503)
        self.assertEqual(self.note(), began)
        self.assertFalse(self.lost_answers())

    def test_after_a_lost_answer_the_end_of_the_grant_is_explained(self):
        self.lose_an_answer()
        began = self.note()
        self.provider.answer("token", status=400, json={"error": "invalid_grant"})
        self.assertEqual(self.refresh().status_code, 400)
        self.assertEqual(self.grant.state, "expired")
        self.assertFalse(self.note())
        (event,) = self.lost_answers()
        self.assertEqual(event.kind, "end")
        self.assertIn(f"begun at {began} UTC", event.reason)

    def test_after_a_lost_answer_a_refresh_that_works_tells_of_it_once(self):
        self.lose_an_answer()
        self.refreshed(self.refresh())
        self.assertFalse(self.note())
        self.age(hours=1)
        self.refreshed(self.refresh())
        (event,) = self.lost_answers()
        self.assertEqual(event.kind, "refresh")

    def test_while_a_call_is_about_to_ask_the_provider_no_other_asks(self):
        """Between the commit of its note and its lock the row is free."""
        self.env.cr.execute(
            "UPDATE oauth2_client_user SET refresh_began_at ="
            " clock_timestamp() AT TIME ZONE 'UTC' WHERE id = %s",
            [self.grant.id],
        )
        self.env.invalidate_all()
        before = time.monotonic()
        self.refreshed(self.refresh())
        self.assertGreater(time.monotonic() - before, 1.5)

    def test_without_a_lost_answer_the_provider_s_end_is_told_alone(self):
        self.provider.answer("token", status=400, json={"error": "invalid_grant"})
        self.assertEqual(self.refresh().status_code, 400)
        self.assertEqual(
            self.last_event().reason, "The provider answered invalid_grant."
        )
        told = self.env["oauth2.event"].search([]).mapped("reason")
        self.assertNotIn("was not recorded", str(told))

    def test_after_a_lost_answer_the_end_by_itself_tells_of_it(self):
        self.lose_an_answer()
        self.grant.expires_at = fields.Datetime.now() - timedelta(hours=1)
        self.env.flush_all()
        with self.registry.cursor() as cr:
            cron = self.env(cr=cr).ref("api_auth_oauth2.ir_cron_clean_up")
            cron.ir_actions_server_id.with_user(cron.user_id).run()
        event = self.last_event()
        self.assertEqual(event.kind, "end")
        self.assertIn("was not recorded", event.reason)
        self.assertFalse(self.note())

    def test_after_a_lost_answer_a_revocation_tells_of_it(self):
        self.lose_an_answer()
        self.assertEqual(self.call("revoke", self.names).status_code, 200)
        event = self.last_event()
        self.assertEqual(event.kind, "revoke")
        self.assertIn("was not recorded", event.reason)

    def test_after_a_lost_answer_a_new_sign_in_tells_of_it(self):
        self.lose_an_answer()
        began = self.note()
        self.authorize(self.identity)
        event = self.last_event()
        self.assertEqual(event.kind, "sign_in")
        self.assertIn(f"begun at {began} UTC was not recorded", event.reason)
        self.assertIn("The earlier refresh token opens nothing here", event.reason)
        self.assertFalse(self.note())

    def test_without_a_lost_answer_a_new_sign_in_does_not_tell_of_one(self):
        self.authorize(self.identity)
        self.assertNotIn("was not recorded", self.last_event().reason or "")

    def test_a_new_sign_in_tells_of_the_refresh_token_that_it_replaces(self):
        self.authorize(self.identity)
        event = self.last_event()
        self.assertEqual(event.kind, "sign_in")
        self.assertEqual(
            event.reason,
            "The earlier refresh token opens nothing here any more; the provider is"
            " told of it with the grant's end, as it might end the new one with it.",
        )
        self.tell_providers()
        self.assertEqual(self.provider.calls["revocation"], 0)

    def test_a_first_sign_in_or_one_with_the_same_refresh_token_drops_none(self):
        self.assertFalse(self.last_event().reason)
        same = {"refresh_token": self.information["refresh_token"]}
        self.provider.token_answer_override = same
        self.authorize(self.identity)
        self.assertEqual(self.last_event().kind, "sign_in")
        self.assertFalse(self.last_event().reason)

    def test_a_new_sign_in_without_a_refresh_token_keeps_the_earlier_one(self):
        self.provider.issue_refresh_token = False
        self.authorize(self.identity)
        self.assertFalse(self.last_event().reason)
        self.age(hours=1)
        self.refreshed(self.refresh())

    def test_after_a_lost_answer_the_end_of_a_lapsed_grant_tells_of_it(self):
        self.lose_an_answer()
        began = self.note()
        self.lapse()
        event = self.last_event()
        self.assertEqual(event.kind, "end")
        self.assertIn(f"begun at {began} UTC was not recorded", event.reason)
        self.assertFalse(self.note())

"""What the records say of a refresh whose answer never arrived."""

import json
import time
from datetime import timedelta

import requests

from odoo import fields

from ..protocol import transport
from ..services.keyring import Keyring
from .common import basic_authorization
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
            self.env(cr=cr)["oauth2.client.user"]._end_lapsed(limit=10)
        self.env.invalidate_all()


class TestRefreshRecords(RecordsCase):
    """A grant is never lost while the provider holds it and no record says so."""

    def lose_an_answer(self):
        """Another process asked the provider, and ended before it wrote the answer."""
        self.grant.refresh_began_at = fields.Datetime.now()

    def test_a_refresh_that_went_well_leaves_no_note(self):
        self.refreshed(self.refresh())
        self.assertFalse(self.note())
        self.assertFalse(self.last_event().reason)

    def test_an_answer_that_comes_too_late_leaves_the_note(self):
        self.patch(transport, "READ_SECONDS", 0.2)
        self.provider.hang = 5
        self.assertEqual(self.refresh().status_code, 503)
        self.assertTrue(self.note())
        self.assertEqual(self.last_event().error, "temporarily_unavailable")

    def test_a_refusal_takes_the_note_back(self):
        self.provider.answer("token", status=401, json={"error": "invalid_client"})
        self.assertEqual(self.refresh().status_code, 502)
        self.assertFalse(self.note())

    def test_a_refusal_says_nothing_of_an_earlier_answer(self):
        self.lose_an_answer()
        began = self.note()
        self.provider.answer("token", status=401, json={"error": "invalid_client"})
        self.assertEqual(self.refresh().status_code, 502)
        self.assertEqual(self.note(), began)

    def test_after_a_lost_answer_the_end_of_the_grant_is_explained(self):
        self.lose_an_answer()
        began = self.note()
        self.provider.answer("token", status=400, json={"error": "invalid_grant"})
        self.assertEqual(self.refresh().status_code, 400)
        self.assertEqual(self.grant.state, "expired")
        self.assertFalse(self.note())
        event = self.last_event()
        self.assertEqual(event.kind, "refusal")
        self.assertIn(f"begun at {began} UTC was not recorded", event.reason)

    def test_after_a_lost_answer_a_refresh_that_works_tells_of_it(self):
        self.lose_an_answer()
        self.refreshed(self.refresh())
        self.assertFalse(self.note())
        event = self.last_event()
        self.assertEqual(event.kind, "refresh")
        self.assertIn("was not recorded", event.reason)

    def test_without_a_lost_answer_the_provider_s_end_is_told_alone(self):
        self.provider.answer("token", status=400, json={"error": "invalid_grant"})
        self.assertEqual(self.refresh().status_code, 400)
        self.assertEqual(self.last_event().reason, "the provider says invalid_grant")
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
        self.assertIn("the earlier refresh token was dropped", event.reason)
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
            "the earlier refresh token was dropped here, but not revoked at the"
            " provider, which might end the new one with it",
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


class ReceivedCase(RecordsCase):
    """An answer that was recorded, by a process that ended before it took it over."""

    def setUp(self):
        super().setUp()
        self.grant.refresh_began_at = fields.Datetime.now()

    def receive(self, seconds_ago=0, lost=None, **override):
        """:param lost: when an earlier refresh was begun whose answer is unknown
        :return: the provider's answer, recorded so many seconds ago
        """
        refresh_token = self.provider.grants[-1]["refresh"][-1]
        self.provider.token_answer_override = override
        answer = requests.post(
            self.provider_record.token_endpoint,
            data={"grant_type": "refresh_token", "refresh_token": refresh_token},
            headers=basic_authorization(),
            timeout=10,
        ).json()
        self.provider.token_answer_override = {}
        self.provider.calls.clear()
        received = {
            "answer": answer,
            "received_at": int(time.time()) - seconds_ago,
            "lost": lost,
        }
        encrypt = Keyring(self.env).encrypt
        self.grant.sudo().received_answer = encrypt(json.dumps(received))
        return answer


class TestReceivedAnswer(ReceivedCase):
    def test_the_next_call_takes_it_over_without_asking_again(self):
        answer = self.receive()
        information = self.refreshed(self.refresh())
        self.assertEqual(information["access_token"], answer["access_token"])
        self.assertEqual(self.provider.calls["token"], 0)
        self.assertFalse(self.grant.refresh_began_at)
        self.assertFalse(self.grant.sudo().received_answer)
        self.age(hours=1)
        self.refreshed(self.refresh())  # with its refresh token
        self.assertEqual(self.provider.calls["token"], 1)

    def test_of_an_old_one_the_refresh_token_is_used(self):
        answer = self.receive(seconds_ago=61)
        information = self.refreshed(self.refresh())
        self.assertNotEqual(information["access_token"], answer["access_token"])
        self.assertEqual(self.provider.calls["token"], 1)
        self.assertEqual(
            self.provider.requests[-1]["params"]["refresh_token"],
            answer["refresh_token"],
        )

    def test_one_that_cannot_be_used_is_dropped(self):
        self.receive(id_token="nonsense")
        self.assertEqual(self.refresh().status_code, 502)
        self.assertFalse(self.grant.sudo().received_answer)
        self.refreshed(self.refresh())  # with its refresh token

    def test_a_revocation_ends_its_tokens(self):
        answer = self.receive()
        self.assertEqual(self.call("revoke", self.names).status_code, 200)
        told = [
            request["params"]["token"]
            for request in self.provider.requests
            if request["endpoint"] == "revocation"
        ]
        self.assertIn(answer["refresh_token"], told)
        self.assertIn(answer["access_token"], told)
        self.assertEqual(self.provider.grants, [])

    def test_a_revocation_sends_each_token_once(self):
        self.receive()
        self.assertEqual(self.call("revoke", self.names).status_code, 200)
        self.env.invalidate_all()
        self.assertFalse(self.env["oauth2.revocation"].search([]))

    def test_a_grant_that_lapsed_keeps_nothing_of_it(self):
        self.receive()
        self.lapse()
        self.assertFalse(self.grant.sudo().received_answer)
        self.assertFalse(self.grant.refresh_began_at)
        self.assertEqual(len(self.env["oauth2.revocation"].search([])), 4)
        event = self.env["oauth2.event"].search([("kind", "=", "end")])
        self.assertEqual(event.reason, "its authorization lifetime is over")

    def test_a_new_sign_in_forgets_it(self):
        self.receive()
        self.authorize(self.identity)
        self.assertFalse(self.grant.sudo().received_answer)
        self.assertFalse(self.grant.refresh_began_at)

    def test_a_new_sign_in_without_a_refresh_token_goes_on_from_it(self):
        answer = self.receive()
        self.provider.issue_refresh_token = False
        self.authorize(self.identity)
        self.age(hours=1)
        self.refreshed(self.refresh())
        sent = self.provider.requests[-1]["params"]["refresh_token"]
        self.assertEqual(sent, answer["refresh_token"])


class TestReceivedAfterALostAnswer(ReceivedCase):
    """Of an earlier refresh than the one whose answer was recorded nothing is known."""

    began = "2026-11-01 10:00:00"

    def receive(self, seconds_ago=0, **override):
        return super().receive(seconds_ago, lost=self.began, **override)

    def assertTold(self, kind):
        event = self.last_event()
        self.assertEqual(event.kind, kind)
        self.assertIn(f"begun at {self.began} UTC was not recorded", event.reason)
        told = self.env["oauth2.event"].search([("reason", "like", "not recorded")])
        self.assertEqual(told, event)

    def assertStillNoted(self):
        self.assertEqual(self.refresh().status_code, 502)
        self.assertEqual(fields.Datetime.to_string(self.note()), self.began)
        self.refreshed(self.refresh())
        self.assertTold("refresh")
        self.assertFalse(self.note())

    def test_who_takes_it_over_tells(self):
        self.receive()
        self.refreshed(self.refresh())
        self.assertTold("refresh")

    def test_who_comes_when_it_is_old_tells(self):
        self.receive(seconds_ago=61)
        self.refreshed(self.refresh())
        self.assertTold("refresh")
        self.assertFalse(self.note())

    def test_where_its_id_token_is_bad_the_next_one_tells(self):
        self.receive(id_token="nonsense")
        self.assertStillNoted()

    def test_where_it_is_another_user_s_the_next_one_tells(self):
        another, _identity = self.authorize("43")
        names = {"refresh_token": None, "access_token": another["access_token"]}
        self.receive(**names)
        self.provider.rotate = False
        self.assertStillNoted()

    def test_a_revocation_tells(self):
        self.receive()
        self.assertEqual(self.call("revoke", self.names).status_code, 200)
        self.assertTold("revoke")

    def test_the_end_tells(self):
        self.receive()
        self.lapse()
        self.assertTold("end")

    def test_a_new_sign_in_tells(self):
        self.receive()
        self.authorize(self.identity)
        self.assertTold("sign_in")

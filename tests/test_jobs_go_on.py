"""An error of Odoo's own in one record does not keep a job from the others."""

from psycopg2.extensions import AsIs

from odoo.tests import tagged

from ..protocol.digests import digest
from ..services.audit.audit import Audit
from ..services.keys.keyring import Keyring
from .test_life_cycle import LifeCycleCase

SERVICES = "odoo.addons.api_auth_oauth2.services"


@tagged("post_install", "-at_install")
class TestJobsGoOn(LifeCycleCase):
    def setUp(self):
        super().setUp()
        broken = self.make_provider(self.provider.endpoints())
        names = {"client_identifier": "broken"}
        self.broken = self.make_client(self.api, broken, **names)
        self.env.flush_all()
        # As no form lets a user write it; a call to the provider meets it.
        self.env.cr.execute(
            "UPDATE oauth2_provider SET token_endpoint_auth_method = 'nonsense'"
            " WHERE id = %s",
            [broken.id],
        )
        self.env.invalidate_all()
        self.provider.requests.clear()
        self.provider.calls.clear()

    def assertTold(self, module):
        return self.assertLogs(f"{SERVICES}.{module}", "ERROR")

    def test_an_error_in_one_revocation_keeps_no_other_waiting(self):
        first = self.queue(self.broken, "refresh", "token-of-the-broken-one")
        second = self.queue(self.client, "refresh", "token-of-the-other-one")
        self.assertLess(first.id, second.id)
        with self.assertTold("tokens.revocation_outbox"):
            self.tell_providers()
        self.assertEqual(self.told(), [("refresh_token", "token-of-the-other-one")])
        self.assertFalse(second.exists())
        self.assertEqual((first.tries, first.state), (1, "pending"))
        self.assertGreater(first.next_try_at, self.ago(seconds=0))
        self.assertEqual(first.reason, "an error of Odoo's own, see its log")

    def test_a_revocation_with_an_error_of_odoo_s_own_is_given_up(self):
        revocation = self.queue(self.broken, "refresh", "one")
        revocation.tries = 12
        with self.assertTold("tokens.revocation_outbox"):
            self.tell_providers()
        self.assertEqual(revocation.state, "given_up")
        self.assertIn("an error of Odoo's own", self.told_of("given_up").reason)

    def test_an_error_in_one_grant_keeps_no_other_from_being_kept_alive(self):
        self.api.keep_alive = True
        _information, identity = self.authorize("43")
        first = self.grant_of(identity)
        for grant, days in ((first, -1), (self.grant, -2)):
            grant._current_token("refresh").expires_at = self.ago(days=days)
        first.client_id = self.broken
        self.provider.calls.clear()
        with self.assertTold("jobs.keep_alive"):
            self.assertEqual(self.run_job("ir_cron_keep_alive"), (2, 0))
        self.assertEqual(self.provider.calls["token"], 1)
        self.assertEqual(self.told_of("refresh").client_user_ref, self.grant.id)
        line = self.told_of("refusal")
        self.assertEqual(line.client_user_ref, first.id)
        self.assertIn("an error of Odoo's own", line.reason)
        self.assertEqual(first.state, "active")

    def test_an_error_with_tokens_of_this_odoo_lets_no_grant_of_a_provider_lapse(self):
        """And the job fails, as Odoo's form of it shows."""
        self.api.keep_alive = True
        self.make_issued_token()
        self.grant._current_token("refresh").expires_at = self.ago(days=-2)
        self.env.flush_all()
        self.env.cr.execute(
            "ALTER TABLE oauth2_token ADD CONSTRAINT never"
            " CHECK (is_issued IS NOT TRUE OR expires_at < '%s')",
            [AsIs(self.ago(days=-5))],
        )
        self.provider.calls.clear()
        with (
            self.assertTold("jobs.keep_alive"),
            self.assertRaisesRegex(ValueError, "_extend_issued"),
        ):
            self.run_job("ir_cron_keep_alive")
        self.assertEqual(self.provider.calls["token"], 1)
        self.assertEqual(self.told_of("refresh").client_user_ref, self.grant.id)

    def make_issued_token(self):
        """Make a grant whose refresh token is this Odoo's, and lapses in three days."""
        own = {"name": "Own Application", "redirect_uris": "https://app.example.com/"}
        client = self.env["oauth2.client"].create({**own, "api_ids": self.api.ids})
        grant, _access_token = self.make_grant(client, self.user)
        self.env["oauth2.token"].create(
            {
                "client_user_id": grant.id,
                "kind": "refresh",
                "digest": digest("a refresh token"),
                "is_issued": True,
                "expires_at": self.ago(days=-3),
            }
        )

    def test_an_error_in_one_record_of_the_clean_up_keeps_no_other_waiting(self):
        """What follows is done; then the job fails, as Odoo's form of it shows."""
        past = self.ago(hours=1)
        self.ask("44")
        sign_ins = (
            self.env["oauth2.authorization.request"].sudo().search([], order="id")
        )
        sign_ins.write({"used_at": past, "decided_at": False, "expires_at": past})
        sign_ins[0].result = Keyring(self.env).encrypt("this is no JSON")
        self.grant.expires_at = past
        old = Audit(self.env).record("refusal", reason="old")
        self.env.flush_all()
        query = "UPDATE oauth2_event SET create_date = '2020-01-01' WHERE id = %s"
        self.env.cr.execute(query, [old.id])
        with (
            self.assertTold("jobs.clean_up"),
            self.assertRaisesRegex(ValueError, "oauth2.authorization.request"),
        ):
            self.run_job()
        self.env.invalidate_all()
        self.assertEqual([bool(each.decided_at) for each in sign_ins], [False, True])
        self.assertEqual(self.grant.state, "expired")
        self.assertFalse(old.exists())

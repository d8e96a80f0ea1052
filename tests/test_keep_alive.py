"""Grants that no application uses are kept alive, where an API says so."""

from datetime import timedelta

from odoo import fields
from odoo.tests import tagged

from ..protocol.digests import digest
from ..services.jobs.keep_alive import KeepAlive
from .test_life_cycle import LifeCycleCase
from .test_rerun import RealCursorsCase


@tagged("post_install", "-at_install")
class TestKeepAlive(LifeCycleCase):
    def setUp(self):
        super().setUp()
        self.api.keep_alive = True
        self.lapse_soon()

    def lapse_soon(self, grant=None, **left):
        """The grant was not used for long."""
        grant = grant or self.grant
        grant._current_token("access").expires_at = self.ago(days=20)
        left = timedelta(**(left or {"days": 3}))
        grant._current_token("refresh").expires_at = fields.Datetime.now() + left

    def keep_alive(self):
        return self.run_job("ir_cron_keep_alive")

    def left(self):
        """Days until the refresh token lapses."""
        token = self.grant._current_token("refresh")
        return round((token.expires_at - fields.Datetime.now()) / timedelta(days=1))

    def assertLeftAlone(self):
        self.keep_alive()
        self.assertEqual(self.provider.calls["token"], 0)

    def test_an_unused_grant_is_refreshed_before_it_lapses(self):
        self.assertEqual(self.keep_alive(), (1, 0))
        self.assertEqual(self.provider.calls["token"], 1)
        self.assertEqual(self.left(), 30)
        line = self.told_of("refresh")
        self.assertEqual(line.reason, "The grant was kept alive by the scheduled job.")
        self.assertEqual(line.client_user_ref, self.grant.id)
        self.assertEqual(self.keep_alive(), (0, 0))
        self.assertEqual(self.provider.calls["token"], 1)

    def test_keep_alive_after_a_lost_answer_tells_of_it(self):
        began = self.ago(days=1)
        self.grant.refresh_began_at = began
        self.keep_alive()
        self.assertEqual(self.left(), 30)
        reason = self.told_of("refresh").reason
        self.assertIn("kept alive by the scheduled job", reason)
        self.assertIn(f"begun at {began} UTC was not recorded", reason)
        self.assertFalse(self.grant.refresh_began_at)

    def test_keep_alive_is_off_by_default(self):
        self.assertFalse(self.env["oauth2.api"].new({}).keep_alive)
        self.api.keep_alive = False
        self.assertLeftAlone()

    def test_keep_alive_leaves_a_grant_with_time_enough_alone(self):
        self.lapse_soon(days=8)
        self.assertLeftAlone()

    def test_keep_alive_revives_no_lapsed_grant(self):
        self.lapse_soon(hours=-1)
        self.assertLeftAlone()

    def test_the_application_goes_on_with_the_tokens_that_it_knows(self):
        known = self.information["refresh_token"]
        self.keep_alive()
        second = self.refreshed(self.refresh(refresh_token=known))
        self.assertNotEqual(second["refresh_token"], known)
        self.assertEqual(self.provider.calls["token"], 2)
        opened = self.bearer("/orders/partners", second["access_token"])
        self.assertEqual(opened.status_code, 200, opened.text)

    def test_the_access_token_of_keep_alive_is_not_accepted(self):
        self.keep_alive()
        newest = self.provider.grants[0]["access"][-1]
        self.assertNotEqual(newest, self.information["access_token"])
        answer = self.bearer("/orders/partners", newest)
        self.assertRefused(answer, 401, "invalid_token")

    def test_a_revocation_sends_the_newest_refresh_token(self):
        self.keep_alive()
        self.revoke(client_secret="demo-secret")
        self.assertIn(("refresh_token", self.provider_token()), self.told())

    def provider_token(self):
        for request in reversed(self.provider.requests):
            if request["params"].get("token_type_hint") == "refresh_token":
                return request["params"]["token"]
        return None

    def test_a_revocation_tells_of_access_tokens_that_no_caller_got(self):
        self.keep_alive()
        [given] = self.provider.grants
        answer = self.bearer("/orders/partners", given["access"][1])
        self.assertRefused(answer, 401, "invalid_token")
        self.run_job()
        self.assertRevoked(self.revoke(client_secret="demo-secret"))
        tokens = [given["refresh"][1], *given["access"]]
        self.assertEqual([token for _hint, token in self.told()], tokens)

    def test_keep_alive_works_where_the_provider_does_not_rotate(self):
        self.provider.rotate = False
        self.keep_alive()
        self.assertEqual(self.left(), 30)
        known = self.information["refresh_token"]
        self.refreshed(self.refresh(refresh_token=known))

    def test_keep_alive_ends_with_the_authorization_lifetime(self):
        end = fields.Datetime.now() + timedelta(days=10)
        self.grant.expires_at = end
        self.keep_alive()
        self.assertEqual(self.grant.expires_at, end)
        self.assertEqual(self.grant._current_token("refresh").expires_at, end)
        self.provider.calls.clear()
        self.lapse_soon(days=10)
        self.grant._current_token("refresh").expires_at = end
        self.assertLeftAlone()

    def test_keep_alive_refreshes_nothing_archived_expired_or_kept_out(self):
        group = self.env["res.groups"].create({"name": "Pilots"})
        for record, value in (
            (self.api, {"active": False}),
            (self.client, {"active": False}),
            (self.provider_record, {"active": False}),
            (self.user, {"active": False}),
            (self.grant, {"state": "expired"}),
            (self.grant, {"expires_at": self.ago(hours=1)}),
            (self.api, {"allowed_group_ids": [(6, 0, group.ids)]}),
            (self.api, {"client_ids": [(5,)]}),
        ):
            with self.subTest(record._name, value=value):
                before = {
                    name: record[name].ids if name.endswith("_ids") else record[name]
                    for name in value
                }
                record.write(value)
                self.assertLeftAlone()
                record.write(
                    {
                        name: [(6, 0, old)] if name.endswith("_ids") else old
                        for name, old in before.items()
                    }
                )
        self.keep_alive()
        self.assertEqual(self.provider.calls["token"], 1)

    def test_keep_alive_ends_what_the_provider_has_ended(self):
        self.provider.answer("token", status=400, json={"error": "invalid_grant"})
        self.assertEqual(self.keep_alive(), (1, 0))
        self.assertEqual(self.grant.state, "expired")
        self.assertIn("the provider ended it", self.told_of("end").reason)
        self.assertFalse(self.told_of("refusal"))

    def test_keep_alive_tries_one_grant_of_a_provider_that_is_down(self):
        _information, identity = self.authorize("43")
        self.lapse_soon(self.grant_of(identity))
        self.provider.calls.clear()
        self.provider.answer("token", status=503)
        self.assertEqual(self.keep_alive(), (2, 0))
        self.assertEqual(self.provider.calls["token"], 1)
        self.assertEqual(self.left(), 3)
        self.provider.behave()
        noted = self.env["oauth2.client.user"].search(
            [("refresh_began_at", "!=", False)]
        )
        noted.refresh_began_at = self.ago(hours=1)  # the job comes by once an hour
        self.keep_alive()
        self.assertEqual(self.left(), 30)
        self.refreshed(self.by_secret())

    def test_keep_alive_goes_on_after_a_bad_answer_for_one_grant(self):
        _information, identity = self.authorize("43")
        self.lapse_soon(self.grant_of(identity), days=2)
        self.provider.calls.clear()
        self.provider.answer("token", json={"access_token": 1})
        self.assertEqual(self.keep_alive(), (2, 0))
        self.assertEqual(self.provider.calls["token"], 2)
        self.assertEqual(len(self.told_of("refusal")), 2)

    def test_keep_alive_tries_one_grant_of_a_client_that_is_refused(self):
        _information, second = self.authorize("43")
        _information, third = self.authorize("44")
        values = {"client_identifier": "another"}
        another = self.make_client(self.api, self.provider_record, **values)
        self.lapse_soon(self.grant_of(second), days=4)
        moved = self.grant_of(third)
        self.lapse_soon(moved, days=5)
        moved.client_id = another
        self.provider.calls.clear()
        self.provider.answer("token", status=401, json={"error": "invalid_client"})
        self.assertEqual(self.keep_alive(), (3, 0))
        self.assertEqual(self.provider.calls["token"], 2)
        lines = self.told_of("refusal")
        self.assertEqual(lines.client_id, another + self.client)
        self.assertEqual(set(lines.mapped("error")), {"server_error"})
        self.assertIn("not kept alive: ", lines[0].reason)
        self.assertEqual(lines[-1].client_user_ref, self.grant.id)


class TestKeepAliveMeanwhile(RealCursorsCase):
    def test_a_token_of_this_odoo_that_another_process_writes_is_kept_alive_too(self):
        soon = fields.Datetime.now() + timedelta(days=3)
        with self.registry.cursor() as cr:
            env = self.env(cr=cr)
            client = env["oauth2.client"].search(
                [("client_identifier", "=", "demo-app")]
            )
            client.api_ids.keep_alive = True
            grant = env["oauth2.client.user"].create(
                {
                    "api_id": client.api_ids.id,
                    "client_id": client.id,
                    "user_id": env.ref("base.user_admin").id,
                    "issuer": "https://odoo.example.com",
                    "subject": "7",
                    "identity_digest": digest("an identity"),
                    "authorized_at": fields.Datetime.now(),
                    "expires_at": fields.Datetime.now() + timedelta(days=100),
                }
            )
            env["oauth2.token"].create(
                {
                    "client_user_id": grant.id,
                    "kind": "refresh",
                    "digest": digest("a refresh token"),
                    "is_issued": True,
                    "expires_at": soon,
                }
            )
        with self.registry.cursor() as cr:
            env = self.env(cr=cr)
            env["oauth2.token"].search_count([])  # the job sees what was there now
            self.change("UPDATE oauth2_token SET scope = 'another'")
            KeepAlive(env).run()
        with self.registry.cursor() as cr:
            cr.execute("SELECT expires_at, scope FROM oauth2_token")
            [(end, scope)] = cr.fetchall()
        self.assertEqual(scope, "another")
        self.assertGreater(end, soon + timedelta(days=20))

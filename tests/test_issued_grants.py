"""Grants whose tokens this Odoo issues: what keeps, ends and forgets them."""

from datetime import timedelta

from odoo import fields
from odoo.tests import tagged

from ..protocol.rate_limit import FixedWindowCounter
from ..services.tokens import issued_tokens
from ..services.tokens.service_grant import ServiceGrant
from .authorization_server_common import AuthorizationServerCase
from .common import basic_authorization


@tagged("post_install", "-at_install")
class TestIssuedGrants(AuthorizationServerCase):
    def grant(self):
        self.env.invalidate_all()
        return self.own.client_user_ids

    def ago(self, **delta):
        return fields.Datetime.now() - timedelta(**delta)

    def run_keep_alive(self):
        self.env.flush_all()
        with self.registry.cursor() as cr:
            cron = self.env(cr=cr).ref("api_auth_oauth2.ir_cron_keep_alive")
            cron.ir_actions_server_id.with_user(cron.user_id).run()
        self.env.invalidate_all()

    def test_no_answer_has_a_scope_where_there_is_none_to_ask_for(self):
        """RFC 6749 section 3.3: a scope has a name at least."""
        self.own.scope_ids = False
        self.env.flush_all()
        answer = self.tokens()
        self.assertNotIn("scope", answer)
        answer = self.refresh(answer["refresh_token"]).json()
        self.assertNotIn("scope", answer)
        response = self.url_open(
            "/orders/oauth2/introspect",
            data={"token": answer["access_token"]},
            headers=basic_authorization("own-app", self.secret),
        )
        self.assertTrue(response.json()["active"])
        self.assertNotIn("scope", response.json())

    def test_an_answer_says_where_nothing_is_left_of_what_was_granted(self):
        """Without a scope a client takes it that it got what it asked for."""
        answer = self.tokens()
        self.own.scope_ids = False
        self.env.flush_all()
        self.assertEqual(self.refresh(answer["refresh_token"]).json()["scope"], "")

    def test_a_grant_whose_code_is_not_exchanged_yet_is_left_alone(self):
        code = self.code()
        self.clean_up()
        self.assertEqual(self.exchange(code).status_code, 200)

    def test_a_grant_whose_code_was_never_exchanged_ends(self):
        self.code()
        requests = self.env["oauth2.authorization.request"].search([])
        requests.expires_at = self.ago(hours=1)
        self.clean_up()
        self.assertEqual(self.grant().state, "expired")

    def test_an_ended_grant_is_forgotten_after_a_month(self):
        self.tokens()
        self.grant().expires_at = self.ago(hours=1)
        self.clean_up()
        self.assertEqual(self.grant().ended_by, "lifetime")
        self.grant()._write({"write_date": self.ago(days=31)})
        self.clean_up()
        self.assertFalse(self.grant())
        revoked = [("client_id", "=", self.own.id), ("kind", "=", "revoke")]
        self.assertFalse(self.env["oauth2.event"].search(revoked))

    def test_a_refreshed_grant_lapses_from_disuse(self):
        """The digest of a rotated refresh token is kept as long as the grant."""
        self.refresh(self.tokens()["refresh_token"])
        requests = self.env["oauth2.authorization.request"].search([])
        requests.expires_at = self.ago(hours=1)
        self.clean_up()
        self.assertEqual(self.grant().state, "active")
        current = self.grant().token_ids.filtered(lambda each: not each.rotated_at)
        current.expires_at = self.ago(hours=1)
        self.clean_up()
        self.assertEqual(self.grant().ended_by, "disuse")

    def test_a_service_token_is_forgotten_at_its_end(self):
        self.serve_as(self.make_user("robot@example.com"))
        for _time in range(2):
            self.ask_token(grant_type="client_credentials")
        over, in_force = self.grant().token_ids
        over.expires_at = self.ago(minutes=1)
        self.clean_up()
        self.assertEqual(self.grant().token_ids, in_force)

    def test_a_service_gets_nothing_that_was_taken_away_while_it_asked(self):
        self.serve_as(self.make_user("robot@example.com"))
        other = self.make_user("other@example.com")
        wait = ServiceGrant._wait_for_others
        changes = {}

        def overtaken(service_grant):
            own = service_grant.env["oauth2.client"].sudo().browse(self.own.id)
            own.write(changes)
            own.env.flush_all()
            wait(service_grant)

        self.patch(ServiceGrant, "_wait_for_others", overtaken)
        for changes in (
            {"service_user_id": other.id},
            {"allows_client_credentials": False},
            {"active": False},
        ):
            with self.subTest(changes):
                refused = self.ask_token(grant_type="client_credentials")
                self.assertRefused(refused, 400, "unauthorized_client")
                self.assertFalse(self.grant())

    def test_refreshes_never_lengthen_a_grant(self):
        answer = self.tokens()
        end = fields.Datetime.now() + timedelta(minutes=20)
        self.grant().expires_at = end
        for _time in range(3):
            self.env.flush_all()
            answer = self.refresh(answer["refresh_token"]).json()
            self.assertLessEqual(answer["expires_in"], 1200)
            tokens = self.grant().token_ids
            self.assertLessEqual(max(tokens.mapped("expires_at")), end)
            self.assertEqual(self.grant().expires_at, end)
        self.assertGreater(answer["expires_in"], 1190)
        self.assertEqual(self.grant()._current_token("refresh").expires_at, end)
        self.grant().expires_at = self.ago(seconds=1)
        self.env.flush_all()
        response = self.refresh(answer["refresh_token"])
        self.assertRefused(response, 400, "invalid_grant")
        self.assertEqual(self.call_as(answer["access_token"]), 401)

    def test_an_unused_grant_is_kept_alive_where_the_api_says_so(self):
        answer = self.tokens()
        token = self.grant()._current_token("refresh")
        for is_kept, left in ((False, 3), (True, 30)):
            self.api.keep_alive = is_kept
            token.expires_at = fields.Datetime.now() + timedelta(days=3)
            self.run_keep_alive()
            days = (token.expires_at - fields.Datetime.now()) / timedelta(days=1)
            self.assertEqual(round(days), left)
        told = self.env["oauth2.event"].search([("kind", "=", "refresh")])
        self.assertEqual(told.reason, "The grant was kept alive by the scheduled job.")
        self.assertEqual(told.client_user_ref, self.grant().id)
        self.assertEqual(self.refresh(answer["refresh_token"]).status_code, 200)

    def test_a_service_that_loses_its_user_loses_its_tokens_at_once(self):
        robot, other = map(self.make_user, ("robot@example.com", "other@example.com"))
        for changes in (
            {"service_user_id": other.id},
            {"allows_client_credentials": False},
        ):
            self.serve_as(robot)
            token = self.ask_token(grant_type="client_credentials").json()
            self.assertEqual(self.call_as(token["access_token"]), 200)
            self.own.write(changes)
            self.env.flush_all()
            self.assertEqual(self.call_as(token["access_token"]), 401, changes)

    def test_the_audit_log_tells_of_a_service_once_in_five_minutes(self):
        self.patch(issued_tokens, "_services", FixedWindowCounter(10, window=300))
        robot = self.serve_as(self.make_user("robot@example.com"))
        for _time in range(3):
            response = self.ask_token(grant_type="client_credentials")
            self.assertEqual(response.status_code, 200, response.text)
        self.env.invalidate_all()
        of_client = [("client_id", "=", self.own.id)]
        events = self.env["oauth2.event"].search(of_client)
        self.assertEqual(events.mapped("kind").count("sign_in"), 1)
        self.assertLessEqual(events.mapped("kind").count("issue"), 1)
        self.patch(issued_tokens, "_services", FixedWindowCounter(10, window=300))
        self.ask_token(grant_type="client_credentials")
        events = self.env["oauth2.event"].search(of_client) - events
        self.assertEqual(events.mapped("kind"), ["issue"])
        self.assertEqual(events.user_id, robot)

from datetime import timedelta

from odoo import fields
from odoo.tests import tagged

from ..services.audit import auth_failure_log
from ..services.audit.auth_failure_log import AuthFailureLog
from ..services.authentication.rate_limit import LIMIT_PARAMETER
from .common import OAuth2Case


@tagged("post_install", "-at_install")
class TestEvents(OAuth2Case):
    """The audit log explains what happened, and holds no secret."""

    def events(self):
        self.env.invalidate_all()
        return self.env["oauth2.event"].search(
            [("client_id", "=", self.client.id), ("kind", "!=", "configure")],
            order="id",
        )

    def test_each_step_of_a_grant_leaves_a_line(self):
        _information, identity = self.authorize()
        names = {"client_id": "demo-app", "client_user_identity": identity}
        self.call("token", names)
        self.call("revoke", names)
        self.assertEqual(self.events().mapped("kind"), ["sign_in", "refresh", "revoke"])
        signed_in = self.events()[0]
        self.assertEqual(signed_in.user_id, self.user)
        self.assertEqual(signed_in.api_id, self.api)
        self.assertEqual(signed_in.address, "127.0.0.1")

    def test_a_refused_call_of_a_proven_caller_leaves_a_line(self):
        _information, identity = self.authorize()
        self.user.active = False
        self.env.flush_all()
        response = self.call(
            "token", {"client_id": "demo-app", "client_user_identity": identity}
        )
        self.assertRefused(response, 400, "invalid_grant")
        refusal = self.events()[-1]
        self.assertEqual(
            (refusal.kind, refusal.error, refusal.reason),
            (
                "refusal",
                "invalid_grant",
                "The user olivia@example.com is archived.",
            ),
        )
        self.assertEqual(refusal.user_id, self.user)
        self.assertEqual(refusal.client_user_ref, self.grant_of(identity).id)

    def test_a_refused_sign_in_leaves_a_line_with_its_reason(self):
        self.provider.claims["email_verified"] = "true"
        response = self.visit(self.sign_in(self.ask()["authorization_url"]))
        self.assertRefused(response, 403, "access_denied")
        refusal = self.events()[-1]
        self.assertEqual(
            refusal.reason,
            f"The email {self.user.login!r} is not verified by the provider."
            " It sends email_verified as a text, not as the boolean true.",
        )

    def test_a_refused_sign_in_of_a_known_user_names_the_user(self):
        self.api.allowed_group_ids = self.env.ref("base.group_system")
        response = self.visit(self.sign_in(self.ask()["authorization_url"]))
        self.assertRefused(response, 403, "access_denied")
        refusal = self.events()[-1]
        self.assertEqual(
            refusal.reason,
            f"The user {self.user.login} is in no allowed group of the API.",
        )
        self.assertEqual(refusal.user_id, self.user)

    def forget_what_was_told(self):
        self.patch(auth_failure_log, "failures", AuthFailureLog())

    def refuse_unproven(self):
        for client, identity, status, error in (
            ("x", "1", 401, "invalid_client"),
            ("demo-app", "1", 401, "invalid_client"),
            ("demo-app", "cui_made-up", 400, "invalid_grant"),
        ):
            names = {"client_id": client, "client_user_identity": identity}
            self.assertRefused(self.call("token", names), status, error)

    def test_unproven_callers_leave_few_lines_in_an_hour(self):
        """A client_id is public: any caller could fill the table."""
        Event = self.env["oauth2.event"]
        before = Event.search([])
        self.forget_what_was_told()
        self.refuse_unproven()
        lines = (Event.search([]) - before).sorted("id")
        self.refuse_unproven()
        self.refuse_unproven()
        self.assertEqual((Event.search([]) - before).sorted("id"), lines)
        # Who names no client of ours is counted only.
        summary, no_proof, unknown = lines
        self.assertEqual(summary.kind, "refusal")
        self.assertIn("1 invalid_client", summary.reason)
        self.assertFalse(summary.address or summary.client_id or summary.api_id)
        for line, error, reason in (
            (no_proof, "invalid_client", "The call proves nothing"),
            (unknown, "invalid_grant", "The client has no grant of the identity"),
        ):
            self.assertEqual((line.kind, line.error), ("refusal", error))
            self.assertEqual((line.api_id, line.client_id), (self.api, self.client))
            self.assertEqual(line.address, "127.0.0.1")
            self.assertTrue(line.reason.startswith(reason), line.reason)
            self.assertIn("caller was not authenticated", line.reason)
            self.assertFalse(line.user_id)
        self.patch(auth_failure_log.failures.of_callers, "window", 0)  # an hour later
        self.refuse_unproven()
        later = (Event.search([]) - before - lines).sorted("id")[0]
        self.assertIn("5 invalid_client, 2 invalid_grant", later.reason)
        self.assertIn("7 from 127.0.0.1", later.reason)

    def test_clients_whose_callers_fail_alike_have_a_line_each(self):
        second = self.make_client(
            self.api, self.provider_record, client_identifier="second-app"
        )
        self.env.flush_all()
        before = self.env["oauth2.event"].search([])
        self.forget_what_was_told()
        for client in (self.client, second) * 2:
            names = {"client_id": client.client_identifier, "client_user_identity": "1"}
            self.assertRefused(self.call("token", names), 401, "invalid_client")
        lines = (self.env["oauth2.event"].search([]) - before).filtered("client_id")
        self.assertEqual(lines.sorted("id").client_id.ids, [self.client.id, second.id])
        self.assertEqual(len(lines), 2)

    def test_a_wrong_secret_is_told_of_beside_a_missing_one(self):
        self.client.require_secret = True
        Event = self.env["oauth2.event"]
        before = Event.search([])
        self.forget_what_was_told()
        names = {"client_id": "demo-app"}
        for name in ("provider/authorize", "token", "revoke"):
            identity = {} if "authorize" in name else {"client_user_identity": "1"}
            for secret in ({}, {"client_secret": "wrong"}):
                response = self.call(name, names | identity | secret)
                self.assertRefused(response, 401, "invalid_client")
        lines = (Event.search([]) - before).filtered("client_id").sorted("id")
        self.assertEqual(
            [line.reason.partition(". ")[0] for line in lines],
            [
                "The client must send its secret, and sent none",
                "The client secret that was sent is wrong, or has ended",
            ],
        )

    def test_what_a_client_with_its_secret_is_refused_leaves_a_line_each(self):
        names = {"client_id": "demo-app", "client_secret": "demo-secret"}
        names["client_user_identity"] = "cui_of-nobody"
        for name, status, error in (
            ("token", 400, "invalid_grant"),
            ("revoke", 400, "invalid_grant"),
            ("provider/authorize", 400, "invalid_request"),
        ) * 2:
            before = self.env["oauth2.event"].search([])
            self.assertRefused(self.call(name, names), status, error)
            line = self.env["oauth2.event"].search([]) - before
            self.assertEqual((line.kind, line.error), ("refusal", error))
            self.assertEqual((line.api_id, line.client_id), (self.api, self.client))
            self.assertTrue(line.reason)
            self.assertNotIn("caller was not authenticated", line.reason)

    def lines_of(self, call):
        """:return: lines that name the client, of a call that is made three times"""
        self.forget_what_was_told()
        before = self.env["oauth2.event"].search([])
        for _time in range(3):
            call()
        return (self.env["oauth2.event"].search([]) - before).filtered("client_id")

    def test_a_trusted_identity_whose_grant_ended_fills_no_table(self):
        self.api.trust_identity = True
        self.authorize("42")
        grant = self.grant_of("42")
        grant.state = "expired"
        self.env.flush_all()
        names = {"client_id": "demo-app"}

        def refresh():
            self.assertRefused(self.call("token", names), 400, "invalid_grant")

        for identity, user in (("42", self.user), ("43", self.user.browse())):
            names["client_user_identity"] = identity
            line = self.lines_of(refresh)
            self.assertEqual(len(line), 1)
            self.assertEqual(line.user_id, user)
            self.assertIn("caller was not authenticated", line.reason)

    def test_a_rotated_token_that_comes_again_names_its_grant(self):
        """RFC 9700 section 4.14.2: it may have been stolen."""
        information, identity = self.authorize()
        _information, other = self.authorize()
        names = {"client_id": "demo-app", "client_user_identity": identity}
        old = {"refresh_token": information["refresh_token"]}
        self.assertEqual(self.call("token", names | old).status_code, 200)
        tokens = self.grant_of(identity).token_ids.filtered("rotated_at")
        tokens.rotated_at = fields.Datetime.now() - timedelta(minutes=2)
        self.env.flush_all()

        def refresh():
            self.assertRefused(self.call("token", names | old), 400, "invalid_grant")
            foreign = names | {"client_user_identity": other}
            self.assertRefused(self.call("token", foreign | old), 400, "invalid_grant")

        rotated, unknown = self.lines_of(refresh).sorted("id")
        told = "The refresh token was rotated."
        self.assertTrue(rotated.reason.startswith(told), rotated.reason)
        self.assertEqual(rotated.user_id, self.user)
        self.assertEqual(rotated.client_user_ref, self.grant_of(identity).id)
        self.assertFalse(unknown.user_id)

    def test_a_proven_caller_over_the_limit_is_told_of_by_the_limit_alone(self):
        _information, identity = self.authorize()
        self.env["ir.config_parameter"].set_param(LIMIT_PARAMETER % "client", 1)
        body = {"client_id": "demo-app", "client_user_identity": identity}
        self.forget_what_was_told()
        before = self.env["oauth2.event"].search([])
        for status in (200, 429, 429):
            self.assertEqual(self.call("token", body).status_code, status)
        lines = (self.env["oauth2.event"].search([]) - before).sorted("id")
        self.assertEqual(lines.mapped("kind"), ["refresh", "refusal"])
        self.assertEqual(
            lines[1].reason,
            "More than 1 calls a minute of one client were authenticated.",
        )
        self.assertEqual((lines[1].client_id, lines[1].api_id), (self.client, self.api))

    def test_the_line_names_where_most_of_them_came_from(self):
        self.patch(auth_failure_log, "failures", AuthFailureLog())
        self.patch(auth_failure_log, "_MAX_NETWORKS", 7)

        def refuse(network, may_tell):
            address = f"2001:db8:0:{network}::{len(addresses)}"
            addresses.append(address)
            self.patch(auth_failure_log, "remote_address", lambda: address)
            return auth_failure_log.failures.count("a_db", "invalid_token", may_tell)

        addresses = []
        for network in (1, 2, 2, 3, 3, 3, 4, 4, 5, 5, 6, 6, 7, 8, 8, 8):
            self.assertIsNone(refuse(network, may_tell=False))
        line = refuse(3, may_tell=True)
        self.assertIn("17 invalid_token; 4 from 2001:db8:0:3::/64, 2 from", line)
        self.assertTrue(line.endswith(", 5 from others."), line)

    def test_a_read_only_call_is_told_of_with_the_next_one(self):
        """Else it would be run again on a cursor that writes, with a warning."""
        Event = self.env["oauth2.event"]
        before = Event.search([])
        self.forget_what_was_told()
        # As in a worker that has not heard yet that the API is archived.
        self.url_open("/.well-known/oauth-protected-resource/orders")  # makes routes
        self.env.cr.execute("UPDATE oauth2_api SET active = false")
        for _time in range(2):
            answer = self.url_open("/.well-known/oauth-protected-resource/orders")
            self.assertEqual(answer.status_code, 404)
        self.assertEqual(Event.search([]), before)
        self.env.cr.execute("UPDATE oauth2_api SET active = true")
        self.refuse_unproven()
        told = Event.search([]) - before
        self.assertIn("2 not_found", told.sorted("id")[0].reason)

    def test_a_line_outlives_what_it_tells_of(self):
        self.authorize()
        signed_in = self.events()[0]
        self.api.unlink()
        self.client.unlink()
        self.user.unlink()
        signed_in.invalidate_recordset()
        self.assertFalse(signed_in.api_id or signed_in.client_id or signed_in.user_id)
        self.assertEqual(signed_in.api_name, "Orders")
        self.assertEqual(signed_in.client_name, "Application")
        self.assertEqual(signed_in.user_login, "olivia@example.com")

"""What changes between two steps of an authorization, and what is granted of scopes
when grant or client change: it shrinks at once, and grows by a new authorization alone.
"""

from odoo.tests import tagged

from .common import BROWSER_HEADERS
from .test_authorization_server_attacks import ServerAttackCase


@tagged("post_install", "-at_install")
class TestScopesOfTokens(ServerAttackCase):
    def scope_of(self, token):
        self.env.flush_all()
        told = self.introspected(token)
        self.assertTrue(told["active"])
        return told.get("scope", "")

    def scopes(self, *names):
        return self.api.scope_ids.filtered(lambda scope: scope.name in names)

    def test_a_refresh_never_raises_scopes_and_says_so(self):
        """RFC 6749 section 6; the refused one spends nothing."""
        token = self.tokens(scope="partners.read")["refresh_token"]
        for scope in ("orders.read", "partners.read orders.read", "leads.read", "*"):
            with self.subTest(scope):
                refused = self.refresh(token, scope=scope)
                self.assertRefused(refused, 400, "invalid_scope")
        for scope in ('"', "a\\b"):
            refused = self.refresh(token, scope=scope)
            self.assertRefused(refused, 400, "invalid_request")
        self.assertEqual(self.refresh(token).json()["scope"], "partners.read")
        for scope in ("orders.read", "partners.read orders.read"):
            with self.subTest("in the grace", scope=scope):
                refused = self.refresh(token, scope=scope)
                self.assertRefused(refused, 400, "invalid_scope")

    def test_scopes_taken_from_a_grant_shrink_and_come_back_by_authorization_alone(
        self,
    ):
        first = self.tokens()
        grant = self.own.client_user_ids
        grant.scope_ids -= self.scopes("orders.read")
        self.assertEqual(self.scope_of(first["access_token"]), "partners.read")
        self.assertEqual(self.scope_of(first["refresh_token"]), "partners.read")
        grant.scope_ids |= self.scopes("orders.read")
        self.assertEqual(self.scope_of(first["access_token"]), "partners.read")
        self.env.flush_all()
        refused = self.refresh(first["refresh_token"], scope="orders.read")
        self.assertRefused(refused, 400, "invalid_scope")
        second = self.refresh(first["refresh_token"]).json()
        self.assertEqual(second["scope"], "partners.read")
        self.env.invalidate_all()
        self.own.client_user_ids.unlink()
        self.env.flush_all()
        self.assertEqual(self.tokens()["scope"], "orders.read partners.read")

    def test_a_narrow_access_token_stays_narrow_when_its_grant_is_edited(self):
        wide = self.tokens()
        narrow = self.refresh(wide["refresh_token"], scope="partners.read").json()
        self.assertEqual(self.scope_of(narrow["access_token"]), "partners.read")
        grant = self.own.client_user_ids
        grant.write({"scope_ids": [(6, 0, self.scopes("orders.read").ids)]})
        self.assertEqual(self.scope_of(narrow["access_token"]), "")
        grant.write({"scope_ids": [(6, 0, self.api.scope_ids.ids)]})
        self.assertEqual(self.scope_of(narrow["access_token"]), "")

    def test_a_narrowed_refresh_leaves_the_grant_as_wide_as_it_was(self):
        wide = self.tokens()
        narrow = self.refresh(wide["refresh_token"], scope="partners.read").json()
        again = self.refresh(narrow["refresh_token"]).json()
        self.assertEqual(again["scope"], "orders.read partners.read")

    def test_scopes_taken_from_a_client_shrink_at_once(self):
        tokens = self.tokens()
        self.own.scope_ids -= self.scopes("orders.read")
        self.assertEqual(self.scope_of(tokens["access_token"]), "partners.read")
        again = self.refresh(tokens["refresh_token"]).json()
        self.assertEqual(again["scope"], "partners.read")
        new = self.make_scopes(self.api, ["new.write"])
        self.own.scope_ids |= new
        self.assertEqual(self.scope_of(again["access_token"]), "partners.read")
        third = self.refresh(again["refresh_token"]).json()
        self.assertEqual(third["scope"], "partners.read")
        new.unlink()
        self.assertEqual(self.scope_of(third["access_token"]), "partners.read")

    def test_scopes_taken_from_a_services_grant_stay_away(self):
        self.serve_as(self.make_user("robot@example.com"))
        first = self.ask_token(grant_type="client_credentials").json()
        self.assertEqual(first["scope"], "orders.read partners.read")
        self.env.invalidate_all()
        self.own.client_user_ids.scope_ids -= self.scopes("orders.read")
        self.assertEqual(self.scope_of(first["access_token"]), "partners.read")
        again = self.ask_token(grant_type="client_credentials").json()
        self.assertEqual(again["scope"], "partners.read")
        self.assertEqual(self.scope_of(again["access_token"]), "partners.read")

    def test_a_service_gets_tokens_of_an_api_whose_grants_end_before_its_tokens(self):
        self.serve_as(self.make_user("robot@example.com"))
        self.api.write({"access_token_lifetime": 3600, "authorization_lifetime": 600})
        self.env.flush_all()
        for _time in range(2):
            answer = self.ask_token(grant_type="client_credentials")
            self.assertEqual(answer.status_code, 200, answer.text)
            self.assertLessEqual(answer.json()["expires_in"], 600)
        self.assertEqual(len(self.own.client_user_ids), 1)


@tagged("post_install", "-at_install")
class TestMeanwhile(ServerAttackCase):
    def changes(self):
        """:return: ``{what an administrator does: how}``"""
        return {
            "user archived": lambda: self.user.write({"active": False}),
            "group lost": lambda: self.api.write(
                {"allowed_group_ids": self.env.ref("base.group_system")}
            ),
            "user of another company": lambda: self.give_to_company(
                self.api, self.env["res.company"].create({"name": "Other"})
            ),
            "client archived": lambda: self.own.write({"active": False}),
            "client taken from the API": lambda: self.own.write(
                {"api_ids": self.crm, "scope_ids": self.crm.scope_ids}
            ),
            "API archived": lambda: self.api.write({"active": False}),
        }

    def for_each_change(self, check):
        """:param check: called with what was changed, after each change"""
        for name, change in self.changes().items():
            with self.row(name):
                change()
                self.env.flush_all()
                check(name)

    def assertNoCode(self, response, name):
        address = response.headers.get("Location", "")
        self.assertNotIn("code=", address)
        if "user" not in name and "group" not in name:
            # As good as unknown, it is told to nobody but the user.
            self.assertEqual(response.status_code, 400, response.text)
            self.assertNotIn("Location", response.headers)
        self.env.invalidate_all()
        self.assertFalse(self.own.with_context(active_test=False).client_user_ids)

    def test_a_change_before_the_page_is_shown_counts(self):
        address = self.ask_for_code().headers["Location"]

        def check(name):
            page = self.visit(address, BROWSER_HEADERS)
            self.assertNotIn("csrf_token", page.text)
            self.assertNoCode(page, name)

        self.for_each_change(check)

    def test_a_change_before_allow_counts(self):
        address, page = self.open_consent()
        for decision in ("deny", "allow"):
            self.for_each_change(
                lambda name, decision=decision: self.assertNoCode(
                    self.decide(address, page, decision), name
                )
            )

    def test_a_redirect_uri_that_is_no_longer_registered_gets_nothing(self):
        address, page = self.open_consent()
        self.own.redirect_uris = "https://app.example.com/new"
        self.env.flush_all()
        for decision in ("deny", "allow"):
            with self.row(decision):
                self.assertNoCode(self.decide(address, page, decision), decision)
        self.assertNoCode(self.visit(address, BROWSER_HEADERS), "page")

    def test_a_scope_that_is_deleted_before_allow_is_not_granted(self):
        address, page = self.open_consent()
        self.api.scope_ids.filtered(lambda each: each.name == "orders.read").unlink()
        self.env.flush_all()
        code = self.answer(self.decide(address, page))["code"]
        self.assertEqual(self.exchange(code).json()["scope"], "partners.read")

    def test_a_change_before_the_exchange_counts(self):
        code = self.code()
        self.for_each_change(
            lambda _name: self.assertGivesNothing(
                self.exchange(code), "invalid_grant", "invalid_client"
            )
        )
        self.assertEqual(self.exchange(code).status_code, 200)

    def test_a_change_before_a_refresh_counts_and_spends_nothing(self):
        tokens = self.tokens()

        def check(name):
            refused = self.refresh(tokens["refresh_token"])
            self.assertGivesNothing(refused, "invalid_grant", "invalid_client")
            status = 404 if name == "API archived" else 401
            self.assertEqual(self.call_as(tokens["access_token"]), status)

        self.for_each_change(check)
        self.assertEqual(self.call_as(tokens["access_token"]), 200)
        self.assertEqual(self.refresh(tokens["refresh_token"]).status_code, 200)

    def test_a_grant_type_that_is_taken_away_counts(self):
        tokens, code = self.tokens(), self.code()
        self.own.write({"allows_refresh_token": False})
        self.env.flush_all()
        refused = self.refresh(tokens["refresh_token"])
        self.assertRefused(refused, 400, "unauthorized_client")
        self.assertNotIn("refresh_token", self.exchange(code).json())
        code = self.code()
        self.own.write({"allows_authorization_code": False})
        self.env.flush_all()
        self.assertRefused(self.exchange(code), 400, "unauthorized_client")

    def test_a_provider_that_is_archived_meanwhile_brings_no_one_back(self):
        self.client.redirect_uris = "https://app.example.com/back"
        self.env.flush_all()
        callback = self.sign_in(
            self.ask_for_code(client_id="demo-app").headers["Location"]
        )
        page = self.visit(
            self.sign_in(self.ask_for_code(client_id="demo-app").headers["Location"]),
            BROWSER_HEADERS,
        )
        for name, values in (
            ("provider archived", {"active": False}),
            ("redirect URI", None),
        ):
            with self.row(name):
                if values:
                    self.provider_record.write(values)
                else:
                    self.client.redirect_uris = "https://app.example.com/new"
                self.env.flush_all()
                for response in (
                    self.decide("/orders/oauth2/confirm", page),
                    self.visit(callback, BROWSER_HEADERS),
                ):
                    self.assertEqual(response.status_code, 400, response.text)
                    self.assertNotIn("Location", response.headers)
                self.env.invalidate_all()
                self.assertFalse(self.client.client_user_ids)

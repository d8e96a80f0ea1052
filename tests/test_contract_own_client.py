"""The JSON contract for a client of this Odoo, whose users sign in here."""

import time
from datetime import timedelta

from odoo import fields
from odoo.tests import tagged

from ..services.tokens import sign_in_progress
from .authorization_server_common import (
    REDIRECT_URI,
    STATE,
    AuthorizationServerCase,
)
from .common import BROWSER_HEADERS
from .test_confirm import ConfirmCase

_CONTRACT = {
    "access_token",
    "db",
    "expires_at",
    "expires_in",
    "login",
    "refresh_token",
    "scope",
    "token_type",
}


@tagged("post_install", "-at_install")
class TestContractOfOwnClient(AuthorizationServerCase):
    def setUp(self):
        super().setUp()
        self.patch(sign_in_progress.polls, "window", -1)
        self.asked = self.ask_own()
        self.identity = self.asked["client_user_identity"]

    def ask_own(self, **body):
        names = {"client_id": "own-app", "client_secret": self.secret}
        response = self.call("provider/authorize", {**names, **body})
        self.assertEqual(response.status_code, 200, response.text)
        return response.json()

    def send(self, name, **body):
        names = {
            "client_id": "own-app",
            "client_secret": self.secret,
            "client_user_identity": self.identity,
        }
        return super().send(name, **{**names, **body})

    def token(self, **body):
        """:return: token information"""
        response = self.send("token", **body)
        self.assertEqual(response.status_code, 200, response.text)
        return response.json()

    def decide_on_page(self, decision="allow", asked=None):
        """:return: the answer to the user's decision"""
        url = (asked or self.asked)["authorization_url"]
        path = url.removeprefix(self.base_url())
        page = self.visit(path, BROWSER_HEADERS)
        return self.decide(path, page, decision)

    def signed_in(self):
        """:return: the token information of a sign-in"""
        self.decide_on_page()
        return self.token()

    def age(self, **seconds):
        """Let time go by for the grant's tokens that were rotated, and its answer."""
        self.env.invalidate_all()
        delta = timedelta(**seconds)
        grant = self.own.client_user_ids
        grant.last_refresh_at = (grant.last_refresh_at or fields.Datetime.now()) - delta
        grant.sudo().cached_token_response = False
        for token in grant.token_ids.filtered("rotated_at"):
            token.rotated_at -= delta
        self.env.flush_all()

    def test_the_address_is_the_consent_page_of_this_odoo(self):
        page = f"{self.issuer}/oauth2/consent?request="
        self.assertTrue(self.asked["authorization_url"].startswith(page))
        self.assertRefused(self.send("token"), 400, "authorization_pending")

    def test_after_allow_the_page_shows_token_information_of_this_odoo(self):
        shown = ConfirmCase.embedded(self, self.decide_on_page())
        self.assertEqual(set(shown), _CONTRACT)
        given = self.token()
        self.assertEqual(given["access_token"], shown["access_token"])
        self.assertTrue(given["access_token"].startswith("odoo_at_"))
        self.assertTrue(given["refresh_token"].startswith("odoo_rt_"))
        self.assertEqual(given["login"], self.user.login)
        self.assertEqual(given["db"], self.env.cr.dbname)
        self.assertEqual(given["scope"], "orders.read partners.read")
        self.assertEqual(given["token_type"], "Bearer")
        self.assertAlmostEqual(given["expires_at"], time.time() + 3600, delta=60)
        self.assertEqual(self.call_as(given["access_token"]), 200)

    def test_without_its_secret_a_confidential_client_is_refused(self):
        """The page names the client: who asks must be it (RFC 6749 section 3.2.1)."""
        asked = self.call("provider/authorize", {"client_id": "own-app"})
        self.assertRefused(asked, 401, "invalid_client")
        answer = self.signed_in()
        for proof in ({}, {"refresh_token": answer["refresh_token"]}):
            for name in ("token", "revoke"):
                refused = self.send(name, client_secret=None, **proof)
                self.assertRefused(refused, 401, "invalid_client")

    def test_who_may_not_ask_users_or_cannot_prove_itself_is_refused(self):
        for name, changes in (
            ("public", {"client_type": "public"}),
            ("no codes", {"allows_authorization_code": False}),
        ):
            with self.row(name):
                self.own.write(changes)
                self.env.flush_all()
                secret = None if name == "public" else self.secret
                body = {"client_id": "own-app", "client_secret": secret}
                body = {key: value for key, value in body.items() if value}
                refused = self.call("provider/authorize", body)
                self.assertRefused(refused, 400, "unauthorized_client")

    def test_a_sign_in_here_notes_no_address_of_a_provider(self):
        before = self.api.last_redirect_uri
        self.signed_in()
        self.code()
        self.env.invalidate_all()
        self.assertEqual(self.api.last_redirect_uri, before)
        requests = self.env["oauth2.authorization.request"].search(
            [("client_id", "=", self.own.id)]
        )
        self.assertEqual(set(requests.mapped("redirect_uri")), {False})

    def test_after_deny_nothing_is_granted(self):
        self.decide_on_page("deny")
        self.assertRefused(self.send("token"), 400, "access_denied")
        self.assertFalse(self.own.client_user_ids)

    def test_the_browser_goes_back_to_a_redirect_uri(self):
        asked = self.ask_own(redirect_uri=REDIRECT_URI, state=STATE)
        answer = self.answer(self.decide_on_page(asked=asked))
        self.assertEqual(answer, {"state": STATE})
        again = self.visit(
            asked["authorization_url"].removeprefix(self.base_url()), BROWSER_HEADERS
        )
        self.assertEqual(self.answer(again), {"state": STATE})
        self.identity = asked["client_user_identity"]
        self.assertEqual(set(self.token()), _CONTRACT)

    def test_each_documented_proof_refreshes(self):
        first = self.signed_in()
        for name in ("secret", "refresh_token"):
            with self.subTest(name):
                self.age(seconds=30)
                proof = {name: first[name]} if name == "refresh_token" else {}
                second = self.token(**proof)
                self.assertEqual(set(second), _CONTRACT)
                for token in ("access_token", "refresh_token"):
                    self.assertNotEqual(second[token], first[token])
                self.assertEqual(self.call_as(second["access_token"]), 200)
                first = second

    def test_an_access_token_gets_another_one_and_leaves_the_refresh_token(self):
        first = self.signed_in()
        self.age(seconds=30)
        second = self.token(bearer=first["access_token"])
        self.assertNotIn("refresh_token", second)
        self.assertNotEqual(second["access_token"], first["access_token"])
        self.assertIn("refresh_token", self.token(refresh_token=first["refresh_token"]))

    def test_callers_that_cross_get_the_same_answer(self):
        first = self.signed_in()
        self.age(seconds=30)
        second = self.token(refresh_token=first["refresh_token"])
        for proof in (
            {"refresh_token": first["refresh_token"]},
            {},
        ):
            again = self.token(**proof)
            self.assertEqual(again["access_token"], second["access_token"])
            self.assertEqual(again["refresh_token"], second["refresh_token"])

    def test_the_old_refresh_token_gets_what_another_proof_just_got(self):
        first = self.signed_in()
        self.age(seconds=30)
        second = self.token()
        pair = second["access_token"], second["refresh_token"]
        by_contract = self.token(refresh_token=first["refresh_token"])
        by_standard = self.refresh(first["refresh_token"])
        self.assertEqual(by_standard.status_code, 200, by_standard.text)
        for crossed in (by_contract, by_standard.json()):
            got = crossed["access_token"], crossed["refresh_token"]
            self.assertEqual(got, pair)
        self.assertEqual(self.call_as(second["access_token"]), 200)

    def test_after_a_standard_refresh_no_rotated_pair_is_given_out(self):
        first = self.signed_in()
        second = self.token(refresh_token=first["refresh_token"])
        third = self.refresh(second["refresh_token"]).json()
        fourth = self.token()
        self.assertNotEqual(fourth["refresh_token"], second["refresh_token"])
        self.assertEqual(self.call_as(fourth["access_token"]), 200)
        again = self.refresh(third["refresh_token"]).json()
        self.assertEqual(again["refresh_token"], fourth["refresh_token"])

    def test_a_refresh_token_that_comes_again_after_the_grace_ends_the_grant(self):
        first = self.signed_in()
        second = self.token(refresh_token=first["refresh_token"])
        self.age(seconds=61)
        refused = self.send("token", refresh_token=first["refresh_token"])
        self.assertRefused(refused, 400, "invalid_grant")
        self.env.invalidate_all()
        self.assertEqual(self.own.client_user_ids.ended_by, "reuse")
        self.assertEqual(self.call_as(second["access_token"]), 401)
        self.assertRefused(self.send("token"), 400, "invalid_grant")

    def test_a_refresh_token_of_the_contract_is_good_at_the_standard_door(self):
        first = self.signed_in()
        second = self.refresh(first["refresh_token"])
        self.assertEqual(second.status_code, 200, second.text)
        self.assertEqual(self.call_as(second.json()["access_token"]), 200)

    def test_a_client_without_refresh_tokens_is_not_refreshed(self):
        self.own.allows_refresh_token = False
        self.env.flush_all()
        first = self.signed_in()
        self.assertNotIn("refresh_token", first)
        self.age(seconds=61)
        self.assertRefused(self.send("token"), 400, "invalid_grant")
        self.assertEqual(self.call_as(first["access_token"]), 200)

    def test_a_new_sign_in_of_an_identity_renews_its_grant(self):
        first = self.signed_in()
        self.asked = self.ask_own(client_user_identity=self.identity)
        second = self.signed_in()
        self.assertNotEqual(second["refresh_token"], first["refresh_token"])
        self.assertEqual(len(self.own.client_user_ids), 1)
        refused = self.send("token", refresh_token=first["refresh_token"])
        self.assertRefused(refused, 400, "invalid_grant")
        self.assertEqual(self.call_as(second["access_token"]), 200)

    def test_a_revocation_is_told_as_complete_where_there_is_no_provider(self):
        first = self.signed_in()
        response = self.send("revoke")
        self.assertEqual(response.json(), {"revoked": True, "provider_revoked": True})
        self.assertEqual(self.call_as(first["access_token"]), 401)
        self.assertRefused(self.send("revoke"), 400, "invalid_grant")

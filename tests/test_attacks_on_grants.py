"""Attacks on grants and on who may make them, played from the attacker's side."""

from odoo.tests import tagged
from odoo.tools import mute_logger

from .attack_common import AttackCase
from .faulty_provider import FaultyProvider


class TestAttacksOnGrants(AttackCase):
    def test_an_identity_belongs_to_the_user_who_authorized_first(self):
        """The application calls Olivia `42`. Mallory authorizes as `42` before she
        does, or after her, to be taken for her or to get what is hers."""
        self.be_at_provider("mallory", self.mallory.login)
        _information, identity = self.authorize("42")
        squatted = self.grant_of(identity)
        self.be_at_provider("olivia", self.user.login)
        asked = self.ask("42")
        response = self.visit(self.sign_in(asked["authorization_url"]))
        self.assertRefused(response, 403, "access_denied")
        # What the application gets for 42 is still Mallory's and never hers.
        self.assertEqual(self.grant_of("42").user_id, self.mallory)
        self.be_at_provider("mallory", self.mallory.login)
        self.assertEqual(self.by_application("42").json()["login"], self.mallory.login)
        squatted.unlink()

        self.be_at_provider("olivia", self.user.login)
        information, _identity = self.authorize("42")
        grant = self.grant_of("42")
        self.be_at_provider("mallory", self.mallory.login)
        for knows_it in (self.refresh("42"), self.revoke("42")):
            self.assertRefused(knows_it, 401, "invalid_client")
        response = self.visit(self.sign_in(self.ask("42")["authorization_url"]))
        self.assertRefused(response, 403, "access_denied")
        self.assertEqual(self.grant_of("42"), grant)
        self.assertEqual(grant.user_id, self.user)
        self.assertOpens(information["access_token"])
        # Where the secret is required he cannot even ask.
        self.client.require_secret = True
        names = {"client_id": "demo-app", "client_user_identity": "43"}
        response = self.call("provider/authorize", names)
        self.assertRefused(response, 401, "invalid_client")

    def test_claims_that_a_user_can_choose_match_no_other_user(self):
        """At the provider Mallory may set his name, address and email as he likes. He
        sets what is Olivia's, to become her."""
        login = self.user.login
        chosen = (
            {"email": login},
            {"email": login, "email_verified": "true"},
            {"email": login, "email_verified": 1},
            {"preferred_username": login, "name": login, "nickname": login},
            {"upn": login, "login": login, "username": login, "sub": "mallory"},
            {"email": [login], "email_verified": True},
            {"email": f"{login}\0", "email_verified": True},
            {"email": f" {login}", "email_verified": True},
            {"email": "%", "email_verified": True},
            {"email": "_livia@example.com", "email_verified": True},
            {"email": "\N{CYRILLIC SMALL LETTER O}livia@example.com"}
            | {"email_verified": True},
        )
        self.provider.login = "mallory"
        for claims in chosen:
            with self.subTest(claims):
                own = {"email": "mallory@elsewhere.example", "email_verified": False}
                self.provider.claims = own | claims
                response = self.visit(self.sign_in(self.ask()["authorization_url"]))
                self.assertIn(response.status_code, (403, 502), response.text)
        # What the id_token signs is not overruled by userinfo, which he may edit.
        self.provider.claims = {"email": login, "email_verified": True}
        self.provider.id_token_claims_override = {
            "email": "mallory@elsewhere.example",
            "email_verified": False,
        }
        response = self.visit(self.sign_in(self.ask()["authorization_url"]))
        self.assertRefused(response, 403, "access_denied")
        self.assertNoGrant()


@tagged("post_install", "-at_install")
class TestAttacksByOurOwnGroup(AttackCase):
    """A member of our own group manages APIs, and is no Settings administrator."""

    def setUp(self):
        super().setUp()
        self.mallory.group_ids += self.env.ref("api_auth_oauth2.group_admin")
        self.evil = self.enterContext(FaultyProvider())
        self.new_browser(self.mallory)

    def rpc(self, model, method, *args, **kwargs):
        """Call a method as the web client does."""
        params = {"model": model, "method": method, "args": args, "kwargs": kwargs}
        response = self.url_open(
            f"/web/dataset/call_kw/{model}/{method}",
            json={"jsonrpc": "2.0", "params": params},
        )
        return response.json()

    def assertNotHis(self, answer):
        self.assertIn("error", answer, answer)
        self.assertIn(
            answer["error"]["data"]["name"],
            (
                "odoo.exceptions.AccessError",
                "odoo.exceptions.ValidationError",
                "odoo.exceptions.UserError",
            ),
        )

    @mute_logger("odoo.http", "odoo.sql_db", "odoo.addons.base.models.ir_access")
    def test_our_group_cannot_become_others_through_a_provider(self):
        """Mallory runs a provider that says he is the administrator. He wants Odoo to
        ask it, by a new provider, a changed one, or a client that is moved to it."""
        evil = self.evil.endpoints()
        self.assertNotHis(
            self.rpc("oauth2.provider", "create", [{"name": "Evil", **evil}])
        )
        for values in (
            evil,
            {"issuer": evil["issuer"], "jwks_uri": evil["jwks_uri"]},
            {"token_endpoint": evil["token_endpoint"]},
            {"match_claim": "nickname", "vouches_for_claim": True},
            {"user_matching": "session"},
        ):
            ids = self.provider_record.ids
            self.assertNotHis(self.rpc("oauth2.provider", "write", ids, values))
        # One that an administrator made for another purpose serves him no better.
        other = self.make_provider(evil)
        moved = {"provider_id": other.id}
        new = {"name": "His", "client_identifier": "his", **moved}
        new["api_ids"] = [[6, 0, self.api.ids]]
        nested = {"client_ids": [[0, 0, new]]}
        update = {"client_ids": [[1, self.client.id, moved]]}
        for model, method, *args in (
            ("oauth2.client", "create", [new]),
            ("oauth2.client", "write", self.client.ids, moved),
            ("oauth2.client", "copy", self.client.ids, {"client_identifier": "his"}),
            ("oauth2.api", "write", self.api.ids, nested),
            ("oauth2.api", "write", self.api.ids, update),
            ("oauth2.api", "create", [{"name": "His", "endpoint": "his", **nested}]),
            ("oauth2.api", "write", self.api.ids, {"trust_identity": True}),
            ("oauth2.api", "write", self.api.ids, {"bearer_enabled": True}),
            (
                "ir.config_parameter",
                "set_param",
                "api_auth_oauth2.base_url",
                "http://x",
            ),
            ("oauth2.client.user", "create", [{"user_id": 2}]),
            ("oauth2.created.user", "create", [{"user_id": 2}]),
        ):
            with self.subTest(model=model, method=method, args=args):
                self.assertNotHis(self.rpc(model, method, *args))
        # What is private, or open to no user, is not reached by name either.
        for model, method in (
            ("oauth2.client.user", "_authorize"),
            ("oauth2.client", "_secret"),
            ("oauth2.key.rotation", "_start"),
            ("oauth2.token", "_hold"),
        ):
            self.assertIn("error", self.rpc(model, method, []))
        self.env.invalidate_all()
        self.assertEqual(self.client.provider_id, self.provider_record)
        self.assertEqual(self.provider_record.token_endpoint, self.endpoint())
        self.assertFalse(self.evil.calls)
        self.assertNoGrant()

    def endpoint(self):
        return self.provider.endpoints()["token_endpoint"]

"""A provider that is shown a key instead of a secret: `private_key_jwt`."""

import json
import logging

import jwt
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from odoo import Command, fields
from odoo.exceptions import AccessError
from odoo.tests import tagged

from ..protocol.client_key import SIGNING_ALGORITHMS
from .common import OAuth2Case

_FAILURES = "odoo.addons.api_auth_oauth2.services.providers.provider_calls"


@tagged("post_install", "-at_install")
class ClientKeyCase(OAuth2Case):
    provider_values = {"token_endpoint_auth_method": "private_key_jwt"}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.admin = cls.env.ref("base.user_admin")
        cls.make_key()

    def setUp(self):
        super().setUp()
        self.register()

    @classmethod
    def make_key(cls):
        cls.client.with_user(cls.admin).action_make_key()
        cls.env.flush_all()

    def register(self):
        """What an administrator does: paste the public key at the provider."""
        self.provider.client_keys = json.loads(self.client.jwks)["keys"]

    def configure(self, **values):
        self.provider_record.write(values)
        self.env.flush_all()

    def refresh(self, identity):
        return self.call(
            "token", {"client_id": "demo-app", "client_user_identity": identity}
        )

    def revoke(self, identity):
        return self.call(
            "revoke", {"client_id": "demo-app", "client_user_identity": identity}
        )

    def sent(self):
        """:return: the parameters of each request that authenticates the client"""
        return [
            request["params"]
            for request in self.provider.requests
            if request["endpoint"] in ("token", "revocation")
        ]

    def claims(self):
        """:return: the claims of each assertion that the provider was sent"""
        unchecked = {"verify_signature": False}
        texts = [params["client_assertion"] for params in self.sent()]
        return [jwt.decode(text, options=unchecked) for text in texts]

    def event(self):
        return self.env["oauth2.event"].search([], limit=1)


class TestClientKey(ClientKeyCase):
    def test_sign_in_refresh_and_revoke_are_proven_by_the_key_alone(self):
        """RFC 7523 section 3: this provider takes no assertion twice."""
        for algorithm in SIGNING_ALGORITHMS:
            with self.row(algorithm):
                self.configure(token_endpoint_auth_signing_alg=algorithm)
                self.make_key()
                self.register()
                self.assertEqual(self.provider.client_keys[0]["alg"], algorithm)
                self.provider.requests.clear()
                _information, identity = self.authorize()
                self.assertEqual(self.refresh(identity).status_code, 200)
                told = self.revoke(identity).json()
                self.assertTrue(told["provider_revoked"])
                self.assertGreater(len(self.sent()), 3)
                self.assertFalse([p for p in self.sent() if "client_secret" in p])

    def test_an_assertion_says_who_for_whom_and_for_a_minute(self):
        """OpenID Connect Core section 9"""
        self.authorize()
        (claims,) = self.claims()
        self.assertEqual(
            claims,
            {
                "iss": "demo-app",
                "sub": "demo-app",
                "aud": self.provider.issuer,
                "jti": claims["jti"],
                "iat": claims["iat"],
                "exp": claims["iat"] + 60,
            },
        )
        self.assertGreaterEqual(len(claims["jti"]), 43)

    def test_each_attempt_has_an_assertion_of_its_own(self):
        _information, identity = self.authorize()
        self.provider.answer("token", status=503)
        for _attempt in range(2):
            self.assertEqual(self.refresh(identity).status_code, 503)
        self.provider.behave()
        self.assertEqual(self.refresh(identity).status_code, 200)
        numbers = [claims["jti"] for claims in self.claims()]
        self.assertEqual(len(set(numbers)), 4)

    def test_an_assertion_is_for_the_issuer_or_where_it_must_the_token_endpoint(self):
        issuer, endpoint = (
            self.provider_record.issuer,
            self.provider_record.token_endpoint,
        )
        audience = self.provider_record._assertion_audience
        self.provider_record.user_matching = "session"  # trusts no tenant's claims
        self.assertEqual(audience(), issuer)
        self.provider_record.issuer = f"{issuer}/{{tenantid}}/v2.0"
        self.assertEqual(audience(), endpoint)
        self.provider_record.issuer = False
        self.assertEqual(audience(), endpoint)
        self.configure(issuer=issuer, user_matching="login")
        self.provider.assertion_audience = endpoint
        asked = self.ask()
        self.assertRefused(
            self.visit(self.sign_in(asked["authorization_url"])), 502, "server_error"
        )
        self.configure(assertion_audience="token_endpoint")
        self.authorize()

    def test_a_key_that_the_provider_does_not_know_loses_no_grant(self):
        _information, identity = self.authorize()
        self.make_key()
        with self.assertLogs(_FAILURES, logging.INFO) as logs:
            self.assertRefused(self.refresh(identity), 502, "server_error")
        self.assertIn("invalid_client", logs.output[0])
        self.assertIn("invalid_client", self.event().reason)
        self.assertEqual(self.grant_of(identity).state, "active")
        self.register()
        self.assertEqual(self.refresh(identity).status_code, 200)

    def test_an_echoed_assertion_reaches_neither_log_nor_event(self):
        _information, identity = self.authorize()

        def echo(handler, params):
            said = params["client_assertion"]
            return 400, {"error": "invalid_client", "error_description": said}

        self.provider.on_token = echo
        with self.assertLogs(_FAILURES, logging.INFO) as logs:
            self.assertRefused(self.refresh(identity), 502, "server_error")
        for text in (logs.output[0], self.event().reason):
            self.assertIn("***", text)
            self.assertNotIn(self.sent()[-1]["client_assertion"][:40], text)

    def test_a_deleted_client_s_tokens_are_revoked_by_its_key(self):
        self.authorize()
        self.client.unlink()
        self.provider.requests.clear()
        self.tell_providers()
        self.assertFalse(self.env["oauth2.revocation"].search([]))
        self.assertTrue(self.claims())

    def test_a_lost_secret_of_the_application_keeps_no_user_out(self):
        self.client.client_secret_encrypted = "nonsense"
        self.authorize()


class TestNoClientKey(ClientKeyCase):
    """Without a key that can be read the provider is asked for nothing."""

    #: What is stored, what log and event say of it, what the form says.
    lost = (
        (False, "has no private key", "No key yet"),
        ("nonsense", "private key cannot be decrypted", "cannot be decrypted"),
    )

    def lose(self, stored):
        self.client.private_key_encrypted = stored
        self.env.flush_all()

    def test_no_user_is_led_into_a_sign_in_without_the_key(self):
        self.assertFalse(self.client.key_warning)
        for stored, reason, told in self.lost:
            for matching in ("session", "login"):
                with self.row(f"{reason}, {matching}"):
                    self.lose(stored)
                    self.configure(user_matching=matching)
                    self.assertIn(told, self.client.key_warning)
                    self.assertFalse(self.client.jwks or self.client.public_key)
                    names = {"client_id": "demo-app"}
                    with self.assertLogs(_FAILURES, logging.INFO) as logs:
                        response = self.call("provider/authorize", names)
                    self.assertRefused(response, 502, "server_error")
                    self.assertIn(reason, logs.output[0])

    def test_a_refresh_without_the_key_asks_nothing_and_loses_nothing(self):
        _information, identity = self.authorize()
        for stored, reason, _told in self.lost:
            with self.row(reason):
                self.lose(stored)
                self.provider.requests.clear()
                self.assertRefused(self.refresh(identity), 502, "server_error")
                self.assertIn(reason, self.event().reason)
                self.assertFalse(self.provider.requests)
                self.assertFalse(self.grant_of(identity).refresh_began_at)
        self.assertEqual(self.refresh(identity).status_code, 200)

    def test_a_revocation_without_the_key_waits_for_it(self):
        _information, identity = self.authorize()
        stored = self.client.private_key_encrypted
        self.lose("nonsense")
        self.provider.requests.clear()
        self.assertFalse(self.revoke(identity).json()["provider_revoked"])
        waiting = self.env["oauth2.revocation"].search([])
        self.assertIn("private key cannot be decrypted", waiting[0].reason)
        self.assertFalse(self.provider.requests)
        self.client.private_key_encrypted = stored
        waiting.next_try_at = fields.Datetime.now()
        self.tell_providers()
        self.assertFalse(waiting.exists())

    def test_a_client_deleted_without_a_readable_key_is_told_in_the_revocation(self):
        self.authorize()
        self.client.private_key_encrypted = "nonsense"
        self.client.unlink()
        self.tell_providers()
        reasons = self.env["oauth2.revocation"].search([]).mapped("reason")
        self.assertIn("has no private key", reasons[0])


class TestClientKeyRecord(ClientKeyCase):
    def test_the_form_shows_the_public_key_and_no_private_one(self):
        (jwk,) = json.loads(self.client.jwks)["keys"]
        self.assertEqual(
            jwk.keys(), {"kty", "n", "e", "alg", "use", "kid"}, "no private member"
        )
        public = load_pem_public_key(self.client.public_key.encode())
        self.assertEqual(jwt.PyJWK(jwk).key, public)
        self.configure(token_endpoint_auth_signing_alg="ES256")
        self.make_key()
        (jwk,) = json.loads(self.client.jwks)["keys"]
        self.assertEqual(jwk.keys(), {"kty", "crv", "x", "y", "alg", "use", "kid"})
        public = load_pem_public_key(self.client.public_key.encode())
        self.assertEqual(jwt.PyJWK(jwk).key, public)

    def test_the_form_tells_of_a_key_for_another_algorithm(self):
        self.configure(token_endpoint_auth_signing_alg="ES256")
        self.assertIn("signs with RS256", self.client.key_warning)
        self.make_key()
        self.assertFalse(self.client.key_warning)
        self.configure(token_endpoint_auth_method="client_secret_basic")
        self.client.private_key_encrypted = False
        self.assertFalse(self.client.key_warning)

    def test_only_settings_administrators_make_keys(self):
        group = self.env.ref("api_auth_oauth2.group_admin")
        manager = self.make_user("mara@example.com", group_ids=[Command.set(group.ids)])
        before = self.client.private_key_encrypted
        for user in (manager, self.user):
            with self.assertRaises(AccessError):
                self.client.with_user(user).action_make_key()
        self.assertEqual(self.client.private_key_encrypted, before)
        self.assertTrue(self.client.with_user(manager).jwks)

    def test_a_new_key_is_told_of_and_not_told(self):
        self.make_key()
        event = self.event()
        told = ("configure", "Private Key changed")
        self.assertEqual((event.kind, event.changes), told)
        self.env.cr.execute("SELECT json_agg(e)::text FROM oauth2_event e")
        [[rows]] = self.env.cr.fetchall()
        self.assertNotIn(self.client.private_key_encrypted, rows)

    def test_a_copied_client_and_one_of_another_provider_have_no_key(self):
        copied = self.client.copy({"client_identifier": "copy"})
        self.assertFalse(copied.has_private_key)
        self.assertTrue(self.client.has_private_key)
        self.client.provider_id = self.make_provider(**self.provider_values)
        self.assertFalse(self.client.has_private_key)

"""What a client makes of each answer of a provider, good and bad."""

import json

import jwt

from odoo.tests import tagged

from ..protocol.provider_errors import (
    ProviderMisbehaved,
    ProviderRefused,
    ProviderUnavailable,
)
from ..protocol.provider_registration import ProviderMetadata
from ..protocol.token_response import lifetime_seconds
from .faulty_provider import FaultyProvider
from .protocol_common import ClientCase


@tagged("post_install", "-at_install")
class TestTokenAnswer(ClientCase):
    def test_it_is_handed_on_verbatim(self):
        for answer in (
            {
                "access_token": "a.b-c_d~e+f/g==",
                "token_type": "bEaReR",
                "expires_in": "3599",
                "scope": "email profile openid",
                "refresh_token": "r",
                "id_token": "not.looked.at",
                "nested": {"a": [1, None, "ä"]},
                "expires_at": "whenever",
            },
            {"access_token": "a", "scope": ["a", "b"], "refresh_token": None},
            {"access_token": "!" * 16384, "scope": "", "token_type": None},
            {"access_token": "a", "scope": 1, "error": None},
        ):
            self.provider.answer("token", json=answer)
            self.assertEqual(self.fetch_token(), answer)
            self.assertEqual(self.client.refresh_token("r"), answer)

    def test_a_form_is_understood_like_json(self):
        body = b"access_token=gho_16C7&scope=repo%2Cgist&token_type=bearer&empty="
        expected = {
            "access_token": "gho_16C7",
            "scope": "repo,gist",
            "token_type": "bearer",
            "empty": "",
        }
        for content_type in (
            "application/x-www-form-urlencoded; charset=utf-8",
            "text/plain",
        ):
            headers = {"Content-Type": content_type}
            self.provider.answer("token", body=body, headers=headers)
            self.assertEqual(self.fetch_token(), expected)
        self.assertFails(
            ProviderMisbehaved,
            body=body,
            headers={"Content-Type": "text/html"},
        )
        self.assertFails(
            ProviderMisbehaved,
            body=b"access_token=a&access_token=b",
            headers=headers,
        )

    def test_json_is_understood_whatever_its_content_type(self):
        for content_type in ("text/html", "text/javascript", "text/plain", ""):
            self.provider.answer(
                "token",
                json={"access_token": "a=="},
                headers={"Content-Type": content_type},
            )
            self.assertEqual(self.fetch_token(), {"access_token": "a=="})

    def test_nonsense_is_misbehaviour(self):
        for body in (
            b"",
            b"<!DOCTYPE html><html><body>Sign in</body></html>",
            b"null",
            b"[]",
            b'["access_token"]',
            b'"access_token"',
            b"{",
            b'{"access_token": "a"} trailing',
            b'{"access_token": "\xff"}',
            b"{}",
        ):
            for status in (200, 201, 404):
                with self.subTest(body, status=status):
                    self.assertFails(ProviderMisbehaved, status=status, body=body)
            for status in (400, 401, 403):
                with self.subTest(body, status=status):
                    self.assertFails(ProviderRefused, status=status, body=body)
        html = {"Content-Type": "text/html"}
        self.assertFails(ProviderMisbehaved, body=b"<p class=x>", headers=html)

    def test_what_is_empty_counts_as_left_out(self):
        answer = {"access_token": "a", "scope": ""}
        empty = ("refresh_token", "id_token", "token_type", "expires_in")
        self.provider.answer("token", json=answer | dict.fromkeys(empty, ""))
        self.assertEqual(self.fetch_token(), answer)
        self.provider.answer("token", json=answer | {"error": ""})
        self.assertEqual(self.fetch_token()["access_token"], "a")

    def test_token_type_is_bearer(self):
        for token_type in ("mac", "DPoP", "N_A", 1, ["Bearer"]):
            self.assertFails(
                ProviderMisbehaved,
                "token_type",
                json={"access_token": "a", "token_type": token_type, "mac_key": "k"},
            )

    def test_a_token_that_is_bound_to_a_key_is_refused(self):
        # RFC 7800 3.1: its bearer alone must not get in.
        for claims in ({"cnf": {"jkt": "a"}}, {"cnf": None, "sub": "olivia"}):
            token = jwt.PyJWS().encode(
                json.dumps(claims).encode(), self.provider.signing_key, "RS256"
            )
            self.assertFails(
                ProviderMisbehaved, "bound to a key", json={"access_token": token}
            )
        token = self.provider.sign({"sub": "olivia", "exp": 1})
        self.provider.answer("token", json={"access_token": token})
        self.assertEqual(self.fetch_token(), {"access_token": token})

    def test_expires_in_is_a_number_if_anything(self):
        for value, seconds in (
            (None, None),
            (0, None),
            ("0", None),
            (-1, None),
            ("-1", None),
            (0.9, None),
            (3600, 3600),
            (3599.9, 3599),
            ("3600", 3600),
            ("3599.5", 3599),
        ):
            answer = {"access_token": "a", "expires_in": value}
            self.provider.answer("token", json=answer)
            self.assertEqual(self.fetch_token(), answer)
            self.assertEqual(lifetime_seconds(answer), seconds)
        for value in ("soon", "1e3", True, [], {}, 1e300, 10**400, "٣"):
            self.assertFails(
                ProviderMisbehaved,
                "expires_in",
                json={"access_token": "a", "expires_in": value},
            )

    def test_an_oauth_error_is_a_refusal_whatever_its_status(self):
        for code in ("invalid_grant", "invalid_client", "invalid_scope", "own_code"):
            for status in (200, 400, 401, 403, 404):
                refused = self.assertFails(
                    ProviderRefused, code, status=status, json={"error": code}
                )
                self.assertEqual(refused.code, code)

    def test_an_error_in_a_form_is_a_refusal(self):
        refused = self.assertFails(
            ProviderRefused,
            body=b"error=bad_verification_code&error_description=expired",
            headers={"Content-Type": "application/x-www-form-urlencoded"},
        )
        self.assertEqual(refused.code, "invalid_grant")  # what GitHub means by it

    def test_an_error_that_is_no_code_is_a_refusal_without_one(self):
        for error in ("", 1, {"message": "no"}, ["a"], "caf\u00e9", "a" * 101, True):
            for status in (200, 400) if error else (400,):
                refused = self.assertFails(
                    ProviderRefused,
                    f"status {status}",
                    status=status,
                    json={"error": error, "access_token": "a"},
                )
                self.assertEqual(refused.code, "")

    def test_a_description_is_for_the_log_and_harmless_there(self):
        description = "no\r\n<b>\u00e4\u202e" + "x" * 500
        refused = self.assertFails(
            ProviderRefused,
            "no??<b>??xxx",
            status=400,
            json={"error": "invalid_grant", "error_description": description},
        )
        self.assertTrue(refused.reason.isascii() and refused.reason.isprintable())
        self.assertLess(len(refused.reason), 300)
        self.assertFails(
            ProviderRefused,
            status=400,
            json={"error": "invalid_grant", "error_description": {"a": 1}},
        )

    def test_what_a_provider_echoes_is_blotted_out(self):
        def assertBlotted(secrets, call):
            self.provider.answer(
                "token",
                status=400,
                json={"error": "invalid_grant", "error_description": " ".join(secrets)},
            )
            error = self.assertFails(ProviderRefused, "***", call=call)
            for secret in secrets:
                self.assertNotIn(secret, f"{error} {error.reason}")

        assertBlotted(["a-code", self.verifier, "demo-secret"], self.fetch_token)
        assertBlotted(
            ["r-token", "demo-secret"], lambda: self.client.refresh_token("r-token")
        )

    def test_temporarily_unavailable_says_when_to_come_back(self):
        error = self.assertFails(
            ProviderUnavailable,
            status=400,
            json={"error": "temporarily_unavailable"},
            headers={"Retry-After": "30"},
        )
        self.assertEqual(error.retry_after, 30)

    def test_a_redirect_is_misbehaviour_and_takes_no_secret_along(self):
        other = self.enterContext(FaultyProvider())
        for status in (301, 302, 303, 307, 308):
            self.provider.redirect("token", f"{other.issuer}/token", status)
            self.assertFails(ProviderMisbehaved, str(status))
        self.assertFalse(other.calls)


@tagged("post_install", "-at_install")
class TestRevocation(ClientCase):
    def revoke(self):
        self.client.revoke_token("a-token", "access_token")

    def test_the_status_counts_and_not_the_body(self):
        for status in (200, 204):
            for body in (b"", b"<html>", b'{"error": "invalid_client"}'):
                if status == 200 or not body:
                    self.provider.answer("revocation", status=status, body=body)
                    self.revoke()

    def test_a_token_that_is_already_invalid_is_revoked(self):
        self.revoke()
        self.provider.answer("revocation", status=400, json={"error": "invalid_token"})
        self.revoke()

    def test_failures(self):
        for error, status, body in (
            (ProviderRefused, 401, {"error": "invalid_client"}),
            (ProviderRefused, 400, {"error": "invalid_request"}),
            (ProviderRefused, 400, {"error": "unsupported_token_type"}),
            (ProviderMisbehaved, 404, {}),
            (ProviderMisbehaved, 302, {}),
            (ProviderUnavailable, 503, {}),
            (ProviderUnavailable, 400, {"error": "temporarily_unavailable"}),
        ):
            self.provider.answer("revocation", status=status, json=body)
            self.assertFails(error, call=self.revoke)

    def test_a_provider_without_revocation_endpoint_misbehaves(self):
        metadata = {**self.provider.endpoints(), "revocation_endpoint": ""}
        self.client.metadata = ProviderMetadata(**metadata)
        self.assertFails(ProviderMisbehaved, call=self.revoke)


@tagged("post_install", "-at_install")
class TestUserinfo(ClientCase):
    def userinfo(self):
        return self.client.userinfo("a-token")

    def test_the_token_goes_into_the_header(self):
        self.provider.answer("userinfo", json={"sub": "olivia", "email": None})
        self.assertEqual(self.userinfo(), {"sub": "olivia", "email": None})
        self.assertEqual(self.sent["headers"]["Authorization"], "Bearer a-token")
        self.assertEqual(self.sent["params"], {})

import re

from odoo.tests import BaseCase

from ..protocol import errors
from ..protocol.errors import quoted_challenge

WIRE = {
    errors.ScriptRefused: (403, "access_denied"),
    errors.InvalidRequest: (400, "invalid_request"),
    errors.UnknownSignIn: (400, "invalid_request"),
    errors.AlreadyAllowed: (400, "invalid_request"),
    errors.MethodNotAllowed: (405, "invalid_request"),
    errors.LengthRequired: (411, "invalid_request"),
    errors.NotFound: (404, "not_found"),
    errors.UnsupportedGrantType: (400, "unsupported_grant_type"),
    errors.InvalidClient: (401, "invalid_client"),
    errors.InvalidGrant: (400, "invalid_grant"),
    errors.AccessDenied: (403, "access_denied"),
    errors.EmbeddedCaller: (403, "access_denied"),
    errors.SignInDenied: (400, "access_denied"),
    errors.AuthorizationPending: (400, "authorization_pending"),
    errors.SlowDown: (400, "slow_down"),
    errors.ExpiredSignIn: (400, "expired_token"),
    errors.ServerError: (502, "server_error"),
    errors.ProviderReportedError: (400, "server_error"),
    errors.TemporarilyUnavailable: (503, "temporarily_unavailable"),
    errors.TooManyRequests: (429, "temporarily_unavailable"),
    errors.MissingToken: (401, "invalid_token"),
    errors.MalformedAuthorization: (400, "invalid_request"),
    errors.InvalidToken: (401, "invalid_token"),
    errors.InsufficientScope: (403, "insufficient_scope"),
    errors.MisconfiguredRoute: (500, "server_error"),
}


def make(error_class):
    if error_class is errors.MethodNotAllowed:
        return error_class(["POST", "GET"])
    return error_class()


def all_classes(base=errors.OAuth2Error):
    for error_class in base.__subclasses__():
        if error_class.__module__ == errors.__name__:
            yield error_class
            yield from all_classes(error_class)


class TestProtocolErrors(BaseCase):
    """Each error knows its wire form."""

    def test_each_error_has_its_status_and_code(self):
        self.assertEqual(
            set(all_classes()) - WIRE.keys(), {errors.ProtectedResourceError}
        )
        for error_class, expected in WIRE.items():
            with self.subTest(error_class.__name__):
                error = make(error_class)
                self.assertEqual((error.status, error.body()["error"]), expected)

    def test_the_description_has_only_the_characters_of_rfc_6749_section_5_2(self):
        for error_class in WIRE:
            description = make(error_class).body()["error_description"]
            self.assertRegex(description, r"^[\x20-\x21\x23-\x5b\x5d-\x7e]{10,}$")

    def test_no_answer_may_be_cached(self):
        """RFC 6749 section 5.1"""
        for error_class in WIRE:
            headers = make(error_class).headers()
            self.assertEqual(headers["Cache-Control"], "no-store")
            self.assertEqual(headers["Pragma"], "no-cache")

    def test_the_reason_reaches_neither_caller_nor_log(self):
        error = errors.InvalidGrant(reason="no such identity")
        told = f"{error} {error!r} {error.body()} {error.headers()}"
        self.assertNotIn("no such identity", told)

    def test_retry_after_is_whole_seconds(self):
        """RFC 9110 section 10.2.3"""
        error = errors.TemporarilyUnavailable(retry_after=4.9)
        self.assertEqual(error.headers()["Retry-After"], "4")
        self.assertNotIn("Retry-After", errors.TemporarilyUnavailable().headers())

    def test_invalid_client_challenges_for_basic(self):
        """RFC 6749 section 5.2"""
        challenge = errors.InvalidClient().headers()["WWW-Authenticate"]
        self.assertEqual(challenge, 'Basic realm="oauth2", charset="UTF-8"')

    def test_405_names_the_methods(self):
        """RFC 9110 section 15.5.6"""
        headers = errors.MethodNotAllowed(["POST", "GET"]).headers()
        self.assertEqual(headers["Allow"], "GET, POST")

    def test_a_missing_token_is_challenged_without_error(self):
        """RFC 6750 section 3.1"""
        error = errors.MissingToken(scope="a b")
        self.assertEqual(
            error.headers()["WWW-Authenticate"], 'Bearer realm="odoo", scope="a b"'
        )

    def test_a_refused_token_is_challenged_with_error(self):
        """RFC 6750 section 3"""
        for error_class in (
            errors.InvalidToken,
            errors.InsufficientScope,
            errors.MalformedAuthorization,
        ):
            error = error_class(scope="a")
            challenge = error.headers()["WWW-Authenticate"]
            found = dict(re.findall(r'(\w+)="([^"]*)"', challenge))
            self.assertEqual(found["error"], error_class.error)
            self.assertEqual(found["error_description"], error.description)
            self.assertEqual(found["scope"], "a")


class TestProtocolChallenge(BaseCase):
    """RFC 9110 section 11.6.1"""

    def test_every_value_is_a_quoted_string(self):
        self.assertEqual(quoted_challenge("Bearer", a="b", c=""), 'Bearer a="b", c=""')
        self.assertEqual(quoted_challenge("Bearer"), "Bearer")

    def test_quotes_are_escaped_and_line_ends_dropped(self):
        challenge = quoted_challenge("Bearer", a='x"\\\r\nSet-Cookie: y\0é')
        self.assertEqual(challenge, r'Bearer a="x\"\\Set-Cookie: y"')

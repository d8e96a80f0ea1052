import base64
import json

from odoo.tests import BaseCase

from ..protocol.credentials import (
    ClientCredentials,
    basic_credentials,
    bearer_token,
    parse_credentials,
    scheme_of,
)
from ..protocol.errors import InvalidRequest, MalformedAuthorization
from ..protocol.parameters import Parameters


def basic(text):
    return "Basic " + base64.b64encode(text.encode()).decode()


def present(authorization=None, **values):
    parameters = Parameters.from_request(
        media_type="application/json",
        body=json.dumps(values).encode(),
        query_string=b"",
    )
    return parse_credentials(parameters, authorization)


class TestProtocolBearerToken(BaseCase):
    """RFC 6750 section 2.1"""

    def test_the_token_is_read_and_the_scheme_has_no_case(self):
        for header in ("Bearer abc", "bearer abc", "BEARER   abc ", "Bearer  abc"):
            self.assertEqual(bearer_token(header), "abc")

    def test_no_header_or_another_scheme_is_no_token(self):
        for header in (None, "", "Basic YTpi", "Digest x", "Bearerabc"):
            self.assertIsNone(bearer_token(header))

    def test_all_that_providers_make_tokens_of_is_taken(self):
        for token in ("a", "ya29.a0-_~+/=", "a|b", "a%2Bb:c;d", "x" * 16 * 1024):
            self.assertEqual(bearer_token(f"Bearer {token}"), token)

    def test_what_is_not_exactly_one_token_is_refused(self):
        for header in (
            "Bearer",
            "Bearer ",
            "Bearer a b",
            "Bearer a\tb",
            "Bearer é",
            "Bearer a, Bearer b",
            "Bearer a,Bearer a",
            "Bearer a, Basic YTpi",
            "Basic YTpi, Bearer a",
            "Bearer " + "x" * (16 * 1024 + 1),
        ):
            with self.subTest(header=header[:30]):
                with self.assertRaises(MalformedAuthorization) as caught:
                    bearer_token(header)
                self.assertEqual(caught.exception.error, "invalid_request")
                self.assertEqual(caught.exception.status, 400)


class TestProtocolBasicCredentials(BaseCase):
    """RFC 6749 section 2.3.1: both parts are form-encoded, then joined by a colon."""

    def test_both_parts_are_read_and_form_decoded(self):
        for text, expected in (
            ("demo-app:demo-secret", ("demo-app", "demo-secret")),
            ("a%3Ab:c%2Bd%25+e", ("a:b", "c+d% e")),
            ("a:b:c", ("a", "b:c")),
            ("a:", ("a", "")),
        ):
            self.assertEqual(basic_credentials(basic(text)), expected)

    def test_no_header_or_another_scheme_is_none(self):
        for header in (None, "", "Bearer abc", "Digest x"):
            self.assertIsNone(basic_credentials(header))

    def test_a_malformed_header_is_refused(self):
        for header in (
            "Basic",
            "Basic ",
            "Basic !",
            "Basic YTpi YTpi",
            "Basic é",
            basic("no-colon"),
            basic(":secret"),
            basic("é:b"),
            "Basic " + "A" * (16 * 1024 + 4),
        ):
            with self.subTest(header=header[:30]), self.assertRaises(InvalidRequest):
                basic_credentials(header)

    def test_the_scheme_is_read_without_case(self):
        self.assertEqual(scheme_of("BASIC x"), "basic")
        self.assertEqual(scheme_of(None), "")
        self.assertEqual(basic_credentials("bAsIc YTpi"), ("a", "b"))


class TestProtocolPresented(BaseCase):
    """One client identifier, at most one secret (RFC 6749 section 2.3)."""

    def test_the_proofs_of_body_and_header_are_collected(self):
        for authorization, values, expected in (
            (None, {"client_id": "a"}, ClientCredentials("a")),
            (
                None,
                {"client_id": "a", "client_secret": "s"},
                ClientCredentials("a", client_secret="s", has_secret=True),
            ),
            (
                basic("a:s"),
                {},
                ClientCredentials("a", client_secret="s", has_secret=True),
            ),
            (
                basic("a:s"),
                {"client_id": "a", "refresh_token": "r"},
                ClientCredentials("a", "s", refresh_token="r", has_secret=True),
            ),
            (
                "Bearer t",
                {"client_id": "a", "client_secret": "s"},
                ClientCredentials("a", "s", access_token="t", has_secret=True),
            ),
        ):
            with self.subTest(authorization=authorization, values=values):
                self.assertEqual(present(authorization, **values), expected)

    def test_an_empty_secret_in_the_header_is_a_secret_in_the_body_is_none(self):
        self.assertTrue(present(basic("a:")).has_secret)
        self.assertFalse(present(client_id="a", client_secret="").has_secret)

    def test_the_secret_is_sent_once(self):
        with self.assertRaises(InvalidRequest):
            present(basic("a:s"), client_id="a", client_secret="s")

    def test_two_client_identifiers_are_refused(self):
        with self.assertRaises(InvalidRequest):
            present(basic("a:s"), client_id="b")

    def test_no_client_identifier_is_refused(self):
        for authorization in (None, "Bearer t"):
            with self.assertRaises(InvalidRequest) as caught:
                present(authorization, client_secret="s")
            self.assertIn("client_id", caught.exception.description)

    def test_an_unknown_scheme_is_refused_and_never_sent_back(self):
        for header in ("Hawk <script>", "secret-token", "ApiKey x"):
            with self.assertRaises(InvalidRequest) as caught:
                present(header, client_id="a")
            self.assertIn("not another", caught.exception.description)
        with self.assertRaises(InvalidRequest) as caught:
            present("Digest x", client_id="a")
        self.assertIn("not digest", caught.exception.description)

    def test_no_secret_shows_in_a_log(self):
        shown = repr(
            ClientCredentials("a", "s3cret", "t0ken", "r3fresh", has_secret=True)
        )
        for secret in ("s3cret", "t0ken", "r3fresh"):
            self.assertNotIn(secret, shown)

import base64
import json
import unicodedata
from urllib.parse import quote_plus, urlencode

from hypothesis import assume
from hypothesis import strategies as st

from odoo.tests import BaseCase

from ..protocol import digests
from ..protocol.browser import Caller, classify_client
from ..protocol.credentials import basic_credentials, bearer_token, parse_credentials
from ..protocol.errors import (
    InvalidRequest,
    MalformedAuthorization,
    OAuth2Error,
    quoted_challenge,
)
from ..protocol.json_object import check_storable
from ..protocol.parameters import Parameters
from ..protocol.scope import scope_set, scope_string
from .generators import PRINTABLE, VISIBLE, objects, texts, values
from .property_common import holds_for

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
_B64TOKEN = "abcXYZ019-._~+/"  # of RFC 6750 section 2.1, "=" at the end apart
_SCHEMES = st.sampled_from(("Bearer ", "bearer ", "Basic ", "BASIC ", "Digest ", ""))


class TestPropertyAuthorization(BaseCase):
    """The ``Authorization`` header is read in one way, or refused."""

    @holds_for(_SCHEMES, texts, examples=200)
    def test_any_header_is_a_token_none_or_refused(self, scheme, rest):
        try:
            token = bearer_token(scheme + rest)
        except MalformedAuthorization:
            return
        if token is not None:
            self.assertTrue(set(token) <= set(VISIBLE) - {","}, token)
            self.assertEqual((scheme + rest).partition(" ")[2].strip(" "), token)

    @holds_for(st.text(_B64TOKEN, min_size=1), st.integers(0, 2), _SCHEMES)
    def test_each_token_of_the_grammar_is_read_as_it_is(self, token, padding, scheme):
        token += "=" * padding
        expected = token if scheme.lower() == "bearer " else None
        if scheme:
            self.assertEqual(bearer_token(scheme + token), expected)

    @holds_for(st.text(_B64TOKEN, min_size=1), st.text(_B64TOKEN, min_size=1))
    def test_two_headers_are_refused_however_they_are_joined(self, one, other):
        for joined in (f"Bearer {one}, Bearer {other}", f"Bearer {one},Basic {other}"):
            with self.assertRaises(MalformedAuthorization):
                bearer_token(joined)

    @holds_for(st.text(min_size=1), st.text())
    def test_basic_credentials_come_back_as_they_were(self, client_id, secret):
        """RFC 6749 section 2.3.1: both are form-encoded before."""
        pair = f"{quote_plus(client_id)}:{quote_plus(secret)}"
        header = "Basic " + base64.b64encode(pair.encode()).decode()
        self.assertEqual(basic_credentials(header), (client_id, secret))

    @holds_for(
        st.one_of(texts, st.binary().map(lambda b: base64.b64encode(b).decode()))
    )
    def test_any_basic_header_is_a_pair_or_refused(self, rest):
        try:
            client_id, secret = basic_credentials(f"Basic {rest}")
        except InvalidRequest:
            return
        self.assertTrue(client_id)
        (client_id + secret).encode()  # no half of a surrogate pair gets in


class TestPropertyParameters(BaseCase):
    """Parameters are read in exactly one way, from JSON and from a form."""

    def parameters(self, body, media_type=JSON):
        return Parameters.from_request(
            media_type=media_type, body=body, query_string=b""
        )

    def told(self, parameters, name):
        """:return: the value, or the class of the refusal"""
        try:
            return parameters.text(name)
        except InvalidRequest as refusal:
            return type(refusal)

    @holds_for(st.binary(), st.one_of(texts, st.sampled_from((JSON, FORM))))
    def test_any_body_is_read_or_refused(self, body, media_type):
        try:
            parameters = self.parameters(body, media_type)
        except InvalidRequest:
            return
        self.assertIsInstance(parameters, Parameters)

    @holds_for(values)
    def test_a_text_is_printable_ascii_as_it_was_sent(self, value):
        body = json.dumps({"a": value})
        assume("NaN" not in body and "Infinity" not in body)
        try:
            text = self.parameters(body.encode()).text("a")
        except InvalidRequest:
            return
        self.assertTrue(set(text) <= set(PRINTABLE))
        self.assertEqual(text, value or "")
        self.assertIsNot(value, False)

    @holds_for(
        st.one_of(values, st.text(st.characters(max_codepoint=0x100), max_size=5)),
        examples=200,
    )
    def test_an_identity_is_text_without_control_characters(self, value):
        body = json.dumps({"client_user_identity": value})
        assume("NaN" not in body and "Infinity" not in body)
        try:
            identity = self.parameters(body.encode()).identity()
        except InvalidRequest:
            return
        self.assertEqual(identity, str("" if value is None else value))
        self.assertLessEqual(len(identity), 255)
        kinds = set(map(unicodedata.category, identity))
        self.assertFalse(kinds & {"Cc", "Cs"})
        self.assertNotIsInstance(value, (bool, float))

    @holds_for(st.dictionaries(texts, texts, max_size=4))
    def test_json_and_form_say_the_same(self, sent):
        try:
            form = urlencode(sent).encode()
        except UnicodeEncodeError:
            return  # a form cannot say it
        assume(form)
        ours = self.parameters(json.dumps(sent).encode()), self.parameters(form, FORM)
        for name in sent:
            self.assertEqual(*(self.told(one, name) for one in ours))

    @holds_for(texts, values, values)
    def test_a_name_that_comes_twice_is_refused(self, name, one, other):
        name, one, other = map(json.dumps, (name, one, other))
        with self.assertRaises(InvalidRequest):
            self.parameters(f"{{{name}: {one}, {name}: {other}}}".encode())

    @holds_for(objects, st.sampled_from(("NaN", "Infinity", "-Infinity")))
    def test_what_is_no_json_number_is_refused(self, sent, name):
        body = json.dumps({**sent, "number": None}).replace('"number": null', name)
        with self.assertRaises(InvalidRequest):
            self.parameters(body.encode())

    @holds_for(values)
    def test_storable_is_what_a_database_and_an_answer_can_hold(self, value):
        try:
            text = json.dumps(value, ensure_ascii=False, allow_nan=False)
            text.encode()
            storable = "\\u0000" not in text.replace("\\\\", "")
        except ValueError:
            storable = False
        try:
            check_storable(value)
        except InvalidRequest:
            self.assertFalse(storable)
        else:
            self.assertTrue(storable)


class TestPropertyProofs(BaseCase):
    """RFC 6749 section 2.3: one way to authenticate in one request."""

    @holds_for(
        st.fixed_dictionaries(
            {},
            optional={
                "client_id": st.sampled_from(("demo-app", "other", "", 7, None)),
                "client_secret": st.sampled_from(("body-secret", "", [])),
                "refresh_token": st.one_of(texts, st.just("refresh-token")),
            },
        ),
        st.one_of(
            st.none(),
            st.sampled_from(
                (
                    "Bearer access-token",
                    "Basic ZGVtby1hcHA6aGVhZGVyLXNlY3JldA==",  # …:header-secret
                    "Basic ZGVtby1hcHA6",
                    "Digest x",
                )
            ),
            texts,
        ),
        examples=200,
    )
    def test_proofs_are_told_apart_or_refused(self, sent, authorization):
        try:
            proofs = parse_credentials(Parameters(sent), authorization)
        except OAuth2Error as refusal:
            self.assertEqual(refusal.status, 400)
            return
        self.assertTrue(proofs.client_id)
        scheme = (authorization or "").partition(" ")[0].lower()
        self.assertIn(scheme, ("", "basic", "bearer"))
        self.assertFalse(scheme == "basic" and sent.get("client_secret"))
        self.assertEqual(
            proofs.has_secret, scheme == "basic" or bool(proofs.client_secret)
        )
        self.assertEqual(bool(proofs.access_token), scheme == "bearer")
        for secret in ("body-secret", "header-secret", "access-token", "refresh-token"):
            self.assertNotIn(secret, repr(proofs))


class TestPropertyCaller(BaseCase):
    """Whatever does not look like a person or a script in full is refused."""

    @holds_for(
        st.sampled_from(("GET", "HEAD", "POST", "get")),
        st.dictionaries(
            st.sampled_from(
                (
                    "Accept",
                    "Accept-Language",
                    "Sec-Fetch-Dest",
                    "Sec-Fetch-Site",
                    "Sec-Purpose",
                    "Purpose",
                )
            ),
            st.one_of(
                st.sampled_from(
                    ("*", "*/*", "text/html", "TEXT/HTML;q=0.1, */*", "document")
                ),
                st.sampled_from(("prefetch", "iframe", "cross-site", "en", "")),
                texts,
            ),
        ),
        examples=300,
    )
    def test_who_calls(self, method, headers):
        kind = classify_client(method, headers)
        accept = headers.get("Accept", "").lower()
        if kind is Caller.BROWSER:
            self.assertRegex(accept, r"text/html|application/xhtml\+xml")
            self.assertIn(headers.get("Sec-Fetch-Dest"), (None, "document"))
        elif kind is Caller.SCRIPT:
            self.assertIn(headers.get("Accept-Language", "*").strip(), ("", "*"))
            for name in ("Sec-Fetch-Dest", "Sec-Fetch-Site", "Sec-Purpose", "Purpose"):
                self.assertFalse(headers.get(name))
        if kind is not Caller.REFUSED:
            self.assertEqual(method, "GET")


class TestPropertyText(BaseCase):
    """Scopes, challenges, digests."""

    @holds_for(texts)
    def test_a_scope_string_is_refused_or_comes_back(self, text):
        try:
            names = scope_set(text)
        except ValueError:
            # RFC 6749 section 3.3: %x21 / %x23-5B / %x5D-7E, and spaces between.
            self.assertTrue(set(text) - (set(PRINTABLE) - {'"', "\\"}))
            return
        self.assertTrue(set("".join(names)) <= set(VISIBLE) - {'"', "\\"})
        self.assertEqual(names, set(text.split(" ")) - {""})
        self.assertEqual(scope_set(scope_string(names)), names)

    @holds_for(st.dictionaries(st.sampled_from(("realm", "error", "scope")), texts))
    def test_a_challenge_is_read_back_as_it_was_meant(self, parameters):
        header = quoted_challenge("Bearer", **parameters)
        self.assertTrue(set(header) <= set(PRINTABLE))
        told = {
            name: "".join(c for c in value if c in PRINTABLE)
            for name, value in parameters.items()
        }
        self.assertEqual(self.read_challenge(header), ("Bearer", told))

    def read_challenge(self, header):
        """Read auth-params (RFC 9110 section 11.2), quoted strings alone."""
        scheme, _, rest = header.partition(" ")
        told, place = {}, 0
        while place < len(rest):
            name, _, _ = rest[place:].partition('="')
            place += len(name) + 2
            value = ""
            while rest[place] != '"':
                place += rest[place] == "\\"
                value += rest[place]
                place += 1
            told[name.removeprefix(", ")] = value
            place += 1
        return scheme, told

    @holds_for(st.text(), st.text(), st.binary(min_size=1))
    def test_digests_are_equal_exactly_for_equal_texts(self, one, other, key):
        for left, right in ((one, other), (one, one)):
            equal = left == right
            self.assertEqual(digests.same(left, right), equal)
            self.assertEqual(digests.digest(left) == digests.digest(right), equal)
            keyed = [digests.keyed_digest(key, text) for text in (left, right)]
            self.assertEqual(keyed[0] == keyed[1], equal)
            self.assertRegex(keyed[0], "^[0-9a-f]{64}$")

import base64
import hashlib
import json
import unicodedata
from urllib.parse import quote_plus, urlencode

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
from ..protocol.parameters import MAX_BODY, MAX_IDENTITY, MAX_VALUE, Parameters
from ..protocol.scope import scope_set, scope_string
from .generators import (
    PRINTABLE,
    VISIBLE,
    authorizations,
    bodies,
    header_values,
    media_types,
    objects,
    texts,
    unlogged_texts,
    values,
)
from .property_common import holds_for

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
#: RFC 6750 section 2.1 has fewer characters; providers make tokens of all but these.
_TOKEN = st.text(VISIBLE.replace(",", ""), min_size=1)
_SCHEMES = st.sampled_from(("Bearer ", "bearer ", "Basic ", "BASIC ", "Digest ", ""))
#: By each of them a browser tells that no script calls.
_BROWSERS_SAY = (
    "Sec-Fetch-Dest Sec-Fetch-Site Sec-Purpose Purpose X-Purpose X-Moz".split()
)
#: What a JSON body says as it is: no half of a surrogate pair, no control character.
_IDENTITIES = st.one_of(
    st.integers(-(10**18), 10**18),
    st.text(
        st.characters(exclude_categories=("Cc", "Cs")),
        min_size=1,
        max_size=MAX_IDENTITY,
    ),
)


class TestPropertyAuthorization(BaseCase):
    """The ``Authorization`` header is read in one way, or refused."""

    @holds_for(
        st.one_of(authorizations, st.tuples(_SCHEMES, texts).map("".join)), examples=200
    )
    def test_any_authorization_header_is_one_token_or_none_or_refused(self, header):
        try:
            token = bearer_token(header)
        except MalformedAuthorization as refusal:
            self.assertEqual((refusal.status, refusal.error), (400, "invalid_request"))
            return
        if token is not None:
            self.assertTrue(set(token) <= set(VISIBLE) - {","}, token)
            self.assertEqual(header.partition(" ")[2].strip(" "), token)

    @holds_for(
        _TOKEN, st.sampled_from(("Bearer", "bearer", "BEARER")), st.integers(1, 3)
    )
    def test_a_bearer_token_is_read_as_it_is_whatever_its_scheme_s_case(
        self, token, scheme, spaces
    ):
        """RFC 6750 section 2.1, RFC 9110 section 11.1"""
        for end in ("", " "):
            self.assertEqual(bearer_token(scheme + " " * spaces + token + end), token)
        for other in ("Basic ", "Digest ", "Bearers ", "Bearer"):
            self.assertIsNone(bearer_token(other + token))

    def test_a_bearer_token_has_at_most_16_kib(self):
        longest = "x" * 16 * 1024
        self.assertEqual(bearer_token(f"Bearer {longest}"), longest)
        with self.assertRaises(MalformedAuthorization):
            bearer_token(f"Bearer {longest}x")

    @holds_for(_TOKEN, _TOKEN)
    def test_two_authorization_headers_are_refused_however_they_are_joined(
        self, one, other
    ):
        for joined in (f"Bearer {one}, Bearer {other}", f"Bearer {one},Basic {other}"):
            with self.assertRaises(MalformedAuthorization):
                bearer_token(joined)

    @holds_for(st.text(min_size=1), st.text())
    def test_basic_credentials_are_form_decoded(self, client_id, secret):
        """RFC 6749 section 2.3.1"""
        pair = f"{quote_plus(client_id)}:{quote_plus(secret)}"
        for scheme in ("Basic", "bAsIc"):
            header = f"{scheme} {base64.b64encode(pair.encode()).decode()}"
            read = (client_id, secret, quote_plus(secret))
            self.assertEqual(basic_credentials(header), read)

    @holds_for(
        st.one_of(
            authorizations,
            texts.map("Basic {}".format),
            st.binary().map(lambda raw: f"Basic {base64.b64encode(raw).decode()}"),
        )
    )
    def test_any_basic_header_is_a_pair_with_a_client_or_refused(self, header):
        try:
            pair = basic_credentials(header)
        except InvalidRequest:
            return
        if pair is None:
            self.assertNotEqual(header.partition(" ")[0].lower(), "basic")
            return
        decoded = base64.b64decode(header.partition(" ")[2].strip(" "), validate=True)
        self.assertIn(b":", decoded)
        self.assertTrue(pair[0])
        "".join(pair).encode()  # no half of a surrogate pair gets in


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

    @holds_for(bodies, st.one_of(media_types, st.sampled_from((JSON, FORM))))
    def test_any_body_is_parameters_or_refused(self, body, media_type):
        try:
            parameters = self.parameters(body, media_type)
        except InvalidRequest:
            return
        self.assertIsInstance(parameters, Parameters)
        self.assertTrue(media_type in (JSON, FORM) or not body.strip())

    @holds_for(st.text(PRINTABLE), _IDENTITIES, values)
    def test_printable_ascii_and_any_identity_are_taken_as_they_are(
        self, text, identity, unknown
    ):
        """RFC 6749 sections 3.2 and appendix A: what is unknown is ignored"""
        sent = {"a": text, "client_user_identity": identity}
        body = json.dumps({**sent, "unknown": unknown})
        if "NaN" in body or "Infinity" in body:
            return  # no JSON
        parameters = self.parameters(body.encode(), JSON.upper())
        self.assertEqual(parameters.text("a"), text)
        self.assertEqual(parameters.identity(required=True), str(identity))

    def test_each_kind_of_value_has_its_longest(self):
        for name, longest, longer in (
            ("a", "x" * MAX_VALUE, "x" * (MAX_VALUE + 1)),
            ("id", "é" * MAX_IDENTITY, "é" * (MAX_IDENTITY + 1)),
            ("id", 10 ** (MAX_IDENTITY - 1), 10**MAX_IDENTITY),
            ("id", -(10 ** (MAX_IDENTITY - 2)), -(10 ** (MAX_IDENTITY - 1))),
        ):
            with self.subTest(name, value=str(longest)[:5]):
                for value in (longest, longer):
                    sent = self.parameters(json.dumps({name: value}).encode())
                    read = sent.identity if name == "id" else sent.text
                    if value == longest:
                        self.assertEqual(read(name), str(longest))
                    else:
                        with self.assertRaisesRegex(InvalidRequest, "invalid"):
                            read(name)
        body = b'{"a": "%s"}' % (b"x" * (MAX_BODY - 9))
        self.parameters(body)
        with self.assertRaises(InvalidRequest):
            self.parameters(body + b" ")

    @holds_for(values)
    def test_a_text_is_printable_ascii_as_it_was_sent(self, value):
        body = json.dumps({"a": value})
        if "NaN" in body or "Infinity" in body:
            return  # no JSON
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
        if "NaN" in body or "Infinity" in body:
            return  # no JSON
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
    def test_json_and_a_form_say_the_same(self, sent):
        try:
            form = urlencode(sent).encode()
        except UnicodeEncodeError:
            return  # a form cannot say it
        if not form:
            return
        ours = self.parameters(json.dumps(sent).encode()), self.parameters(form, FORM)
        for name in sent:
            self.assertEqual(*(self.told(one, name) for one in ours))

    @holds_for(texts, values, values)
    def test_a_parameter_that_comes_twice_is_refused(self, name, one, other):
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
                )
            ),
            authorizations,
        ),
        examples=200,
    )
    def test_proofs_of_body_and_header_are_told_apart_or_refused(
        self, sent, authorization
    ):
        try:
            proofs = parse_credentials(Parameters(sent), authorization)
        except OAuth2Error as refusal:
            self.assertEqual(refusal.status, 400)
            if len(authorization or "") > 8:  # a caller's text is never sent back
                self.assertNotIn(authorization, refusal.description)
            return
        self.assertTrue(proofs.client_id)
        self.assertIn(sent.get("client_id") or proofs.client_id, (proofs.client_id,))
        self.assertEqual(proofs.refresh_token, sent.get("refresh_token") or "")
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
        st.sampled_from(("GET", "GET", "HEAD", "POST", "get")),
        st.dictionaries(
            st.sampled_from((*_BROWSERS_SAY, "Accept", "Accept-Language")),
            st.one_of(
                st.sampled_from(
                    "* */* text/html TEXT/HTML;q=0.1,*/* document prefetch cors".split()
                ),
                header_values,
            ),
        ),
        examples=300,
    )
    def test_a_caller_that_is_no_browser_and_no_script_in_full_is_refused(
        self, method, headers
    ):
        kind = classify_client(method, headers)
        if kind is Caller.REFUSED:
            return
        self.assertEqual(method, "GET")
        told = {name for name in _BROWSERS_SAY if headers.get(name)}
        accept = headers.get("Accept", "").lower()
        if kind is Caller.BROWSER:
            self.assertRegex(accept, r"text/html|application/xhtml\+xml")
            self.assertLessEqual(told, {"Sec-Fetch-Dest", "Sec-Fetch-Site"})
            self.assertIn(headers.get("Sec-Fetch-Dest"), (None, "document"))
        else:
            self.assertFalse(told)
            self.assertIn(headers.get("Accept-Language"), (None, "*"))


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

    @holds_for(unlogged_texts, unlogged_texts, st.binary(min_size=1))
    def test_digests_are_sha_256_and_equal_exactly_for_equal_texts(
        self, one, other, key
    ):
        sha256 = hashlib.sha256(one.encode()).hexdigest()
        self.assertEqual(digests.digest(one), sha256)
        self.assertNotEqual(digests.keyed_digest(key, one), sha256)
        self.assertNotEqual(
            digests.keyed_digest(key, one), digests.keyed_digest(key + b"x", one)
        )
        for left, right in ((one, other), (one, one)):
            equal = left == right
            self.assertEqual(digests.same(left, right), equal)
            self.assertEqual(digests.digest(left) == digests.digest(right), equal)
            keyed = [digests.keyed_digest(key, text) for text in (left, right)]
            self.assertEqual(keyed[0] == keyed[1], equal)
            self.assertRegex(keyed[0], "^[0-9a-f]{64}$")

    def test_random_tokens_and_issued_identities_have_256_bits(self):
        """RFC 6749 section 10.10"""
        for make, form in (
            (digests.random_token, r"[A-Za-z0-9_-]{43}"),
            (digests.issue_identity, r"cui_[A-Za-z0-9_-]{43}"),
        ):
            made = {make() for _number in range(100)}
            self.assertEqual(len(made), 100)
            for token in made:
                self.assertRegex(token, rf"\A{form}\Z")

import json

from odoo.tests import BaseCase

from ..protocol.errors import InvalidRequest
from ..protocol.parameters import MAX_BODY, MAX_IDENTITY, MAX_VALUE, Parameters

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"


def read(body, media_type=JSON, query_string=b""):
    if not isinstance(body, bytes):
        body = json.dumps(body).encode()
    return Parameters.from_request(
        media_type=media_type, body=body, query_string=query_string
    )


class ParametersCase(BaseCase):
    def assertMalformed(self, description, call, *arguments, **options):
        with self.assertRaises(InvalidRequest) as caught:
            call(*arguments, **options)
        self.assertIn(description, caught.exception.description)
        self.assertTrue(caught.exception.description.isascii())


class TestProtocolReadBody(ParametersCase):
    """A request's body is read in exactly one way, or not at all."""

    def test_a_json_object_is_read(self):
        self.assertEqual(read({"client_id": "a"}).text("client_id"), "a")

    def test_a_form_is_read(self):
        parameters = read(b"client_id=a%20b+c&other=1", FORM)
        self.assertEqual(parameters.text("client_id"), "a b c")

    def test_the_media_type_is_compared_without_case(self):
        self.assertEqual(read({"a": "b"}, "Application/JSON").text("a"), "b")

    def test_no_body_is_no_parameters_whatever_the_media_type(self):
        for body in (b"", b" \r\n"):
            for media_type in (JSON, FORM, "", "text/plain"):
                self.assertEqual(read(body, media_type).text("client_id"), "")

    def test_parameters_in_the_url_are_refused(self):
        for query_string in (b"client_id=a", "client_id=a", b"x", b"&"):
            self.assertMalformed(
                "never in the URL", read, {}, query_string=query_string
            )

    def test_what_is_not_json_is_refused(self):
        deep = b'{"a":' * 100_000
        for body in (
            b"{",
            b"nonsense",
            b'{"a": 1}{"b": 2}',
            b"{'a': 'b'}",
            b'{"a": NaN}',
            b'{"a": Infinity}',
            b'{"a": -Infinity}',
            b'\xef\xbb\xbf{"a": "b"}',
            b'{"a": "\x01"}',
            b'{"a": %s}' % (b"9" * 5000),
            deep[:60_000],
        ):
            with self.subTest(body=body[:30]):
                self.assertMalformed("not valid JSON", read, body)

    def test_json_that_is_no_object_is_refused(self):
        for value in ([], ["client_id"], "client_id", 1, None, True):
            with self.subTest(value=value):
                self.assertMalformed("must be a JSON object", read, value)

    def test_a_parameter_that_comes_twice_is_refused(self):
        """RFC 6749 section 3.2"""
        for body in (b'{"a": "1", "a": "1"}', b'{"a": "1", "\\u0061": "2"}'):
            self.assertMalformed("sent twice", read, body)
        for body in (b"a=1&a=1", b"a=1&%61=2", b"a=1&a="):
            self.assertMalformed("sent twice", read, body, FORM)

    def test_what_is_not_utf8_is_refused(self):
        self.assertMalformed("not UTF-8", read, b'{"a": "\xe9"}')
        self.assertMalformed("not UTF-8", read, b"a=\xe9", FORM)
        self.assertMalformed("not a valid form", read, b"a=%E9", FORM)

    def test_a_form_of_too_many_fields_is_refused(self):
        body = "&".join(f"p{number}=1" for number in range(101)).encode()
        self.assertMalformed("not a valid form", read, body, FORM)

    def test_another_media_type_is_refused(self):
        for media_type in (
            "",
            "text/plain",
            "text/json",
            "application/jsonp",
            "application/json+x",
            "application/vnd.api+json",
            "application/xml",
            "multipart/form-data",
        ):
            with self.subTest(media_type=media_type):
                self.assertMalformed("Content-Type", read, {"a": "b"}, media_type)

    def test_a_body_longer_than_64_kib_is_refused(self):
        frame = len(json.dumps({"a": ""}))
        read({"a": "x" * (MAX_BODY - frame)})
        self.assertMalformed("too long", read, {"a": "x" * (MAX_BODY - frame + 1)})


class TestProtocolReadText(ParametersCase):
    """All parameters but the identity are visible ASCII (RFC 6749 appendix A)."""

    def test_empty_and_null_count_as_left_out(self):
        """RFC 6749 section 3.2"""
        for values in ({}, {"a": ""}, {"a": None}):
            self.assertEqual(read(values).text("a"), "")
            self.assertMalformed(
                "The parameter a is missing", read(values).text, "a", required=True
            )

    def test_an_unknown_parameter_is_ignored(self):
        """RFC 6749 section 3.2"""
        self.assertEqual(read({"a": "b", "unknown": [1]}).text("a"), "b")

    def test_every_printable_ascii_character_is_taken(self):
        text = "".join(map(chr, range(0x20, 0x7F)))
        self.assertEqual(read({"a": text}).text("a"), text)

    def test_what_is_no_string_is_refused(self):
        for value in (1, 0, 1.5, True, False, [], ["a"], {}, {"b": "c"}):
            with self.subTest(value=value):
                self.assertMalformed("must be a string", read({"a": value}).text, "a")

    def test_other_characters_are_refused(self):
        for character in "\0\n\r\t\x1b\x7f\x80é€\u2028\ud800😀":
            with self.subTest(character=ascii(character)):
                parameters = read({"a": f"x{character}"})
                self.assertMalformed("printable ASCII", parameters.text, "a")

    def test_more_than_8_kib_are_refused(self):
        text = "x" * MAX_VALUE
        self.assertEqual(read({"a": text}).text("a"), text)
        self.assertMalformed("too long", read({"a": text + "x"}).text, "a")


class TestProtocolReadIdentity(ParametersCase):
    """``client_user_identity``: UTF-8 text, or an integer taken as its decimals."""

    def identity(self, value):
        return read({"client_user_identity": value}).identity(required=True)

    def test_text_of_any_script_is_taken_as_it_is(self):
        for text in (
            "42",
            "olivia@example.com",
            "Ölivia Ωmega",
            "オリビア",
            "😀",
            " a ",
        ):
            self.assertEqual(self.identity(text), text)

    def test_an_integer_is_taken_as_its_decimals(self):
        for number in (42, 0, -7, 10**18, 10 ** (MAX_IDENTITY - 1)):
            self.assertEqual(self.identity(number), str(number))

    def test_left_out_is_empty_and_refused_where_required(self):
        for values in (
            {},
            {"client_user_identity": ""},
            {"client_user_identity": None},
        ):
            self.assertEqual(read(values).identity(), "")
            self.assertMalformed("is missing", read(values).identity, required=True)

    def test_up_to_255_characters_not_bytes_are_taken(self):
        text = "é" * MAX_IDENTITY
        self.assertEqual(self.identity(text), text)
        self.assertMalformed("too long", self.identity, text + "é")
        self.assertMalformed("too long", self.identity, 10**MAX_IDENTITY)
        self.assertMalformed("too long", self.identity, -(10 ** (MAX_IDENTITY - 1)))

    def test_other_types_are_refused(self):
        for value in (1.0, 4.2, 1e3, True, False, [], [42], {}, {"id": 42}):
            with self.subTest(value=value):
                self.assertMalformed("must be a string", self.identity, value)

    def test_control_characters_and_half_characters_are_refused(self):
        for character in "\0\t\n\r\x1f\x7f\x80\x9f\ud800\udfff":
            with self.subTest(character=ascii(character)):
                self.assertMalformed("forbidden", self.identity, f"a{character}b")

    def test_a_form_s_digits_stay_text(self):
        parameters = read(b"client_user_identity=042", FORM)
        self.assertEqual(parameters.identity(), "042")

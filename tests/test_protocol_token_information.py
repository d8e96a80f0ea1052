from odoo.tests import BaseCase

from ..protocol.scope import scope_set, scope_string
from ..protocol.token_response import expires_at, token_information

NOW = 1_800_000_000


class TestProtocolTokenInformation(BaseCase):
    """What a provider answered, made whole for the application."""

    def test_the_access_token_ends_at_the_earlier_of_both_ends(self):
        for said, lifetime, expected in (
            (60, 3600, 60),
            (7200, 3600, 3600),
            ("60", 3600, 60),
            (None, 3600, 3600),
            (0, 3600, 3600),  # never one that is dead at once
            (-1, 3600, 3600),
        ):
            answer = {} if said is None else {"expires_in": said}
            with self.subTest(said=said):
                self.assertEqual(expires_at(answer, lifetime, NOW), NOW + expected)

    def test_a_token_type_that_the_provider_leaves_out_is_said(self):
        """RFC 6749 section 5.1 demands one."""
        for answer in ({}, {"token_type": None}, {"token_type": ""}):
            told = token_information(answer, expires=NOW, db="", login="", now=NOW)
            self.assertEqual(told["token_type"], "Bearer")

    def test_expires_in_is_never_negative(self):
        information = token_information({}, expires=NOW - 9, db="", login="", now=NOW)
        self.assertEqual(information["expires_in"], 0)


class TestProtocolScope(BaseCase):
    """RFC 6749 section 3.3"""

    def test_names_are_separated_by_spaces_and_have_no_order(self):
        self.assertEqual(scope_set("b a  b"), {"a", "b"})
        self.assertEqual(scope_set(["b", "a"]), {"a", "b"})
        self.assertEqual(scope_set(""), frozenset())
        self.assertEqual(scope_string({"b", "a"}), "a b")
        self.assertEqual(scope_string(()), "")
        self.assertNotEqual(scope_set("Read"), scope_set("read"))

    def test_names_have_a_grammar(self):
        for name in ("partners.read", "https://example.com/auth#x", "a:b", "!", "~"):
            self.assertEqual(scope_set([name]), {name})
        for wrong in (['a"b'], ["a\\b"], ["a b"], ["é"], "a\tb", "a\nb", [1], [None]):
            with self.subTest(wrong=wrong), self.assertRaises(ValueError):
                scope_set(wrong)

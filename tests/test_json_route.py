from datetime import date, datetime
from enum import Enum, StrEnum
from typing import Annotated, Any, List, Literal, Optional  # noqa: UP035

from odoo import http
from odoo.tests import tagged

from ..oauth2 import oauth2_route
from .json_route_common import JsonRouteCase


class Hue(StrEnum):
    RED = "red"
    BLUE = "blue"


class Level(Enum):
    LOW = 1
    HIGH = 10


@tagged("post_install", "-at_install")
class TestArguments(JsonRouteCase):
    """Query string, JSON body and path become arguments, checked and typed."""

    @classmethod
    def add_controllers(cls):
        class Typed(http.Controller):
            @oauth2_route("/<api>/typed", methods=["GET", "POST"])
            def typed(
                self,
                number: int = 0,
                ratio: float = 0.5,
                flag: bool = False,
                text: str = "",
                items: list = (),
                ids: list[int] = (),
                options: dict | None = None,
                day: date | None = None,
                moment: datetime | None = None,
                limit: Optional[int] = 5,  # noqa: UP045
                size: int | None = 5,
                either: int | str = 0,
                number_or_day: int | date | None = None,
                both: list[int | str] = (),
                state: Literal["draft", "sent", 3, True, None] = "draft",
                hue: Hue = Hue.RED,
                level: Level | None = None,
                some: Annotated[int, "at most 80"] | Literal["all"] = 80,
                deep: dict[str, list[date | None]] | None = None,
                days: list[date] | None = None,
                one_or_more: int | list[int] = 0,
                word_or_numbers: str | list[int] = "",
                rows: list[dict] = (),
                matrix: list[list[int]] = (),
                quoted: "list[Hue]" = (),
                named_of_old: List = (),  # noqa: UP006
                anything: Any = None,
                plain=None,
                *never: int,
            ) -> "NotKnownHere":  # noqa: F821
                received = dict(locals())
                del received["self"]
                return {
                    name: [type(value).__name__, value]
                    for name, value in received.items()
                }

            @oauth2_route("/<api>/needed/<int:number>", methods=["GET", "POST"])
            def needed(self, number: int, word: str):
                return [number, word]

            @oauth2_route("/<api>/by/<day>/<thing>", methods=["GET"])
            def by_day(self, day: date, thing: "NotKnownHere"):  # noqa: F821
                return [type(day).__name__, day, thing]

            @oauth2_route("/<api>/numbers", methods=["GET", "POST"])
            def numbers(self, /, **others: int):
                return others

            @oauth2_route("/<api>/whatever", methods=["GET", "POST"])
            def whatever(self, number: int = 0, **others):
                return {"number": number, **others}

        class Override(Typed):
            @oauth2_route()
            def needed(self, **arguments):
                return super().needed(**arguments)

            @oauth2_route()
            def typed(self, extra: int = 0, text: str = "", **arguments):
                return {**super().typed(text=text, **arguments), "extra": extra}

        return Override

    def assertReceived(self, response, name, kind, value):
        served = self.assertServed(response)
        self.assertEqual(served[name], [kind, value])

    def assertArgumentRefused(self, response, name, says=""):
        self.assertTold(response, 400, "invalid_request", says=f"argument {name} ")
        self.assertIn(says, response.json()["error_description"])

    def test_a_query_argument_is_read_as_its_type(self):
        for name, text, kind, value in (
            ("number", "42", "int", 42),
            ("number", "-7", "int", -7),
            ("ratio", "1.5", "float", 1.5),
            ("ratio", "2", "float", 2.0),
            ("flag", "true", "bool", True),
            ("flag", "False", "bool", False),
            ("flag", "1", "bool", True),
            ("flag", "0", "bool", False),
            ("text", "a b&ü", "str", "a b&ü"),
            ("text", "", "str", ""),
            ("text", "42", "str", "42"),
            ("day", "2026-11-23", "date", "2026-11-23"),
            ("moment", "2026-11-23T10:00:00", "datetime", "2026-11-23 10:00:00"),
            ("moment", "2026-11-23T10:00:00Z", "datetime", "2026-11-23 10:00:00"),
            ("moment", "2026-11-23T10:00:00+02:00", "datetime", "2026-11-23 08:00:00"),
            ("limit", "3", "int", 3),
            ("size", "3", "int", 3),
            ("either", "3", "str", "3"),
            ("number_or_day", "3", "int", 3),
            ("number_or_day", "2026-11-23", "date", "2026-11-23"),
            ("state", "sent", "str", "sent"),
            ("state", "3", "int", 3),
            ("state", "true", "bool", True),
            ("hue", "blue", "Hue", "blue"),
            ("level", "10", "Level", 10),
            ("some", "3", "int", 3),
            ("some", "all", "str", "all"),
            ("anything", "3", "str", "3"),
            ("plain", "3", "str", "3"),
        ):
            with self.subTest(name=name, text=text):
                answer = self.call("typed", params={name: text})
                self.assertReceived(answer, name, kind, value)

    def test_a_list_is_read_from_a_query_that_has_its_name_once_or_more(self):
        for query, name, kind, value in (
            ("ids=1&ids=2", "ids", "list", [1, 2]),
            ("ids=1", "ids", "list", [1]),
            ("items=1&items=a", "items", "list", ["1", "a"]),
            ("named_of_old=", "named_of_old", "list", [""]),
            ("both=1&both=a", "both", "list", ["1", "a"]),
            ("quoted=red&quoted=blue", "quoted", "list", ["red", "blue"]),
            ("days=2026-11-23", "days", "list", ["2026-11-23"]),
            ("one_or_more=1", "one_or_more", "int", 1),
            ("one_or_more=1&one_or_more=2", "one_or_more", "list", [1, 2]),
            ("word_or_numbers=1", "word_or_numbers", "str", "1"),
            ("word_or_numbers=1&word_or_numbers=2", "word_or_numbers", "list", [1, 2]),
        ):
            with self.subTest(query):
                self.assertReceived(self.call(f"typed?{query}"), name, kind, value)
        for query in ("ids=1&ids=x", "one_or_more=1&one_or_more="):
            name = query.partition("=")[0]
            answer = self.call(f"typed?{query}")
            self.assertArgumentRefused(answer, name, "must be of type")
        answer = self.call("typed?ids=1", {"ids": [2]})
        self.assertArgumentRefused(answer, "ids", "sent twice")

    def test_a_body_argument_must_have_its_type(self):
        for name, sent, kind, value in (
            ("number", 42, "int", 42),
            ("ratio", 1.5, "float", 1.5),
            ("ratio", 2, "float", 2.0),
            ("flag", True, "bool", True),
            ("text", "42", "str", "42"),
            ("items", [1, "a", None], "list", [1, "a", None]),
            ("ids", [1, 2], "list", [1, 2]),
            ("named_of_old", [1, "a"], "list", [1, "a"]),
            ("options", {"a": {"b": 1}}, "dict", {"a": {"b": 1}}),
            ("day", "2026-11-23", "date", "2026-11-23"),
            ("moment", "2026-11-23T10:00:00Z", "datetime", "2026-11-23 10:00:00"),
            ("limit", None, "NoneType", None),
            ("size", None, "NoneType", None),
            ("size", 3, "int", 3),
            ("either", 3, "int", 3),
            ("either", "3", "str", "3"),
            ("number_or_day", "2026-11-23", "date", "2026-11-23"),
            ("number_or_day", None, "NoneType", None),
            ("both", [1, "a"], "list", [1, "a"]),
            ("state", "sent", "str", "sent"),
            ("state", 3, "int", 3),
            ("state", True, "bool", True),
            ("state", None, "NoneType", None),
            ("hue", "blue", "Hue", "blue"),
            ("level", 10, "Level", 10),
            ("level", None, "NoneType", None),
            ("some", 3, "int", 3),
            ("some", "all", "str", "all"),
            (
                "deep",
                {"a": ["2026-11-23", None]},
                "dict",
                {"a": ["2026-11-23", None]},
            ),
            ("quoted", ["red", "blue"], "list", ["red", "blue"]),
            ("anything", [None], "list", [None]),
            ("plain", {"a": [1]}, "dict", {"a": [1]}),
        ):
            with self.subTest(name=name, sent=sent):
                self.assertReceived(self.call("typed", {name: sent}), name, kind, value)

    def test_an_argument_of_a_wrong_type_is_refused_by_name(self):
        for name, text in (
            ("number", "many"),
            ("number", "1.0"),
            ("number", "1_000"),
            ("number", "9" * 5000),
            ("number", ""),
            ("ratio", "much"),
            ("ratio", "nan"),
            ("ratio", "inf"),
            ("flag", "yes"),
            ("ids", "many"),
            ("ids", "1,2"),
            ("ids", ""),
            ("options", "{}"),
            ("rows", "{}"),
            ("matrix", "1"),
            ("day", "23.11.2026"),
            ("day", "2026-02-30"),
            ("moment", "noon"),
            ("limit", "none"),
            ("number_or_day", "noon"),
            ("deep", "{}"),
        ):
            with self.subTest(name=name, query=text):
                answer = self.call("typed", params={name: text})
                self.assertArgumentRefused(answer, name, "must be of type")
        for name, value in (
            ("number", "42"),
            ("number", 4.0),
            ("number", True),
            ("number", None),
            ("ratio", "1.5"),
            ("ratio", False),
            ("flag", 1),
            ("flag", "true"),
            ("text", 42),
            ("text", None),
            ("items", {"a": 1}),
            ("items", "a"),
            ("ids", [1, "2"]),
            ("ids", [None]),
            ("options", []),
            ("day", 20261123),
            ("day", "2026-11-23T10:00:00"),
            ("moment", 0),
            ("limit", "3"),
            ("size", "3"),
            ("either", {"a": 1}),
            ("either", [1]),
            ("either", True),
            ("either", None),
            ("number_or_day", "3"),
            ("both", [None]),
            ("deep", {"a": ["noon"]}),
            ("deep", {"a": None}),
        ):
            with self.subTest(name=name, body=value):
                answer = self.call("typed", {name: value})
                self.assertArgumentRefused(answer, name, "must be of type")

    def test_an_argument_that_is_none_of_the_choices_is_told_them(self):
        for name, sent, choices in (
            ("state", "done", 'one of "draft", "sent", 3, true.'),
            ("state", 1, 'one of "draft", "sent", 3, true.'),
            ("state", 3.0, 'one of "draft", "sent", 3, true.'),
            ("hue", "RED", 'one of "red", "blue".'),
            ("hue", ["red"], 'one of "red", "blue".'),
            ("level", "LOW", "one of 1, 10."),
            ("level", True, "one of 1, 10."),
            ("some", "none", 'of type integer or one of "all".'),
            ("ids", [1, "x"], "of type list with each item of type integer."),
        ):
            answers = [self.call("typed", {name: sent})]
            if isinstance(sent, str):
                answers.append(self.call("typed", params={name: sent}))
            for answer in answers:
                with self.subTest(name=name, sent=sent):
                    self.assertArgumentRefused(answer, name, f"must be {choices}")
        answer = self.call("typed", {"quoted": ["green"]})
        self.assertArgumentRefused(answer, "quoted", "must be of type list")

    def test_a_text_of_the_path_is_read_as_its_argument_s_type(self):
        answer = self.call("by/2026-11-23/x")
        self.assertEqual(self.assertServed(answer), ["date", "2026-11-23", "x"])
        answer = self.call("by/noon/x")
        self.assertArgumentRefused(answer, "day", "of type date (YYYY-MM-DD).")

    def test_arguments_that_a_handler_does_not_name_may_have_a_type(self):
        answer = self.call("numbers?a=1", {"b": 2})
        served = self.assertServed(answer)
        self.assertEqual(served, {"a": 1, "b": 2, "api": "orders"})
        answer = self.call("numbers?a=x")
        self.assertArgumentRefused(answer, "a", "must be of type integer")

    def test_positions_that_a_handler_takes_are_no_argument(self):
        answer = self.call("typed", {"never": [1]})
        self.assertArgumentRefused(answer, "never", "unknown")

    def test_an_unknown_argument_is_refused_by_name(self):
        for answer in (
            self.call("typed", params={"colour": "red"}),
            self.call("typed", {"colour": "red"}),
        ):
            self.assertArgumentRefused(answer, "colour", "unknown")
        # What the path says comes from there alone; no caller's text is sent back.
        answer = self.call("needed/5", {"word": "x", "number": 6})
        self.assertArgumentRefused(answer, "number", "unknown")
        for name in ("api", "self", "<b>", "a" * 100):
            answer = self.call("typed", {name: 1})
            self.assertTold(answer, 400, "invalid_request", says="unknown")
            self.assertNotIn("<b>", answer.text)

    def test_a_missing_argument_is_refused_by_name(self):
        for answer in (self.call("needed/5"), self.call("needed/5", {})):
            self.assertArgumentRefused(answer, "word", "missing")

    def test_a_doubled_argument_is_refused_by_name(self):
        for answer in (
            self.call("typed?number=1&number=1"),
            self.call("typed?number=1", {"number": 1}),
            self.call("typed", b'{"number": 1, "number": 2}'),
        ):
            self.assertArgumentRefused(answer, "number", "sent twice")

    def test_arguments_of_query_body_and_path_come_together(self):
        answer = self.call("needed/5", {"word": "five"})
        self.assertEqual(self.assertServed(answer), [5, "five"])
        answer = self.call("typed?number=3", {"text": "x"})
        self.assertReceived(answer, "number", "int", 3)
        self.assertReceived(answer, "text", "str", "x")

    def test_a_handler_that_takes_anything_gets_anything_but_typed_ones_are_checked(
        self,
    ):
        answer = self.call("whatever?a=1", {"b": [2], "number": 3})
        self.assertEqual(
            self.assertServed(answer),
            {"a": "1", "b": [2], "number": 3, "api": "orders"},
        )
        self.assertArgumentRefused(self.call("whatever", {"number": "x"}), "number")
        for name in ("api", "self"):
            answer = self.call("whatever", {name: "crm"})
            self.assertArgumentRefused(answer, name, "unknown")

    def test_an_override_that_takes_anything_takes_what_its_parent_takes(self):
        self.assertEqual(self.assertServed(self.call("typed?extra=7"))["extra"], 7)
        self.assertArgumentRefused(self.call("typed?extra=x"), "extra", "type integer")
        self.assertArgumentRefused(self.call("needed/5"), "word", "missing")
        answer = self.call("needed/5", {"word": 5})
        self.assertArgumentRefused(answer, "word", "must be of type string")
        answer = self.call("needed/5?colour=red", {"word": "x"})
        self.assertArgumentRefused(answer, "colour", "unknown")

    def test_a_body_that_is_no_json_object_is_refused(self):
        for body in (
            b"{",
            b"[]",
            b"null",
            b'"text"',
            b'{"ratio": NaN}',
            b'{"ratio": Infinity}',
            b"\xff",
            b"[" * 100_000,
        ):
            with self.subTest(body=body[:20]):
                self.assertTold(self.call("typed", body), 400, "invalid_request")

    def test_text_that_no_database_stores_is_refused(self):
        """NUL and half of a surrogate pair would fail in the handler, as a bug does."""
        for body in (b'{"a": "\\u0000"}', b'{"a": ["\\ud800"]}', b'{"\\udfff": 1}'):
            self.assertTold(self.call("whatever", body), 400, "invalid_request")
        self.assertTold(self.call("whatever?a=%00"), 400, "invalid_request")
        self.assertServed(self.call("whatever", {"a": "\U0001f4a9 \x7f"}))

    def test_a_body_of_another_content_type_is_refused(self):
        for content_type in ("application/x-www-form-urlencoded", "text/plain", None):
            answer = self.call(
                "typed", b"number=1", headers={"Content-Type": content_type}
            )
            self.assertTold(answer, 400, "invalid_request", says="application/json")

    def test_a_body_of_unknown_length_is_read(self):
        answer = self.call(
            "needed/5",
            method="POST",
            data=iter([b'{"word": ', b'"five"}']),
            headers={"Content-Type": "application/json"},
        )
        self.assertEqual(self.assertServed(answer), [5, "five"])

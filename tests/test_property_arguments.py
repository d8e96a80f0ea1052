import json
import types
from datetime import date, datetime
from typing import Literal
from urllib.parse import parse_qs, urlencode

from hypothesis import strategies as st

from odoo.tests import BaseCase, TransactionCase, tagged

from ..controllers.arguments import bind, read_object
from ..protocol.errors import InvalidRequest
from ..protocol.handler_arguments import arguments_of
from ..services.calls.json2_methods import ARGUMENTS, SERVED_METHODS
from ..services.calls.json2_reach import reached
from .generators import objects, texts, values
from .property_common import holds_for

_OPERATIONS = {"read", "create", "write", "unlink"}
_TYPES = {
    "whole": int,
    "real": float,
    "text": str,
    "flag": bool,
    "day": (date, types.NoneType),
    "moment": (datetime, types.NoneType),
    "many": (list, tuple),
    "table": (dict, types.NoneType),
    "choice": (str, int),
}


def handler(
    self,
    whole: int = 0,
    real: float = 0.0,
    text: str = "",
    flag: bool = False,
    day: date | None = None,
    moment: datetime | None = None,
    many: list[int] = (),
    table: dict | None = None,
    choice: Literal["a", 1] = "a",
    anything=None,
):
    """Takes an argument of each type."""


_names = st.sampled_from((*_TYPES, "anything", "other", "self", ""))


class TestPropertyArguments(BaseCase):
    """A handler gets what its annotations say, or is not called."""

    def bind(self, query=None, body=None):
        arguments = arguments_of([handler])
        return bind(arguments, query=query or {}, body=body or {}, path={})

    def assertTyped(self, arguments):
        for name, value in arguments.items():
            if name in _TYPES:
                self.assertIsInstance(value, _TYPES[name], name)
            if name in ("whole", "real", "choice"):
                self.assertNotIsInstance(value, bool)
        self.assertEqual(
            {type(item) for item in arguments.get("many", ())} - {int}, set()
        )
        json.dumps(
            {k: v for k, v in arguments.items() if k not in ("day", "moment")},
            ensure_ascii=False,
            allow_nan=False,
        ).encode()

    # More than one and hardly any is good in all.
    @holds_for(st.dictionaries(_names, values, max_size=1), examples=500)
    def test_any_body_is_typed_arguments_or_refused(self, body):
        try:
            arguments = self.bind(body=body)
        except InvalidRequest as refusal:
            self.assertTrue(refusal.description.isascii())
            return
        self.assertTyped(arguments)
        self.assertEqual(arguments.keys(), body.keys())

    @holds_for(
        st.dictionaries(
            _names,
            st.lists(st.one_of(texts, st.integers().map(str)), min_size=1, max_size=2),
        ),
        examples=300,
    )
    def test_any_query_is_typed_arguments_or_refused(self, query):
        try:
            arguments = self.bind(query)
        except InvalidRequest as refusal:
            self.assertTrue(refusal.description.isascii())
            return
        self.assertTyped(arguments)
        self.assertEqual(arguments.keys(), query.keys())
        often = {name for name, texts_sent in query.items() if len(texts_sent) > 1}
        self.assertLessEqual(often, {"many"})

    @holds_for(
        st.fixed_dictionaries(
            {},
            optional={
                "whole": st.integers(-(10**18), 10**18),
                "real": st.floats(allow_nan=False, allow_infinity=False),
                "text": st.text(st.characters(exclude_characters="\0")),
                "flag": st.booleans(),
                "day": st.dates(),
                "moment": st.datetimes(),
            },
        )
    )
    def test_what_was_meant_arrives_by_query_and_by_body(self, meant):
        told = {
            name: value.isoformat() if isinstance(value, date) else value
            for name, value in meant.items()
        }
        query = parse_qs(urlencode(told), keep_blank_values=True)
        self.assertEqual(self.bind(query), meant)
        self.assertEqual(self.bind(body=read_object(json.dumps(told).encode())), meant)

    @holds_for(st.one_of(st.binary(), values.map(lambda v: json.dumps(v).encode())))
    def test_any_body_is_read_or_refused(self, body):
        try:
            self.assertIsInstance(read_object(body), dict)
        except InvalidRequest:
            return


#: Values to write to a contact, most of them commands with values in them.
_written = st.recursive(
    st.dictionaries(st.sampled_from(("name", "parent_id", "child_ids")), values),
    lambda inner: st.dictionaries(
        st.sampled_from(("child_ids", "category_id")),
        st.lists(st.tuples(st.integers(0, 6), st.integers(0, 9), inner).map(list)),
        max_size=2,
    ),
    max_leaves=4,
)


@tagged("post_install", "-at_install")
class TestPropertyReach(TransactionCase):
    """What a JSON-2 call reaches is told in full, or the call is refused."""

    def assertReach(self, found):
        for model, operation in found:
            self.assertIn(model, self.env)
            self.assertIn(operation, _OPERATIONS)

    @holds_for(
        st.sampled_from(sorted(SERVED_METHODS)),
        st.dictionaries(st.sampled_from(sorted(ARGUMENTS)), values, max_size=3),
        st.one_of(
            objects, st.dictionaries(st.sampled_from(("lang", "default_name")), values)
        ),
        examples=300,
    )
    def test_any_arguments_are_followed_or_refused(self, method, arguments, context):
        model = self.env["res.partner"]
        try:
            found = reached(model, method, arguments, context)
        except InvalidRequest:
            return
        self.assertReach(found)

    @holds_for(_written, examples=200)
    def test_each_command_s_model_is_reached(self, vals):
        model = self.env["res.partner"]
        try:
            found = reached(model, "write", {"vals": vals}, {})
        except InvalidRequest:
            return
        self.assertReach(found)
        self.assertLessEqual(set(self.changed(model, vals)), found)

    def changed(self, model, vals):
        """A second reading of commands: what is surely created or written."""
        for name, value in vals.items():
            if name not in model._fields:
                continue
            comodel = model._fields[name].comodel_name
            commands = value if comodel and isinstance(value, list) else []
            if not all(isinstance(command, list) for command in commands):
                continue  # ids, of which the first decides
            for command in commands:
                if len(command) == 3 and command[0] in (0, 1):
                    yield comodel, ("create", "write")[command[0]]
                    yield from self.changed(model.env[comodel], command[2])

    @holds_for(st.data())
    def test_each_relation_of_a_path_is_reached(self, data):
        """Whatever way leads over models: all of them but the first are named."""
        model, path, passed = self.env["res.partner"], [], set()
        for _ in range(data.draw(st.integers(1, 5))):
            if path:
                passed.add((model._name, "read"))
            names = sorted(n for n, f in model._fields.items() if f.relational)
            name = data.draw(st.sampled_from(names))
            path.append(name)
            model = self.env[model._fields[name].comodel_name]
        path = ".".join(path)
        self.assertEqual(self.search(order=path), passed)
        compared = [[path, "=", 1]]
        self.assertEqual(self.search(domain=compared), passed)
        end = passed | {(model._name, "read")}
        for searched in ([path, "ilike", "x"], [f"{path}.id", "child_of", "x"]):
            self.assertLessEqual(end, self.search(domain=[searched]))

    def search(self, **arguments):
        return reached(self.env["res.partner"], "search", arguments, {})

    @holds_for(
        st.recursive(
            st.one_of(
                values,
                st.tuples(
                    st.sampled_from(("name", "parent_id.name", "child_ids", "nothing")),
                    st.sampled_from(("=", "in", "any", "not any", "child_of", "x")),
                    values,
                ).map(list),
            ),
            lambda inner: st.one_of(
                st.lists(st.one_of(inner, st.sampled_from("&|!")), max_size=3),
                inner.map(lambda domain: [["child_ids", "any", domain]]),
            ),
            max_leaves=6,
        ),
        examples=300,
    )
    def test_any_domain_is_followed_or_refused(self, domain):
        try:
            found = self.search(domain=domain)
        except InvalidRequest:
            return
        self.assertReach(found)

"""Which models, besides its own, a JSON-2 call reaches through its arguments.

A scope opens models. Domains, field paths and x2many commands lead from the called
model to others; each of those must be open too, for what is done there. What is read of
a record includes the ids and the display names behind its relational fields, as Odoo
itself shows them: these alone need nothing more. Whatever the ORM looks up or writes in
another model to do what the arguments say counts as done there.
"""

import itertools

from odoo.fields import Domain

from ...protocol.errors import InvalidRequest
from .json2_methods import (
    ARGUMENTS,
    COMMAND_OPERATIONS,
    CONTEXT_KEYS,
    SERVED_METHODS,
    TEXT_OPERATORS,
    WRITTEN_BY_METHOD,
)

_MAX_DEPTH = 20
#: Of a call's domains and paths together: the ORM's time grows with their square, and
#: with the cube of searches in other models, each of which counts as so many terms.
MAX_TERMS = 1_000
_TERMS_OF_SEARCH = 20
_DEFAULT = "default_"
_EQUALITY = {"=", "!=", "<>", "==", "=?", "in", "not in"}
_MALFORMED = (ValueError, TypeError, AttributeError, AssertionError, RecursionError)


def reached(model, method_name, arguments, context):
    """Follow the arguments of a call.

    What a method that a scope line names does with them is what it was named for: of
    such a call only the context is looked at.

    :param model: recordset of the called model, in the caller's environment
    :param str method_name: a public one
    :param dict arguments: by name, without ``ids`` and ``context``
    :param context: the call's own context, a mapping
    :return: the ``(model name, operation)`` reached, in the order in which the
        arguments come to them; each once, comparable with a set
    :raises InvalidRequest: for an argument that cannot be followed
    """
    reach, name, by_kind = _Reach(), "context", method_name in SERVED_METHODS
    try:
        _check_context(model, context, defaults=by_kind)
        if not by_kind:
            return reach.found.keys()
        reach.follow_defaults(model, context)
        for name, value in arguments.items():
            reach.follow_argument(model, name, value)
        if method_name == "name_search" and arguments.get("name"):
            reach.follow_search_by_name(model)
        if attribute := WRITTEN_BY_METHOD.get(method_name):
            reach.follow_values(model, {getattr(model, attribute): True})
        if method_name == "copy":
            reach.follow_copy(model)
    except _NotFollowed as error:
        raise _refusal(name, error) from error
    return reach.found.keys()


class _NotFollowed(Exception):
    """An argument that cannot be read, so that nothing can be said of its reach."""

    def __init__(self, why="cannot be followed to the models that it reaches"):
        super().__init__(why)


def _refusal(name, error):
    if not (name.isascii() and name.isidentifier() and len(name) < 64):
        name = "sent"
    return InvalidRequest(f"The argument {name} {error}.")


def _check_context(model, context, defaults):
    """Refuse what would make the call do or tell something else."""
    if not isinstance(context, dict):
        raise _NotFollowed
    for key, value in context.items():
        if defaults and key.startswith(_DEFAULT):
            continue
        if key not in CONTEXT_KEYS or (key == "uid" and value != model.env.uid):
            raise _NotFollowed


class _Reach:
    """What one call reaches: ``found`` grows while its arguments are followed."""

    def __init__(self):
        self.found = {}  # an ordered set
        self._terms = 0
        self._named = set()
        self._copied = set()

    def _add(self, model_name, *operations):
        for operation in sorted(operations):
            self.found.setdefault((model_name, operation))

    def _count(self, terms):
        self._terms += terms
        if self._terms > MAX_TERMS:
            raise _NotFollowed(f"has more than {MAX_TERMS} terms")

    def follow_defaults(self, model, context):
        """``default_…`` puts a value into what is created, here or further on."""
        for key, value in context.items():
            if not key.startswith(_DEFAULT):
                continue
            name = key.removeprefix(_DEFAULT).partition(".")[0]
            if name not in model._fields or isinstance(value, (list, dict)):
                raise _NotFollowed
            if model._fields[name].type not in ("one2many", "many2many", "properties"):
                self.follow_values(model, {name: value})

    def follow_argument(self, model, name, value):
        if name not in ARGUMENTS:
            raise _NotFollowed
        shape = ARGUMENTS[name]
        if shape == "domain":
            self._follow_domain(model, value)
        elif shape == "paths":
            self._follow_paths(model, value)
        elif shape == "default":
            self.follow_values(model, value or {})
        elif shape == "values":
            for values in value if isinstance(value, list) else [value]:
                self.follow_values(model, values)
        elif shape == "operator":
            if not isinstance(value, str) or value not in TEXT_OPERATORS:
                raise _NotFollowed

    # What is read

    def _walk(self, model, path):
        """Follow a dotted path: what it passes through is read.

        :return: ``(model of its last field, the field)``; the field is None where only
            Odoo can say what is wrong with it, or only the data what it is
        """
        if not isinstance(path, str):
            raise _NotFollowed
        names = path.split(".")
        for position, name in enumerate(names):
            if position and name != "id":
                self._add(model._name, "read")
            field = model._fields.get(name)
            # What follows them is a property, or a part of the date.
            if field is None or field.type in ("properties", "date", "datetime"):
                return model, None
            if position == len(names) - 1:
                return model, field
            if not field.relational:
                raise _NotFollowed
            model = model.env[field.comodel_name]

    def _follow_paths(self, model, value):
        """Field names, groupings, aggregates and orders."""
        if value is None or value is False:
            return
        for item in value if isinstance(value, list) else [value]:
            if not isinstance(item, str) or "(" in item:
                raise _NotFollowed
            terms = item.split(",")
            self._count(len(terms))
            for words in map(str.split, terms):
                if words and words[0] != "__count":
                    self._walk(model, words[0].partition(":")[0])

    def _follow_domain(self, model, value, depth=0):
        """The paths of its conditions, and the domains inside of them."""
        if not value:
            return
        if not isinstance(value, list) or depth > _MAX_DEPTH:
            raise _NotFollowed
        self._count(len(value))
        try:
            conditions = list(Domain(value).iter_conditions())
        except _MALFORMED as error:
            raise _NotFollowed from error
        for condition in conditions:
            path, operator = condition.field_expr, condition.operator
            if operator.removeprefix("not ").startswith("any"):
                _model, field = self._walk(model, path)
                if field is None or not field.relational:
                    raise _NotFollowed
                self._count(_TERMS_OF_SEARCH)
                self._add(field.comodel_name, "read")
                comodel = model.env[field.comodel_name]
                self._follow_domain(comodel, condition.value, depth + 1)
            else:
                self._follow_comparison(model, path, operator, condition.value)

    def _follow_comparison(self, model, path, operator, value):
        """Records compared with ids need nothing; for a text the ORM searches names,
        for ``child_of`` and ``parent_of`` a tree.
        """
        if "." in path:
            self._count(_TERMS_OF_SEARCH)
        owner, field = self._walk(model, path)
        if field is None:
            return
        if field.relational:
            owner = model.env[field.comodel_name]
        elif field.name == "display_name":
            self.follow_search_by_name(owner)
            return
        elif field.name != "id":
            return
        values = value if isinstance(value, (list, tuple, set)) else [value]
        ids = all(item is None or isinstance(item, int) for item in values)
        if path != "id" and not (ids and operator in _EQUALITY):
            self._count(_TERMS_OF_SEARCH)
            self._add(owner._name, "read")
        if not ids:
            self.follow_search_by_name(owner)

    def follow_search_by_name(self, model):
        """The ORM looks for a name in the fields that the model is named by."""
        if model._name in self._named:
            return
        self._named.add(model._name)
        for path in model._rec_names_search or [model._rec_name]:
            if path:
                self._follow_comparison(model, path, "ilike", "text")

    # What is changed

    def follow_values(self, model, values, depth=0):
        """Values to create or write."""
        if not isinstance(values, dict) or depth > _MAX_DEPTH:
            raise _NotFollowed
        for name, value in values.items():
            field = model._fields.get(name)
            if field is None:
                continue  # Odoo itself says what is wrong with it
            self._add_written(model, field, value)
            if field.type in ("one2many", "many2many"):
                for command in _commands(value):
                    self._follow_command(model, field, command, depth)
            elif field.type == "properties":
                self._follow_properties(model, field, value)
            elif field.type == "many2one" and isinstance(value, (dict, list)):
                raise _NotFollowed
            elif field.type == "html" and value and not isinstance(value, str):
                raise _NotFollowed  # Odoo would store an apology in its place

    def _add_written(self, model, field, value=True):
        """What writing a field changes elsewhere by itself."""
        if field.type == "many2one" and field.delegate and value:
            # The parent's fields can be written through this record from now on.
            self._add(field.comodel_name, "write")
        if not field.related:
            return
        *path, last = field.related.split(".")
        target = model
        for name in path:
            target = target.env[target._fields[name].comodel_name]
        self._add_written(target, target._fields[last])
        # A parent by delegation is a part of the record, with its fields. Without an
        # inverse, too: some of Odoo's methods follow the path by themselves.
        if path and not field.inherited:
            self._add(target._name, "write")

    def _follow_command(self, model, field, command, depth):
        if not isinstance(command, list) or not command or type(command[0]) is not int:
            raise _NotFollowed
        kind, other = command[0], field.comodel_name
        if kind not in COMMAND_OPERATIONS:
            raise _NotFollowed
        if field.type == "many2many" and kind >= 3:
            return  # it only names records: the relation is the called model's own
        self._add(other, *COMMAND_OPERATIONS[kind])
        if field.type == "one2many" and kind in (3, 5, 6):
            # Where the other side is required, records taken off are deleted.
            self._add(other, "unlink")
        if kind in (0, 1) and len(command) > 2:
            self.follow_values(model.env[other], command[2] or {}, depth + 1)

    def _follow_properties(self, model, field, value):
        """A list may redefine the properties, for all records of their container."""
        if not value or isinstance(value, dict):
            return
        if not isinstance(value, list) or not all(isinstance(v, dict) for v in value):
            raise _NotFollowed
        marks = ("definition_changed", "definition_deleted")
        if any(item.get(mark) for item, mark in itertools.product(value, marks)):
            container = model._fields[field.definition_record]
            self._add(container.comodel_name, "write")

    def follow_copy(self, model):
        """A record's lines are copied with it, where their field says so."""
        for field in model._fields.values():
            lines = field.comodel_name
            if field.type == "one2many" and field.copy and lines not in self._copied:
                self._copied.add(lines)
                self._add(lines, "read", "create")
                self.follow_copy(model.env[lines])


def _commands(value):
    """:return: the commands that the ORM makes of an x2many's value"""
    if value is None or value is False:
        return [[5]]
    if not isinstance(value, list):
        raise _NotFollowed
    if value and not isinstance(value[0], list):
        return [[6, 0, value]]
    return value

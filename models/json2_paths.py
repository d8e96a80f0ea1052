"""Which models are read by the domains and field paths of a JSON-2 call.

Each function takes a recordset of the model it starts from and returns a set of
``(model name, operation)``; each raises ``UnknownShape`` for what it cannot follow.
"""

import re

from odoo.fields import Domain
from odoo.models import fix_import_export_id_paths

_AGGREGATE = re.compile(r"\w+:\w+\(([\w.]+)\)")
_EQUALITY = {"=", "!=", "<>", "==", "=?", "in", "not in"}
_MALFORMED = (ValueError, TypeError, AttributeError, AssertionError, RecursionError)
MAX_DEPTH = 20

#: What is shown of a related record anyway, so that reading it needs nothing more.
SHOWN_ANYWAY = frozenset({"id", "display_name"})


class UnknownShape(Exception):
    """An argument that cannot be read, so that nothing can be said of its reach."""


def _follow(model, path):
    """Walk a dotted path.

    :return: ``(recordset model at its end or None, {(model, "read")} passed through)``
    """
    if not isinstance(path, str):
        raise UnknownShape("fields")
    current, passed = model, set()
    for position, name in enumerate(path.split(".")):
        if current is None:
            raise UnknownShape("fields")
        # A name is looked for in more than the name: users are found by login too.
        if position and name != "id":
            passed.add((current._name, "read"))
        field = current._fields.get(name)
        if field is None:
            return None, passed  # Odoo itself says what is wrong with it
        if field.type in ("properties", "date", "datetime"):
            return None, passed  # what follows is a property, or a part of the date
        current = current.env[field.comodel_name] if field.relational else None
    return current, passed


def of_domain(model, value, depth=0):
    """Follow a domain: the paths of its conditions, and the domains inside of them."""
    if not value:
        return set()
    if not isinstance(value, list) or depth > MAX_DEPTH:
        raise UnknownShape("domain")
    try:
        conditions = list(Domain(value).iter_conditions())
    except _MALFORMED as error:
        raise UnknownShape("domain") from error
    found = set()
    for condition in conditions:
        end, passed = _follow(model, condition.field_expr)
        found |= passed
        if condition.operator.removeprefix("not ").startswith("any"):
            if end is None:
                raise UnknownShape("domain")
            found.add((end._name, "read"))
            found |= of_domain(end, condition.value, depth + 1)
        elif end is not None and _looks_into(condition):
            found.add((end._name, "read"))
    return found


def _looks_into(condition):
    """A relation compared with a text or a tree searches the records behind it."""
    values = condition.value
    values = values if isinstance(values, (list, tuple, set, frozenset)) else [values]
    return condition.operator not in _EQUALITY or any(
        isinstance(value, str) for value in values
    )


def of_paths(model, value, depth=0):
    """Follow field names, paths with dots, groupings, aggregates and orders."""
    if value is None or value is False:
        return set()
    if isinstance(value, list) and depth <= MAX_DEPTH:
        return set().union(*(of_paths(model, item, depth + 1) for item in value))
    if not isinstance(value, str):
        raise UnknownShape("fields")
    found = set()
    for term in (term.strip().split(" ")[0] for term in value.split(",")):
        if aggregate := _AGGREGATE.fullmatch(term):
            term = aggregate[1]
        if "(" in term:
            raise UnknownShape("fields")
        path = term.partition(":")[0]
        if path and path != "__count":
            found |= _follow(model, path)[1]
    return found


def of_export(model, value):
    """Follow the paths of an export."""
    found = set()
    for names in import_export_paths(value):
        current = model
        for position, name in enumerate(names):
            if name in SHOWN_ANYWAY or name == ".id":
                break
            if current is None:
                raise UnknownShape("fields_to_export")
            if position:
                found.add((current._name, "read"))
            field = current._fields.get(name.partition(".")[0])
            # Behind a property is a model that only the data knows.
            relational = field is not None and field.relational
            current = current.env[field.comodel_name] if relational else None
    return found


def import_export_paths(value):
    """:return: the paths of an import or export as Odoo splits them, lists of names"""
    if not isinstance(value, list) or not all(isinstance(v, str) for v in value):
        raise UnknownShape("fields")
    return [fix_import_export_id_paths(path) for path in value]

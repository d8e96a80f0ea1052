"""Which models are changed by the values of a JSON-2 call, besides its own.

Each function takes a recordset of the model it starts from and returns a set of
``(model name, operation)``; each raises ``UnknownShape`` for what it cannot follow.
"""

import itertools

from .json2_methods import COMMAND_OPERATIONS
from .json2_paths import MAX_DEPTH, UnknownShape, import_export_paths


def of_values(model, values, depth=0):
    """Follow values to create or write."""
    if values is None or values is False:
        return set()
    if not isinstance(values, dict) or depth > MAX_DEPTH:
        raise UnknownShape("vals")
    found = set()
    for name, value in values.items():
        field = model._fields.get(name)
        if field is None:
            continue  # Odoo itself says what is wrong with it
        found |= _of_written(model, field, value)
        if field.type in ("one2many", "many2many"):
            for command in _commands(value):
                found |= _of_command(model, field, command, depth)
        elif field.type == "properties":
            found |= _of_properties(model, field, value)
        elif field.type == "many2one" and isinstance(value, (dict, list)):
            raise UnknownShape("vals")
        elif field.type == "html" and value and not isinstance(value, str):
            raise UnknownShape("vals")  # Odoo would store an apology in its place
    return found


def _of_written(model, field, value=True):
    """What writing a field changes elsewhere by itself."""
    if field.type == "many2one" and field.delegate and value:
        # The parent's fields can be written through this record from now on.
        return {(field.comodel_name, "write")}
    if not field.related:
        return set()
    *path, last = field.related.split(".")
    target = model
    for name in path:
        target = target.env[target._fields[name].comodel_name]
    further = _of_written(target, target._fields[last])
    if field.inherited or not field.inverse:
        # A parent by delegation is a part of the record, with its fields.
        return further
    return further | {(target._name, "write")}


def _commands(value):
    """:return: the commands that the ORM makes of an x2many's value"""
    if value is None or value is False:
        return [[5]]
    if not isinstance(value, list):
        raise UnknownShape("vals")
    if value and not isinstance(value[0], list):
        return [[6, 0, value]]
    return value


def _of_command(model, field, command, depth):
    if not isinstance(command, list) or not command or type(command[0]) is not int:
        raise UnknownShape("vals")
    kind = command[0]
    operations = COMMAND_OPERATIONS.get(kind)
    if operations is None:
        raise UnknownShape("vals")
    if field.type == "many2many" and kind >= 3:
        return set()  # it only names records: the relation is the called model's own
    other = model.env[field.comodel_name]
    found = {(other._name, operation) for operation in operations}
    if field.type == "one2many" and kind in (3, 5, 6):
        # Where the other side is required, records taken off are deleted.
        found.add((other._name, "unlink"))
    if kind in (0, 1) and len(command) > 2:
        found |= of_values(other, command[2], depth + 1)
    return found


def _of_properties(model, field, value):
    """A list may redefine the properties, for all records of their container."""
    if not value or isinstance(value, dict):
        return set()
    if not isinstance(value, list) or not all(isinstance(v, dict) for v in value):
        raise UnknownShape("vals")
    marks = ("definition_changed", "definition_deleted")
    if not any(item.get(mark) for item, mark in itertools.product(value, marks)):
        return set()
    return {(model._fields[field.definition_record].comodel_name, "write")}


def of_import(model, fields):
    """Follow the paths of an import, which look for records, create and write them."""
    found = set()
    for names in import_export_paths(fields):
        current, field = model, None
        for name in names:
            if name in ("id", ".id"):
                field = None
                break
            if current is None or "." in name:
                raise UnknownShape("fields")
            field = current._fields.get(name)
            if field is None:
                break
            if field.type == "properties":
                raise UnknownShape("fields")  # cells may redefine them
            found |= _of_written(current, field)
            if field.type == "one2many":
                found |= {(field.comodel_name, o) for o in ("create", "write")}
            current = current.env[field.comodel_name] if field.relational else None
        if field is not None and field.relational:
            found.add((field.comodel_name, "read"))  # the cell holds names
    return found


def copied_along(model, seen=None):
    """:return: names of the models whose records a copy of ``model`` copies too"""
    seen = set() if seen is None else seen
    for field in model._fields.values():
        if field.type == "one2many" and field.copy and field.comodel_name not in seen:
            seen.add(field.comodel_name)
            copied_along(model.env[field.comodel_name], seen)
    return seen

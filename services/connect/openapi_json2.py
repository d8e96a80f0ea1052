"""What scopes open over JSON-2, for a description of an API."""

import inspect
from contextlib import suppress

from odoo.exceptions import AccessError
from odoo.service.model import get_public_method

from ...protocol.openapi import Operation
from ..calls.json2_methods import SERVED_METHODS

#: More models would make a document that no tool shows: they come without their fields.
MODELS_WITH_FIELDS = 12

_WHOLE, _TEXT = {"type": "integer"}, {"type": "string"}
_IDS = {"type": "array", "items": _WHOLE, "examples": [[1]]}
_TEXTS = {"type": "array", "items": _TEXT}
_FIELDS = {**_TEXTS, "examples": [["display_name"]]}
_AGGREGATES = {**_TEXTS, "examples": [["__count"]]}  # without any Odoo fails
_LIMIT = {**_WHOLE, "examples": [10]}
_DOMAIN = {"$ref": "#/components/schemas/Domain"}
_PAGE = {"offset": _WHOLE, "limit": _LIMIT, "order": _TEXT}
#: {method: ``(arguments, names of those needed, answer)``}; "record" stands for the
#: fields of the model. Others of ``SERVED_METHODS`` are for forms: served, not told.
_METHODS = {
    "search_read": (
        {"domain": _DOMAIN, "fields": _FIELDS, **_PAGE},
        ["domain"],
        {"type": "array", "items": "record"},
    ),
    "read": (
        {"ids": _IDS, "fields": _FIELDS},
        ["ids"],
        {"type": "array", "items": "record"},
    ),
    "search": ({"domain": _DOMAIN, **_PAGE}, ["domain"], _IDS),
    "search_count": ({"domain": _DOMAIN, "limit": _WHOLE}, ["domain"], _WHOLE),
    "formatted_read_group": (
        {"domain": _DOMAIN, "groupby": _TEXTS, "aggregates": _AGGREGATES, **_PAGE},
        ["domain"],
        {"type": "array", "items": {"type": "object"}},
    ),
    "fields_get": (
        {"allfields": _TEXTS, "attributes": _TEXTS},
        [],
        {"type": "object"},
    ),
    "create": (
        {"vals_list": {"type": "array", "items": "record"}},
        ["vals_list"],
        _IDS,
    ),
    "write": ({"ids": _IDS, "vals": "record"}, ["ids", "vals"], {"type": "boolean"}),
    "action_archive": ({"ids": _IDS}, ["ids"], {}),
    "action_unarchive": ({"ids": _IDS}, ["ids"], {}),
    "unlink": ({"ids": _IDS}, ["ids"], {"type": "boolean"}),
}

_OF_ARCHIVABLE = {"action_archive", "action_unarchive"}

_EMPTY = {"const": False}
#: What fields of a type are in JSON, by its name in the document. A field without a
#: value is read as false.
_TYPES = {
    "Text": ({"anyOf": [_TEXT, _EMPTY]}, "char text html binary reference"),
    "Date": (
        {"anyOf": [{"type": "string", "format": "date"}, _EMPTY]},
        "date",
    ),
    "Datetime": (
        {
            "description": "In UTC, as 2026-11-30 08:15:00.",
            "anyOf": [_TEXT, _EMPTY],
        },
        "datetime",
    ),
    "Many2one": (
        {
            "description": "Read as id and name, written as id.",
            "anyOf": [{"type": "array", "minItems": 2, "maxItems": 2}, _WHOLE, _EMPTY],
        },
        "many2one",
    ),
    "X2many": (
        {
            "description": "Read as ids, written as commands.",
            "type": "array",
            "items": {"anyOf": [_WHOLE, {"type": "array"}]},
        },
        "one2many many2many",
    ),
}
_NAME_OF = {
    kind: name for name, (_schema, kinds) in _TYPES.items() for kind in kinds.split()
}
_NUMBERS = {"integer": "integer", "float": "number", "monetary": "number"}


class JSON2Description:
    """Operations and schemas of the models that scopes of one API open."""

    def __init__(self, env, endpoint, opened):
        """:param opened: ``{scope name: {model name: (operations, methods)}}``"""
        self.env = env
        self.endpoint = endpoint
        self.opened = opened
        self.models = sorted({model for scope in opened.values() for model in scope})
        self.has_fields = len(self.models) <= MODELS_WITH_FIELDS

    def operations(self):
        for model in self.models:
            for method, (arguments, needed, answer) in _METHODS.items():
                if method in _OF_ARCHIVABLE and not self.env[model]._active_name:
                    continue
                if scopes := self._scopes_opening(model, method):
                    body = self._body(model, arguments, needed)
                    answer = self._with_record(model, answer)
                    yield self._operation(model, method, scopes, body, answer)
            named = {
                name
                for scope in self.opened.values()
                for name in scope.get(model, ((), ()))[1]
            }
            for method in sorted(named):
                with suppress(AttributeError, AccessError):  # not there, or private
                    function = get_public_method(self.env[model], method)
                    scopes = self._scopes_opening(model, method)
                    body = self._body(model, *_arguments_of(function))
                    yield self._operation(model, method, scopes, body, {})

    def schemas(self):
        """:return: ``{name: schema}`` that the operations refer to"""
        if not self.models:
            return {}
        schemas = {
            "Domain": {
                "description": "Odoo's search domain, such as"
                ' [["name", "ilike", "a"]]; empty: all records.',
                "type": "array",
                "examples": [[]],
            }
        }
        if self.has_fields:
            schemas |= {name: schema for name, (schema, _kinds) in _TYPES.items()}
            schemas |= {model: self._record(model) for model in self.models}
        return schemas

    def _scopes_opening(self, model, method):
        """:return: the scopes each of which opens the call alone"""
        needed = SERVED_METHODS.get(method)
        found = []
        for name, scope in sorted(self.opened.items()):
            operations, methods = scope.get(model, ((), ()))
            if method in methods or (needed and needed <= set(operations)):
                found.append(frozenset([name]))
        return tuple(found)

    def _operation(self, model, method, scopes, body, answer):
        label = self.env[model]._description
        return Operation(
            path=f"/{self.endpoint}/json/2/{model}/{method}",
            method="POST",
            name=f"{model}.{method}",
            tag=model,
            summary=f"{label}: {method}",
            body=body,
            answer=answer,
            scopes=scopes,
        )

    def _body(self, model, arguments, needed):
        properties = {
            name: self._with_record(model, schema) for name, schema in arguments.items()
        }
        properties["context"] = {"type": "object"}
        return {"type": "object", "properties": properties, "required": needed}

    def _with_record(self, model, schema):
        """:return: a schema in which the model's fields stand for "record" """
        if schema == "record":
            name = {"$ref": f"#/components/schemas/{model}"}
            return name if self.has_fields else {"type": "object"}
        if isinstance(schema, dict) and "items" in schema:
            return {**schema, "items": self._with_record(model, schema["items"])}
        return schema

    def _record(self, model):
        """Fields for some groups alone are left out: readers have none."""
        fields = {
            name: _schema_of(field)
            for name, field in sorted(self.env[model]._fields.items())
            if not field.groups
        }
        label = self.env[model]._description
        return {"type": "object", "description": label, "properties": fields}


def _schema_of(field):
    schema = {"description": field.string}
    if field.type in _NAME_OF:
        schema["$ref"] = f"#/components/schemas/{_NAME_OF[field.type]}"
    elif field.type in _NUMBERS:
        schema["type"] = _NUMBERS[field.type]
    elif field.type == "boolean":
        schema["type"] = "boolean"
    elif field.type == "selection" and isinstance(field.selection, list):
        schema["enum"] = [*(value for value, _label in field.selection), False]
    if field.relational:
        schema["description"] += f" ({field.comodel_name})"
    if field.readonly:
        schema["readOnly"] = True
    return schema


def _arguments_of(function):
    """:return: ``(arguments of a method by name, names of those needed)``"""
    _self, *parameters = inspect.signature(function).parameters.values()
    named = [p for p in parameters if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]
    arguments = {p.name: {} for p in named}
    needed = [p.name for p in named if p.default is p.empty]
    if not hasattr(function, "_api_model"):
        arguments, needed = {"ids": _IDS, **arguments}, ["ids", *needed]
    return arguments, needed

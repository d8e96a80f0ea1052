"""Which models, besides its own, a JSON-2 call reaches through its arguments.

A scope opens models. Domains, field paths, read specifications and x2many commands lead
from the called model to others; each of those must be open too, for what is done there.
What is read of a record includes the ids and the display names behind its relational
fields, as Odoo itself shows them: these alone need nothing more.
"""

from .json2_methods import (
    ARGUMENTS,
    ARGUMENTS_OF_METHOD,
    CONTEXT_KEYS,
    TEXT_OPERATORS,
    WRITTEN_BY_METHOD,
)
from .json2_paths import (
    MAX_DEPTH,
    SHOWN_ANYWAY,
    UnknownShape,
    of_domain,
    of_export,
    of_paths,
)
from .json2_values import copied_along, of_import, of_values

_DEFAULT = "default_"


def reached(model, method_name, arguments, context):
    """Follow the arguments of a call to an ORM method.

    :param model: recordset of the called model, in the caller's environment
    :param str method_name: of ``CLASSED_METHODS``
    :param dict arguments: by name, without ``ids`` and ``context``
    :param context: the call's own context, a mapping
    :return: set of ``(model name, operation)``
    :raises UnknownShape: for an argument that cannot be followed
    """
    found = set()
    if method_name == "web_resequence":
        arguments = {"field_name": "sequence", **arguments}
    for name, value in arguments.items():
        found |= _of_argument(model, method_name, name, value)
    if attribute := WRITTEN_BY_METHOD.get(method_name):
        found |= of_values(model, {getattr(model, attribute): True})
    if method_name in ("copy", "copy_data"):
        kinds = {"read", "create"} if method_name == "copy" else {"read"}
        found |= {(other, kind) for other in copied_along(model) for kind in kinds}
    return found | _of_defaults(model, context)


def check_context(model, context, defaults=False):
    """Refuse a context that would make the call do or tell something else.

    :param context: a mapping
    :param bool defaults: whether ``default_…`` may be in it
    :raises UnknownShape: for a key that is not known to be harmless
    """
    if not isinstance(context, dict):
        raise UnknownShape("context")
    for key, value in context.items():
        if defaults and key.startswith(_DEFAULT):
            continue
        if key not in CONTEXT_KEYS or (key == "uid" and value != model.env.uid):
            raise UnknownShape("context")


def _of_defaults(model, context):
    """``default_…`` puts a value into whatever is created, here or further on."""
    check_context(model, context, defaults=True)
    found = set()
    for key, value in context.items():
        if not key.startswith(_DEFAULT):
            continue
        name = key.removeprefix(_DEFAULT).partition(".")[0]
        if name not in model._fields or isinstance(value, (list, dict)):
            raise UnknownShape("context")
        if model._fields[name].type not in ("one2many", "many2many", "properties"):
            found |= of_values(model, {name: value})
    return found


def _of_argument(model, method_name, name, value):
    if name not in ARGUMENTS:
        raise UnknownShape(name)
    shape = ARGUMENTS_OF_METHOD.get((method_name, name), ARGUMENTS[name])
    return _SHAPES[shape](model, value) if shape else set()


def _of_values_list(model, value):
    values_list = value if isinstance(value, list) else [value]
    if not all(isinstance(values, dict) for values in values_list):
        raise UnknownShape("vals")
    return set().union(*(of_values(model, values) for values in values_list))


def _of_written_field(model, name):
    if not isinstance(name, str):
        raise UnknownShape("field_name")
    return of_values(model, {name: 1})


def _of_operator(_model, value):
    if not isinstance(value, str) or value not in TEXT_OPERATORS:
        raise UnknownShape("operator")
    return set()


def _of_progress_bar(model, value):
    if not isinstance(value, dict):
        raise UnknownShape("progress_bar")
    return of_paths(model, value.get("field"))


def _of_opening(model, value, depth=0):
    """Groups to unfold, each with a domain and groups of its own."""
    if not value:
        return set()
    if not isinstance(value, list) or depth > MAX_DEPTH:
        raise UnknownShape("opening_info")
    found = set()
    for group in value:
        if not isinstance(group, dict):
            raise UnknownShape("opening_info")
        found |= of_domain(model, group.get("progressbar_domain"))
        found |= _of_opening(model, group.get("groups"), depth + 1)
    return found


def _of_groups(model, value):
    """What to read of the records that are grouped by: ``{field: specification}``."""
    if not value:
        return set()
    if not isinstance(value, dict):
        raise UnknownShape("groupby_read_specification")
    return _of_specification(
        model, {name: {"fields": inner} for name, inner in value.items()}
    )


def _of_specification(model, value, depth=0):
    """What ``web_read`` is told to read, field by field, through relations."""
    if value is None:
        return set()
    if not isinstance(value, dict) or depth > MAX_DEPTH:
        raise UnknownShape("specification")
    found = set()
    for name, wanted in value.items():
        field = model._fields.get(name)
        if not wanted or field is None:
            continue
        inner = _inner_specification(wanted)
        check_context(model, wanted.get("context") or {})
        beyond_names = inner.keys() - SHOWN_ANYWAY
        if field.relational:
            other = model.env[field.comodel_name]
            order = wanted.get("order")
            if order or beyond_names:
                found.add((other._name, "read"))
                found |= of_paths(other, order)
                found |= _of_specification(other, inner, depth + 1)
        elif field.type == "properties":
            names = [_inner_specification(w).keys() for w in inner.values()]
            beyond_names = set().union(*names) - SHOWN_ANYWAY
        if beyond_names and not field.relational:
            raise UnknownShape("specification")  # a model that only the data knows
    return found


def _inner_specification(wanted):
    """:return: what to read of the records behind a field, by field"""
    inner = (wanted.get("fields") or {}) if isinstance(wanted, dict) else None
    if not isinstance(inner, dict):
        raise UnknownShape("specification")
    return inner


_SHAPES = {
    "default": of_values,
    "domain": of_domain,
    "export": of_export,
    "groups": _of_groups,
    "import": of_import,
    "opening": _of_opening,
    "operator": _of_operator,
    "paths": of_paths,
    "progress": _of_progress_bar,
    "specification": _of_specification,
    "values": _of_values_list,
    "written": _of_written_field,
}

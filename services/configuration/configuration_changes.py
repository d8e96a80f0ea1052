"""What administrators changed, in words of the audit log: English, and no secret.

- Of switches, choices, numbers, days and links to other records the values are told; of
  texts never, because they may be secret.
- What is of one company is not named where administrators of others read it.
- A setting that is stored for the first time with its default is no change.
"""

from typing import NamedTuple

#: Fields of these types say what was chosen, and can hold no secret.
_TOLD = ("boolean", "integer", "selection", "date", "datetime")
_MAX_NAMES = 20


def kind_of(env, model_name):
    """:return: what kind of record was configured, for the reader"""
    kinds = {
        "ir.config_parameter": env._("Setting"),
        "oauth2.api": env._("API"),
        "oauth2.client": env._("Client"),
        "oauth2.key.rotation": env._("Encryption key"),
        "oauth2.provider": env._("Provider"),
        "oauth2.scope": env._("Scope"),
        "oauth2.scope.line": env._("Scope"),
        "res.users": env._("User"),
    }
    return kinds.get(model_name, model_name)


def snapshot(record, names):
    """:return: ``{field name: value}``, relations as tuples of ids"""
    record.ensure_one()
    record = record.sudo().with_context(active_test=False)
    relations = {name for name in names if record._fields[name].relational}
    values = {
        name: tuple(record[name].ids) if name in relations else record[name]
        for name in names
    }
    # The user would find in the cache what is another company's.
    record.invalidate_recordset(relations)
    return values


def describe(record, before, after):
    """:param dict before: of :func:`snapshot`
    :param dict after: likewise
    :return: what differs, ``""`` for nothing
    """
    record = record.sudo().with_context(lang=None, active_test=False)
    changed = [name for name in sorted(after) if before[name] != after[name]]
    return "; ".join(
        _describe(record, record._fields[name], before[name], after[name])
        for name in changed
    )


def _describe(record, field, old, new):
    if field.relational:
        found = _difference(record, record.env[field.comodel_name], old, new)
        return f"{field.string}: {found}"
    if field.type not in _TOLD:
        return f"{field.string} changed"
    return f"{field.string}: {_word(record, field, old)} → {_word(record, field, new)}"


def _word(record, field, value):
    if field.type == "boolean":
        return "yes" if value else "no"
    if field.type == "selection":
        value = dict(field._description_selection(record.env)).get(value, value)
    if field.name.endswith("_lifetime"):
        return _duration(value)
    return "none" if value is False or value is None else str(value)


def _duration(seconds):
    units = {"days": 24 * 3600, "hours": 3600, "minutes": 60, "seconds": 1}
    unit = next(name for name, length in units.items() if not seconds % length)
    count = seconds // units[unit]
    return f"{count} {unit if count != 1 else unit[:-1]}"


def _difference(record, model, old, new):
    parts = []
    for word, ids in (("added", set(new) - set(old)), ("removed", set(old) - set(new))):
        if ids:
            found = model.browse(sorted(ids)[:_MAX_NAMES]).exists()
            hidden = _of_one_company(record, found)
            names = [each.display_name or "?" for each in found - hidden]
            names += ["a client of one company"] * len(hidden)
            names += [f"{len(ids) - len(found)} more"] * (len(ids) > len(found))
            parts.append(f"{word} {', '.join(names)}")
    return "; ".join(parts) or "another order"


def _of_one_company(record, linked):
    """:return: those that not all see who read of a change of the record"""
    if linked._name != "oauth2.client" or record.company_id:
        return linked.browse()
    return linked.filtered("company_id")


class Opened(NamedTuple):
    """What a scope line opens."""

    scope: str  # its name
    model: str  # its English name
    what: dict  # ``{kind of call or method: word}``
    key: tuple  # of ids: the line was moved where they differ


def opened(line):
    """:param line: an ``oauth2.scope.line``
    :return: :class:`Opened`, which stays as it is when the line changes
    """
    line = line.sudo().with_context(lang=None)
    words = {
        "read": "reading",
        "create": "creating",
        "write": "changing",
        "unlink": "deleting",
    }
    told = {kind: word for kind, word in words.items() if kind in line._operations()}
    told |= {name: f"calling {name}" for name in line._methods()}
    scope, model = line.scope_id, line.model_id
    return Opened(scope.name, model.name, told, (scope.id, model.id))


def describe_line(before, after):
    """What a scope line opens, before and after a change: of :func:`opened`, ``None``
    where there is no line.

    :return: ``"Contact opened for reading"``, ``""`` for no change
    """
    if before is None:
        return _told_opened(after)
    if after is None:
        return _told_closed(before)
    if before.key != after.key:
        is_same = before.key[0] == after.key[0]
        where = "" if is_same else f" in {before.scope}"
        return f"{_told_closed(before, where)}; {_told_opened(after)}"
    gained = [word for what, word in after.what.items() if what not in before.what]
    lost = [word for what, word in before.what.items() if what not in after.what]
    parts = [f"opened for {_and(gained)}"] * bool(gained)
    parts += [f"no longer for {_and(lost)}"] * bool(lost)
    return f"{after.model} {', '.join(parts)}" if parts else ""


def _told_opened(line):
    return f"{line.model} opened for {_and(line.what.values())}"


def _told_closed(line, where=""):
    words = _and(line.what.values())
    return f"{line.model} closed{where}, which was opened for {words}"


def _and(words):
    return ", ".join(words) or "nothing"


def setting(parameter):
    """:param parameter: an ``ir.config_parameter``
    :return: the number that counts with it; ``None`` where it is of no number among the
        settings
    """
    text = parameter.value
    is_number = text and text.isascii() and text.isdigit()
    default = default_of(parameter)
    return int(text) if is_number and default is not None else default


def default_of(parameter):
    """:return: the number that counts where the parameter is not stored, or ``None``"""
    settings = parameter.env["res.config.settings"]
    field = _field_of(parameter)
    return field.default(settings) if field and field.type == "integer" else None


def describe_setting(parameter, old, new):
    """:return: what a change of the number means"""
    return f"{_field_of(parameter).string}: {old} → {new}"


def _field_of(parameter):
    fields = parameter.env["res.config.settings"]._fields.values()
    for field in fields:
        if getattr(field, "config_parameter", None) == parameter.key:
            return field
    return None

"""The methods that JSON-2 serves by kind, the same on every model (Odoo 19.0).

A method that is not here does what its model's author had in mind: a scope line must
name it. An argument that is not here cannot be followed, and is refused.
"""

#: The operations, as Odoo's access rights name them
OPERATIONS = ("read", "create", "write", "unlink")

#: {method: the operations that it needs on its model}
SERVED_METHODS = {
    "default_get": {"read"},
    "fields_get": {"read"},
    "formatted_read_group": {"read"},
    "has_access": {"read"},
    "name_search": {"read"},
    "read": {"read"},
    "search": {"read"},
    "search_count": {"read"},
    "search_read": {"read"},
    "create": {"create"},
    "name_create": {"create"},
    "copy": {"read", "create"},
    "action_archive": {"write"},
    "action_unarchive": {"write"},
    "write": {"write"},
    "unlink": {"unlink"},
}

#: {argument of a served method: the shape in which it names fields, None: it names
#: none}; ``json2_reach`` follows each shape. ``values`` is what some models call
#: ``vals`` and ``vals_list``.
ARGUMENTS = {
    "domain": "domain",
    "having": "domain",
    "aggregates": "paths",
    "fields": "paths",
    "groupby": "paths",
    "order": "paths",
    "default": "default",
    "vals": "values",
    "vals_list": "values",
    "values": "values",
    "operator": "operator",
    "allfields": None,
    "attributes": None,
    "limit": None,
    "load": None,
    "name": None,
    "offset": None,
    "operation": None,
}

#: {method: attribute of a model that says which field the method writes}
WRITTEN_BY_METHOD = {
    "action_archive": "_active_name",
    "action_unarchive": "_active_name",
    "name_create": "_rec_name",
}

#: Operators that compare texts: ``name_search`` is given no other. "any" would search
#: other models where a model is named by a relation.
TEXT_OPERATORS = {
    f"{negation}{operator}"
    for operator in ("in", "like", "ilike", "=like", "=ilike")
    for negation in ("", "not ")
} | {"=", "!="}

#: Context keys that only say how to answer, or keep mails away. Others may make display
#: names tell more (show_email), or a method do something else.
CONTEXT_KEYS = {
    "active_test",
    "allowed_company_ids",
    "bin_size",
    "lang",
    "mail_create_nolog",
    "mail_create_nosubscribe",
    "mail_notrack",
    "tracking_disable",
    "tz",
    "uid",
}

#: x2many commands and what they do to the records behind the field.
COMMAND_OPERATIONS = {
    0: {"create"},
    1: {"write"},
    2: {"unlink"},
    # Linking and unlinking change the other record where the field is a one2many.
    3: {"write"},
    4: {"write"},
    5: {"write"},
    6: {"write"},
}

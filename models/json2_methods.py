"""The public methods of every model, by what they do (Odoo 19.0).

A method that is not here does whatever its model's author had in mind: a scope line
must name it. An argument that is not here cannot be followed, and is refused.
"""

#: {method: the operations that it needs on its model}
CLASSED_METHODS = {
    "check_access_rights": {"read"},
    "check_access_rule": {"read"},
    "check_field_access_rights": {"read"},
    "default_get": {"read"},
    "export_data": {"read"},
    "fields_get": {"read"},
    "formatted_read_group": {"read"},
    "formatted_read_grouping_sets": {"read"},
    "get_external_id": {"read"},
    "get_field_translations": {"read"},
    "get_metadata": {"read"},
    "has_access": {"read"},
    "is_transient": {"read"},
    "name_search": {"read"},
    "read": {"read"},
    "read_group": {"read"},
    "read_progress_bar": {"read"},
    "search": {"read"},
    "search_count": {"read"},
    "search_read": {"read"},
    "web_name_search": {"read"},
    "web_read": {"read"},
    "web_read_group": {"read"},
    "web_search_read": {"read"},
    "create": {"create"},
    "name_create": {"create"},
    "copy": {"read", "create"},
    "copy_data": {"read"},
    "load": {"create", "write"},
    # With or without ids it writes or creates, and reads what came of it.
    "web_save": {"read", "create", "write"},
    "web_save_multi": {"read", "write"},
    "action_archive": {"write"},
    "action_unarchive": {"write"},
    "toggle_active": {"write"},
    "update_field_translations": {"write"},
    "web_override_translations": {"write"},
    "web_resequence": {"read", "write"},
    "write": {"write"},
    "unlink": {"unlink"},
}

#: {argument of a classed method: the shape in which it names fields, None: it names
#: none}; ``json2_arguments`` follows each shape.
ARGUMENTS = {
    "domain": "domain",
    "having": "domain",
    "aggregates": "paths",
    "field_name": "paths",
    "field_names": "paths",
    "fields": "paths",
    "group_by": "paths",
    "groupby": "paths",
    "grouping_sets": "paths",
    "order": "paths",
    "orderby": "paths",
    "fields_to_export": "export",
    "specification": "specification",
    "unfold_read_specification": "specification",
    "groupby_read_specification": "groups",
    "opening_info": "opening",
    "progress_bar": "progress",
    "default": "default",
    "vals": "values",
    "vals_list": "values",
    "values": "values",
    "operator": "operator",
    "allfields": None,
    "attributes": None,
    "auto_unfold": None,
    "count_limit": None,
    "data": None,
    "langs": None,
    "lazy": None,
    "limit": None,
    "load": None,
    "name": None,
    "next_id": None,
    "offset": None,
    "operation": None,
    "raise_exception": None,
    "source_lang": None,
    "translations": None,
    "unfold_read_default_limit": None,
}

#: The same, where one method means another thing by a name.
ARGUMENTS_OF_METHOD = {
    ("load", "fields"): "import",
    ("update_field_translations", "field_name"): "written",
    ("web_resequence", "field_name"): "written",
}

#: {method: attribute of a model that says which field the method writes}
WRITTEN_BY_METHOD = {
    "action_archive": "_active_name",
    "action_unarchive": "_active_name",
    "name_create": "_rec_name",
    "toggle_active": "_active_name",
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

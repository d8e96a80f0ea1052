"""Which models say who users are, and what users and Odoo may do.

A line of a scope on one could make a Settings administrator of an application's owner.
"""

#: How their names begin.
_PREFIXES = (
    *("res.users", "res.groups", "res.config"),
    *("ir.", "base.", "auth.", "auth_", "oauth2."),
)


def is_administration(env, model_name):
    """:param str model_name: of an installed model
    :return: whether it decides who may do what, by itself or by what it is made of
    """
    # A parent by delegation is a part of the record, and so is its own.
    names = [model_name]
    for name in names:
        names += env[name]._inherits if name in env else ()
    return any(name.startswith(_PREFIXES) for name in names)

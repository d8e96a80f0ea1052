"""What a duplicate of a configuration record is called: names that are free.

It is configured as its original, and has no secret, token or grant, no switch that
widens trust, and of an API no client.
"""


def first_free(name, taken):
    """:return: the name, or the first of ``name-2``, … that is not taken"""
    free, number = name, 1
    while free in taken:
        number += 1
        free = f"{name}-{number}"
    return free


def free_text(record, field_name, domain=()):
    """:param record: the original
    :param domain: among which records a text is there once
    :return: a text of the field for its duplicate
    """
    records = record.sudo().with_context(active_test=False).search(list(domain))
    return first_free(f"{record[field_name]}-copy", records.mapped(field_name))

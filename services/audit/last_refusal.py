"""The last thing that went wrong with a record, as long as nothing went well since.

Any caller that knows a public client ID can be refused: its refusals are told apart.
"""

from datetime import timedelta

from odoo import fields

#: An older one explains nothing that is looked for now.
_SHOWN_FOR = timedelta(days=7)
_TELLING = ("refusal", "sign_in", "issue", "refresh")


def last_refusals(record, event_field):
    """A caller that proves nothing hides no refusal of one that does.

    :param record: what refusals are of; new ones have none
    :param str event_field: of ``oauth2.event``, which names such records by their id
    :return: the ``oauth2.event`` of a caller that is known, none where its latest call
        succeeded; that of a stranger, none where another call came since
    """
    events = record.env["oauth2.event"]  # such as the user may read
    if not (record_id := record._origin.id):
        return events, events
    domain = [
        (event_field, "=", record_id),
        ("kind", "in", _TELLING),
        ("create_date", ">", fields.Datetime.now() - _SHOWN_FOR),
    ]
    # In the order of an index, which ends with those days.
    latest = {"limit": 1, "order": "create_date desc, id desc"}
    event = events.search(domain, **latest)
    stranger = event.filtered("is_unproven")
    if stranger:
        event = events.search([*domain, ("is_unproven", "!=", True)], **latest)
    return event.filtered(lambda event: event.kind == "refusal"), stranger

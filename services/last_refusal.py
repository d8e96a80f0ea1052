"""The last thing that went wrong with a record, as long as nothing went well since."""

from datetime import timedelta

from odoo import fields

#: An older one explains nothing that is looked for now.
_SHOWN_FOR = timedelta(days=7)
_TELLING = ("refusal", "sign_in", "issue", "refresh")


def last_refusal(record, event_field):
    """:param record: what refusals are of; new ones have none
    :param str event_field: of ``oauth2.event``, which names such records by their id
    :return: the ``oauth2.event``, none where the latest call succeeded
    """
    events = record.env["oauth2.event"].sudo()
    if not (record_id := record._origin.id):
        return events
    domain = [
        (event_field, "=", record_id),
        ("kind", "in", _TELLING),
        ("create_date", ">", fields.Datetime.now() - _SHOWN_FOR),
    ]
    # In the order of an index, which ends with those days.
    latest = events.search(domain, limit=1, order="create_date desc, id desc")
    return latest.filtered(lambda event: event.kind == "refusal")

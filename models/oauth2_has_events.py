from odoo import api, fields, models

from ..services.audit.last_refusal import last_refusals

_ADMIN = "api_auth_oauth2.group_admin"


class OAuth2HasEvents(models.AbstractModel):
    """What the audit log tells of: its form shows what went wrong there last."""

    _name = "oauth2.has.events"
    _description = "OAuth2 Record With Events"

    #: field of ``oauth2.event`` that names such records by their id
    _event_field = None

    last_refusal_at = fields.Datetime(
        "Last Refused", compute="_compute_last_refusal", groups=_ADMIN
    )
    last_refusal_reason = fields.Char(
        "Why", compute="_compute_last_refusal", groups=_ADMIN
    )
    last_refusal_advice = fields.Char(
        "What to Do", compute="_compute_last_refusal", groups=_ADMIN
    )
    last_refusal_advice_url = fields.Char(
        "More About It", compute="_compute_last_refusal", groups=_ADMIN
    )

    last_unproven_at = fields.Datetime(
        "Unauthenticated Caller Refused", compute="_compute_last_refusal", groups=_ADMIN
    )
    last_unproven_refusal = fields.Char(
        "Why an Unauthenticated Caller Was Refused",
        compute="_compute_last_refusal",
        groups=_ADMIN,
        help="In Odoo's words alone: the caller may have made up what was sent.",
    )

    @api.depends_context("lang", "uid", "allowed_company_ids")
    def _compute_last_refusal(self):
        for record in self:
            event, stranger = last_refusals(record, self._event_field)
            record.last_refusal_at = event.create_date
            record.last_refusal_reason = event.reason or event.error
            record.last_refusal_advice = event.advice
            record.last_refusal_advice_url = event.advice_url
            record.last_unproven_at = stranger.create_date
            record.last_unproven_refusal = stranger._in_our_words()

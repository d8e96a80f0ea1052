from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError

from ..services.audit.refusal_causes import CAUSES, advice_address, advices
from ..services.configuration.configuration_changes import kind_of

RETENTION_PARAMETER = "api_auth_oauth2.event_retention_days"
RETENTION_DAYS = 365


class OAuth2Event(models.Model):
    """One line of the audit log: who did what, from where, and how it ended.

    It is only ever added to, by the code of this addon, and forgotten by the job when
    it is old. It keeps names beside references, so that it still explains what happened
    after a record is gone, and never a token, secret or identity. A reason may name a
    person by email or login.
    """

    _name = "oauth2.event"
    _description = "OAuth2 Event"
    _order = "id desc"
    _rec_name = "kind"
    _log_access = False
    _allow_sudo_commands = False

    create_date = fields.Datetime(
        "Time", required=True, readonly=True, default=fields.Datetime.now, index=True
    )
    kind = fields.Selection(
        [
            ("sign_in", "Signed in"),
            ("deny", "Denied by the user"),
            ("issue", "Tokens issued"),
            ("refresh", "Refreshed"),
            ("revoke", "Revoked"),
            ("refusal", "Refused"),
            ("end", "Ended"),
            ("access", "Access lost"),
            ("configure", "Configured"),
            ("given_up", "Given up"),
        ],
        required=True,
        readonly=True,
    )
    api_id = fields.Many2one("oauth2.api", "API", readonly=True, ondelete="set null")
    api_name = fields.Char("API Name", readonly=True)
    client_id = fields.Many2one("oauth2.client", readonly=True, ondelete="set null")
    client_name = fields.Char(readonly=True)
    provider_id = fields.Many2one(
        "oauth2.provider",
        readonly=True,
        ondelete="set null",
        help="Where the client's users signed in then. Empty for tokens that this Odoo"
        " issued itself.",
    )
    provider_name = fields.Char(readonly=True)
    user_id = fields.Many2one(
        "res.users",
        readonly=True,
        ondelete="set null",
        help="The user that the application acts as.",
    )
    user_login = fields.Char(readonly=True)
    actor_id = fields.Many2one(
        "res.users",
        "Done By",
        readonly=True,
        ondelete="set null",
        help="Who was signed in to Odoo when it happened. Empty where an application"
        " called.",
    )
    actor_login = fields.Char("Done By (Login)", readonly=True)
    client_user_ref = fields.Integer(
        "Client API User",
        readonly=True,
        aggregator=None,
        help="Its database id, kept after its end.",
    )
    record_model = fields.Char(
        "Configured Model", readonly=True, help="What kind of record was configured."
    )
    record_ref = fields.Integer(
        "Configured Record",
        readonly=True,
        aggregator=None,
        help="Its database id, kept after its end.",
    )
    record_name = fields.Char("Configured", readonly=True)
    changes = fields.Text(
        readonly=True,
        help="What was changed. Of switches, choices, numbers and links to records the"
        " values too; of texts never, because they may be secret.",
    )
    address = fields.Char("From Address", readonly=True)
    error = fields.Char(readonly=True, help="The error code that the caller received.")
    cause = fields.Selection(CAUSES, readonly=True, help="What kind of refusal it is.")
    reason = fields.Char(readonly=True, help="Why, for the administrator.")
    is_unproven = fields.Boolean(
        "Not Authenticated",
        readonly=True,
        help="The caller was not authenticated: what the line tells may be made up.",
    )
    reference = fields.Char(
        readonly=True,
        index="btree_not_null",
        help="What the page of a refusal shows, or the answer to an error of Odoo.",
    )
    summary = fields.Text(
        "What Happened",
        compute="_compute_summary",
        help="The reason, or what was configured.",
    )
    advice = fields.Char("What to Do", compute="_compute_advice")
    advice_url = fields.Char("More About It", compute="_compute_advice")

    @api.depends("kind")
    @api.depends_context("lang")
    def _compute_display_name(self):
        labels = dict(self._fields["kind"]._description_selection(self.env))
        for event in self:
            event.display_name = labels.get(event.kind)

    @api.depends("reason", "record_model", "record_name", "changes")
    def _compute_summary(self):
        kinds = {}
        for event in self:
            event.summary = event.reason
            if name := event.record_model:
                if name not in kinds:
                    kinds[name] = kind_of(self.env, name)
                event.summary = f"{kinds[name]} {event.record_name}: {event.changes}"

    @api.depends("cause")
    @api.depends_context("lang")
    def _compute_advice(self):
        told = advices(self.env)
        for event in self:
            event.advice = told.get(event.cause, False)
            event.advice_url = advice_address(event.cause)

    def _in_our_words(self):
        """:return: what kind of refusal it is and what to do, without anything that a
        caller sent; ``False`` for none
        """
        if not self.cause:
            return self.error or False
        causes = dict(self._fields["cause"]._description_selection(self.env))
        return f"{causes[self.cause]}: {self.advice}"

    @api.model_create_multi
    def create(self, vals_list):
        """Only ``services/audit/audit.py`` adds lines, whatever access rights are set.

        :raises AccessError: for every call over RPC
        """
        if not self.env.su:
            self._refuse()
        return super().create(vals_list)

    def write(self, vals):
        """:raises AccessError: for any line, for the superuser too"""
        if self:
            self._refuse()
        return super().write(vals)

    def unlink(self):
        """:raises AccessError: for any line; the job forgets old ones by SQL"""
        if self:
            self._refuse()
        return super().unlink()

    def _refuse(self):
        raise AccessError(
            self.env._("Lines of the audit log cannot be changed or deleted.")
        )

    @api.model
    def _retention(self):
        """:return: how long a line is kept, a ``timedelta``"""
        kept = self.env["ir.config_parameter"].sudo().get_param(RETENTION_PARAMETER)
        days = int(kept) if kept and kept.isascii() and kept.isdigit() else 0
        return timedelta(days=min(days or RETENTION_DAYS, 36500))

from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.tools import SQL
from odoo.tools.sql import table_columns

from . import unproven_refusals
from .request_memory import remote_address
from .transactions import behind, take_next

RETENTION_PARAMETER = "api_auth_oauth2.event_retention_days"
RETENTION_DAYS = 365


class OAuth2Event(models.Model):
    """One line of the audit log: who did what, from where, and how it ended.

    It is only ever added to, by the code of this addon, and forgotten by the job when
    it is old. It keeps names beside references, so that it still explains what happened
    after a record is gone, and never a token, secret or identity.
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
    user_id = fields.Many2one(
        "res.users",
        readonly=True,
        ondelete="set null",
        help="As whom the application acts.",
    )
    user_login = fields.Char(readonly=True)
    actor_id = fields.Many2one(
        "res.users",
        "Done By",
        readonly=True,
        ondelete="set null",
        help="Who was signed in to Odoo when it happened. Nobody, where an application"
        " called.",
    )
    actor_login = fields.Char("Done By (Login)", readonly=True)
    client_user_ref = fields.Integer(
        "Client API User", readonly=True, help="Its database id, kept after its end."
    )
    record_model = fields.Char(
        "Configured Model", readonly=True, help="What kind of record was configured."
    )
    record_ref = fields.Integer(
        "Configured Record", readonly=True, help="Its database id, kept after its end."
    )
    record_name = fields.Char("Configured", readonly=True)
    changes = fields.Text(
        readonly=True,
        help="The fields that were changed. Of switches, choices and numbers the values"
        " too; of texts never, because they may be secret.",
    )
    address = fields.Char("From Address", readonly=True)
    error = fields.Char(readonly=True, help="The error code that the caller received.")
    reason = fields.Char(readonly=True, help="Why, for the administrator.")

    @api.model_create_multi
    def create(self, vals_list):
        """Only :meth:`_record` adds lines, whatever access rights somebody has set.

        :raises AccessError: for whoever comes over RPC
        """
        if not self.env.su:
            self._refuse()
        return super().create(vals_list)

    def write(self, vals):  # pylint: disable=method-required-super
        """:raises AccessError: always, for the superuser too"""
        self._refuse()

    def unlink(self):  # pylint: disable=method-required-super
        """:raises AccessError: always; the job forgets old lines without the ORM"""
        self._refuse()

    def _refuse(self):
        raise AccessError(self.env._("The audit log is only ever added to."))

    @api.model
    def _record(self, kind, **line):
        """Add a line.

        :param str kind: a value of the field
        :param line: as of :meth:`_record_all`
        """
        return self._record_all(kind, [line])

    @api.model
    def _record_all(self, kind, lines):
        """Add lines of one kind.

        :param str kind: a value of the field
        :param lines: a dict for each: ``oauth2_api``, ``client`` and ``user`` (as whom
            the application acts) are records or nothing; further fields, ``user_login``
            where it need not be read
        """
        actor = self.env.user
        if actor._is_public():
            actor = actor.browse()
        who = {
            "kind": kind,
            "address": remote_address(),
            "actor_id": actor.id,
            "actor_login": actor.login,
        }
        return self.sudo().create([who | self._line(**line) for line in lines])

    @api.model
    def _line(
        self, *, oauth2_api=None, client=None, user=None, user_login=None, **values
    ):
        return {
            "api_id": oauth2_api.id if oauth2_api else False,
            "api_name": oauth2_api.name if oauth2_api else False,
            "client_id": client.id if client else False,
            "client_name": client.name if client else False,
            "user_id": user.id if user else False,
            "user_login": user_login or (user.login if user else False),
            **values,
        }

    @api.model
    def _record_in_any_version(self, kind, reason):
        """Add a line, also to a table of an earlier version, which lacks columns.

        :param str kind: a value of the field
        :param str reason: why, for the administrator
        """
        values = {
            "create_date": fields.Datetime.now(),
            "kind": kind,
            "reason": reason,
            "actor_id": self.env.user.id,
            "actor_login": self.env.user.login,
        }
        there = table_columns(self.env.cr, self._table)
        values = {name: value for name, value in values.items() if name in there}
        if values:
            self.env.cr.execute(
                SQL(
                    "INSERT INTO %s (%s) VALUES %s",
                    SQL.identifier(self._table),
                    SQL(", ").join(map(SQL.identifier, values)),
                    tuple(values.values()),
                )
            )

    @api.model
    def _record_unproven(self, refusal, named=None):
        """Tell of the refusal of a caller who has proven nothing, but not of each.

        :param refusal: the ``OAuth2Error`` that this caller received
        :param dict named: the ``oauth2_api`` and ``client`` that it named, both known,
            and whose grant, if it named one
        """
        # A read-only call leaves its number to the next one that may write.
        may_tell, db = not self.env.cr.readonly, self.env.cr.dbname
        reason = refusal.reason or refusal.description
        if named and unproven_refusals.of_clients.is_due(
            (db, named["client"].id, named.get("client_user_ref"), reason)
        ):
            reason += "; nothing was proven, and for an hour the like is only counted"
            self._record("refusal", error=refusal.error, reason=reason, **named)
        elif summary := unproven_refusals.count(db, refusal.error, may_tell):
            self._record("refusal", reason=summary, address=False)

    @api.model
    def _record_refused_call(self, error, reason, grant=None):
        """Add a line for refused calls of protected routes.

        :param str error: the error code of the refusal
        :param grant: the ``TokenContext`` of the token, or nothing
        """
        values = {"error": error, "reason": reason}
        if grant:
            values |= {
                "oauth2_api": self.env["oauth2.api"].browse(grant.api_id),
                "client": self.env["oauth2.client"].browse(grant.client_id),
                "user": self.env["res.users"].browse(grant.user_id),
                "client_user_ref": grant.client_user_id,
            }
        else:
            values |= {"error": False, "address": False}  # of many callers
        # Nobody's own doing in Odoo, although the log's superuser writes it.
        self._record("refusal", actor_id=False, actor_login=False, **values)

    @api.model
    def _retention(self):
        """:return: how long a line is kept, a ``timedelta``"""
        kept = self.env["ir.config_parameter"].sudo().get_param(RETENTION_PARAMETER)
        days = int(kept) if kept and kept.isascii() and kept.isdigit() else 0
        return timedelta(days=min(days or RETENTION_DAYS, 36500))

    @api.model
    def _clean_up(self, limit, after=None):
        """Forget lines that are older than the setting says.

        :param int limit: lines at most
        :param after: where the batch before ended
        :return: ``(how many were forgotten, where the batch ended)``
        """
        forgotten, place = take_next(
            self.env,
            SQL(
                """
                WITH old AS MATERIALIZED (
                    SELECT create_date, id FROM oauth2_event
                     WHERE %s AND create_date < %s
                     ORDER BY create_date, id LIMIT %s FOR UPDATE SKIP LOCKED)
                DELETE FROM oauth2_event USING old WHERE oauth2_event.id = old.id
                RETURNING old.create_date, old.id
                """,
                behind(after, "create_date", "id"),
                fields.Datetime.now() - self._retention(),
                limit,
            ),
            limit,
        )
        return len(forgotten), place

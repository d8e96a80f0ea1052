"""Administrators are told that a client's secret is about to end.

- 30 and 7 days before its last day; after that day, too, where no job has run before.
- Each once: what was told is kept with the secret's day, and stored together with the
  activities. A new secret, or another day, has them told again.
- An activity for each user who may give the client another secret, and belongs to its
  company if it has one; Odoo itself sends the mail of an activity, after the commit.
- Who has given it another secret need not tick them off: they go with the day.
"""

from datetime import timedelta

from odoo import fields
from odoo.fields import Domain
from odoo.tools import format_date

from ..audit.audit import Audit

ACTIVITY_TYPE = "api_auth_oauth2.mail_activity_type_secret_ends"
FIRST, LAST = 30, 7  # days before
_NONE = 0
_OUR_GROUP, _SETTINGS = "api_auth_oauth2.group_admin", "base.group_system"


class SecretNotices:
    def __init__(self, env):
        self.env = env(su=True)

    def due(self):
        """:return: the ``Domain`` of clients of which there is something to tell"""
        today = fields.Date.today()
        has_secret = Domain("client_secret_encrypted", "!=", False) | Domain(
            "secret_digest", "!=", False
        )
        first = Domain("secret_notice_days", "=", _NONE) & Domain(
            "secret_expires_on", "<=", today + timedelta(days=FIRST)
        )
        last = Domain("secret_notice_days", "!=", LAST) & Domain(
            "secret_expires_on", "<=", today + timedelta(days=LAST)
        )
        return has_secret & (first | last)

    def tell(self, clients):
        """Tell of each of these, and remember that."""
        today = fields.Date.today()
        for client in clients:
            left = (client.secret_expires_on - today).days
            self.withdraw(client)
            users = self._responsible(client)
            for user in users:
                self._schedule(client, user)
            client.secret_notice_days = LAST if left <= LAST else FIRST
            Audit(self.env).record_configuration(
                client,
                f"told {len(users)} administrators: the secret's last day is"
                f" {client.secret_expires_on}",
                name=client.name,
                client=client,
            )

    def warning(self, client):
        """:return: what its form says of its last day, ``False`` where all is well"""
        day, today = client.secret_expires_on, fields.Date.today()
        if not day or not client.has_client_secret:
            return False
        if day > today + timedelta(days=FIRST):
            return False
        shown = format_date(client.env, day)
        if day >= today:
            return client.env._("The secret's last day is %s.", shown)
        if client.provider_id:
            return client.env._("The provider's secret ended on %s.", shown)
        return client.env._("The secret ended on %s: it is refused.", shown)

    def withdraw(self, clients):
        """There is nothing more to do for these."""
        clients.sudo().activity_unlink([ACTIVITY_TYPE])

    def _responsible(self, client):
        group = _SETTINGS if client.provider_id else _OUR_GROUP
        users = self.env.ref(group).all_user_ids
        return users.filtered(
            lambda user: (
                user.active
                and not user._is_superuser()
                and client.company_id <= user.company_ids
            )
        )

    def _schedule(self, client, user):
        client = client.with_context(lang=user.lang)
        if client.provider_id:
            note = client.env._(
                "Ask its provider for a new secret and type it into the client's form:"
                " from this day's end on, sign-ins and refreshes may fail."
            )
        else:
            note = client.env._(
                "Make a new secret in the client's form and give it to the application:"
                " after this day it is refused."
            )
        client.activity_schedule(
            ACTIVITY_TYPE,
            date_deadline=client.secret_expires_on,
            summary=client.env._("The client's secret ends"),
            note=note,
            user_id=user.id,
        )

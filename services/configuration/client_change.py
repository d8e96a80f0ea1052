"""A change of clients in a form or by a program: what it needs, and what it entails.

- What has a client be trusted more is a Settings administrator's to change.
- A confirmation is of one service user, and what one provider knows is not shown to
  another.
- What is taken away from a service user or a public client ends at once.
- Where a secret alone begins to act as a user, those that were made before end: our own
  administrators may know them.
"""

from odoo import fields
from odoo.exceptions import ValidationError

from ..authentication.client_secret import NONE, ClientSecrets
from ..authentication.secret_notices import SecretNotices
from .client_trust import ClientTrust


class ClientChange:
    def __init__(self, clients, vals):
        self.clients = clients
        self.env = clients.env
        self.vals = vals
        self.trust = ClientTrust(clients)
        self.unasked = set()  # before the change
        self.without_service = clients.browse()  # before it, too

    def begin(self):
        """:return: the values to write: what depends on the others is among them
        :raises AccessError: it is a Settings administrator's to make
        :raises ValidationError: the provider cannot change now
        """
        vals = self.trust.without_verification(self.vals)
        if vals.get("service_user_id"):
            vals = {"service_user_confirmed": False, **vals}
        self.trust.check_change(vals)
        if "provider_id" in vals:
            self._leave_provider(vals["provider_id"])
        if vals.get("client_secret"):  # the day was the former one's
            vals = {"secret_expires_on": False, **vals}
        if "secret_expires_on" in vals:
            vals = {**vals, "secret_notice_days": 0}
            SecretNotices(self.env).withdraw(self.clients)
        self.unasked = self.trust.unasked()
        self.without_service = self.clients.filtered(
            lambda client: not client.allows_client_credentials
        )
        return vals

    def end(self):
        """:raises AccessError: as :meth:`begin`, of what was unknown before"""
        if {"service_user_id", "allows_client_credentials"} & self.vals.keys():
            self._end_service_grants()
        self.trust.check_unasked(self.unasked)
        ended = self.without_service.filtered(
            lambda client: client.allows_client_credentials and not client.provider_id
        )
        if self.vals.get("client_type") == "public":
            ended = self.clients
        for client in ended:
            ClientSecrets(client).end_all()

    def _leave_provider(self, provider_id):
        changed = self.clients.filtered(lambda c: c.provider_id.id != provider_id)
        if changed and self._is_known_to_provider(changed):
            raise ValidationError(
                self.env._(
                    "The provider cannot change while grants exist, or sign-ins or"
                    " revocations with it are under way."
                )
            )
        changed.sudo().write({**NONE, "private_key_encrypted": False})

    def _is_known_to_provider(self, clients):
        undecided = [
            ("decided_at", "=", False),
            ("expires_at", ">", fields.Datetime.now()),
        ]
        known = {
            "oauth2.client.user": [],
            "oauth2.revocation": [("state", "=", "pending")],
            "oauth2.authorization.request": undecided,
        }
        of_these = ("client_id", "in", clients.ids)
        return any(
            self.env[name].sudo().search_count([of_these, *domain], limit=1)
            for name, domain in known.items()
        )

    def _end_service_grants(self):
        grants = self.env["oauth2.client.user"].sudo()
        of_these = [("client_id", "in", self.clients.ids), ("is_service", "=", True)]
        grants.search(of_these).filtered(
            lambda grant: (
                not grant.client_id.allows_client_credentials
                or grant.user_id != grant.client_id.service_user_id
            )
        ).unlink()

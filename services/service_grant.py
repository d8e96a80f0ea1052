"""The grant of a client that acts as its service user (RFC 6749 section 4.4).

There is one for each client, service user and set of scopes, whatever the number of its
tokens: the administrator agreed to it by naming the user, and nobody at a screen.
"""

from datetime import timedelta

import psycopg2.errors

from odoo import fields

from ..protocol import digests
from .audit import Audit
from .transactions import begin_read_committed, commit_now


class ServiceGrant:
    def __init__(self, env, client, scope_ids):
        """
        :param client: ``protocol.registered_client.RegisteredClient``
        :param scope_ids: sorted ids of the scopes that are asked for
        """
        self.env = env
        self.client = client
        self.scope_ids = scope_ids
        name = f"service user {client.service_user_id} {scope_ids}"
        self.identity_digest = digests.digest(name)

    def make(self):
        """Make the grant, or renew the one that ended; where another caller has just
        done so, nothing.
        """
        grants, client = self.env["oauth2.client.user"].sudo(), self.client
        now = fields.Datetime.now()
        lifetime = timedelta(seconds=client.authorization_lifetime)
        values = {
            "state": "active",
            "ended_by": False,
            "scope_ids": [(6, 0, self.scope_ids)],
            "authorized_at": now,
            "expires_at": now + lifetime,
        }
        begin_read_committed(self.env)
        grant = grants.search(
            [
                ("api_id", "=", client.api_id),
                ("client_id", "=", client.client_id),
                ("identity_digest", "=", self.identity_digest),
            ]
        )
        if grant:
            grant.write(values)
        else:
            oauth2_api = self.env["oauth2.api"].sudo().browse(client.api_id)
            try:
                with self.env.cr.savepoint():
                    grant = grants.create(
                        {
                            "api_id": client.api_id,
                            "client_id": client.client_id,
                            "user_id": client.service_user_id,
                            "issuer": oauth2_api._resource_identifier(),
                            "subject": client.client_identifier,
                            "identity_digest": self.identity_digest,
                            "is_service": True,
                            **values,
                        }
                    )
            except psycopg2.errors.UniqueViolation:
                commit_now(self.env)  # another caller's is there
                return
        Audit(self.env).record_of(grant, "sign_in", reason="as its service user")
        commit_now(self.env)

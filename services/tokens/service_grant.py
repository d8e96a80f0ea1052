"""The grant of a client that acts as its service user (RFC 6749 section 4.4).

There is one for each client, service user and set of scopes, whatever the number of its
tokens: the administrator agreed to it by naming the user, and no user is asked.
"""

from datetime import timedelta

from odoo import fields
from odoo.tools import SQL

from ...protocol import digests
from ...protocol.authorization_errors import UnauthorizedClient
from ..audit.audit import Audit
from ..authentication.registered_client import records_of
from ..server.transactions import begin_read_committed, commit_now


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
        #: Seconds that it must have left: those of a token, where an API's grants live
        #: long enough for that.
        self.least = min(
            client.access_token_lifetime, client.authorization_lifetime / 2
        )

    def make(self):
        """Make the grant, or renew the one that ended; where another caller has just
        done so, nothing. What an administrator took from its scopes stays away.

        :raises UnauthorizedClient: an administrator took away what it stands on
        """
        grants, client = self.env["oauth2.client.user"].sudo(), self.client
        begin_read_committed(self.env)
        self._wait_for_others()
        self._hold_client()
        grant = grants.search(
            [
                ("api_id", "=", client.api_id),
                ("client_id", "=", client.client_id),
                ("identity_digest", "=", self.identity_digest),
            ]
        )
        now = fields.Datetime.now()
        needed = now + timedelta(seconds=self.least)
        if grant.state == "active" and grant.expires_at > needed:
            commit_now(self.env)
            return
        values = {
            "state": "active",
            "ended_by": False,
            "authorized_at": now,
            "expires_at": now + timedelta(seconds=client.authorization_lifetime),
        }
        if grant:
            grant.write(values)
        else:
            oauth2_api, _record = records_of(self.env, client)
            grant = grants.create(
                {
                    "api_id": client.api_id,
                    "client_id": client.client_id,
                    "user_id": client.service_user_id,
                    "issuer": oauth2_api._resource_identifier(),
                    "subject": client.client_identifier,
                    "identity_digest": self.identity_digest,
                    "is_service": True,
                    "scope_ids": [(6, 0, self.scope_ids)],
                    **values,
                }
            )
        Audit(self.env).record_of(
            grant, "sign_in", reason="The client acts as its service user."
        )
        commit_now(self.env)

    def _wait_for_others(self):
        """Of the first callers, who come at once, one makes the grant."""
        name = f"oauth2 {self.client.api_id} {self.client.client_id}"
        lock = "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))"
        self.env.cr.execute(SQL(lock, f"{name} {self.identity_digest}"))

    def _hold_client(self):
        """What is remembered of the client may be older than its last change.

        Its row is written, so that a change at the same time is tried again, and finds
        the grant that it ends; a lock alone would let it go on without.
        """
        self.env.cr.execute(
            SQL(
                """
                UPDATE oauth2_client SET service_user_id = service_user_id
                 WHERE id = %s AND active AND allows_client_credentials
                   AND service_user_id = %s
                """,
                self.client.client_id,
                self.client.service_user_id,
            )
        )
        if not self.env.cr.rowcount:
            raise UnauthorizedClient(
                reason="The client's service user was just taken away.",
                cause="service_user",
            )

"""Ending grants here at once and for good, then at the provider (RFC 7009).

- The caller's proof is one that ends a grant: a current token, not a rotated one.
- The local tokens die, and the revocations are written to the outbox, in one commit:
  whatever comes, the tokens open nothing any more, and no revocation is lost.
- The provider is told then (`revocation_outbox.py`).
"""

from datetime import timedelta

from odoo import fields

from ..audit.audit import Audit
from ..authentication.client_authentication import ClientAuthentication
from ..server.request_context import run_once
from ..server.transactions import commit_now
from .grant_lock import GrantLock
from .revocation_outbox import RevocationOutbox

#: More than the calls of a request take: so long the job leaves its revocations alone.
_OUR_TURN = timedelta(minutes=5)


class Revocation:
    """Revokes grants: for their application, and for users and administrators."""

    def __init__(self, env):
        self.env = env
        self.outbox = RevocationOutbox(env)

    def revoke(self, oauth2_api, client, identity, credentials):
        """Revoke a grant here for good, then at the provider.

        :param oauth2_api: the API, active
        :param client: the client, active, on that API
        :param str identity: the ``client_user_identity``
        :param credentials: ``protocol.credentials.ClientCredentials``
        :return: whether the provider confirmed; this Odoo's own tokens are over
            wherever they were good
        :raises InvalidClient: no proof
        :raises InvalidGrant: no such grant
        """
        authentication = ClientAuthentication(self.env)

        def end_here():
            grant = authentication.authenticate(
                oauth2_api, client, identity, credentials, revokes=True
            )
            return self._end_locked(
                grant,
                lambda: authentication.match_token(grant, credentials, revokes=True),
            )

        ids = run_once(("revoke", identity), end_here)
        return self.outbox.send(ids) or not client.provider_id

    def end_now(self, grant):
        """Revoke a grant whose caller has proven it, here, then at the provider.

        :param grant: the client API user
        """
        ids = run_once(("revoke", grant.id), lambda: self._end_locked(grant))
        self.outbox.send(ids)

    def _end_locked(self, grant, check=None):
        """:param check: called once no other caller can change the grant
        :return: ids of the outbox's records, committed
        """
        GrantLock(self.env).lock(grant)
        if check:
            check()
        queued = self.outbox.queue(grant)
        queued.next_try_at = fields.Datetime.now() + _OUR_TURN
        grant.sudo().token_ids.unlink()  # so that `end` finds nothing more to queue
        grant.unlink()
        commit_now(self.env)
        return queued.ids

    def end(self, grants):
        """Tell the provider and the audit log of grants that are being deleted."""
        queued = self.outbox.queue(grants)
        for grant in grants.sudo():
            Audit(self.env).record_of(grant, "revoke", reason=grant._lost_answer())
        self.outbox.trigger(queued)

    def revoke_all(self, grants):
        """Revoke grants here; the job tells their providers.

        :return: sorted names of the providers that have to be told of these
        :raises AccessError: the user may not revoke them
        """
        grants.check_access("unlink")
        queued = self.outbox.queue(grants)
        self.outbox.trigger(queued)
        grants.sudo().token_ids.unlink()  # so that `end` finds nothing more to queue
        grants.unlink()
        return sorted(set(queued.client_id.provider_id.mapped("name")))

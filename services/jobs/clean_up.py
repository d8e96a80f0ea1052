"""The job that ends what has expired and forgets what is over.

- First what guards something: a run may end before the last of its chores.
- A batch is a transaction of its own and takes only rows that are not locked: killed at
  any point, the job loses one batch, which the next run takes up.
- A batch begins where the one before ended, by id: no index serves the job alone, for
  each would cost each call.
- An error in one chore, or in one record, keeps no other waiting.
"""

import logging
from datetime import timedelta

import psycopg2

from odoo import fields
from odoo.tools import SQL

from ..authentication.client_authentication import EXPIRED_TOKEN_PROOF, ROTATION_GRACE
from ..authentication.client_secret import ClientSecrets
from ..authentication.secret_notices import SecretNotices
from ..sign_in.pending_sign_in import PendingSignIn
from ..tokens.cached_token_response import is_over
from ..tokens.expiry import Expiry
from ..tokens.revocation_outbox import RevocationOutbox
from .batches import change_batch, fetch_batch, keyset_after, lock_batch

_logger = logging.getLogger(__name__)

# What a batch takes: two milliseconds of PostgreSQL for rows that are deleted there,
# some fifty of Odoo for records.
_ROWS = 200
_RECORDS = 100
_SIGN_INS = "oauth2.authorization.request"
#: How long a form still explains what ended a grant.
_KEEP_GRANTS = timedelta(days=30)
#: How long an identity that Odoo issued is remembered without a grant.
_KEEP_REQUESTS = timedelta(days=1)
_LEFT_THERE = (
    "its tokens were not revoked at the provider, as that might end another grant of"
    " the same account: they live until they expire"
)


class CleanUp:
    """One run of the job; each chore takes a batch and the place where it begins."""

    def __init__(self, env):
        self.env = env(su=True)
        self._failed = []  # chores and records

    def run(self, limit=None):
        """Do all chores, as far as the job's time allows.

        :param int limit: records in one batch, where not the usual
        :raises RuntimeError: some failed, after all have had their turn
        """
        chores = (
            (self.wipe_cached_token_responses, _ROWS),
            (self.abandon_sign_ins, _RECORDS),
            (self.end_grants, _RECORDS),
            (self.tell_of_secrets, _RECORDS),
            (self.forget_former_secrets, _RECORDS),
            # After their grants: else they could not be revoked at the provider.
            (self.forget_tokens, _ROWS),
            (self.forget_grants, _ROWS),
            (self.forget_sign_ins, _RECORDS),
            (self.forget_revocations, _RECORDS),
            (self.forget_events, _ROWS),
            (self.forget_call_counts, _ROWS),
        )
        for number, (chore, usual) in enumerate(chores, 1):
            try:
                if not self._do(chore, limit or usual, len(chores) - number):
                    break
            except Exception:  # whatever it is, the others need not wait for its mend
                self.env.cr.rollback()
                self._failed.append(chore.__name__)
                _logger.exception("Failed, unlike what follows it: %s", chore.__name__)
        if self._failed:  # so that it shows at the job
            raise RuntimeError(f"failed, see the log: {', '.join(self._failed)}")

    def _do(self, chore, limit, later):
        """Do all of a chore, batch by batch.

        :param int limit: records in a batch
        :param int later: how many chores follow
        :return: whether there is time left for them
        """
        place = None
        while True:
            done, place = chore(limit, place)
            # How much is left is not counted: a full batch says that something is.
            left = later + (place is not None)
            if not self.env["ir.cron"]._commit_progress(done, remaining=left):
                return False
            if place is None:
                return True

    def wipe_cached_token_responses(self, limit, after):
        """Wipe stored answers whose time is over."""
        return change_batch(
            self.env,
            "oauth2_client_user",
            SQL(
                "UPDATE oauth2_client_user SET cached_token_response = NULL FROM chosen"
            ),
            is_over(),
            limit,
            after,
        )

    def forget_tokens(self, limit, after):
        """Forget tokens that open and prove nothing any more, and that the provider
        need not be told of when their grant ends. An issued refresh token is kept as
        long as its grant, so that it is noticed when it is used twice. A service's
        token proves nothing: its client asks for another one with its secret.

        No refresh touches these, so that none waits for the lock on them.
        """
        now = fields.Datetime.now()
        return self._delete(
            "oauth2_token",
            SQL(
                "((rotated_at < %s AND (is_issued IS NOT TRUE OR kind = 'access'))"
                " OR expires_at < %s OR (expires_at < %s AND is_issued AND kind ="
                # Not joined: a batch looks at the grants of its rows alone.
                " 'access' AND (SELECT is_service FROM oauth2_client_user grants"
                " WHERE grants.id = client_user_id)))"
                " AND (revocable_until IS NULL OR revocable_until < %s)",
                now - ROTATION_GRACE,
                now - EXPIRED_TOKEN_PROOF,
                now,
                now,
            ),
            limit,
            after,
        )

    def forget_events(self, limit, after):
        """Forget lines of the audit log that are older than the setting says."""
        kept = self.env["oauth2.event"]._retention()
        over = SQL("create_date < %s", fields.Datetime.now() - kept)
        return self._delete("oauth2_event", over, limit, after)

    def forget_call_counts(self, limit, after):
        """Forget the calls of days of which the audit log has forgotten the events."""
        kept = self.env["oauth2.event"]._retention()
        over = SQL("day < %s", fields.Date.today() - kept)
        return self._delete("oauth2_call_count", over, limit, after)

    def end_grants(self, limit, after):
        """End the grants whose time is over, and those that ended from disuse.

        The latter hold no token that still opens or refreshes anything.
        """
        over, place = fetch_batch(
            self.env,
            SQL(
                """
                SELECT id FROM oauth2_client_user client_user
                 WHERE state = 'active' AND %s
                   AND (expires_at <= now() AT TIME ZONE 'UTC'
                        OR NOT EXISTS (
                            SELECT FROM oauth2_token token
                             WHERE token.client_user_id = client_user.id
                               AND token.expires_at > now() AT TIME ZONE 'UTC'
                               -- not one that is kept to be noticed
                               AND (rotated_at IS NULL OR is_issued IS NOT TRUE))
                        AND NOT EXISTS (  -- a code that may still be exchanged
                            SELECT FROM oauth2_authorization_request request
                             WHERE request.client_user_id = client_user.id
                               AND request.expires_at > now() AT TIME ZONE 'UTC'))
                 ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED
                """,
                keyset_after(after, "id"),
                limit,
            ),
            limit,
        )
        grants = self.env["oauth2.client.user"].browse(grant_id for (grant_id,) in over)
        # Some providers end all grants of a user with one revocation.
        left_there, now = grants._with_sibling(), fields.Datetime.now()

        def end(some):
            outbox, expiry = RevocationOutbox(self.env), Expiry(self.env)
            outbox.trigger(outbox.queue(some - left_there))
            too_old = some.filtered(lambda grant: grant.expires_at <= now)
            for ended, cause in ((too_old, "lifetime"), (some - too_old, "disuse")):
                expiry.end(ended - left_there, cause)
                expiry.end(ended & left_there, cause, _LEFT_THERE)

        self._try(end, grants)
        return len(over), place

    def forget_grants(self, limit, after):
        """Forget grants that ended long ago and that no caller can name: each
        authorization by a code makes one. The audit log has told of their end.
        """
        kept = min(self.env["oauth2.event"]._retention(), _KEEP_GRANTS)
        return self._delete(
            "oauth2_client_user",
            SQL(
                "state = 'expired' AND identity_display IS NULL AND write_date < %s"
                " AND NOT EXISTS (SELECT FROM oauth2_token"
                " WHERE client_user_id = oauth2_client_user.id)",
                fields.Datetime.now() - kept,
            ),
            limit,
            after,
        )

    def abandon_sign_ins(self, limit, after):
        """Revoke the tokens of sign-ins that were not decided upon in time."""
        domain = [
            ("expires_at", "<=", fields.Datetime.now()),
            ("decided_at", "=", False),
            ("used_at", "!=", False),
        ]
        pending = PendingSignIn(self.env)
        found, place = lock_batch(self.env[_SIGN_INS], domain, limit, after)

        def abandon(some):
            for sign_in in some:
                pending.abandon(sign_in)

        self._try(abandon, found)
        return len(found), place

    def tell_of_secrets(self, limit, after):
        """Tell administrators of secrets that are about to end."""
        notices = SecretNotices(self.env)
        found, place = lock_batch(
            self.env["oauth2.client"], notices.due(), limit, after
        )
        self._try(notices.tell, found)
        return len(found), place

    def forget_former_secrets(self, limit, after):
        """Forget former secrets whose hours are over."""
        domain = [("former_secret_ends_at", "<=", fields.Datetime.now())]
        clients = self.env["oauth2.client"].with_context(active_test=False)
        found, place = lock_batch(clients, domain, limit, after)

        def end(some):
            for client in some:
                ClientSecrets(client).end_former()

        self._try(end, found)
        return len(found), place

    def forget_sign_ins(self, limit, after):
        """Forget sign-ins that are long over."""
        domain = [
            ("expires_at", "<=", fields.Datetime.now() - _KEEP_REQUESTS),
            # Not before it is abandoned: its tokens must be revoked.
            "|",
            ("used_at", "=", False),
            ("decided_at", "!=", False),
        ]
        found, place = lock_batch(self.env[_SIGN_INS], domain, limit, after)
        found.unlink()
        return len(found), place

    def forget_revocations(self, limit, after):
        """Forget what was given up when the audit log forgets it."""
        kept = self.env["oauth2.event"]._retention()
        domain = [
            ("state", "=", "given_up"),
            ("write_date", "<", fields.Datetime.now() - kept),
        ]
        found, place = lock_batch(self.env["oauth2.revocation"], domain, limit, after)
        found.unlink()
        return len(found), place

    def _try(self, change, records):
        """Change records; where that fails, one by one, so that one keeps no other
        waiting.
        """
        try:
            with self.env.cr.savepoint():
                change(records)
            return
        except psycopg2.OperationalError:
            raise  # of the transaction, not of a record
        except Exception:  # whatever it is: the log has it
            if len(records) == 1:
                self._failed.append(str(records))
                _logger.exception("Not cleaned up: %s", records)
                return
        for record in records:
            self._try(change, record)

    def _delete(self, table, over, limit, after):
        statement = SQL("DELETE FROM %s USING chosen", SQL.identifier(table))
        return change_batch(self.env, table, statement, over, limit, after)

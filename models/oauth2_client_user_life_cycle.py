import logging

from odoo import api, models
from odoo.tools import SQL

from ..services.audit import Audit
from ..services.transactions import commit_now, fetch_batch, keyset_after, row_by_row

_logger = logging.getLogger(__name__)

# What a batch takes: two milliseconds of PostgreSQL for rows that are deleted there,
# some fifty of Odoo for records. Calls beside longer ones, or ones with pauses, are
# slower: whoever comes back from a pause goes first.
_ROWS = 200
_RECORDS = 100

_LEFT_THERE = (
    "its tokens were not revoked at the provider, as that might end another grant of"
    " the same account: they live until they expire"
)


class OAuth2ClientUser(models.Model):
    """The end of a grant by itself, and the job that forgets what is over."""

    _inherit = "oauth2.client.user"

    @api.model
    def _cron_clean_up(self, limit=None):
        """End what has lapsed, and forget what is over.

        Each batch is a transaction of its own, and takes only rows that nobody holds:
        killed at any point, it loses one batch, which the next run takes up. Within a
        run, a batch begins where the one before ended.

        :param int limit: records in one batch, where not the usual
        :raises RuntimeError: some failed, after all have had their turn
        """
        requests = self.env["oauth2.authorization.request"].sudo()
        tokens = self.env["oauth2.token"].sudo()
        # First what guards something: a run may end before the last of them.
        chores = (
            (self.sudo()._clean_up, _ROWS),
            (requests._discard_lapsed, _RECORDS),
            (self.sudo()._end_lapsed, _RECORDS),
            # After those to which they belong: else they could not be revoked.
            (tokens._forget_replaced, _ROWS),
            (tokens._forget_expired, _ROWS),
            (requests._clean_up, _RECORDS),
            (self.env["oauth2.revocation"].sudo()._clean_up, _RECORDS),
            (self.env["oauth2.event"].sudo()._clean_up, _ROWS),
        )
        failed = []
        for later, (chore, usual) in zip(
            reversed(range(len(chores))), chores, strict=True
        ):
            try:
                if not self._do(chore, limit or usual, later):
                    break
            except Exception:  # whatever it is, the others need not wait for its mend
                self.env.cr.rollback()
                failed.append(chore.__name__)
                _logger.exception("Failed, unlike what follows it: %s", chore.__name__)
        if failed:  # so that whoever looks at the job sees it
            raise RuntimeError(f"failed, see the log: {', '.join(failed)}")

    @api.model
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

    @api.model
    def _clean_up(self, limit, after=None):
        """Wipe answers that nobody may be given any more.

        :param int limit: grants at most
        :param after: where the batch before ended
        :return: ``(how many were wiped, where the batch ended)``
        """
        wiped, place = fetch_batch(
            self.env,
            # By id: an index on what each refresh changes would cost each refresh.
            SQL(
                """
                WITH answered AS MATERIALIZED (
                    SELECT id FROM oauth2_client_user
                     WHERE %s AND last_answer IS NOT NULL
                       AND last_refresh_at < now() AT TIME ZONE 'UTC'
                                             - interval '60 seconds'
                     ORDER BY id LIMIT %s FOR NO KEY UPDATE SKIP LOCKED)
                UPDATE oauth2_client_user grantee SET last_answer = NULL
                  FROM answered WHERE grantee.id = answered.id
                RETURNING grantee.id
                """,
                keyset_after(after, "id"),
                limit,
            ),
            limit,
        )
        return len(wiped), place

    @api.model
    def _end_lapsed(self, limit, after=None):
        """End the grants whose time is over, and those that nobody can use any more.

        The latter hold no token that still opens or refreshes anything: they lapsed
        from disuse.

        :param int limit: grants at most
        :param after: where the batch before ended
        :return: ``(how many were ended, where the batch ended)``
        """
        over, place = fetch_batch(
            self.env,
            # A subquery that PostgreSQL runs for one grant after another: it cannot
            # make a join of all grants with all tokens out of it, for each batch.
            SQL(
                """
                SELECT expires_at, id, expires_at <= now() AT TIME ZONE 'UTC'
                  FROM oauth2_client_user grantee
                 WHERE state = 'active' AND %s
                   AND (expires_at <= now() AT TIME ZONE 'UTC'
                        -- max() would be looked for from the end of all tokens
                        OR COALESCE((SELECT bool_and(token.expires_at
                                                     <= now() AT TIME ZONE 'UTC')
                                       FROM oauth2_token token
                                      WHERE token.client_user_id = grantee.id), true))
                 ORDER BY expires_at, id LIMIT %s FOR UPDATE SKIP LOCKED
                """,
                keyset_after(after, "expires_at", "id"),
                limit,
            ),
            limit,
        )
        if not over:
            return 0, None
        grants = self.sudo().browse(grant_id for _end, grant_id, _too_old in over)
        # Some providers end all grants of a user with one revocation.
        left_there = grants._with_sibling()
        revocations = (grants - left_there)._queue_revocations()
        too_old = grants.browse(grant_id for _end, grant_id, is_old in over if is_old)
        for ended, reason in (
            (too_old, "its authorization lifetime is over"),
            (grants - too_old, "nobody has refreshed it in time"),
        ):
            for some, why in (
                (ended - left_there, reason),
                (ended & left_there, f"{reason}; {_LEFT_THERE}"),
            ):
                if some:
                    some._drop_tokens(why)
        revocations._trigger()
        return len(over), place

    def _with_sibling(self):
        """:return: those whose account has another grant with this client, which is not
        one of these
        """
        # One after another, as in _end_lapsed.
        query = SQL(
            """
            SELECT id FROM oauth2_client_user grantee
             WHERE id IN %(ids)s AND COALESCE((
                   SELECT true FROM oauth2_client_user other
                    WHERE other.subject = grantee.subject
                      AND other.client_id = grantee.client_id
                      AND other.issuer = grantee.issuer
                      AND other.state = 'active' AND other.id NOT IN %(ids)s
                    LIMIT 1), false)
            """,
            ids=tuple(self.ids),
        )
        with row_by_row(self.env):
            self.env.cr.execute(query)
            found = self.env.cr.fetchall()
        return self.browse(grant_id for (grant_id,) in found)

    def _drop_tokens(self, reason):
        """These grants are over; what explains it stays.

        :param str reason: for the audit log
        """
        lines = []
        for grant in self.sudo():
            lost = grant._lost_answer()
            why = f"{reason}; {lost}" if lost else reason
            lines.append({**grant._parties(), "reason": why})
        self.sudo().token_ids.unlink()
        self.write({"state": "expired", **self._no_refresh_under_way()})
        Audit(self.env).record_all("end", lines)

    def _end(self):
        """The provider ended the grant: what it gave is dropped, and stays dropped."""
        self._drop_tokens("the provider ended it")
        commit_now(self.env)  # the refusal that follows rolls back

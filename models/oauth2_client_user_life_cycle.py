from odoo import api, models
from odoo.tools import SQL

from .oauth2_client_user_provider_refresh import lost_answer
from .transactions import commit_now, take_batch


class OAuth2ClientUser(models.Model):
    """The end of a grant by itself, and the job that forgets what is over."""

    _inherit = "oauth2.client.user"

    @api.model
    def _cron_clean_up(self, limit=100):
        """End what has lapsed, and forget what is over.

        Each batch is a transaction of its own, and takes only rows that nobody holds:
        killed at any point, it loses one batch, which the next run takes up.

        :param int limit: records in one batch
        """
        requests = self.env["oauth2.authorization.request"].sudo()
        chores = (
            self.sudo()._clean_up,
            self.env["oauth2.event"].sudo()._clean_up,
            self.env["oauth2.rate.limit"].sudo()._clean_up,
            self.env["oauth2.revocation"].sudo()._clean_up,
            requests._discard_lapsed,
            requests._clean_up,
            self.sudo()._end_lapsed,
            # After those to which they belong: else they could not be revoked.
            self.env["oauth2.token"].sudo()._clean_up,
        )
        for position, chore in enumerate(chores, 1):
            done = limit
            while done == limit:
                done = chore(limit)
                # How much is left is not counted: a full batch says that something is.
                left = len(chores) - position + (done == limit)
                if not self.env["ir.cron"]._commit_progress(done, remaining=left):
                    return

    @api.model
    def _clean_up(self, limit):
        """Wipe answers that nobody may be given any more.

        :param int limit: grants at most
        :return: how many were wiped
        """
        wiped = take_batch(
            self.env,
            SQL(
                """
                UPDATE oauth2_client_user SET last_answer = NULL WHERE id IN (
                    SELECT id FROM oauth2_client_user
                     WHERE last_answer IS NOT NULL
                       AND last_refresh_at < now() AT TIME ZONE 'UTC'
                                             - interval '60 seconds'
                     LIMIT %s FOR NO KEY UPDATE SKIP LOCKED)
                RETURNING id
                """,
                limit,
            ),
        )
        return len(wiped)

    @api.model
    def _end_lapsed(self, limit):
        """End the grants whose time is over, and those that nobody can use any more.

        The latter hold no token that still opens or refreshes anything: they lapsed
        from disuse.

        :param int limit: grants at most
        :return: how many were ended
        """
        over = take_batch(
            self.env,
            SQL(
                """
                SELECT id, expires_at <= now() AT TIME ZONE 'UTC'
                  FROM oauth2_client_user grantee
                 WHERE state = 'active'
                   AND (expires_at <= now() AT TIME ZONE 'UTC'
                        OR NOT EXISTS (
                            SELECT FROM oauth2_token token
                             WHERE token.client_user_id = grantee.id
                               AND token.expires_at > now() AT TIME ZONE 'UTC'))
                 LIMIT %s FOR UPDATE SKIP LOCKED
                """,
                limit,
            ),
        )
        revocations = self.env["oauth2.revocation"].sudo()
        for grant_id, is_too_old in over:
            grant = self.sudo().browse(grant_id)
            # Some providers end all grants of a user with one revocation.
            if not grant._has_sibling():
                revocations += grant._queue_revocations()
            reason = "nobody has refreshed it in time"
            if is_too_old:
                reason = "its authorization lifetime is over"
            grant._drop_tokens(reason)
        revocations._trigger()
        return len(over)

    def _has_sibling(self):
        """:return: whether the same account has another grant with this client"""
        return bool(
            self.sudo().search_count(
                [
                    ("id", "!=", self.id),
                    ("client_id", "=", self.client_id.id),
                    ("issuer", "=", self.issuer),
                    ("subject", "=", self.subject),
                    ("state", "=", "active"),
                ],
                limit=1,
            )
        )

    def _drop_tokens(self, reason):
        """The grant is over; what explains it stays.

        :param str reason: for the audit log
        """
        if lost := not self.sudo().received_answer and self.refresh_began_at:
            reason = f"{reason}; {lost_answer(lost)}"
        self.sudo().token_ids.unlink()
        self.write({"state": "expired", **self._no_refresh_under_way()})
        self._record_event("end", reason=reason)

    def _end(self):
        """The provider ended the grant: what it gave is dropped, and stays dropped."""
        self._drop_tokens("the provider ended it")
        commit_now(self.env)  # the refusal that follows rolls back

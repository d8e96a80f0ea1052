"""Grants of an API with *Keep Unused Grants Alive* do not lapse from disuse.

- Due is a grant whose refresh token is unused and has little time left.
- Each is refreshed in transactions of its own, as by a caller.
- Refresh tokens of this Odoo live on where they are, in batches as of the clean-up.
- An error in one of the two parts keeps the other not waiting.
- A provider that does not answer, and a client that it refuses, are asked once a run.
"""

import logging

from odoo.tools import SQL

from ...protocol.errors import OAuth2Error, ServerError, TemporarilyUnavailable
from ..audit.audit import Audit
from ..keys.keyring import Keyring
from ..providers.provider_calls import OWN_ERROR, provider_refusal
from ..server.transactions import begin_read_committed
from ..tokens.grant_lock import GrantLock
from ..tokens.provider_refresh import ProviderRefresh
from .batches import fetch_batch, keyset_after

_logger = logging.getLogger(__name__)

_ROWS = 100  # in a batch
_AT_LEAST = 2 * 3600  # seconds ahead of the end: two runs of the job

#: In the audit log, of a refresh that no caller asked for.
_KEPT_ALIVE = "The grant was kept alive by the scheduled job."

_DUE = """
    SELECT client_user.id AS grant_id, client_user.expires_at AS grant_end,
           token.id AS token_id, token.expires_at AS token_end,
           api.refresh_token_lifetime AS lifetime
      FROM oauth2_client_user client_user
      JOIN oauth2_api api ON api.id = client_user.api_id
                         AND api.active AND api.keep_alive
      JOIN oauth2_token token ON token.client_user_id = client_user.id
                             AND token.kind = 'refresh'
                             AND token.rotated_at IS NULL
     WHERE client_user.state = 'active' AND token.is_issued %(is_issued)s
       AND token.expires_at > now() AT TIME ZONE 'UTC'
       AND token.expires_at < now() AT TIME ZONE 'UTC' + interval '1 second'
           * GREATEST(api.refresh_token_lifetime / 4, %(at_least)s)
       -- else the grant itself ends first
       AND token.expires_at < client_user.expires_at
"""

_EXTEND = """
    UPDATE oauth2_token
       SET expires_at = LEAST(
               due.grant_end, now() AT TIME ZONE 'UTC' + due.lifetime * interval '1s')
      FROM (%(due)s AND %(place)s
            ORDER BY token.id LIMIT %(limit)s FOR UPDATE OF token SKIP LOCKED) AS due
     WHERE oauth2_token.id = due.token_id
    RETURNING oauth2_token.id, due.grant_id
"""


class KeepAlive:
    """The job that refreshes what would lapse soon."""

    def __init__(self, env):
        self.env = env(su=True)

    def run(self):
        """Keep alive what is due, as far as the job's time allows.

        :raises RuntimeError: a part failed, after the other has had its turn
        """
        failed = []
        for part in (self._extend_issued, self._refresh_due):
            try:
                if not part():
                    break
            except Exception:  # whatever it is, the other need not wait for its mend
                self.env.cr.rollback()
                failed.append(part.__name__)
                _logger.exception("Failed, unlike the other part: %s", part.__name__)
        if failed:  # so that it shows at the job
            raise RuntimeError(f"failed, see the log: {', '.join(failed)}")

    def _extend_issued(self):
        """Have refresh tokens of this Odoo live on: no provider is to be asked.

        :return: whether there is time left
        """
        place, progress = None, self.env["ir.cron"]
        while True:
            # What a caller has just refreshed is no error.
            begin_read_committed(self.env)
            query = SQL(
                _EXTEND,
                due=SQL(_DUE, at_least=_AT_LEAST, is_issued=SQL("IS TRUE")),
                place=keyset_after(place, "token.id"),
                limit=_ROWS,
            )
            rows, place = fetch_batch(self.env, query, _ROWS)
            grants = self.env["oauth2.client.user"].browse(row[1] for row in rows)
            lines = [{**grant._parties(), "reason": _KEPT_ALIVE} for grant in grants]
            Audit(self.env).record_all("refresh", lines)
            if not progress._commit_progress(len(rows), remaining=bool(place)):
                return False
            if place is None:
                return True

    def _refresh_due(self):
        """Refresh at their providers what is due.

        :return: whether there was time for all
        """
        progress, due = self.env["ir.cron"], self._due()
        if due:
            Keyring(self.env).make_ready()
        progress._commit_progress(remaining=len(due))
        skipped = set()  # clients and providers, in this run
        for grant in due:
            client = grant.exists().client_id
            if skipped.isdisjoint((client, client.provider_id)):
                skipped.add(self._refresh(grant))
            if not progress._commit_progress(1):
                return False
        return True

    def _due(self):
        """:return: the grants whose refresh token of a provider has little time left"""
        due = SQL(_DUE, at_least=_AT_LEAST, is_issued=SQL("IS NOT TRUE"))
        query = "SELECT grant_id FROM (%s) AS due ORDER BY token_end"
        self.env.cr.execute(SQL(query, due))
        ids = [grant_id for (grant_id,) in self.env.cr.fetchall()]
        return self.env["oauth2.client.user"].browse(ids)

    def _refresh(self, grant):
        """:return: of which no other grant need be tried: the provider that does not
        answer, the client that cannot be served, or ``None``
        """
        try:
            self._ask_provider(grant)
        except OAuth2Error as failure:
            self._record_failure(grant, failure.error, failure.reason, failure.cause)
            if isinstance(failure, TemporarilyUnavailable):
                return grant.exists().client_id.provider_id
            refusal = provider_refusal(failure)
            return grant.client_id if refusal and refusal.is_about_client else None
        except Exception:  # whatever it is, the others need not lapse
            self._record_failure(grant, ServerError.error, OWN_ERROR)
            _logger.exception("Grant %s cannot be kept alive.", grant.id)
            return grant.exists().client_id
        return None

    def _ask_provider(self, grant):
        """Refresh a grant, unless another caller has just done so.

        :raises OAuth2Error: as of :class:`ProviderRefresh`
        """
        if not GrantLock(self.env).try_lock(grant):
            return
        grant.invalidate_recordset()
        refresh = ProviderRefresh(self.env, grant)
        if grant._is_in_force() and refresh.mark_started():
            refresh.keep(refresh.call_token_endpoint(), _KEPT_ALIVE)

    def _record_failure(self, grant, error, reason, cause="internal"):
        self.env.cr.rollback()
        if grant.exists() and grant.state == "active":  # its end has an event already
            Audit(self.env).record_of(
                grant,
                "refusal",
                error=error,
                cause=cause,
                reason=f"The grant was not kept alive: {reason}",
            )

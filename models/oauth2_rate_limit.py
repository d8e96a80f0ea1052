from odoo import api, fields, models
from odoo.http import request
from odoo.tools import SQL, config
from odoo.tools.misc import hmac

from ..protocol.errors import TooManyRequests
from ..protocol.rate_limit import WINDOW, network, seconds_left
from ..services.request_context import remote_address, run_once
from ..services.transactions import (
    begin_read_committed,
    commit_now,
    fetch_batch,
    keyset_after,
)

#: Calls a minute, unless a system parameter ``api_auth_oauth2.limit_<name>`` says
#: otherwise; 0 there is no limit.
DEFAULT_LIMITS = {
    "address": 300,
    "client_address": 120,
    "client": 6000,
    "user": 600,
    "refused_tokens": 300,
}
LIMIT_PARAMETER = "api_auth_oauth2.limit_%s"
_ADMITTED = "admitted by rate limits"
_NOW = SQL("extract(epoch FROM clock_timestamp())::float8")


class OAuth2RateLimit(models.Model):
    """Counters of ``authorize``, ``token``, ``revoke`` and the pages of a sign-in.

    A caller takes a place for its address, and for its address and client, before
    anything is looked up. Whoever proves itself gives both back and is counted with the
    other proven callers of its client, and of its user where what it proves is one
    user's and revokes nothing. So whatever is tried without proof is counted exactly, a
    ``client_id``, which is public, shuts nobody else out, and no user shuts out a
    client's others.

    The table is not logged: after a crash of the database all counts begin anew.
    """

    _name = "oauth2.rate.limit"
    _description = "OAuth2 Rate Limit"
    _rec_name = "key"
    _log_access = False

    key = fields.Char(
        required=True, readonly=True, help="A digest: it tells no address."
    )
    hits = fields.Integer(required=True, readonly=True)
    told = fields.Boolean(readonly=True, help="Whether an event tells of this window.")
    ends_at = fields.Float(required=True, readonly=True, help="Epoch seconds.")

    _key_unique = models.UniqueIndex("(key)")

    @api.private
    def init(self):
        result = super().init()
        self.env.cr.execute("ALTER TABLE oauth2_rate_limit SET UNLOGGED")
        # Each count draws an id, whether it makes a row or not, and a row that is
        # counted without a pause keeps its own: none must come again.
        self.env.cr.execute(
            "ALTER TABLE oauth2_rate_limit ALTER id TYPE bigint;"
            "ALTER SEQUENCE oauth2_rate_limit_id_seq AS bigint NO CYCLE"
        )
        return result

    @api.model
    def _limit(self, name):
        """:param str name: of :data:`DEFAULT_LIMITS`
        :return: calls a minute, ``0`` for no limit
        """
        default = DEFAULT_LIMITS[name]
        text = self.env["ir.config_parameter"].sudo().get_param(LIMIT_PARAMETER % name)
        return int(text) if text and text.isdecimal() else default

    @api.model
    def _admit(self, endpoint=None, client_identifier=None):
        """Take a place for a caller that has proven nothing yet.

        It is the first thing that a request does in the database; a rerun of the
        request takes no second place.

        :param str endpoint: the ``<api>`` of the path, with ``client_identifier``
        :param str client_identifier: the ``client_id``, where the endpoint has one
        :raises TooManyRequests: no place is left
        """
        caller = network(remote_address())
        keys = {"address": (caller,)}
        if client_identifier is not None:
            keys["client_address"] = (endpoint, client_identifier, caller)
        run_once(_ADMITTED, lambda: self._take(keys))

    @api.model
    def _give_back(self):
        """The running request has proven itself: it counts for its address no more."""
        taken = run_once(_ADMITTED, dict)
        if taken:
            run_once("gave back", lambda: self._release(taken))

    @api.model
    def _count_proven(self, oauth2_api, client, user=None):
        """Count a caller that has proven itself with the others of its client.

        :param user: whose grant it proved, if it did not prove to be the client
        :raises TooManyRequests: all of them together call too often, or those of this
            user do
        """
        self._give_back()
        keys = {"client": (oauth2_api.id, client.id)}
        if user:
            keys["user"] = (oauth2_api.id, client.id, user.id)
        parties = {"oauth2_api": oauth2_api, "client": client, "user": user}
        run_once("counted as proven", lambda: self._take(keys, **parties))

    def _take(self, keys, **parties):
        """Take a place for each key, or none at all.

        :param dict keys: ``{name of the limit: what identifies the counter}``
        :param parties: known ones, for the event
        :return: ``{digest of the key: end of its window}``, of the places taken
        :raises TooManyRequests: one of the limits is reached
        """
        limits = {
            self._digest(name, key): (name, limit)
            for name, key in keys.items()
            if (limit := self._limit(name))
        }
        if not request or not limits:
            return {}
        begin_read_committed(self.env)
        rows = self._increment(sorted(limits))
        over = [row for row in rows if row["hits"] > limits[row["key"]][1]]
        if not over:
            commit_now(self.env)
            return {row["key"]: row["ends_at"] for row in rows}
        self.env.cr.rollback()
        name = limits[over[0]["key"]][0]
        for row in over:
            if not row["told"]:
                self._tell(row, limits[row["key"]][0], parties)
        raise TooManyRequests(
            reason=f"rate limit: {name}",
            retry_after=seconds_left(max(row["left"] for row in over)),
        )

    def _increment(self, digests):
        """Count one call for each key, in one order for all, so that nobody deadlocks.

        :param digests: of the keys, sorted
        :return: the counters, list of dict
        """
        now = SQL("EXCLUDED.ends_at - %s", WINDOW)  # the same wherever it is written
        is_over = _is_over(SQL("counter.ends_at"), now)
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO oauth2_rate_limit AS counter (key, hits, told, ends_at)
                SELECT key, 1, false, %(now)s + %(window)s
                  FROM unnest(%(digests)s) WITH ORDINALITY AS keys (key, place)
                 ORDER BY place
                    ON CONFLICT (key) DO UPDATE
                   SET hits = CASE WHEN %(is_over)s THEN 1 ELSE counter.hits + 1 END,
                       told = NOT %(is_over)s AND counter.told,
                       ends_at = CASE WHEN %(is_over)s THEN EXCLUDED.ends_at
                                      ELSE counter.ends_at END
             RETURNING key, hits, told, ends_at, ends_at - %(now)s AS left
                """,
                now=_NOW,
                is_over=is_over,
                window=WINDOW,
                digests=list(digests),
            )
        )
        return self.env.cr.dictfetchall()

    def _release(self, taken):
        """Give places back, where their window still runs.

        :param dict taken: of :meth:`_take`
        """
        begin_read_committed(self.env)
        self.env.cr.execute(
            SQL(
                """
                UPDATE oauth2_rate_limit counter SET hits = counter.hits - 1
                  FROM (SELECT id FROM oauth2_rate_limit
                         WHERE (key, ends_at) IN %s
                         ORDER BY key FOR UPDATE) AS held
                 WHERE counter.id = held.id
                """,
                tuple(sorted(taken.items())),
            )
        )
        commit_now(self.env)

    def _tell(self, row, name, parties):
        """Write one event for each window in which a limit is reached."""
        begin_read_committed(self.env)
        self.env.cr.execute(
            SQL(
                "UPDATE oauth2_rate_limit SET told = true"
                " WHERE key = %s AND ends_at = %s AND NOT told",
                row["key"],
                row["ends_at"],
            )
        )
        if self.env.cr.rowcount:
            reason = f"rate limit: {name}, {self._limit(name)} a minute"
            if _proxy_is_not_believed(request.httprequest.headers):
                reason += (
                    "; the address may be a proxy's, which needs proxy_mode and sends"
                    " X-Forwarded-Host"
                )
            self.env["oauth2.event"]._record(
                "refusal", error=TooManyRequests.error, reason=reason, **parties
            )
        commit_now(self.env)

    def _digest(self, name, key):
        """:return: what a counter is found by: of one length, and no address"""
        return hmac(self.env(su=True), "api_auth_oauth2.rate_limit", (name, key))

    @api.model
    def _clean_up(self, limit, after=None):
        """Forget windows that are over.

        :param int limit: windows at most
        :param after: where the batch before ended
        :return: ``(how many were forgotten, where the batch ended)``
        """
        begin_read_committed(self.env)
        forgotten, place = fetch_batch(
            self.env,
            # By id: an index on what each count may change would cost each count.
            SQL(
                """
                WITH over AS MATERIALIZED (
                    SELECT id FROM oauth2_rate_limit
                     WHERE %s AND %s
                     ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED)
                DELETE FROM oauth2_rate_limit counter
                 USING over WHERE counter.id = over.id
                RETURNING counter.id
                """,
                keyset_after(after, "id"),
                _is_over(SQL("ends_at"), _NOW),
                limit,
            ),
            limit,
        )
        return len(forgotten), place


def _is_over(ends_at, now):
    """:return: ``SQL``: a window has ended, or a clock began it that was set back since

    :param ends_at: its end, and ``now``, both ``SQL``, in epoch seconds
    """
    return SQL(
        "(%(ends_at)s <= %(now)s OR %(ends_at)s > %(now)s + 2 * %(window)s)",
        ends_at=ends_at,
        now=now,
        window=WINDOW,
    )


def _proxy_is_not_believed(headers):
    """:return: whether somebody says whom he calls for, and Odoo does not listen"""
    is_listening = config["proxy_mode"] and "X-Forwarded-Host" in headers
    return "X-Forwarded-For" in headers and not is_listening

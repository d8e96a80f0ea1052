from datetime import UTC

from odoo import api, fields, models
from odoo.tools import SQL

from ..protocol import digests
from ..protocol.errors import ServerError
from ..services.encrypted_field import EncryptedChar
from ..services.keyring import Keyring
from ..services.transactions import fetch_batch, keyset_after
from . import served_clients, token_check


class OAuth2Token(models.Model):
    """An access or refresh token of a client API user, found by its digest.

    A superseded token is kept for a moment: it still opens routes while its successor
    travels, and it proves a refresh that crossed another one.
    """

    _name = "oauth2.token"
    _description = "OAuth2 Token"
    _order = "id desc"
    _rec_name = "kind"
    _log_access = False

    client_user_id = fields.Many2one(
        "oauth2.client.user",
        "Client API User",
        required=True,
        readonly=True,
        ondelete="cascade",
        index=True,
    )
    kind = fields.Selection(
        [("access", "Access"), ("refresh", "Refresh")], required=True, readonly=True
    )
    digest = fields.Char(
        required=True, readonly=True, groups=fields.NO_ACCESS, copy=False
    )
    value = EncryptedChar(on_database_copy="delete", locked_with="client_user_id")
    scope = fields.Char(
        "Provider Scope",
        readonly=True,
        help="What the provider said; it opens nothing in Odoo.",
    )
    expires_at = fields.Datetime(required=True, readonly=True)
    superseded_at = fields.Datetime(readonly=True)

    _digest_unique = models.UniqueIndex(
        "(digest, kind, client_user_id)", "This token is stored already."
    )
    # By these the job finds what is over, without looking at what is not. A token costs
    # an entry more once in its life, when it is replaced.
    _expires_at_idx = models.Index("(expires_at, id)")
    _superseded_at_idx = models.Index(
        "(superseded_at, id) WHERE superseded_at IS NOT NULL"
    )

    @api.private
    def init(self):
        # When all models have their tables.
        self.pool.post_init(served_clients.install, self.env.cr)
        token_check.create_functions(self.env.cr)

    @api.model
    def _hold(self, client_user, kind, text, *, expires_at, scope):
        """Make a token the current one of its kind.

        :param client_user: the client API user it belongs to
        :param str kind: ``access`` or ``refresh``
        :param str text: the token
        :param expires_at: naive UTC datetime
        :param scope: the provider's scope string
        :raises ServerError: when the same token already belongs to another Odoo user
        """
        digest = digests.digest(text)
        same = self.search([("digest", "=", digest), ("kind", "=", kind)])
        if same.client_user_id.user_id - client_user.user_id:
            raise ServerError(reason="the provider gave out another user's token")
        values = {
            "value": Keyring(self.env).encrypt(text),
            "scope": scope,
            "expires_at": expires_at,
            "superseded_at": False,
        }
        # Some providers hand the same token out again.
        token = same.filtered(lambda t: t.client_user_id == client_user)
        if token:
            token.write(values)
        else:
            token = self.create(
                {
                    "client_user_id": client_user.id,
                    "kind": kind,
                    "digest": digest,
                    **values,
                }
            )
        return token

    @api.model
    def _grant_of(self, text, endpoint=None):
        """The token check: what a bearer token opens at this very moment.

        One indexed query from the digest to everything that must be in force, and no
        write. It reads the primary database: a replica lags, and would honour what was
        just revoked.

        :param str text: the bearer token
        :param str endpoint: of the API that it is used on; left out, any API counts
            whose tokens open Odoo's own JSON-2
        :return: ``Grant``, or ``None`` when the token opens nothing here
        """
        return token_check.check(self.env.cr, digests.digest(text), endpoint)

    def _text(self):
        """:return: the token itself, ``None`` when it was dropped or no key fits"""
        self.ensure_one()
        return Keyring(self.env).decrypt(self.sudo().value)

    def _expires_epoch(self):
        """:return: epoch seconds at which the token ends"""
        self.ensure_one()
        return int(self.expires_at.replace(tzinfo=UTC).timestamp())

    @api.model
    def _forget_replaced(self, limit, after=None):
        """Forget tokens that were replaced, and prove nothing any more.

        No refresh touches these, so that none waits for the lock on them.

        :param int limit: tokens at most
        :param after: where the batch before ended
        :return: ``(how many were forgotten, where the batch ended)``
        """
        return self._forget(
            limit,
            SQL("superseded_at"),
            SQL(
                "%s AND superseded_at < now() AT TIME ZONE 'UTC'"
                " - interval '60 seconds'",
                keyset_after(after, "superseded_at", "id"),
            ),
        )

    @api.model
    def _forget_expired(self, limit, after=None):
        """Forget tokens that expired so long ago that they prove nothing any more.

        No refresh touches these, so that none waits for the lock on them.

        :param int limit: tokens at most
        :param after: where the batch before ended
        :return: ``(how many were forgotten, where the batch ended)``
        """
        return self._forget(
            limit,
            SQL("expires_at"),
            SQL(
                """
                %s AND expires_at < now() AT TIME ZONE 'UTC' - interval '1 second'
                       -- for the index; what counts is the token's own API
                       * (SELECT min(refresh_token_lifetime) FROM oauth2_api)
                   AND expires_at < now() AT TIME ZONE 'UTC' - interval '1 second'
                       * (SELECT api.refresh_token_lifetime
                            FROM oauth2_client_user grantee
                            JOIN oauth2_api api ON api.id = grantee.api_id
                           WHERE grantee.id = token.client_user_id)
                """,
                keyset_after(after, "expires_at", "id"),
            ),
        )

    def _forget(self, limit, moment, over):
        """Delete tokens in the order of a moment, as :meth:`_forget_replaced`.

        :param moment: ``SQL``, a column
        :param over: ``SQL``, the condition
        """
        forgotten, place = fetch_batch(
            self.env,
            SQL(
                """
                WITH dead AS MATERIALIZED (
                    SELECT %(moment)s AS moment, id FROM oauth2_token token
                     WHERE %(over)s
                     ORDER BY %(moment)s, id LIMIT %(limit)s
                       FOR UPDATE SKIP LOCKED)
                DELETE FROM oauth2_token USING dead WHERE oauth2_token.id = dead.id
                RETURNING dead.moment, dead.id
                """,
                moment=moment,
                over=over,
                limit=limit,
            ),
            limit,
        )
        return len(forgotten), place

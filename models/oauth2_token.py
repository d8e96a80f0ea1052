from datetime import UTC

from odoo import api, fields, models
from odoo.tools import SQL

from ..protocol import digests
from ..protocol.errors import ServerError
from ..services.encrypted_field import EncryptedChar
from ..services.keyring import Keyring
from ..services.transactions import fetch_batch, keyset_after


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
    # What a check needs of the grant. Plain numbers: a reference would cost an index.
    user_ref = fields.Integer(readonly=True, copy=False, groups=fields.NO_ACCESS)
    api_ref = fields.Integer(readonly=True, copy=False, groups=fields.NO_ACCESS)
    client_ref = fields.Integer(readonly=True, copy=False, groups=fields.NO_ACCESS)
    granted_scopes = fields.Char(readonly=True, copy=False, groups=fields.NO_ACCESS)

    # Each call pays for each index: planning its statement looks at all of them.
    _digest_unique = models.UniqueIndex(
        "(digest, kind, client_user_id)", "This token is stored already."
    )

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
            **self._carried(client_user),
        }
        if kind == "access":
            values["expires_at"] = min(expires_at, client_user.expires_at)
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
    def _carried(self, client_user):
        """:return: values that a token has from its grant, for the check; no user when
        the grant is over, so that the token opens nothing
        """
        is_active = client_user.state == "active"
        scope_ids = sorted(client_user.sudo().scope_ids.ids)
        return {
            "user_ref": is_active and client_user.user_id.id,
            "api_ref": client_user.api_id.id,
            "client_ref": client_user.client_id.id,
            "granted_scopes": ",".join(map(str, scope_ids)),
        }

    def _follow(self, client_user):
        """Carry over what has changed of the grant, in the same transaction."""
        for token in self.filtered(lambda t: t.kind == "access"):
            token.write(
                {
                    "expires_at": min(token.expires_at, client_user.expires_at),
                    **self._carried(client_user),
                }
            )

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
            after,
            SQL("superseded_at < now() AT TIME ZONE 'UTC' - interval '60 seconds'"),
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
            after,
            SQL(
                """
                expires_at < now() AT TIME ZONE 'UTC' - interval '1 second'
                    * (SELECT min(refresh_token_lifetime) FROM oauth2_api)
                -- what counts is the token's own API
                AND expires_at < now() AT TIME ZONE 'UTC' - interval '1 second'
                    * (SELECT api.refresh_token_lifetime
                         FROM oauth2_client_user grantee
                         JOIN oauth2_api api ON api.id = grantee.api_id
                        WHERE grantee.id = token.client_user_id)
                """
            ),
        )

    def _forget(self, limit, after, over):
        """Delete tokens in the order of their ids, as :meth:`_forget_replaced`.

        :param over: ``SQL``, the condition
        """
        forgotten, place = fetch_batch(
            self.env,
            SQL(
                """
                WITH dead AS MATERIALIZED (
                    SELECT id FROM oauth2_token token
                     WHERE %s AND %s
                     ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED)
                DELETE FROM oauth2_token USING dead WHERE oauth2_token.id = dead.id
                RETURNING dead.id
                """,
                keyset_after(after, "id"),
                over,
                limit,
            ),
            limit,
        )
        return len(forgotten), place

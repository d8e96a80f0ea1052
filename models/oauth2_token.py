from datetime import UTC

from odoo import api, fields, models
from odoo.tools import SQL

from ..services.keys.encrypted_field import EncryptedChar

# What a token has from its grant when that changes, as of ``_carried``.
_END = "LEAST(token.expires_at, grants.expires_at)"
_USER = "CASE WHEN state = 'active' THEN user_id ELSE 0 END"
#: A refresh may have asked for less than was granted.
_SCOPES = """
    array_to_string(
        CASE WHEN is_issued THEN ARRAY(
            SELECT had
              FROM unnest(string_to_array(token.granted_scopes, ','))
                   WITH ORDINALITY AS one (had, place)
             WHERE had = ANY(scopes) ORDER BY place)
        ELSE scopes END, ',')
"""
_FOLLOW = f"""
    UPDATE oauth2_token token
       SET expires_at = {_END}, user_ref = {_USER}, api_ref = api_id,
           client_ref = client_id, granted_scopes = {_SCOPES}
      FROM (SELECT id, state, user_id, api_id, client_id, expires_at,
                   ARRAY(SELECT scope_id::text FROM oauth2_client_user_scope_rel
                          WHERE client_user_id = client_user.id
                          ORDER BY scope_id) AS scopes
              FROM oauth2_client_user client_user WHERE id = ANY(%(ids)s)) AS grants
     WHERE token.client_user_id = grants.id AND (kind = 'access' OR is_issued)
       AND (token.expires_at, user_ref, api_ref, client_ref, granted_scopes)
           IS DISTINCT FROM ({_END}, {_USER}, api_id, client_id, {_SCOPES})
"""


class OAuth2Token(models.Model):
    """An access or refresh token of a client API user, found by its digest.

    A rotated token is kept for a moment: it still opens routes while its successor
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
    is_issued = fields.Boolean(
        "Issued by This Odoo",
        readonly=True,
        copy=False,
        help="No provider knows it. A refresh token is kept as long as its grant, so"
        " that it is noticed when it is used twice.",
    )
    scope = fields.Char(
        "Provider Scope",
        readonly=True,
        help="What the provider said; it opens nothing in Odoo.",
    )
    expires_at = fields.Datetime(required=True, readonly=True)
    rotated_at = fields.Datetime(readonly=True)
    revocable_until = fields.Datetime(
        readonly=True,
        help="So long the provider may honour it: until then it is kept, rotated or"
        " not, to be revoked there with its grant.",
    )
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

    @api.model
    def _follow(self, client_users):
        """Carry over what has changed of grants, in the same transaction; a token whose
        grant still covers it is not written.
        """
        self.env.flush_all()
        self.env.cr.execute(SQL(_FOLLOW, ids=list(client_users.ids)))
        self.invalidate_model(flush=False)

    def _expires_epoch(self):
        """:return: epoch seconds at which the token ends"""
        self.ensure_one()
        return int(self.expires_at.replace(tzinfo=UTC).timestamp())

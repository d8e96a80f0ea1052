"""From a check in SQL functions and triggers to one row of the token's own table."""

from odoo.tools import SQL

#: What 19.0.1.0.0 kept outside of Odoo's registry, and indexes that nothing needs now.
_GONE = """
    DROP FUNCTION IF EXISTS oauth2_token_check(text, text);
    DROP FUNCTION IF EXISTS oauth2_is_admitted(integer, integer);
    DROP FUNCTION IF EXISTS oauth2_renew_served_clients() CASCADE;  -- and its triggers
    DROP TABLE IF EXISTS oauth2_served_client, oauth2_served_client_turn;
    DROP INDEX IF EXISTS oauth2_token_expires_at_idx, oauth2_token_superseded_at_idx;
"""

#: What oauth2.token._carried takes over from a grant.
_FILL = """
    UPDATE oauth2_token token
       SET user_ref = grantee.user_id,
           api_ref = grantee.api_id,
           client_ref = grantee.client_id,
           granted_scopes = COALESCE((
               SELECT string_agg(scope_id::text, ',' ORDER BY scope_id)
                 FROM oauth2_client_user_scope_rel
                WHERE client_user_id = grantee.id), ''),
           expires_at = CASE token.kind
               WHEN 'access' THEN LEAST(token.expires_at, grantee.expires_at)
               ELSE token.expires_at END
      FROM oauth2_client_user grantee
     WHERE grantee.id = token.client_user_id AND grantee.state = 'active'
"""


def migrate(cr, version):
    """:param version: the installed one, ``None`` on a first installation"""
    cr.execute(SQL(_GONE))
    cr.execute(SQL(_FILL))

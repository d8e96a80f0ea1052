"""From a check in SQL functions and triggers to one row of the token's own table.

Encrypted values need nothing: those without the id of their key are read by trying each
key, and the next key rotation (a weekly job) gives it to them. Nor do grants get an
agreement: the page of 19.0.1.0.0 did not show what scopes open, so users are asked.
"""

from odoo.tools import SQL

#: What 19.0.1.0.0 kept outside of Odoo's registry, and indexes that nothing needs now.
_GONE = """
    DROP FUNCTION IF EXISTS oauth2_token_check(text, text);
    DROP FUNCTION IF EXISTS oauth2_is_admitted(integer, integer);
    DROP FUNCTION IF EXISTS oauth2_renew_served_clients() CASCADE;  -- and its triggers
    DROP TABLE IF EXISTS oauth2_served_client, oauth2_served_client_turn;
    DROP TABLE IF EXISTS oauth2_rate_limit;
    DROP INDEX IF EXISTS oauth2_token_expires_at_idx, oauth2_token_superseded_at_idx,
                         oauth2_client_user_active_idx,
                         oauth2_authorization_request__state_digest_index;
    DELETE FROM ir_config_parameter
     WHERE key = 'api_auth_oauth2.key_rotation_place';
"""

#: The jobs bear their new names, unless an administrator renamed them.
_RENAME = """
    UPDATE ir_act_server action
       SET name = jsonb_set(action.name, '{en_US}', to_jsonb(renamed.new))
      FROM (VALUES
            ('OAuth2: tell providers of revocations',
             'OAuth2: send pending revocations'),
            ('OAuth2: end what lapsed, forget what is over',
             'OAuth2: clean up expired data'),
            ('OAuth2: encrypt with the first key',
             'OAuth2: re-encrypt with current key')) AS renamed (old, new)
     WHERE action.name->>'en_US' = renamed.old
"""

#: What oauth2.token._carried takes over from a grant.
_FILL = """
    UPDATE oauth2_token token
       SET user_ref = client_user.user_id,
           api_ref = client_user.api_id,
           client_ref = client_user.client_id,
           granted_scopes = COALESCE((
               SELECT string_agg(scope_id::text, ',' ORDER BY scope_id)
                 FROM oauth2_client_user_scope_rel
                WHERE client_user_id = client_user.id), ''),
           expires_at = CASE token.kind
               WHEN 'access' THEN LEAST(token.expires_at, client_user.expires_at)
               ELSE token.expires_at END
      FROM oauth2_client_user client_user
     WHERE client_user.id = token.client_user_id AND client_user.state = 'active'
"""


#: There was no such switch before: each could do it.
_FOLLOW = "UPDATE oauth2_client SET follows_sign_in = true"


#: Whose lines only Settings administrators widen.
_AGREED = """
    UPDATE oauth2_scope SET was_granted = true
     WHERE id IN (SELECT scope_id FROM oauth2_client_user_scope_rel)
"""

#: Their end at the provider was not kept.
_REVOCABLE = """
    UPDATE oauth2_token token SET revocable_until = client_user.expires_at
      FROM oauth2_client_user client_user
     WHERE client_user.id = token.client_user_id AND token.kind = 'access'
       AND token.rotated_at IS NULL AND token.value IS NOT NULL
"""


def migrate(cr, version):
    """:param version: the installed one, ``None`` on a first installation"""
    cr.execute(SQL(_GONE))
    cr.execute(SQL(_FILL))
    cr.execute(SQL(_RENAME))
    cr.execute(SQL(_FOLLOW))
    cr.execute(SQL(_AGREED))
    cr.execute(SQL(_REVOCABLE))

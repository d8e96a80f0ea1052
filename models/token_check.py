"""The token check in SQL: from a digest to everything that must be in force.

It is a function of the database, which keeps its plan for as long as a connection
lives; planning a query over so many tables takes fifty times as long as running it. See
``check_connections.py`` for the connection. (A prepared statement would do as well, but
not behind a connection pool that hands out another connection each time.)
"""

from odoo.tools import SQL

from .check_connections import fetch_latest
from .group_membership import IS_ADMITTED

# Indexes only: a plan that was made while a table was small serves it when it has
# grown. One plan for all values, from a connection's first call on.
#
# Scopes: what was granted, as far as the client may still have it. A scope belongs to
# one API, so those of the API are counted in.
_FUNCTION = """
CREATE FUNCTION oauth2_token_check(the_digest text, the_endpoint text)
RETURNS TABLE (
    api_id integer, client_id integer, client_user_id integer, user_id integer,
    json2_enabled boolean, scopes text[])
LANGUAGE plpgsql STABLE
SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off
SET jit = off
AS $$
#variable_conflict use_column
BEGIN
RETURN QUERY
    SELECT grantee.api_id, grantee.client_id, grantee.id, grantee.user_id,
           COALESCE(api.json2_enabled, false),
           ARRAY(SELECT scope.name::text
                   FROM oauth2_client_user_scope_rel granted
                   JOIN oauth2_client_scope_rel held
                     ON held.scope_id = granted.scope_id
                    AND held.client_id = grantee.client_id
                   JOIN oauth2_scope scope
                     ON scope.id = granted.scope_id
                    AND scope.api_id = grantee.api_id
                  WHERE granted.client_user_id = grantee.id)
      FROM oauth2_token token
      JOIN oauth2_client_user grantee ON grantee.id = token.client_user_id
      JOIN oauth2_api api ON api.id = grantee.api_id AND api.active
      JOIN oauth2_client client ON client.id = grantee.client_id AND client.active
      JOIN oauth2_provider provider ON provider.id = client.provider_id
                                   AND provider.active
      JOIN oauth2_api_client_rel served ON served.api_id = grantee.api_id
                                       AND served.client_id = grantee.client_id
      JOIN res_users odoo_user ON odoo_user.id = grantee.user_id AND odoo_user.active
     WHERE token.digest = the_digest AND token.kind = 'access'
       AND token.expires_at > statement_timestamp() AT TIME ZONE 'UTC'
       AND grantee.expires_at > statement_timestamp() AT TIME ZONE 'UTC'
       AND grantee.state = 'active'
       AND (api.endpoint = the_endpoint
            OR (the_endpoint IS NULL AND api.bearer_enabled))
       AND {is_admitted}
     ORDER BY grantee.id DESC
     LIMIT 1;
END $$
""".format(is_admitted=IS_ADMITTED.format(api="grantee.api_id", user="grantee.user_id"))


def create_function(cr):
    """Make the function, in place of that of an earlier version."""
    drop_function(cr)
    cr.execute(SQL(_FUNCTION))


def drop_function(cr):
    """Leave nothing behind when the addon is uninstalled."""
    cr.execute(SQL("DROP FUNCTION IF EXISTS oauth2_token_check(text, text)"))


def check(cr, digest, endpoint):
    """Ask the database what a token opens at this moment.

    :param cr: the request's cursor
    :param str digest: of the token
    :param endpoint: of the API that it is used on; ``None`` for Odoo's own JSON-2
    :return: the function's row, ``None`` when the token opens nothing
    """
    query = "SELECT * FROM oauth2_token_check(%s, %s)"
    return fetch_latest(cr, query, (digest, endpoint))

"""The token check in SQL: from a digest to everything that must be in force.

It is a function of the database, which keeps its plan for as long as a connection
lives; planning a query over so many tables takes fifty times as long as running it. See
``check_connections.py`` for the connection. (A prepared statement would do as well, but
not behind a connection pool that hands out another connection each time.)
"""

from odoo.tools import SQL

from ..protocol.scope import TokenContext
from .check_connections import fetch_latest
from .group_membership import IS_ADMITTED

# One plan for all values, from a connection's first call on, and the same one however
# small a table was when it was made: from row to row by keys, in the order written.
#
# What follows from the configuration is one row, see ``served_clients.py``. Groups are
# asked for, by a function of their own, only where the API allows some only.
#
# The same token may be known for several grants of one user: the newest in force
# counts. Scopes: what was granted, as far as the client still has it.
#
# One text[] instead of columns: that is what a small answer costs least as.
_FUNCTIONS = """
CREATE FUNCTION oauth2_is_admitted(the_api integer, the_user integer) RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN {is_admitted};
END $$;

CREATE FUNCTION oauth2_token_check(the_digest text, the_endpoint text) RETURNS text[]
LANGUAGE plpgsql STABLE
SET plan_cache_mode = force_generic_plan
SET join_collapse_limit = 1
SET enable_seqscan = off
SET enable_bitmapscan = off
SET enable_hashjoin = off
SET enable_mergejoin = off
SET jit = off
AS $$
DECLARE
    present timestamp := statement_timestamp() AT TIME ZONE 'UTC';
    opened text[];
BEGIN
    SELECT ARRAY[served.api_id, served.client_id, grantee.id, grantee.user_id,
                 served.json2_enabled::integer]::text[]
        || ARRAY(SELECT served.scope_names[
                            array_position(served.scope_ids, granted.scope_id)]
                   FROM oauth2_client_user_scope_rel granted
                  WHERE granted.client_user_id = grantee.id
                    AND granted.scope_id = ANY(served.scope_ids))
      INTO opened
      FROM oauth2_token token
      JOIN oauth2_client_user grantee ON grantee.id = token.client_user_id
      JOIN oauth2_served_client served ON served.api_id = grantee.api_id
                                      AND served.client_id = grantee.client_id
      JOIN res_users odoo_user ON odoo_user.id = grantee.user_id
     WHERE token.digest = the_digest AND token.kind = 'access'
       AND token.expires_at > present
       AND grantee.expires_at > present AND grantee.state = 'active'
       AND odoo_user.active
       AND (served.endpoint = the_endpoint
            OR (the_endpoint IS NULL AND served.bearer_enabled))
       AND (NOT served.asks_for_groups
            OR oauth2_is_admitted(grantee.api_id, grantee.user_id))
     ORDER BY token.client_user_id DESC
     LIMIT 1;
    RETURN opened;
END $$
""".format(is_admitted=IS_ADMITTED.format(api="the_api", user="the_user"))


def create_functions(cr):
    """Make the functions, in place of those of an earlier version."""
    drop_functions(cr)
    cr.execute(SQL(_FUNCTIONS))


def drop_functions(cr):
    """Leave nothing behind when the addon is uninstalled."""
    cr.execute(SQL("DROP FUNCTION IF EXISTS oauth2_token_check(text, text)"))
    cr.execute(SQL("DROP FUNCTION IF EXISTS oauth2_is_admitted(integer, integer)"))


def check(cr, digest, endpoint):
    """Ask the database what a token opens at this moment.

    :param cr: the request's cursor
    :param str digest: of the token
    :param endpoint: of the API that it is used on; ``None`` for Odoo's own JSON-2
    :return: ``Grant``, ``None`` when the token opens nothing
    """
    query = "SELECT oauth2_token_check(%s, %s)"
    [opened] = fetch_latest(cr, query, (digest, endpoint))
    if opened is None:
        return None
    *ids, serves_json2 = map(int, opened[:5])
    return TokenContext(*ids, bool(serves_json2), frozenset(opened[5:]))

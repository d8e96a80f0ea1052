"""The token check in SQL: from a digest to everything that must be in force.

It is a function of the database, which keeps its plans for as long as a connection
lives; planning a query over so many tables takes fifty times as long as running it. See
``check_connections.py`` for the connection. (A prepared statement would do as well, but
not behind a connection pool that hands out another connection each time.)
"""

from odoo.tools import SQL

from ..protocol.grant import Grant
from .check_connections import fetch_latest
from .group_membership import IS_ADMITTED

# One plan for all values, from a connection's first call on, and the same one however
# small a table was when it was made: from row to row by keys, in the order written.
#
# What follows from the configuration is one row, see ``served_clients.py``. Groups are
# asked for only where the API allows some only.
#
# The same token may be known for several grants of one user: the newest in force
# counts. Scopes: what was granted, as far as the client still has it.
#
# One text[] instead of columns: that is what a small answer costs least as.
_FUNCTION = """
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
    found record;
BEGIN
    FOR found IN
        SELECT grantee.id, grantee.user_id, served.*
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
         ORDER BY token.client_user_id DESC
    LOOP
        IF found.asks_for_groups THEN
            CONTINUE WHEN NOT {is_admitted};
        END IF;
        RETURN ARRAY[found.api_id, found.client_id, found.id, found.user_id,
                     found.json2_enabled::integer]::text[]
            || ARRAY(SELECT found.scope_names[
                                array_position(found.scope_ids, granted.scope_id)]
                       FROM oauth2_client_user_scope_rel granted
                      WHERE granted.client_user_id = found.id
                        AND granted.scope_id = ANY(found.scope_ids));
    END LOOP;
    RETURN NULL;
END $$
""".format(is_admitted=IS_ADMITTED.format(api="found.api_id", user="found.user_id"))


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
    :return: ``Grant``, ``None`` when the token opens nothing
    """
    query = "SELECT oauth2_token_check(%s, %s)"
    [found] = fetch_latest(cr, query, (digest, endpoint))
    if found is None:
        return None
    *ids, serves_json2 = map(int, found[:5])
    return Grant(*ids, bool(serves_json2), frozenset(found[5:]))

"""Which clients an API serves at this moment, in one row each, kept by the database.

The token check needs to know of an API, a client, its provider, its scopes and the
API's groups. They change once in a while and are asked for with every call, over six
tables. So what follows from them stands in one, ``oauth2_served_client``, and triggers
renew it within the transaction that changes any of the six: a change is seen with all
its consequences or not at all, whoever makes it, by Odoo or by SQL.

Two changes at once could each overlook the other (write skew: one archives a provider,
one gives a client of it to another API). So each takes a turn, by raising one number:
the second waits, and fails with a serialization error if its snapshot is older, which
Odoo answers by running it again.
"""

from odoo.tools import SQL

_TABLES = """
CREATE TABLE IF NOT EXISTS oauth2_served_client (
    api_id integer, client_id integer,
    endpoint text NOT NULL,
    json2_enabled boolean NOT NULL,
    bearer_enabled boolean NOT NULL,
    asks_for_groups boolean NOT NULL,
    scope_ids integer[] NOT NULL,
    scope_names text[] NOT NULL,
    PRIMARY KEY (api_id, client_id));
CREATE TABLE IF NOT EXISTS oauth2_served_client_turn (number bigint NOT NULL);
INSERT INTO oauth2_served_client_turn
     SELECT 0 WHERE NOT EXISTS (SELECT FROM oauth2_served_client_turn);
"""

# A scope belongs to one API: those of other APIs that the client has do not count.
_RENEW = """
CREATE OR REPLACE FUNCTION oauth2_renew_served_clients() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    UPDATE oauth2_served_client_turn SET number = number + 1;
    WITH present AS (
        SELECT served.api_id, served.client_id, api.endpoint::text,
               COALESCE(api.json2_enabled, false) AS json2_enabled,
               COALESCE(api.bearer_enabled, false) AS bearer_enabled,
               EXISTS (SELECT FROM oauth2_api_group_rel allowed
                        WHERE allowed.api_id = served.api_id) AS asks_for_groups,
               ARRAY(SELECT scope.id FROM oauth2_client_scope_rel held
                       JOIN oauth2_scope scope ON scope.id = held.scope_id
                      WHERE held.client_id = served.client_id
                        AND scope.api_id = served.api_id
                      ORDER BY scope.id) AS scope_ids,
               ARRAY(SELECT scope.name::text FROM oauth2_client_scope_rel held
                       JOIN oauth2_scope scope ON scope.id = held.scope_id
                      WHERE held.client_id = served.client_id
                        AND scope.api_id = served.api_id
                      ORDER BY scope.id) AS scope_names
          FROM oauth2_api_client_rel served
          JOIN oauth2_api api ON api.id = served.api_id AND api.active
          JOIN oauth2_client client ON client.id = served.client_id AND client.active
          JOIN oauth2_provider provider ON provider.id = client.provider_id
                                       AND provider.active),
    gone AS (
        DELETE FROM oauth2_served_client known
         WHERE NOT EXISTS (SELECT FROM present
                            WHERE present.api_id = known.api_id
                              AND present.client_id = known.client_id))
    INSERT INTO oauth2_served_client AS known
    SELECT * FROM present
    ON CONFLICT (api_id, client_id) DO UPDATE
       SET (endpoint, json2_enabled, bearer_enabled, asks_for_groups,
            scope_ids, scope_names)
         = (excluded.endpoint, excluded.json2_enabled, excluded.bearer_enabled,
            excluded.asks_for_groups, excluded.scope_ids, excluded.scope_names)
     WHERE known IS DISTINCT FROM excluded;
    RETURN NULL;
END $$
"""

# What is changed without consequence for the check takes no turn: an API remembers, for
# one, the redirect URI of each sign-in.
_CHANGES = {
    "oauth2_api": "UPDATE OF active, endpoint, json2_enabled, bearer_enabled",
    "oauth2_client": "UPDATE OF active, provider_id",
    "oauth2_provider": "UPDATE OF active",
    "oauth2_scope": "UPDATE OF name, api_id",
    "oauth2_api_client_rel": "INSERT OR UPDATE",
    "oauth2_api_group_rel": "INSERT OR UPDATE",
    "oauth2_client_scope_rel": "INSERT OR UPDATE",
}

_TRIGGER = """
CREATE OR REPLACE TRIGGER oauth2_renew_served_clients
 AFTER DELETE OR TRUNCATE OR {changes} ON {table}
   FOR EACH STATEMENT EXECUTE FUNCTION oauth2_renew_served_clients()
"""


def install(cr):
    """Make tables and triggers, or those of this version in place of an earlier one's,
    and read everything anew. The models' tables must be there.
    """
    cr.execute(SQL(_TABLES))
    cr.execute(SQL(_RENEW))
    for table, changes in _CHANGES.items():
        cr.execute(SQL(_TRIGGER.format(table=table, changes=changes)))
    # It changes no row, and is a statement for the triggers all the same.
    cr.execute(SQL("UPDATE oauth2_provider SET active = active WHERE false"))


def uninstall(cr):
    """Leave nothing behind when the addon is uninstalled."""
    cr.execute(SQL("DROP FUNCTION IF EXISTS oauth2_renew_served_clients() CASCADE"))
    cr.execute(
        SQL("DROP TABLE IF EXISTS oauth2_served_client, oauth2_served_client_turn")
    )

"""Who is in one of an API's allowed groups, as the database says at this moment.

Odoo's own answer, ``res.users._get_group_ids``, comes from a cache. Other processes
hear of a change by a sequence in the database, which they read on the replica where
there is one: while it lags, a user keeps the groups that were taken away. So this is
asked in SQL, of the tables themselves, with the implied groups.
"""

#: True where ``{api}`` allows everybody, or ``{user}`` is in an allowed group. Both are
#: column names or placeholders.
IS_ADMITTED = """(
    NOT EXISTS (SELECT FROM oauth2_api_group_rel WHERE api_id = {api})
    OR EXISTS (
        WITH RECURSIVE held AS (
            SELECT gid FROM res_groups_users_rel WHERE uid = {user}
             UNION
            SELECT implied.hid
              FROM held JOIN res_groups_implied_rel implied ON implied.gid = held.gid)
        SELECT FROM held JOIN oauth2_api_group_rel allowed
                           ON allowed.group_id = held.gid
         WHERE allowed.api_id = {api}))"""

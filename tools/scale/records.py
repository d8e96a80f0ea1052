"""The records that the measurements use: an API, a client, a grant with a known token.

And the rows that tell how big the tables get, 100,000 of each kind.
"""

ROWS = 100_000
TABLES = ("oauth2_client_user", "oauth2_token", "oauth2_event")

SCRIPT = """
import datetime
from odoo.addons.api_auth_oauth2.services.keyring import Keyring
from odoo import fields
from odoo.addons.api_auth_oauth2.services.audit import Audit
now = fields.Datetime.now()
token = {token!r}
user = env["res.users"].create({{
    "name": "Olivia", "login": "olivia@example.com", "email": "olivia@example.com",
    "group_ids": [(4, env.ref("base.group_user").id)]}})
oauth2_api = env["oauth2.api"].create(
    {{"name": "Scale", "endpoint": "scale",
      "allowed_group_ids": [(4, env.ref("base.group_user").id)]}})
scope = env["oauth2.scope"].create(
    {{"api_id": oauth2_api.id, "name": "partners.read"}})
provider = env["oauth2.provider"].create({{
    "name": "Provider", "issuer": "https://provider.example.com",
    "authorization_endpoint": "https://provider.example.com/authorize",
    "token_endpoint": "https://provider.example.com/token",
    "jwks_uri": "https://provider.example.com/jwks"}})
client = env["oauth2.client"].create({{
    "name": "Application", "provider_id": provider.id, "client_identifier": "app",
    "client_secret": "secret", "api_ids": [(4, oauth2_api.id)],
    "scope_ids": [(4, scope.id)]}})
grant = env["oauth2.client.user"].create({{
    "api_id": oauth2_api.id, "client_id": client.id, "user_id": user.id,
    "issuer": provider.issuer, "subject": "olivia",
    "identity_digest": Keyring(env).identity_digests("olivia")[0],
    "identity_display": "olivia", "scope_ids": [(4, scope.id)],
    "authorized_at": now, "expires_at": now + datetime.timedelta(days=30)}})
for kind in ("access", "refresh"):
    env["oauth2.token"]._hold(
        grant, kind, token, scope="openid email profile",
        expires_at=now + datetime.timedelta(days=1))
Audit(env).record(
    "refresh", oauth2_api=oauth2_api, client=client, user_id=user.id,
    client_user_ref=grant.id, address="203.0.113.7")
env.cr.commit()
print("RECORDS WRITTEN")
"""


def script(token):
    """Python for ``odoo shell``.

    :param token: the grant's access token, plain letters
    """
    return SCRIPT.format(token=token)


def multiplied():
    """SQL that makes ``ROWS`` rows of each table from the one that is there."""
    yield _multiply(
        "oauth2_client_user",
        subject="'user-' || n",
        identity_digest="encode(sha256(n::text::bytea), 'hex')",
    )
    # Times that differ: equal ones would take next to no room in an index.
    token = {
        "expires_at": "row.expires_at + n * interval '1 second'",
        "digest": "encode(sha256((row.kind || n)::bytea), 'hex')",
        "client_user_id": "(SELECT min(id) FROM oauth2_client_user) + n",
    }
    # Half of them access tokens, half refresh tokens.
    yield _multiply("oauth2_token", ROWS // 2, **token)
    yield _multiply(
        "oauth2_event", create_date="row.create_date + n * interval '1 second'"
    )
    yield "VACUUM ANALYZE"


def _multiply(table, count=ROWS, **columns):
    """SQL that copies each row of a table, with some columns computed from ``n``."""
    changed = ", ".join(f"'{name}', {value}" for name, value in columns.items())
    sequence = f"nextval('{table}_id_seq') + 0 * n"  # a new one for each n
    values = f"jsonb_build_object('id', {sequence}{', ' + changed if changed else ''})"
    return f"""
        INSERT INTO {table}
        SELECT made.*
          FROM {table} row, generate_series(1, {count}) n,
               LATERAL jsonb_populate_record(row, {values}) made"""


def sizes():
    """SQL that tells of each table its name, rows, and bytes without and of indexes."""
    names = ", ".join(f"'{table}'" for table in TABLES)
    return f"""
        SELECT relname, reltuples::bigint, pg_table_size(oid), pg_indexes_size(oid)
          FROM pg_class WHERE relname IN ({names}) ORDER BY relname"""

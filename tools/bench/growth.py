"""A million tokens, a million events: the same check on a grown database."""

# As sign-ins and refreshes leave them, in one statement a table.
GRANTS = 100_000
TOKENS = 1_000_000
EVENTS = 1_000_000

FILL = (
    """
    INSERT INTO oauth2_client_user (api_id, client_id, user_id, issuer, subject,
           identity_digest, state, authorized_at, expires_at)
    SELECT api_id, client_id, user_id, issuer, 'subject-' || n,
           encode(sha256(('identity-' || n)::bytea), 'hex'), 'active',
           authorized_at, expires_at
      FROM oauth2_client_user, generate_series(1, {grants}) n
     WHERE id = {grant}
    """,
    """
    INSERT INTO oauth2_token (client_user_id, kind, digest, expires_at, scope)
    SELECT first.id + n % {grants}, CASE n % 2 WHEN 0 THEN 'access' ELSE 'refresh' END,
           encode(sha256(('token-' || n)::bytea), 'hex'),
           now() AT TIME ZONE 'UTC' + interval '100 days', 'openid'
      FROM generate_series(1, {tokens}) n,
           (SELECT min(id) AS id FROM oauth2_client_user WHERE id > {grant}) first
    """,
    """
    INSERT INTO oauth2_event (create_date, kind, api_id, api_name, client_id,
           client_name, user_id, client_user_ref, address)
    SELECT now() AT TIME ZONE 'UTC' - n * interval '20 seconds', 'refresh',
           api_id, 'Orders', client_id, 'Application', user_id, id, '192.0.2.1'
      FROM oauth2_client_user, generate_series(1, {events}) n
     WHERE id = {grant}
    """,
    "VACUUM ANALYZE oauth2_client_user",
    "VACUUM ANALYZE oauth2_token",
    "VACUUM ANALYZE oauth2_event",
)

DIE = (
    """
    UPDATE oauth2_token SET expires_at = now() AT TIME ZONE 'UTC' - interval '1000 days'
     WHERE client_user_id > {grant}
    """,
    "VACUUM ANALYZE oauth2_token",
)

DEAD = "SELECT count(*) FROM oauth2_token WHERE client_user_id > {grant}"

CLEAN_UP = """
import time
begun, calls = time.monotonic(), 0
dead = f"SELECT 1 FROM oauth2_token WHERE client_user_id > GRANT LIMIT 1"
while True:
    env.cr.execute(dead)
    if not env.cr.fetchone():
        break
    env["oauth2.client.user"]._cron_clean_up()
    env.cr.commit()
    calls += 1
print(f"CLEANED {time.monotonic() - begun:.1f} {calls}")
"""


def statements(templates, grant):
    """The statements for a database whose first grant has that id."""
    sizes = {"grants": GRANTS, "tokens": TOKENS, "events": EVENTS, "grant": grant}
    return [template.format(**sizes) for template in templates]


def clean_up_script(grant):
    """Python for ``odoo shell``: runs the job until no dead token is left."""
    return CLEAN_UP.replace("GRANT", str(grant))

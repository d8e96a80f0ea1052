"""A million tokens, a million events: the same check on a grown database, and the job
that removes them beside it."""

import time
from dataclasses import dataclass

from bench.rounds import Series
from console import Failure


@dataclass(frozen=True)
class Size:
    """How many rows a database is filled with."""

    grants: int
    tokens: int
    events: int


SMALL = Size(grants=100, tokens=1_000, events=1_000)
LARGE = Size(grants=100_000, tokens=1_000_000, events=1_000_000)
LAPSING = 20_000  # grants: each takes Odoo a millisecond

# As sign-ins and refreshes leave them, in one statement a table.
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
    # Each grant has as many access as refresh tokens.
    """
    INSERT INTO oauth2_token (client_user_id, kind, digest, expires_at, scope,
           user_ref, api_ref, client_ref, granted_scopes)
    SELECT first.id + n % {grants},
           CASE n / {grants} % 2 WHEN 0 THEN 'access' ELSE 'refresh' END,
           encode(sha256(('token-' || n)::bytea), 'hex'),
           now() AT TIME ZONE 'UTC' + interval '100 days', 'openid',
           grantee.user_id, grantee.api_id, grantee.client_id, ''
      FROM generate_series(0, {tokens} - 1) n, oauth2_client_user grantee,
           (SELECT min(id) AS id FROM oauth2_client_user WHERE id > {grant}) first
     WHERE grantee.id = {grant}
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

# All tokens are dead, and their grants live on with newer ones, as in a running system:
# most were replaced, some expired long ago and are nobody's. The newer ones have a
# value, as the provider is told of it when the grant ends.
DIE = (
    """
    UPDATE oauth2_token SET superseded_at = now() AT TIME ZONE 'UTC'
                                            - (3600 + id % 3600) * interval '1 second',
                            expires_at = now() AT TIME ZONE 'UTC'
                                         - (3540 + id % 3600) * interval '1 second'
     WHERE client_user_id > {grant} AND id % 10 > 0
    """,
    """
    UPDATE oauth2_token SET expires_at = now() AT TIME ZONE 'UTC'
                                     - interval '1000 days' - id * interval '1 second'
     WHERE client_user_id > {grant} AND id % 10 = 0
    """,
    """
    INSERT INTO oauth2_token (client_user_id, kind, digest, value, expires_at, scope)
    SELECT grantee.id, kinds.kind,
           encode(sha256(('newer-' || kinds.kind || grantee.id)::bytea), 'hex'),
           token.value, token.expires_at, token.scope
      FROM oauth2_client_user grantee, oauth2_token token,
           (VALUES ('access'), ('refresh')) AS kinds (kind)
     WHERE grantee.id > {grant} AND token.client_user_id = {grant}
    """,
    "VACUUM ANALYZE oauth2_token",
)

# Many grants are past their lifetime at once: the job ends each, with an event, and has
# the provider told of both tokens.
LAPSE = (
    """
    UPDATE oauth2_client_user
       SET expires_at = now() AT TIME ZONE 'UTC' - id * interval '1 second'
     WHERE id IN (SELECT id FROM oauth2_client_user
                   WHERE id > {grant} ORDER BY id LIMIT {lapsing})
    """,
    """
    UPDATE oauth2_provider SET revocation_endpoint = 'https://provider.example.com/end'
    """,
    "VACUUM ANALYZE oauth2_client_user",
)

# What the job has left, of either.
LEFT = """
    SELECT (SELECT count(*) FROM oauth2_token
             WHERE client_user_id > {grant}
               AND (superseded_at IS NOT NULL OR expires_at < now() AT TIME ZONE 'UTC'))
         + (SELECT count(*) FROM oauth2_client_user
             WHERE state = 'active' AND expires_at < now() AT TIME ZONE 'UTC')
"""

# As the scheduler does: run after run, each told when its time is over.
CLEAN_UP = """
import time
from odoo.addons.base.models.ir_cron import MIN_TIME_PER_JOB
print("BEGUN", flush=True)
begun, runs, done, remaining = time.monotonic(), 0, 0, 1
while remaining:
    cron = env.ref("api_auth_oauth2.ir_cron_clean_up")
    cron, progress = cron._add_progress()
    env.cr.commit()
    cron.ir_actions_server_id.with_user(cron.user_id).with_context(
        cron_id=cron.id, ir_cron_progress_id=progress.id,
        cron_end_time=time.monotonic() + MIN_TIME_PER_JOB).run()
    done, remaining, runs = done + progress.done, progress.remaining, runs + 1
    env.cr.commit()
print(f"CLEANED {time.monotonic() - begun:.1f} {runs} {done}")
"""


@dataclass
class CleanUp:
    """What the job did beside calls, and what it made of them."""

    before: Series  # calls alone
    during: Series
    seconds: float
    runs: int
    done: int  # records, as the job reported them


def statements(templates, grant, size=LARGE):
    """The statements for a database whose first grant has that id."""
    sizes = {"grants": size.grants, "tokens": size.tokens, "events": size.events}
    sizes |= {"grant": grant, "lapsing": LAPSING}
    return [template.format(**sizes) for template in templates]


def told(text):
    """(seconds, runs, records) that ``CLEAN_UP`` printed, ``None`` when it did not."""
    _before, found, rest = text.rpartition("CLEANED ")
    if not found:
        return None
    seconds, runs, done = rest.split()[:3]
    return float(seconds), int(runs), int(done)


def wait_for_begin(log, job):
    """Return when the job is at work, or has ended: Odoo takes seconds to start."""
    while job.poll() is None and "BEGUN" not in log.read_text():
        time.sleep(0.05)


def without_end(series):
    """The rounds that the job was at work in all of.

    Raises Failure where there is none: then its effect was not measured.
    """
    series.rates.pop()
    series.p99s.pop()
    if not series.p99s:
        raise Failure("The job was done before a round of calls was")
    return series

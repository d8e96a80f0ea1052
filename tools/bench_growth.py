"""A million tokens, a million events: the same check on a grown database, and the job
that removes them beside it."""

import time
from dataclasses import dataclass

import measured_records
from console import Failure
from measure import Series


@dataclass(frozen=True)
class Size:
    """How many rows a database is filled with."""

    grants: int
    tokens: int
    events: int

    def __str__(self):
        return (
            f"{self.tokens:,} tokens of {self.grants:,} grants and {self.events:,}"
            " events"
        )


SMALL = Size(grants=100, tokens=1_000, events=1_000)
LARGE = Size(grants=100_000, tokens=1_000_000, events=1_000_000)
LAPSING = 20_000  # grants: each takes Odoo a millisecond


def fill(grant, size):
    """SQL: a database as sign-ins and refreshes leave it."""
    yield measured_records.grants(grant, size.grants)
    yield from measured_records.tokens(
        grant, size.tokens, size.grants, value="NULL::text"
    )
    yield measured_records.events(size.events)
    for table in ("client_user", "token", "event"):
        yield f"VACUUM ANALYZE oauth2_{table}"


def die(grant):
    """SQL: all tokens are dead, and their grants live on with newer ones.

    The newer ones have a value, as the provider is told of it when the grant ends.
    """
    yield f"""
        UPDATE oauth2_token SET expires_at = now() AT TIME ZONE 'UTC'
                                     - interval '1000 days' - id * interval '1 second'
         WHERE client_user_id > {grant}"""
    yield from measured_records.tokens(
        grant, 2 * LARGE.grants, LARGE.grants, label="newer"
    )
    yield "VACUUM ANALYZE oauth2_token"


def lapse(grant):
    """SQL: many grants are past their lifetime at once.

    The job ends each, with an event, and has the provider told of both tokens.
    """
    yield f"""
        UPDATE oauth2_client_user
           SET expires_at = now() AT TIME ZONE 'UTC' - id * interval '1 second'
         WHERE id IN (SELECT id FROM oauth2_client_user
                       WHERE id > {grant} ORDER BY id LIMIT {LAPSING})"""
    revoke = "https://provider.example.com/end"
    yield f"UPDATE oauth2_provider SET revocation_endpoint = '{revoke}'"
    yield "VACUUM ANALYZE oauth2_client_user"


def left(grant):
    """SQL: how many the job has left, of either."""
    return f"""
        SELECT (SELECT count(*) FROM oauth2_token WHERE client_user_id > {grant}
                   AND expires_at < now() AT TIME ZONE 'UTC')
             + (SELECT count(*) FROM oauth2_client_user
                 WHERE state = 'active' AND expires_at < now() AT TIME ZONE 'UTC')"""


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

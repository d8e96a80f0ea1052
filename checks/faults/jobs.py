"""A job with much to do is killed (SIGKILL) in the middle of it, and runs again."""

import base64
import contextlib
import os
import signal
from collections import Counter

import requests
import world
from cryptography.fernet import Fernet, InvalidToken
from life import Life
from server import in_background, is_a_session_locked_out, locked, sql, wait_until

LAPSED = 250  # grants: more than the job takes at once
DEAD = 3000  # tokens
VALUES = 4000


def multiply(table, record_id, count, **columns):
    """Insert copies of a record, with other values: SQL in which `n` is its number."""
    query = (
        "SELECT column_name FROM information_schema.columns"
        " WHERE table_schema = 'public' AND table_name = %s"
    )
    names = [name for (name,) in sql(query, table) if name != "id"]
    values = [columns.get(name, name) for name in names]
    sql(
        f"INSERT INTO {table} ({', '.join(names)}) SELECT {', '.join(values)}"
        f" FROM {table} record, generate_series(1, %s) n WHERE record.id = %s",
        count,
        record_id,
    )


def kill_worker():
    """Kill the process of the server that serves the only call there is."""
    os.kill(world.serving_worker(), signal.SIGKILL)


class CleanUp(world.Fault):
    def setUp(self):
        super().setUp()
        self.tokens, self.identity = self.site.authorize()
        [live] = self.grants()
        self.live = live["id"]
        [[token]] = sql("SELECT max(id) FROM oauth2_token")  # the live grant's
        past = "now() - interval '2 years'"
        multiply(
            "oauth2_token",
            token,
            DEAD,
            digest="'dead ' || n",
            rotated_at=past,
            expires_at=past,
        )
        multiply(
            "oauth2_client_user",
            self.live,
            LAPSED,
            subject="'lapsed ' || n",
            identity_digest="'lapsed ' || n",
            expires_at=past,
        )
        for kind in ("access", "refresh"):
            sql(
                "INSERT INTO oauth2_token"
                " (client_user_id, kind, digest, value, expires_at)"
                " SELECT id, %s, subject || %s, %s, now() + interval '1 day'"
                "   FROM oauth2_client_user WHERE subject LIKE 'lapsed %%'"
                "    AND api_id = %s",
                kind,
                kind,
                world.encrypted("of no grant at this provider"),
                self.site.api_id,
            )
        [[event]] = sql("SELECT max(id) FROM oauth2_event")
        multiply("oauth2_event", event, 300, create_date=past)
        [[sign_in]] = sql("SELECT max(id) FROM oauth2_authorization_request")
        multiply(
            "oauth2_authorization_request",
            sign_in,
            200,
            **dict.fromkeys(("state_digest", "form_digest"), "'lapsed ' || n"),
            expires_at=past,
        )

    def left(self):
        """Return how much there is that the job is to end or forget."""
        year = "now() - interval '1 year'"
        grants, tokens = "oauth2_client_user", "oauth2_token"
        where = {
            grants: f"api_id = %s AND state = 'active' AND expires_at < {year}",
            tokens: f"client_user_id = %s AND rotated_at < {year}",
            "oauth2_event": f"api_id = %s AND create_date < {year}",
            "oauth2_authorization_request": f"api_id = %s AND expires_at < {year}",
        }
        return {
            table: sql(
                f"SELECT count(*) FROM {table} WHERE {condition}",
                self.live if table == tokens else self.site.api_id,
            )[0][0]
            for table, condition in where.items()
        }

    def begin(self):
        return in_background(lambda: self.run_job("ir_cron_clean_up"))

    def kill_while_locked_out(self, table):
        with locked(table):
            job = self.begin()
            wait_until(is_a_session_locked_out)
            kill_worker()
            with self.assertRaises(requests.ConnectionError):
                job.result()

    def assertNothingHalf(self):
        """A grant is as it was, or ended: no token, one event, two revocations."""
        found = Counter(
            sql(
                "SELECT state, (SELECT count(*) FROM oauth2_token token"
                "                WHERE token.client_user_id = client_user.id),"
                "              (SELECT count(*) FROM oauth2_event event"
                "                WHERE event.client_user_ref = client_user.id"
                "                  AND event.kind = 'end')"
                "  FROM oauth2_client_user client_user"
                " WHERE api_id = %s AND subject LIKE 'lapsed%%'",
                self.site.api_id,
            )
        )
        ended = found.pop(("expired", 0, 1), 0)
        waiting = found.pop(("active", 2, 0), 0)
        self.assertFalse(found)
        self.assertEqual(ended + waiting, LAPSED)
        kinds = Counter(row["kind"] for row in self.revocations())
        self.assertEqual(kinds, Counter({"access": ended, "refresh": ended}))
        opened = self.site.partners(self.tokens["access_token"])
        self.assertEqual(opened.status_code, 200, opened.text)
        return ended

    def run_to_its_end(self):
        self.run_job("ir_cron_clean_up")
        self.assertFalse(any(self.left().values()), self.left())

    def test_killed_while_it_ends_grants(self):
        """the clean-up job killed twice among 250 lapsed grants; then it finishes"""
        self.assertTrue(all(self.left().values()))
        # With the first ones in its hands.
        self.kill_while_locked_out("oauth2_revocation")
        self.assertEqual(self.assertNothingHalf(), 0)
        # At any point after the first ones have been ended.
        job = self.begin()
        wait_until(lambda: self.left()["oauth2_client_user"] < LAPSED)
        kill_worker()
        with self.assertRaises(requests.ConnectionError):
            job.result()
        self.assertTrue(self.assertNothingHalf())
        self.run_to_its_end()
        self.assertEqual(self.assertNothingHalf(), LAPSED)
        self.refreshed(self.identity)
        self.assertExplained("grant")

    def test_crash_while_it_ends_grants(self):
        """PostgreSQL crashes among 250 lapsed grants, whose commits do not wait"""
        job = self.begin()
        wait_until(lambda: self.left()["oauth2_client_user"] < LAPSED)
        world.cluster().restart(signal.SIGQUIT)
        with contextlib.suppress(RuntimeError, requests.RequestException):
            job.result()  # an error, unless it was done by then
        self.settle()
        self.assertNothingHalf()  # whatever the crash took back, it took back whole
        self.run_to_its_end()
        self.assertEqual(self.assertNothingHalf(), LAPSED)
        self.refreshed(self.identity)
        self.assertExplained("grant")

    def test_killed_while_it_forgets_tokens(self):
        """the clean-up job killed among 3,000 dead tokens; then it finishes"""
        sql(
            "UPDATE oauth2_client_user SET expires_at = now() + interval '1 day'"
            " WHERE subject LIKE 'lapsed%%' AND api_id = %s",
            self.site.api_id,
        )
        self.kill_while_locked_out("oauth2_token")
        self.assertEqual(self.left()["oauth2_token"], DEAD)
        self.assertEqual(self.assertNothingHalf(), 0)
        self.run_to_its_end()
        self.assertEqual(self.assertNothingHalf(), 0)  # what lives is left alone
        self.refreshed(self.identity)
        self.assertExplained("grant")


class KeepAlive(world.Fault):
    """The job that refreshes unused grants; the application knows nothing of it."""

    def setUp(self):
        super().setUp()
        self.tokens, self.identity = self.site.authorize()
        api = "oauth2.api", self.site.api_id
        self.administrator.write(*api, keep_alive=True)
        self.lapse_soon()
        self.provider.calls.clear()

    def lapse_soon(self):
        sql(
            "UPDATE oauth2_token SET expires_at = now() + interval '1 day'"
            "  FROM oauth2_client_user client_user"
            " WHERE client_user.id = client_user_id"
            "   AND api_id = %s AND kind = 'refresh' AND rotated_at IS NULL",
            self.site.api_id,
        )

    def keep_alive(self):
        """Run the job, an hour after what was noted before."""
        sql(
            "UPDATE oauth2_client_user"
            " SET refresh_began_at = refresh_began_at - interval '1 hour'"
        )
        self.run_job("ir_cron_keep_alive")

    def kill_unread(self):
        self.provider.kill = "token"
        with self.assertRaises(requests.ConnectionError):
            self.keep_alive()
        self.assertExplained("refresh without answer")

    def test_answer_unread_rotating(self):
        """the keep-alive job killed with an answer unread; the provider rotates"""
        self.kill_unread()
        self.keep_alive()
        kind, reason = self.events()[-1]
        self.assertEqual(kind, "end")
        self.assertIn("was not recorded", reason)
        self.assertExplained()

    def test_answer_unread_not_rotating(self):
        """the keep-alive job killed with an answer unread; no rotation"""
        self.provider.rotate = False
        self.kill_unread()
        self.keep_alive()
        kind, reason = self.events()[-1]
        self.assertEqual(kind, "refresh")
        self.assertIn("was not recorded", reason)
        self.assertExplained("grant")
        self.refreshed(self.identity)
        self.assertExplained("grant")

    def test_before_the_event_is_stored(self):
        """the keep-alive job killed while it stores an answer; no rotation"""
        self.provider.rotate = False
        with locked("oauth2_event"):
            job = in_background(self.keep_alive)
            wait_until(is_a_session_locked_out)
            kill_worker()
            with self.assertRaises(requests.ConnectionError):
                job.result()
        self.assertExplained("refresh without answer")
        self.keep_alive()
        self.assertEqual(len(self.losses()), 1)
        self.assertExplained("grant")
        self.refreshed(self.identity)

    def test_restart(self):
        """PostgreSQL restarted while the provider answers the keep-alive job"""
        with self.provider.kept_waiting(self.keep_alive) as job:
            world.cluster().restart()
        with self.assertRaises((RuntimeError, requests.RequestException)):
            job.result()
        self.settle()
        self.assertExplained("refresh without answer")
        self.assertEqual(self.refresh(self.identity).status_code, 400)
        self.assertTrue(self.losses())
        self.assertExplained()


class Revocations(world.Fault):
    def test_answer_unread(self):
        """the job that tells of revocations killed with an answer unread"""
        _tokens, identity = self.site.authorize()
        self.provider.close("revocation")
        self.site.revoke(identity)
        self.assertEqual(len(self.revocations()), 2)
        self.provider.behave()
        self.provider.kill = "revocation"
        with self.assertRaises(requests.ConnectionError):
            self.tell_provider()
        self.assertEqual(len(self.revocations()), 2)
        self.tell_provider()
        self.assertEqual(self.revocations(), [])
        self.assertExplained()


class KeyRotation(Life):
    def test_killed(self):
        """killed while it re-encrypts 4,000 values with a new key; then it finishes"""
        with self.serving():
            self.sign_in()
        self.add_values()
        old = world.KEY
        new = base64.urlsafe_b64encode(os.urandom(32)).decode()
        machine = world.odoo()
        variables = dict(machine.extra_env)
        self.addCleanup(machine.extra_env.update, variables)
        machine.extra_env["API_AUTH_OAUTH2_KEYS"] = f"{new},{old}"
        with self.serving():
            self.kill_in_the_middle()
            found = self.read_by(new, old)
            self.assertEqual(set(found), {new, old}, found)  # some, and all by one
            self.run_job("ir_cron_key_rotation")
            self.assertEqual(set(self.read_by(new, old)), {new})
            self.assertEqual(self.told(), 1)
        machine.extra_env["API_AUTH_OAUTH2_KEYS"] = new
        with self.serving():
            self.refreshed(self.identity)

    def add_values(self):
        """Make grants, each with a refresh token that the old key has encrypted."""
        with world.at(world.server.URL, self.database):
            [live] = self.grants_alive()
            multiply(
                "oauth2_client_user",
                live,
                VALUES,
                subject="'many ' || n",
                identity_digest="'many ' || n",
            )
            made = "SELECT id FROM oauth2_client_user WHERE subject LIKE 'many%%'"
            ids = [row[0] for row in sql(made)]
            made = [(each, world.encrypted(f"refresh {each}")) for each in ids]
            sql(
                "INSERT INTO oauth2_token"
                " (client_user_id, kind, digest, value, expires_at)"
                " SELECT id, 'refresh', 'many ' || id, value, now() + interval '1 day'"
                "   FROM unnest(%s, %s) made (id, value)",
                [each for each, _value in made],
                [value for _each, value in made],
            )

    def grants_alive(self):
        query = "SELECT id FROM oauth2_client_user WHERE state = 'active'"
        return [row[0] for row in sql(query)]

    def kill_in_the_middle(self):
        """Kill who runs the server action as soon as the first tokens are done."""
        [[action]] = sql(
            "SELECT res_id FROM ir_model_data WHERE name = 'oauth2_key_rotation_action'"
        )
        [[before]] = sql("SELECT value FROM oauth2_token ORDER BY id LIMIT 1")
        first = "SELECT value FROM oauth2_token ORDER BY id LIMIT 1"
        run = in_background(
            lambda: self.administrator.call("ir.actions.server", "run", [action])
        )
        wait_until(lambda: sql(first) != [(before,)])
        with locked("oauth2_token"):
            wait_until(is_a_session_locked_out)
            kill_worker()
            with self.assertRaises(requests.ConnectionError):
                run.result()

    def read_by(self, *keys):
        """Return how many values each key reads; each value has one."""
        found = Counter()
        for (value,) in sql("SELECT value FROM oauth2_token WHERE value IS NOT NULL"):
            found.update([key for key in keys if reads(key, value)] or [None])
        return found

    def told(self):
        query = "SELECT count(*) FROM oauth2_event WHERE record_model = %s"
        return sql(query, "oauth2.key.rotation")[0][0]


def reads(key, value):
    """Return whether a key decrypts a value."""
    try:
        Fernet(key).decrypt(value.rpartition(":")[2].encode())
    except InvalidToken:
        return False
    return True

"""The search that ``./dev test`` ends with finds each secret of a run in its logs."""

import base64
import os
import secrets
import tempfile
import unittest
from pathlib import Path
from unittest.mock import patch

import log_search
import postgres


class TestLogSearch(unittest.TestCase):
    """The search that ``./dev test`` ends with."""

    def setUp(self):
        super().setUp()
        folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.log = folder / "server.log"
        self.database_log = folder / "postgres.log"
        self.enterContext(patch.object(postgres, "LOG", self.database_log))
        self.database_log.touch()
        self.enterContext(patch.dict(os.environ))
        for name in [name for name in os.environ if name.startswith("PG")]:
            del os.environ[name]
        self.search = self.enterContext(log_search.Search(folder / "ledger"))

    def start_odoo(self):
        """Odoo writes the names of the loggers whose level it sets."""
        names = [
            argument.removeprefix("--log-handler=")
            for argument in self.search.odoo_arguments(self.log)
            if argument.startswith("--log-handler=")
        ]
        for name in names:
            self.log_line(f'DEBUG ? odoo.netsvc: logger level set: "{name}"')

    def log_line(self, text):
        with self.log.open("a") as file:
            file.write(f"2026-11-25 01:02:03,004 5 {text} \n")

    def complaints(self):
        return self.search.complaints()

    def test_a_log_without_secrets_is_clean(self):
        self.start_odoo()
        self.search.keep("token", "never-in-a-log")
        self.log_line("INFO db odoo.http: all is well")
        self.assertEqual(self.complaints(), [])

    def test_a_secret_is_found_and_told_without_its_value(self):
        self.start_odoo()
        self.search.keep("access_token", "a-token/of ü", "test_x.TestX.test_y")
        quoted = "a-token%2Fof%20%C3%BC"
        basic = base64.b64encode("demo-app:a-token/of ü".encode()).decode()
        hexadecimal = "a-token/of ü".encode().hex()
        before = len(self.log.read_text().splitlines())
        for number, text in enumerate(
            ("a-token/of ü", quoted, basic, hexadecimal, r"{'a-token/of \u00fc'}"), 1
        ):
            self.log_line(f"DEBUG db test.{number}: x{text}x")
            [*_earlier, told] = self.complaints()
            self.assertEqual(
                told,
                "access_token of test_x.TestX.test_y: server.log, line"
                f" {before + number}, DEBUG test.{number}",
            )
        self.log_line("INFO db odoo.http: a-token/of another")
        self.assertEqual(len(self.complaints()), 5)

    def test_the_start_or_end_of_a_long_secret_is_found(self):
        self.start_odoo()
        token, jwt = secrets.token_urlsafe(32), secrets.token_urlsafe(96)
        found = 0
        for value, pieces in (
            (token, (token[:-1], token[1:], token[:24] + "…")),
            (jwt, (jwt[:40] + "…", "…" + jwt[-40:])),
        ):
            self.search.keep("token", value)
            for text in pieces:
                found += 1
                self.log_line(f"DEBUG db test{found}: {text}")
                self.assertEqual(len(self.complaints()), found, text)

    def test_a_log_that_is_not_at_debug_fails_the_search(self):
        """Then Odoo does not write its canaries."""
        self.search.odoo_arguments(self.log)
        self.log_line("INFO db odoo.http: all is well")
        self.assertEqual(len(self.complaints()), 3)
        for told in self.complaints():
            self.assertIn("no canary was found in server.log", told)

    def test_the_log_of_our_postgresql_is_searched(self):
        self.search.keep("token", "in-a-statement")
        self.database_log.write_text("ERROR\nSTATEMENT: SELECT 'in-a-statement'\n")
        [told] = self.complaints()
        self.assertIn("token of ./dev test: postgres.log, line 2", told)

    def test_a_log_that_is_missing_fails_the_search(self):
        self.search.odoo_arguments(self.log)
        self.database_log.unlink()
        told = "is not there: it was not searched"
        expected = [f"postgres.log {told}", f"server.log {told}"]
        self.assertEqual(sorted(self.complaints()), expected)

    def test_the_log_of_a_postgresql_that_is_not_ours_is_not_searched(self):
        self.database_log.unlink()
        os.environ["PGHOST"] = "database.example.com"
        with log_search.Search(self.search.path) as search:
            self.assertEqual(search.complaints(), [])
        self.search.path.touch()  # for the end of this test

    def test_a_value_too_short_or_too_plain_is_not_searched_for(self):
        self.start_odoo()
        for value in ("a-token", "aaaaaaaaaaaaaaaa", "12121212"):
            self.search.keep("token", value)
            self.log_line(f"INFO db odoo.http: {value}")
        self.assertEqual(self.complaints(), [])

    def test_the_ledger_is_readable_by_its_owner_only_and_is_removed(self):
        self.assertEqual(self.search.path.stat().st_mode & 0o777, 0o600)
        self.search.__exit__()
        self.assertFalse(self.search.path.exists())
        self.search.path.touch()  # for the end of this test

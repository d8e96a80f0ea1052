"""What ``./dev fuzz`` says of a run: its table, its server's log."""

import tempfile
import unittest
from pathlib import Path
from unittest.mock import patch

import console
import fuzz_report

_OURS = "odoo.addons.api_auth_oauth2"
_TRACEBACK = """Traceback (most recent call last):
  File "orm.py", line 1, in read
    raise ValueError
ValueError"""
_TOO_DEEP = """Traceback (most recent call last):
  File "http.py", line 1, in dispatch
    self.jsonrequest = self.request.get_json_data()
RecursionError: maximum recursion depth exceeded while decoding a JSON array from a
unicode string""".replace("a\nu", "a u")
_CHAINED = f"""{_TRACEBACK}

During handling of the above exception, another exception occurred:

{_TRACEBACK}

The above exception was the direct cause of the following exception:

{_TRACEBACK}"""


class TestFuzzReport(unittest.TestCase):
    def setUp(self):
        super().setUp()
        self.enterContext(patch.object(console, "say", lambda *lines: None))
        folder = self.enterContext(tempfile.TemporaryDirectory())
        self.log = Path(folder) / "server.log"
        self.log.touch()
        self.answers = {"token": {"200": 60, "400": 40}}
        self.breaches, self.secrets, self.misbehaved = [], [], 1

    def line(self, text, level="INFO", logger="odoo.http"):
        with self.log.open("a") as file:
            file.write(f"2026-11-25 01:02:03,004 5 {level} db {logger}: {text} \n")

    def stderr(self, text):
        with self.log.open("a") as file:
            file.write(f"{text}\n")

    def status(self, count=100, least=0.3):
        told = {
            "answers": self.answers,
            "least": {"token": least},
            "breaches": self.breaches,
            "misbehaved": self.misbehaved,
            "secrets": self.secrets,
        }
        return fuzz_report.tell(told, self.log, count, seed=7)

    def assertBreach(self, **options):
        self.assertEqual(self.status(**options), 1)
        self.log.write_text("")

    def test_a_run_without_breach_ends_with_status_0(self):
        self.line("all is well")
        self.line("a refusal", level="WARNING")
        self.assertEqual(self.status(), 0)

    def test_a_breach_of_an_answer_fails_the_run(self):
        self.breaches.append(dict.fromkeys(("target", "what", "request", "answer"), ""))
        self.assertBreach()

    def test_an_error_in_the_log_fails_the_run(self):
        for level in ("ERROR", "CRITICAL"):
            self.line("oops", level=level)
            self.assertBreach()

    def test_a_query_that_a_value_spoilt_may_be_logged_but_none_of_our_tables(self):
        def query(table):
            text = f'bad query: SELECT 1 FROM "{table}"\nERROR: out of range'
            self.line(text, "ERROR", "odoo.sql_db")

        query("res_partner")
        self.assertEqual(self.status(), 0)
        query("oauth2_token")
        self.assertBreach()
        query("res_partner")
        self.stderr(_TRACEBACK)
        self.assertBreach()

    def test_only_a_route_of_the_fuzzing_may_return_what_is_no_json(self):
        text = f"Error {'0a' * 16}: the answer is no JSON: object at /orders/%s"
        logger = f"{_OURS}.controllers.dispatchers"
        self.line(text % "fuzz/answer", "ERROR", logger)
        no_json = "odoo.addons.api_auth_oauth2.controllers.json_answer.NotJson: x"
        traces = f"Exception during request handling.\n{_CHAINED}\n{no_json}"
        self.line(traces, "ERROR")
        self.assertEqual(self.status(), 0)
        self.line(f"{traces}\n{_TRACEBACK}", "ERROR")
        self.assertBreach()
        self.line(text % "partners", "ERROR", logger)
        self.assertBreach()

    def test_a_traceback_in_the_log_fails_the_run_at_any_level(self):
        for level in ("DEBUG", "INFO", "WARNING", "ERROR", "RUNBOT"):
            for logger in ("odoo.http", f"{_OURS}.models.token_check"):
                self.line(f"oops\n{_TRACEBACK}", level, logger)
                self.assertBreach()

    def test_odoo_s_own_traceback_of_a_body_nested_too_deep_is_excused(self):
        deep = f"Exception during request handling.\n{_TOO_DEEP}"
        self.line(deep, "ERROR")
        self.assertEqual(self.status(), 0)
        for text, logger in (
            (deep.replace("RecursionError", "ValueError"), "odoo.http"),
            (deep.replace("get_json_data", "another"), "odoo.http"),
            (deep, f"{_OURS}.services.calls.json2_errors"),
            (f"{deep}\n{_TRACEBACK}", "odoo.http"),
        ):
            self.line(text, "ERROR", logger)
            self.assertBreach()
        self.line(deep, "ERROR")
        self.stderr(_TRACEBACK)
        self.assertBreach()

    def test_a_traceback_on_standard_error_fails_the_run(self):
        self.line("all is well")
        self.stderr(_TRACEBACK)
        self.assertBreach()
        self.stderr(_TRACEBACK)  # before anything is logged
        self.line("all is well")
        self.assertBreach()

    def test_the_traceback_that_json2_logs_of_a_caller_s_value_is_excused(self):
        known = f"{_OURS}.services.calls.json2_errors"
        for text in (_TRACEBACK, _CHAINED):
            self.line(f"JSON-2 error 1\n{text}", logger=known)
            self.line("all is well")
            self.assertEqual(self.status(), 0)
        for level, logger in (("WARNING", known), ("INFO", f"x.{known}")):
            self.line(f"JSON-2 error 1\n{_TRACEBACK}", level, logger)
            self.assertBreach()
        for text in (_TRACEBACK, _CHAINED):
            self.line(f"JSON-2 error 1\n{_CHAINED}", logger=known)
            self.stderr(text)
            self.assertBreach()

    def test_a_secret_in_the_log_fails_the_run(self):
        self.secrets.append("a-secret-of-somebody")
        self.line("code=a-secret-of-somebody")
        self.assertBreach()
        self.line("code=…")
        self.assertEqual(self.status(), 0)

    def test_a_run_that_hardly_tested_a_target_fails(self):
        self.assertEqual(self.status(least=0.6), 0)
        self.assertBreach(least=0.61)
        self.assertBreach(count=101)
        self.answers["token"] = {"400": 100}
        self.assertBreach(least=0)
        self.answers["token"] = {"200": 45, "429": 55}
        self.assertBreach()

    def test_a_run_whose_provider_always_behaved_fails(self):
        self.misbehaved = 0
        self.assertBreach()

"""No log holds a secret of a test run: the ledger has each, the search finds each."""

import base64
import json
import logging
import os
import re
import secrets
import tempfile
import unittest
from pathlib import Path
from unittest.mock import patch
from urllib.parse import parse_qsl, urlsplit

from odoo.tests import BaseCase, tagged
from odoo.tools import mute_logger

from ..protocol.digests import random_token
from . import ledger, overheard
from .common import BROWSER_HEADERS, OAuth2Case, basic_authorization
from .tools_common import ToolsCase

_LOGGER = "odoo.addons.api_auth_oauth2.tests"


@unittest.skipUnless(ledger.PATH, "OAUTH2_TEST_LEDGER is not set")
@tagged("post_install", "-at_install")
class TestLedger(OAuth2Case):
    """What is used in this process, the ledger knows."""

    def assertKept(self, *values):
        with open(ledger.PATH) as file:
            kept = {json.loads(line)["value"] for line in file}
        for number, value in enumerate(values):
            self.assertTrue(value, f"number {number} is empty")
            # What is compared must not be told: it would be in the log.
            self.assertTrue(value in kept, f"number {number} is not in the ledger")

    def test_a_whole_life(self):
        """Token, secret, verifier, identity, and all that is used once on the way."""
        secret = self.provider.client_secret = random_token()
        self.client.client_secret = secret
        identity = f"customer-{random_token()}"
        information, _identity = self.authorize(identity)
        names = {"client_user_identity": identity}
        headers = basic_authorization(secret=secret)
        renewed = self.call("token", names, headers=headers).json()
        sent = [request["params"] for request in self.provider.requests]
        names = ("state", "nonce", "code", "code_verifier")
        once = [one[name] for one in sent for name in names if name in one]
        self.assertGreaterEqual(len(once), 4)
        self.assertKept(secret, identity, *once)
        for name in ("access_token", "refresh_token", "id_token"):
            self.assertKept(information[name], renewed[name])

    def test_a_decision_in_a_browser(self):
        asked = self.ask()
        url = self.sign_in(asked["authorization_url"])
        page = self.visit(url, BROWSER_HEADERS)
        sent = dict(parse_qsl(urlsplit(url).query))
        self.assertKept(asked["client_user_identity"], sent["code"], sent["state"])
        cookies = [one for one in page.cookies if one.name.startswith("oauth2_")]
        self.assertKept(*[cookie.value for cookie in cookies])
        form_secret = re.search(r'name="csrf_token" value="([^"]+)"', page.text)[1]
        self.assertKept(form_secret)

    def test_what_nobody_issued(self):
        """A wrong secret, an unknown token: somebody's, at another server."""
        secret, token = random_token()[1:], random_token()[2:]
        self.call("token", headers=basic_authorization(secret=secret))
        self.bearer("/orders/partners", token)
        self.assertKept(secret, token)

    def test_each_is_written_once_with_the_test(self):
        value = secrets.token_urlsafe(32)
        for _time in range(2):
            ledger.keep("token", value)
        with open(ledger.PATH) as file:
            [line] = [line for line in file if value in line]
        where = json.loads(line)["where"]
        self.assertIn("test_each_is_written_once_with_the_test", where)


@unittest.skipUnless(overheard.CAPTURED_LOG, "OAUTH2_TEST_CAPTURED_LOG is not set")
@tagged("post_install", "-at_install", "api_auth_oauth2")
class TestCapturedLines(BaseCase):
    """What a test keeps from the log is searched all the same."""

    def captured(self):
        return Path(overheard.CAPTURED_LOG).read_text()

    def canary(self):
        """A value that the search after this run has to find."""
        # Not by random_token: that would be a secret, and to be found nowhere.
        value = f"canary-{secrets.token_urlsafe(16)}"
        ledger.keep("canary", value, where=Path(overheard.CAPTURED_LOG).name)
        return value

    def test_what_a_test_expects(self):
        value = self.canary()
        with self.assertLogs(_LOGGER, logging.DEBUG):
            logging.getLogger(_LOGGER).debug("it is %s", value)
        self.assertIn(f" DEBUG - {_LOGGER}: it is {value}\n", self.captured())

    def test_what_a_test_mutes(self):
        value = self.canary()
        with mute_logger(_LOGGER):
            logging.getLogger(_LOGGER).warning("it is %s", value)
        self.assertIn(f" WARNING - {_LOGGER}: it is {value}\n", self.captured())

    def test_what_is_in_the_log_is_not_written_twice(self):
        value = f"here-{id(self)}"
        logging.getLogger(_LOGGER).debug(value)
        self.assertNotIn(value, self.captured())


@tagged("post_install", "-at_install", "api_auth_oauth2")
class TestLogSearch(ToolsCase):
    """The search that ``./dev test`` ends with."""

    def setUp(self):
        super().setUp()
        self.tools = self.module("log_search")
        folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.log = folder / "server.log"
        self.database_log = folder / "postgres.log"
        self.enterContext(
            patch.object(self.module("postgres"), "LOG", self.database_log)
        )
        self.database_log.touch()
        self.enterContext(patch.dict(os.environ))
        for name in [name for name in os.environ if name.startswith("PG")]:
            del os.environ[name]
        self.search = self.enterContext(self.tools.Search(folder / "ledger"))

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

    def test_a_clean_log(self):
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

    def test_a_part_of_a_long_secret_is_found(self):
        self.start_odoo()
        value = random_token() + random_token() + random_token()
        self.search.keep("id_token", value)
        for text in (value[:40] + "…", "…" + value[-40:]):
            self.log_line(f"INFO db odoo.http: {text}")
        self.assertEqual(len(self.complaints()), 1)
        self.log_line(f"DEBUG db test: {value[-40:]}")
        self.assertEqual(len(self.complaints()), 2)

    def test_a_part_of_a_token_is_found(self):
        self.start_odoo()
        value = random_token()
        self.search.keep("access_token", value)
        for number, text in enumerate((value[:-1], value[1:], value[:24] + "…"), 1):
            self.log_line(f"DEBUG db test{number}: {text}")
            self.assertEqual(len(self.complaints()), number, text)

    def test_a_log_that_is_not_at_debug(self):
        """Then Odoo does not write its canaries."""
        self.search.odoo_arguments(self.log)
        self.log_line("INFO db odoo.http: all is well")
        self.assertEqual(len(self.complaints()), 3)
        for told in self.complaints():
            self.assertIn("no canary was found in server.log", told)

    def test_a_log_that_is_not_there(self):
        self.search.odoo_arguments(self.log)
        told = "server.log is not there: it was not searched"
        self.assertEqual(self.complaints(), [told])

    def test_postgresql_s_log_is_searched(self):
        self.search.keep("token", "in-a-statement")
        self.database_log.write_text("ERROR\nSTATEMENT: SELECT 'in-a-statement'\n")
        [told] = self.complaints()
        self.assertIn("token of ./dev test: postgres.log, line 2", told)

    def test_postgresql_s_log_is_not_there(self):
        self.start_odoo()
        self.database_log.unlink()
        told = "postgres.log is not there: it was not searched"
        self.assertEqual(self.complaints(), [told])

    def test_a_postgresql_that_is_not_ours_has_its_log_elsewhere(self):
        self.database_log.unlink()
        os.environ["PGHOST"] = "database.example.com"
        with self.tools.Search(self.search.path) as search:
            self.assertEqual(search.complaints(), [])
        self.search.path.touch()  # for the end of this test

    def test_what_is_too_short_or_too_plain_is_left_out(self):
        self.start_odoo()
        for value in ("a-token", "aaaaaaaaaaaaaaaa", "12121212"):
            self.search.keep("token", value)
            self.log_line(f"INFO db odoo.http: {value}")
        self.assertEqual(self.complaints(), [])

    def test_the_ledger_is_for_nobody_else_and_does_not_stay(self):
        self.assertEqual(self.search.path.stat().st_mode & 0o777, 0o600)
        self.search.__exit__()
        self.assertFalse(self.search.path.exists())
        self.search.path.touch()  # for the end of this test

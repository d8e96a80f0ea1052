"""No log holds a secret of a test run: the ledger has each, the search finds each."""

import json
import logging
import re
import secrets
import unittest
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

from odoo.tests import BaseCase, tagged
from odoo.tools import mute_logger

from ..protocol.digests import random_token
from . import ledger, overheard
from .common import BROWSER_HEADERS, OAuth2Case, basic_authorization

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

    def test_the_ledger_has_every_secret_of_a_grant_s_life(self):
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

    def test_the_ledger_has_the_secrets_of_a_decision_in_a_browser(self):
        asked = self.ask()
        url = self.sign_in(asked["authorization_url"])
        page = self.visit(url, BROWSER_HEADERS)
        sent = dict(parse_qsl(urlsplit(url).query))
        self.assertKept(asked["client_user_identity"], sent["code"], sent["state"])
        cookies = [one for one in page.cookies if one.name.startswith("oauth2_")]
        self.assertKept(*[cookie.value for cookie in cookies])
        form_secret = re.search(r'name="csrf_token" value="([^"]+)"', page.text)[1]
        self.assertKept(form_secret)

    def test_the_ledger_has_made_up_tokens(self):
        """A wrong secret, an unknown token: another user's, at another server."""
        secret, token = random_token()[1:], random_token()[2:]
        self.call("token", headers=basic_authorization(secret=secret))
        self.bearer("/orders/partners", token)
        self.assertKept(secret, token)

    def test_the_ledger_has_each_value_once_with_its_test(self):
        value = secrets.token_urlsafe(32)
        for _time in range(2):
            ledger.keep("token", value)
        with open(ledger.PATH) as file:
            [line] = [line for line in file if value in line]
        where = json.loads(line)["where"]
        self.assertIn(self._testMethodName, where)


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

    def test_lines_that_a_test_expects_are_searched(self):
        value = self.canary()
        with self.assertLogs(_LOGGER, logging.DEBUG):
            logging.getLogger(_LOGGER).debug("it is %s", value)
        self.assertIn(f" DEBUG - {_LOGGER}: it is {value}\n", self.captured())

    def test_lines_that_a_test_mutes_are_searched(self):
        value = self.canary()
        with mute_logger(_LOGGER):
            logging.getLogger(_LOGGER).warning("it is %s", value)
        self.assertIn(f" WARNING - {_LOGGER}: it is {value}\n", self.captured())

    def test_lines_in_the_log_are_not_captured_again(self):
        value = f"here-{id(self)}"
        logging.getLogger(_LOGGER).debug(value)
        self.assertNotIn(value, self.captured())

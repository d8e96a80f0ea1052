"""The examples' client scripts: what they say when something is missing; the wait."""

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import unittest
from datetime import timedelta
from pathlib import Path

import requests
from lxml import html

from odoo.tests import BaseCase, tagged

from ..protocol.rate_limit import FixedWindowCounter
from ..services.sign_in import authorization
from ..services.tokens import sign_in_progress
from .common import BROWSER_HEADERS, OAuth2Case

_EXAMPLES = (
    os.environ.get("OAUTH2_TEST_EXAMPLES") or Path(__file__).parents[1] / "examples"
)
_SCRIPTS = Path(_EXAMPLES) / "clients"
_SECONDS = 60


@unittest.skipUnless(_SCRIPTS.exists(), "the examples are not here")
@tagged("post_install", "-at_install", "api_auth_oauth2")
class TestClientScripts(BaseCase):
    def setUp(self):
        super().setUp()
        folder = self.enterContext(tempfile.TemporaryDirectory())
        # No server listens on a port that is bound only.
        bound = self.enterContext(socket.socket())
        bound.bind(("127.0.0.1", 0))
        self.base_url = f"http://127.0.0.1:{bound.getsockname()[1]}"
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": folder,
            "OAUTH2_BASE_URL": self.base_url,
        }

    def refused(self, *command):
        """:return: what a script prints that ends with status 1, on one line"""
        done = subprocess.run(
            command,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
        )
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertEqual(done.stdout, "")
        (line,) = done.stderr.splitlines()
        return line

    def python(self, *words, options=()):
        script = _SCRIPTS / "python_client.py"
        return self.refused(sys.executable, *options, script, *words)

    def curl(self, *words):
        return self.refused("sh", _SCRIPTS / "curl.sh", *words)

    def test_python_without_requests_says_how_to_get_it(self):
        no_packages = ("-I", "-S")
        line = self.python("authorize", options=no_packages)
        self.assertIn("needs requests: apt-get install python3-requests", line)

    def test_python_without_an_answer_asks_whether_odoo_runs(self):
        line = self.python("authorize")
        self.assertIn(f"No answer from {self.base_url}: is Odoo running", line)
        self.assertIn("OAUTH2_BASE_URL", line)

    def test_client_scripts_before_a_sign_in_say_authorize_first(self):
        for word in ("wait", "call", "refresh", "revoke"):
            for script in (self.python, self.curl):
                with self.subTest(word, script=script.__name__):
                    self.assertIn("run `authorize` first", script(word))


# Odoo limits its address space, and with it that of what it starts; Node needs more.
UNLIMITED = ["sh", "-c", 'ulimit -S -v "$(ulimit -H -v)"; exec "$@"', "sh"]


@unittest.skipUnless(_SCRIPTS.exists(), "the examples are not here")
@tagged("post_install", "-at_install", "api_auth_oauth2")
class TestScriptsWait(OAuth2Case):
    """A script prints the address for the user, and goes on when it is decided."""

    def setUp(self):
        super().setUp()
        folder = self.enterContext(tempfile.TemporaryDirectory())
        self.file = Path(folder, "kept")
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": folder,
            "OAUTH2_BASE_URL": self.base_url(),
            "OAUTH2_API": "orders",
            "OAUTH2_DATABASE": self.env.cr.dbname,
            "OAUTH2_FILE": str(self.file),
        }
        self.patch(authorization, "INTERVAL", timedelta(seconds=1))
        self.env.flush_all()
        self.enterContext(self.allow_requests(all_requests=True))

    def start(self, *command):
        """Run a script; what it prints can be read while it runs."""
        script = subprocess.Popen(
            [*UNLIMITED, *map(str, command)],
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.addCleanup(script.communicate)
        self.addCleanup(script.kill)
        return script

    def ended(self, script):
        """:return: ``(its exit status, what it printed, its complaints)``"""
        printed, complaints = script.communicate(timeout=_SECONDS)
        return script.returncode, printed, complaints

    def decide(self, url, decision):
        """What the user's browser does, once the script has asked for tokens."""
        deadline = time.monotonic() + _SECONDS
        while not len(sign_in_progress.polls):
            self.assertLess(time.monotonic(), deadline, "the script asked nothing")
            time.sleep(0.05)
        with requests.Session() as browser:
            browser.headers.update(BROWSER_HEADERS)
            page = browser.get(self.sign_in(url), timeout=_SECONDS)
            self.assertEqual(page.status_code, 200, page.text)
            (form,) = html.fromstring(page.text).forms
            values = {**dict(form.form_values()), "decision": decision}
            address = f"{self.base_url()}{form.action}"
            decided = browser.post(address, data=values, timeout=_SECONDS)
            self.assertEqual(decided.status_code, 200, decided.text)

    def assertWaits(self, *command, asks=("authorize",), waits=("wait",)):
        """A script ends well when the user allows, with a refusal after Deny."""
        for decision, status in (("deny", 1), ("allow", 0)):
            counter = FixedWindowCounter(capacity=100, window=0.5)
            self.patch(sign_in_progress, "polls", counter)
            script = self.start(*command, *asks)
            url = script.stdout.readline().strip()
            if waits:
                self.assertEqual(self.ended(script)[0], 0)
                script = self.start(*command, *waits)
            self.decide(url, decision)
            ended, _printed, complaints = self.ended(script)
            self.assertEqual(ended, status, complaints)
            self.assertEqual("access_denied" in complaints, decision == "deny")

    def test_python_waits_for_the_user(self):
        self.assertWaits(sys.executable, _SCRIPTS / "python_client.py")
        self.assertIn("access_token", json.loads(self.file.read_text()))

    def test_curl_waits_for_the_user(self):
        if not shutil.which("curl"):
            self.skipTest("there is no curl")
        self.assertWaits("sh", _SCRIPTS / "curl.sh")
        self.assertTrue(self.file.with_name("kept.token").read_text())

    def test_javascript_waits_for_the_user(self):
        node = os.environ.get("OAUTH2_TEST_NODE") or shutil.which("node")
        if not node:
            self.skipTest("there is no node")
        self.assertWaits(node, _SCRIPTS / "sign_in.mjs", asks=(), waits=())
        self.assertEqual(self.file.stat().st_mode & 0o777, 0o600)
        self.assertIn("access_token", json.loads(self.file.read_text()))

"""What the client scripts of the examples say to whom something is missing."""

import os
import socket
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from odoo.tests import BaseCase, tagged

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
        for word in ("call", "refresh", "revoke"):
            for script in (self.python, self.curl):
                with self.subTest(word, script=script.__name__):
                    self.assertIn("run `authorize` first", script(word))

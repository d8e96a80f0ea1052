"""The walks of ``./dev demo``: what they take for their own Odoo, what they print, and
what the docs have of them.
"""

import contextlib
import http.server
import json
import shutil
import threading
import unittest
from unittest.mock import patch

import demo_json_contract
import demo_standard
import demo_walk
import places


class Stranger(http.server.BaseHTTPRequestHandler):
    """Another Odoo with this addon, with a database of another name."""

    def do_GET(self):
        self.server.paths.append(self.path)
        base = f"http://localhost:{self.server.server_port}"
        body = {
            "authorization_url": f"{base}/callback",
            "client_user_identity": "cui_1",
            "expires_in": 600,
            "access_token": "a-token-of-another-database",
            "refresh_token": "a-refresh-token-of-another-database",
            "db": "another",
            "login": demo_walk.LOGIN,
        }
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())

    do_POST = do_GET

    def log_message(self, *_args):
        """Say nothing."""


class TestDemo(unittest.TestCase):
    @contextlib.contextmanager
    def stranger(self):
        """A stranger's server; yields ``(its address, list of what is printed)``."""
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Stranger)
        server.paths = []
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        told = []
        sessions = demo_walk.requests.sessions
        self.enterContext(patch.object(sessions, "Session", sessions.Session))
        self.enterContext(patch.dict("os.environ"))

        def say(text=""):
            told.append(text)

        with patch.object(demo_walk, "say", say):
            with patch.object(demo_json_contract, "say", say):
                yield f"http://localhost:{server.server_port}", told

    def test_a_server_with_another_database_is_not_taken_for_the_demo_s_own(self):
        with self.stranger() as (base, told):
            walk = demo_json_contract.JsonContractWalk(base, "ours")
            self.addCleanup(shutil.rmtree, walk.memory.parent)
            walk.authorize()
            with self.assertRaisesRegex(demo_walk.WalkEnded, "database of this demo"):
                walk.sign_in()
        self.assertNotIn("a-token-of-another", "\n".join(told))

    def test_a_server_of_another_issuer_gets_no_secret_of_the_demo_s_client(self):
        with self.stranger() as (base, told):
            walk = demo_standard.StandardWalk(base, "the-demo-s-secret")
            self.assertEqual(walk.run(), 1)
        self.assertEqual(walk.number, 1)
        self.assertIn("the issuer is this API", "\n".join(told))

    def test_secrets_are_printed_shortened(self):
        for text in (
            "http://localhost/demo/oauth2/callback?code=VALUE&iss=x&state=VALUE",
            '{"access_token": "VALUE", "expires_in": 1, "refresh_token": "VALUE"}',
            '{"client_id":"demo-app","client_user_identity":"VALUE"}',
            "Authorization: Bearer VALUE",
            "Authorization: Basic VALUE",
            "grant_type=authorization_code&code=VALUE&code_verifier=VALUE",
            "token=VALUE&token_type_hint=access_token",
            "http://localhost/demo/oauth2/consent?request=VALUE",
            "http://localhost/web/login?redirect=%2Fdemo%2Fconsent%3Frequest%3DVALUE",
            "csrf_token=VALUE&login=olivia",
        ):
            value = "s3cr3t" * 8
            shown = demo_walk.without_secrets(text.replace("VALUE", value))
            self.assertNotIn(value, shown)
            self.assertIn("s3cr3ts3…(48 chars)", shown)

    def test_the_first_example_of_the_docs_is_the_file_among_the_examples(self):
        file = places.ROOT / "examples" / "clients" / "standard_client.py"
        page = places.ROOT / "docs" / "first-example.md"
        self.assertIn(f"```python\n{file.read_text()}```", page.read_text())

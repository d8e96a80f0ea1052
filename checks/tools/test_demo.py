"""The walk of ``./dev demo``: what it takes for its own Odoo, and what it prints."""

import http.server
import json
import shutil
import threading
import unittest
from unittest.mock import patch

import demo_walk


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
    def test_a_server_with_another_database_is_not_taken_for_the_demo_s_own(self):
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Stranger)
        server.paths = []
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        base = f"http://localhost:{server.server_port}"
        told = []
        sessions = demo_walk.requests.sessions
        self.enterContext(patch.object(sessions, "Session", sessions.Session))
        with patch.object(demo_walk, "say", told.append):
            walk = demo_walk.Walk(base, "ours")
            self.addCleanup(shutil.rmtree, walk.memory.parent)
            walk.authorize()
            with self.assertRaisesRegex(demo_walk.WalkEnded, "database of this demo"):
                walk.sign_in()
        self.assertNotIn("a-token-of-another", "\n".join(told))

    def test_secrets_are_printed_shortened(self):
        for text in (
            "http://localhost/demo/oauth2/callback?code=VALUE&iss=x&state=VALUE",
            '{"access_token": "VALUE", "expires_in": 1, "refresh_token": "VALUE"}',
            '{"client_id":"demo-app","client_user_identity":"VALUE"}',
            "Authorization: Bearer VALUE",
        ):
            value = "s3cr3t" * 8
            shown = demo_walk.without_secrets(text.replace("VALUE", value))
            self.assertNotIn(value, shown)
            self.assertIn("s3cr3ts3…(48 chars)", shown)

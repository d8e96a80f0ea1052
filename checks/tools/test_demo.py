"""The walks of ``./dev demo``: what they take for their own Odoo, what they print, and
what the docs have of them.
"""

import contextlib
import http.server
import itertools
import json
import os
import re
import runpy
import shutil
import threading
import unittest
from unittest.mock import patch

import requests

import demo_json_contract
import demo_standard
import demo_walk
import places
import provider
from commands import demo


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

    def test_a_command_inherits_no_variable_of_an_application_from_its_terminal(self):
        given = {"OAUTH2_CLIENT_SECRET": "another-s"}
        kept = {"API_AUTH_OAUTH2_CACHE": "/kept", "OAUTH2_TEST_SHOTS": "/shots"}
        with patch.dict("os.environ", given | kept):
            main = runpy.run_path(str(places.TOOLS / "__main__.py"))["main"]
            self.assertEqual(main(["no-command"]), 2)
            self.assertIsNone(os.environ.get("OAUTH2_CLIENT_SECRET"))
            self.assertLessEqual(kept.items(), os.environ.items())

    def test_what_the_demo_prints_of_its_provider_is_a_client_of_it(self):
        program = provider.Provider(
            os.environ["OAUTH2_TEST_NODE"], os.environ["OAUTH2_TEST_PROVIDER"]
        )
        url = "http://localhost:8069"
        document = demo.provider_document(url) | {"preferred_port": 0}
        with provider.serving(program, document) as told:
            printed = demo.json_contract(url, told["issuer"])
            value = dict(re.findall(r"^  ([a-zID ]+?)  +(.+)$", printed, re.M))
            self.assertEqual(value["issuer"], told["issuer"])
            ids, uris = value["client ID"], value["registered"]
            pairs = itertools.product(ids.split(" or "), uris.split(" and "))
            for client_id, uri in pairs:
                asked = {"client_id": client_id, "redirect_uri": uri, "scope": "openid"}
                asked |= {"response_type": "code", "code_challenge": "c" * 43}
                asked["code_challenge_method"] = "S256"
                page = requests.get(told["authorization_endpoint"], asked, timeout=9)
                self.assertIn('name="login"', page.text)
                form = {"grant_type": "authorization_code", "redirect_uri": uri}
                auth = client_id, value["client secret"]
                token_url = told["token_endpoint"]
                answer = requests.post(
                    token_url, form | {"code": "none"}, auth=auth, timeout=9
                )
                self.assertEqual(answer.json()["error"], "invalid_grant")

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

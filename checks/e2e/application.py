"""An application of the tests that speaks the standard: its pages, on loopback."""

import base64
import hashlib
import json
import secrets
from urllib.parse import parse_qs, urlencode, urlsplit

import requests
from beside import ledger
from loopback import LoopbackServer, QuietHandler
from server import SECONDS

#: RFC 8252 section 7.3: the port is chosen at run time.
REDIRECT_URI = "http://127.0.0.1/back"
HOME = """<!doctype html><meta charset="utf-8"><title>Application</title>
<button onclick="opened = window.open(%s, 'sign-in', 'width=480,height=700')">
Sign in</button><iframe name="frame" width="600" height="600"></iframe><p id="told"></p>
<script>addEventListener("message", event => told.textContent = event.data)</script>"""
BACK = """<!doctype html><meta charset="utf-8"><title>Back</title><h1>Back</h1>
<script>window.opener?.postMessage(location.search, "*")</script>"""


class Application(LoopbackServer):
    """A page with a button that opens the sign-in in a window, and the page to which
    that window comes back; `came_back` are the parameters with which one did."""

    def __init__(self, issuer, client_id):
        super().__init__(_Handler)
        self.issuer, self.client_id = issuer, client_id
        self.url = f"http://127.0.0.1:{self.server_port}/"
        self.redirect_uri = f"{self.url}back"
        self.came_back = []

    def authorization_url(self, **changes):
        """Return the address of a new sign-in."""
        self.verifier, self.state = secrets.token_urlsafe(32), secrets.token_urlsafe(16)
        ledger.keep("PKCE verifier", self.verifier)
        challenge = hashlib.sha256(self.verifier.encode()).digest()
        query = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": self.redirect_uri,
            "state": self.state,
            "code_challenge": base64.urlsafe_b64encode(challenge).decode().rstrip("="),
            "code_challenge_method": "S256",
            **changes,
        }
        return f"{self.issuer}/oauth2/authorize?{urlencode(query)}"

    def tokens(self):
        """Return the answer to the code with which the browser came back last."""
        parameters = {
            "grant_type": "authorization_code",
            "client_id": self.client_id,
            "code": self.came_back[-1]["code"],
            "redirect_uri": self.redirect_uri,
            "code_verifier": self.verifier,
        }
        answer = requests.post(
            f"{self.issuer}/oauth2/token", data=parameters, timeout=SECONDS
        )
        answer.raise_for_status()
        return answer.json()


class _Handler(QuietHandler):
    def do_GET(self):
        path, _mark, query = self.path.partition("?")
        html = {"/": HOME, "/back": BACK}.get(path)
        if path == "/":
            html %= json.dumps(self.server.authorization_url()).replace('"', "&quot;")
        elif path == "/back":
            pairs = parse_qs(urlsplit(f"?{query}").query)
            self.server.came_back.append({name: pairs[name][0] for name in pairs})
        self.send_page(html)

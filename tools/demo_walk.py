"""The main job over real HTTP: ``demo_walk.py http://localhost:8069``

An application gets an authorization URL from Odoo, a user signs in at the provider,
the application calls Odoo with the access token, refreshes it, revokes it. Ends with
status 0 only if every step did what it should.
"""

import json
import sys

import requests

import demo_client
import demo_print
from demo_browser import LostWay, sign_in

CLIENT_ID = "demo-app"
USER = "olivia"
LOGIN = "olivia@example.com"
TIMEOUT_SECONDS = 30


class WalkEnded(Exception):
    """A step went wrong in a way that leaves nothing for the next ones."""


class Walk:
    """The steps in their order, with what one gives to the next."""

    def __init__(self, base):
        self.base = base
        self.number = 0
        self.wrong = 0
        self.identity = None
        self.tokens = None

    def run(self):
        """Walk all steps; returns the exit status."""
        steps = (
            self.authorize,
            self.sign_in,
            self.call,
            self.call_without_token,
            self.refresh,
            self.revoke,
            self.call_after_revoke,
            self.example_client,
        )
        try:
            for step in steps:
                step()
        except (WalkEnded, LostWay) as ended:
            self.wrong += 1
            demo_print.verdict(False, str(ended))
        except requests.RequestException as error:
            self.wrong += 1
            demo_print.verdict(False, f"no answer: {error}")
        print()
        demo_print.verdict(
            not self.wrong,
            f"all {self.number} steps did what they should"
            if not self.wrong
            else "not every step did what it should",
        )
        return 1 if self.wrong else 0

    def authorize(self):
        """The application asks where its user should sign in."""
        self._title("The application asks Odoo where its user should sign in")
        answer = self._send("POST", "/demo/oauth2/provider/authorize", self._names())
        told = self._json(answer)
        self._check("an authorization URL", "authorization_url" in told, needed=True)
        self._check("an identity for this user", "client_user_identity" in told)
        self._check("how long it is good for", isinstance(told.get("expires_in"), int))
        self.identity = told.get("client_user_identity")
        self.authorization_url = told["authorization_url"]

    def sign_in(self):
        """The user signs in at the provider; Odoo gets code and tokens."""
        self._title(f"The user follows the link and signs in as {USER!r}")
        demo_print.request("GET", self.authorization_url)
        answer = sign_in(self.authorization_url, USER, self.base)
        demo_print.answer(answer)
        told = self._json(answer)
        self._check("an access token", "access_token" in told, needed=True)
        self._check("a refresh token", "refresh_token" in told)
        self._check("the database", bool(told.get("db")))
        self._check(f"the Odoo user {LOGIN}", told.get("login") == LOGIN)
        self.tokens = told

    def call(self):
        """The application calls a protected route."""
        self._title("The application calls Odoo's API with the access token")
        answer = self._send("GET", "/demo/partners", token=self._access_token())
        self._check("the route answers", answer.status_code == 200, needed=True)
        partners = answer.json()
        self._check("with contacts", isinstance(partners, list) and bool(partners))
        number = partners[0]["id"]
        demo_print.note("A route that needs a second scope, partners.details:")
        path = f"/demo/partners/{number}"
        answer = self._send("GET", path, token=self._access_token())
        self._check("its answer", answer.status_code == 200)

    def call_without_token(self):
        """Without a token the route is closed, and says how to open it."""
        self._title("Without a token the same route is closed")
        answer = self._send("GET", "/demo/partners", headers=("WWW-Authenticate",))
        self._check_refused(answer)

    def refresh(self):
        """A new token pair; the old access token is replaced."""
        self._title("The application asks for a new token")
        old = self._access_token()
        answer = self._send("POST", "/demo/oauth2/token", self._names())
        told = self._json(answer)
        fresh = told.get("access_token")
        self._check("a new access token", bool(fresh) and fresh != old, needed=True)
        self._check(f"the Odoo user {LOGIN}", told.get("login") == LOGIN)
        self.tokens = told
        demo_print.note("The new token opens the route:")
        answer = self._send("GET", "/demo/partners", token=fresh)
        self._check("the route answers", answer.status_code == 200)

    def revoke(self):
        """The grant ends, here and at the provider."""
        self._title("The application gives the access up")
        answer = self._send("POST", "/demo/oauth2/revoke", self._names())
        wanted = {"revoked": True, "provider_revoked": True}
        self._check("revoked here and at the provider", self._json(answer) == wanted)

    def call_after_revoke(self):
        """The token is worth nothing any more."""
        self._title("The token opens nothing any more")
        answer = self._send(
            "GET",
            "/demo/partners",
            token=self._access_token(),
            headers=("WWW-Authenticate",),
        )
        self._check_refused(answer)

    def example_client(self):
        """The client script of the examples does the same."""
        self._title("The same with examples/clients/python_client.py")
        for text, ok in demo_client.run(self.base, USER):
            self._check(text, ok, needed=True)

    def _title(self, text):
        self.number += 1
        demo_print.title(self.number, text)

    def _names(self):
        """The body that names the client and, once known, its user."""
        body = {"client_id": CLIENT_ID}
        if self.identity:
            body["client_user_identity"] = self.identity
        return body

    def _access_token(self):
        return self.tokens["access_token"]

    def _send(self, method, path, body=None, *, token=None, headers=()):
        """Send a request and show it with its answer."""
        url = self.base + path
        sent = {}
        if body is not None:
            sent["Content-Type"] = "application/json"
        if token:
            sent["Authorization"] = f"Bearer {token}"
        demo_print.request(method, url, sent, body)
        answer = requests.request(
            method,
            url,
            headers=sent,
            data=None if body is None else json.dumps(body),
            timeout=TIMEOUT_SECONDS,
        )
        demo_print.answer(answer, headers=headers)
        return answer

    def _check(self, text, ok, needed=False):
        """Note whether something is as it should be."""
        if needed and not ok:
            raise WalkEnded(text)
        self.wrong += not ok
        demo_print.verdict(ok, text)

    def _check_refused(self, answer):
        """A refusal as RFC 6750 section 3 writes it."""
        challenge = answer.headers.get("WWW-Authenticate", "")
        self._check("401", answer.status_code == 401)
        self._check("a Bearer challenge", challenge.startswith("Bearer"))
        self._check("a JSON body with the error", "error" in self._json(answer))

    def _json(self, answer):
        """The answer's JSON object; none where the answer is another thing."""
        try:
            told = answer.json()
        except ValueError:
            return {}
        return told if isinstance(told, dict) else {}


if __name__ == "__main__":
    sys.exit(Walk(sys.argv[1].rstrip("/")).run())

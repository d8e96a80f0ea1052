"""The main job over real HTTP, each request and answer printed.

An application gets an authorization URL from Odoo, a user signs in at the provider,
the application calls Odoo with the access token, refreshes it, revokes it.
"""

import html
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
from urllib.parse import urljoin

import requests

import places
from console import paint, say

CLIENT_ID = "demo-app"
USER = "olivia"
LOGIN = "olivia@example.com"
TIMEOUT_SECONDS = 30
MAX_HOPS = 15
#: What is printed shortened, in JSON and in addresses.
SECRETS = (
    "access_token|refresh_token|id_token|client_secret|client_user_identity|code"
    "|state|nonce|code_challenge"
)
_SECRET = re.compile(
    rf'\b({SECRETS})("?[=:] ?"?)([^&\s",]{{13,}})|(Authorization: Bearer) (\S{{13,}})'
)
CLIENT = places.ROOT / "examples" / "clients" / "python_client.py"


class WalkEnded(Exception):
    """A step went wrong in a way that leaves nothing for the next ones."""


def without_secrets(text):
    """A text in which ``access_token=eyJh…(812 chars)`` and the like are shortened."""

    def shorten(found):
        name, between, value = (
            (found[1], found[2], found[3])
            if found[1]
            else (
                found[4],
                " ",
                found[5],
            )
        )
        return f"{name}{between}{value[:8]}…({len(value)} chars)"

    return _SECRET.sub(shorten, text)


class Shown(requests.Session):
    """Prints each request to Odoo and its answer."""

    def __init__(self, base):
        super().__init__()
        self.base = base

    def send(self, sent, **options):
        if not sent.url.startswith(self.base):
            return super().send(sent, **options)
        say(f"   {paint('→', '36')} {sent.method} {without_secrets(sent.url)}")
        if "Authorization" in sent.headers:
            told = f"Authorization: {sent.headers['Authorization']}"
            say(f"       {without_secrets(told)}")
        if sent.body:
            say(f"       {without_secrets(sent.body.decode())}")
        answer = super().send(sent, **options)
        colour = "32" if answer.status_code < 400 else "33"
        status = paint(f"{answer.status_code} {answer.reason}", colour)
        say(f"   {paint('←', '36')} {status}")
        for name in ("WWW-Authenticate", "Location"):
            if name in answer.headers:
                say(f"       {name}: {without_secrets(answer.headers[name])}")
        if told := as_json(answer):
            text = json.dumps(told, ensure_ascii=False, indent=2)
            lines = without_secrets(text).splitlines()
            for line in [*lines[:16], "…"] if len(lines) > 16 else lines:
                say(f"       {line}")
        return answer


class Walk:
    """The steps in their order, with what one gives to the next."""

    def __init__(self, base, database):
        self.base, self.database = base, database
        self.number = self.wrong = 0
        self.names = {"client_id": CLIENT_ID}  # and, once known, the user's
        self.tokens = {}
        self.application = Shown(base)

    def run(self):
        """Walk all steps; returns the exit status."""
        try:
            for step in (
                self.authorize,
                self.sign_in,
                self.call,
                self.call_without_token,
                self.refresh,
                self.revoke,
                self.call_after_revoke,
                self.example_client,
            ):
                self.number += 1
                say(f"\n{paint(f'{self.number}. {step.__doc__}', '1')}")
                step()
        except (WalkEnded, requests.RequestException) as error:
            self._check(f"went on: {error}", False)
        done = f"all {self.number} steps did what they should"
        say()
        verdict(
            not self.wrong, "not every step did what it should" if self.wrong else done
        )
        return 1 if self.wrong else 0

    def authorize(self):
        """The application asks Odoo where its user should sign in"""
        told = as_json(self._post("provider/authorize"))
        self._check("an authorization URL", "authorization_url" in told, needed=True)
        self._check("an identity for this user", "client_user_identity" in told)
        self._check("how long it is good for", isinstance(told.get("expires_in"), int))
        self.names["client_user_identity"] = told.get("client_user_identity")
        self.tokens = told

    def sign_in(self):
        """The user follows the link and signs in as olivia, with any password"""
        told = as_json(signed_in(self.tokens["authorization_url"], Shown(self.base)))
        self._check("an access token", "access_token" in told, needed=True)
        self._check("a refresh token", "refresh_token" in told)
        is_ours = told.get("db") == self.database
        self._check("the database of this demo", is_ours, needed=True)
        self._check(f"the Odoo user {LOGIN}", told.get("login") == LOGIN)
        self.tokens = told

    def call(self):
        """The application calls Odoo's API with the access token"""
        answer = self._get("partners")
        self._check("the route answers", answer.status_code == 200, needed=True)
        partners = answer.json()
        self._check("with contacts", isinstance(partners, list) and bool(partners))
        say("     A route that needs a second scope, partners.details:")
        answer = self._get(f"partners/{partners[0]['id']}")
        self._check("its answer", answer.status_code == 200)

    def call_without_token(self):
        """Without a token the same route is closed, and says how to open it"""
        self._check_refused(self._get("partners", token=None))

    def refresh(self):
        """The application asks for a new token"""
        old, told = self.tokens["access_token"], as_json(self._post("token"))
        is_new = told.get("access_token") not in (None, old)
        self._check("a new access token", is_new, needed=True)
        self._check(f"the Odoo user {LOGIN}", told.get("login") == LOGIN)
        self.tokens = told
        self._check("it opens the route", self._get("partners").status_code == 200)

    def revoke(self):
        """The application gives the access up"""
        wanted = {"revoked": True, "provider_revoked": True}
        told = as_json(self._post("revoke"))
        self._check("revoked here and at the provider", told == wanted)

    def call_after_revoke(self):
        """The token opens nothing any more"""
        self._check_refused(self._get("partners"))

    def example_client(self):
        """The same with examples/clients/python_client.py"""
        with tempfile.TemporaryDirectory() as folder:
            memory = pathlib.Path(folder) / "memory.json"
            url = self._client(memory, "authorize")
            self._check("it prints where to sign in", url.startswith("http"), True)
            self._check("olivia signs in there", signed_in(url).ok, needed=True)
            for words, wanted in (
                (("call", "partners?limit=2"), '"name"'),
                (("refresh",), "access token"),
                (("call", "partners?limit=2"), '"name"'),
                (("revoke",), '"revoked"'),
            ):
                told = self._client(memory, *words)
                self._check(f"it can {words[0]}", wanted in told, needed=True)
            self._check("it leaves no token behind", not memory.exists())

    def _client(self, memory, *words):
        """Run one command of the client script; returns what it prints."""
        say(f"   $ python_client.py {' '.join(words)}")
        variables = {
            "OAUTH2_BASE_URL": self.base,
            "OAUTH2_API": "demo",
            "OAUTH2_CLIENT_ID": CLIENT_ID,
            "OAUTH2_FILE": str(memory),
        }
        told = subprocess.run(
            [sys.executable, CLIENT, *words],
            env=os.environ | variables,
            capture_output=True,
            text=True,
            check=False,
        )
        text = (told.stdout or told.stderr).strip()
        say(f"     {without_secrets(text)[:200]}")
        return told.stdout.strip()

    def _post(self, path):
        url = f"{self.base}/demo/oauth2/{path}"
        return self.application.post(url, json=self.names, timeout=TIMEOUT_SECONDS)

    def _get(self, path, token=""):
        """Call a route of the API, with the access token unless another is given."""
        headers = {}
        if token is not None:
            headers = {"Authorization": f"Bearer {self.tokens['access_token']}"}
        url = f"{self.base}/demo/{path}"
        return self.application.get(url, headers=headers, timeout=TIMEOUT_SECONDS)

    def _check(self, text, ok, needed=False):
        """Note whether something is as it should be."""
        if needed and not ok:
            raise WalkEnded(text)
        self.wrong += not ok
        verdict(ok, text)

    def _check_refused(self, answer):
        """A refusal as RFC 6750 section 3 writes it."""
        challenge = answer.headers.get("WWW-Authenticate", "")
        self._check("401", answer.status_code == 401)
        self._check("a Bearer challenge", challenge.startswith("Bearer"))
        self._check("a JSON body with the error", "error" in as_json(answer))


def signed_in(url, browser=None):
    """Sign in at the provider as a person does in a browser; returns Odoo's answer."""
    browser = browser or requests.Session()
    # A program that follows the redirect itself gets JSON, a person's browser a page.
    browser.headers.update({"User-Agent": "demo-walk", "Accept": "application/json"})
    options = {"allow_redirects": False, "timeout": TIMEOUT_SECONDS}
    answer = browser.get(url, **options)
    for _hop in range(MAX_HOPS):
        form = re.search(r'<form[^>]* action="([^"]+)"', answer.text)
        if answer.is_redirect:
            target = urljoin(answer.url, answer.headers["Location"])
            answer = browser.get(target, **options)
        elif form:  # of node-oidc-provider: sign-in, then consent
            hidden = r'type="hidden" name="(\w+)" value="([^"]*)"'
            fields = dict(re.findall(hidden, answer.text))
            if 'name="login"' in answer.text:
                fields |= {"login": USER, "password": "any"}
            target = urljoin(answer.url, html.unescape(form[1]))
            answer = browser.post(target, data=fields, **options)
        else:
            return answer
    raise WalkEnded("the provider sent the browser round and round")


def as_json(answer):
    """The answer's JSON; no members where it is another thing."""
    try:
        return answer.json()
    except ValueError:
        return {}


def verdict(ok, text):
    """Print what was to be, and whether it is."""
    say(f"   {paint('✓', '32') if ok else paint('✗', '31;1')} {text}")

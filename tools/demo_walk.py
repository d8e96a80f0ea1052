"""The main job over real HTTP, each request and answer printed.

An application gets an authorization URL from Odoo, a user signs in at the provider,
the application calls Odoo with the access token, refreshes it, revokes it.
"""

import html
import importlib.util
import json
import pathlib
import re
import shutil
import tempfile
from functools import partial
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
    rf'\b((?:{SECRETS})"?[=:] ?"?)([^&\s",]{{13,}})|(Authorization: Bearer )(\S{{13,}})'
)
CLIENT = places.ROOT / "examples" / "clients" / "python_client.py"


class WalkEnded(Exception):
    """A step went wrong in a way that leaves nothing for the next ones."""


def without_secrets(text):
    """A text with shortened tokens, as in ``access_token=eyJh…(812 chars)``."""

    def shorten(found):
        before, value = (found[1], found[2]) if found[1] else (found[3], found[4])
        return f"{before}{value[:8]}…({len(value)} chars)"

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
    """The steps in their order, by the example's client as a person would run it."""

    def __init__(self, base, database):
        self.base, self.database = base, database
        self.number = self.wrong = 0
        self.memory = pathlib.Path(tempfile.mkdtemp(prefix="aao2-walk-"), "memory.json")
        # The client's `requests.get` and `requests.post` make sessions of this kind.
        requests.sessions.Session = partial(Shown, base)
        spec = importlib.util.spec_from_file_location("python_client", CLIENT)
        self.program = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(self.program)
        self.program.print = self.hear

    def hear(self, text, file=None):
        """What the client prints."""
        self.heard = text
        say(f"     {without_secrets(str(text))[:200]}")

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
            ):
                self.number += 1
                say(f"\n{paint(f'{self.number}. {step.__doc__}', '1')}")
                step()
        except (WalkEnded, requests.RequestException) as error:
            self._check(f"went on: {error}", False)
        finally:
            shutil.rmtree(self.memory.parent)
        done = f"all {self.number} steps did what they should"
        say()
        verdict(
            not self.wrong, "not every step did what it should" if self.wrong else done
        )
        return 1 if self.wrong else 0

    def authorize(self):
        """The application asks Odoo where its user should sign in"""
        self.url = self._client("authorize")
        self._check("an authorization URL", self.url.startswith("http"), needed=True)
        known = "client_user_identity" in self._remembered()
        self._check("an identity for this user", known)

    def sign_in(self):
        """The user follows the link and signs in as olivia, with any password"""
        told = as_json(signed_in(self.url, Shown(self.base)))
        self._check("an access token", "access_token" in told, needed=True)
        self._check("a refresh token", "refresh_token" in told)
        is_ours = told.get("db") == self.database
        self._check("the database of this demo", is_ours, needed=True)
        self._check(f"the Odoo user {LOGIN}", told.get("login") == LOGIN)
        # As the client's `keep` does with what a person pastes.
        self.memory.write_text(json.dumps(self._remembered() | told))

    def call(self):
        """The application calls Odoo's API with the access token"""
        partners = json.loads(self._client("call", "partners?limit=2"))
        self._check("with contacts", bool(partners), needed=True)
        say("     A route that needs a second scope, partners.details:")
        details = json.loads(self._client("call", f"partners/{partners[0]['id']}"))
        self._check("its answer", details["id"] == partners[0]["id"])

    def call_without_token(self):
        """Without a token the same route is closed, and says how to open it"""
        self._check_refused()

    def refresh(self):
        """The application asks for a new token"""
        old = self._remembered()["access_token"]
        self._client("refresh")
        told = self._remembered()
        is_new = told["access_token"] != old
        self._check("a new access token", is_new, needed=True)
        self._check(f"the Odoo user {LOGIN}", told.get("login") == LOGIN)
        self.token = told["access_token"]
        self._check("it opens the route", '"name"' in self._client("call"))

    def revoke(self):
        """The application gives the access up"""
        wanted = {"revoked": True, "provider_revoked": True}
        told = json.loads(self._client("revoke"))
        self._check("revoked here and at the provider", told == wanted)
        self._check("the client leaves no token behind", not self.memory.exists())

    def call_after_revoke(self):
        """The token opens nothing any more"""
        self._check_refused({"Authorization": f"Bearer {self.token}"})

    def _client(self, *words):
        """Run a command of the client; return what it prints."""
        say(f"   $ python_client.py {' '.join(words)}")
        options = ["--base-url", self.base, "--api", "demo", "--client-id", CLIENT_ID]
        status = self.program.main([*options, "--file", str(self.memory), *words])
        self._check(f"it can {words[0]}", not status, needed=True)
        return self.heard

    def _remembered(self):
        return json.loads(self.memory.read_text())

    def _check(self, text, ok, needed=False):
        """Note whether something is as it should be."""
        if needed and not ok:
            raise WalkEnded(text)
        self.wrong += not ok
        verdict(ok, text)

    def _check_refused(self, headers=None):
        """A call of a route is refused as RFC 6750 section 3 has it."""
        url = f"{self.base}/demo/partners"
        answer = requests.get(url, headers=headers, timeout=TIMEOUT_SECONDS)
        challenge = answer.headers.get("WWW-Authenticate", "")
        self._check("401", answer.status_code == 401)
        self._check("a Bearer challenge", challenge.startswith("Bearer"))
        self._check("a JSON body with the error", "error" in as_json(answer))


def signed_in(url, browser):
    """Sign in at the provider as a person does in a browser; returns Odoo's answer."""
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

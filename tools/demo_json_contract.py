"""The JSON contract of existing applications, with an independent provider.

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
from console import say
from demo_walk import (
    LOGIN,
    TIMEOUT_SECONDS,
    Shown,
    Walk,
    WalkEnded,
    as_json,
    without_secrets,
)

CLIENT_ID = "demo-app"
USER = "olivia"
MAX_HOPS = 15
CLIENT = places.ROOT / "examples" / "clients" / "python_client.py"


class JsonContractWalk(Walk):
    """The main job, by the example's client as a person would run it."""

    STEPS = (
        "authorize",
        "sign_in",
        "call",
        "call_without_token",
        "refresh",
        "revoke",
        "call_after_revoke",
    )

    def __init__(self, base, database):
        super().__init__(base)
        self.database = database
        self.memory = pathlib.Path(tempfile.mkdtemp(prefix="aao2-walk-"), "memory.json")
        # The client's `requests.get` and `requests.post` make sessions of this kind.
        requests.sessions.Session = partial(Shown, base)
        spec = importlib.util.spec_from_file_location("python_client", CLIENT)
        self.program = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(self.program)
        self.program.print = self.hear

    def clean(self):
        shutil.rmtree(self.memory.parent)

    def hear(self, text, file=None):
        """What the client prints."""
        self.heard = text
        say(f"     {without_secrets(str(text))[:200]}")

    def authorize(self):
        """The application asks Odoo where its user should sign in"""
        self.url = self._client("authorize")
        self.check("an authorization URL", self.url.startswith("http"), needed=True)
        known = "client_user_identity" in self._remembered()
        self.check("an identity for this user", known)

    def sign_in(self):
        """The user follows the link and signs in as olivia, with any password"""
        told = as_json(signed_in(self.url, Shown(self.base)))
        self.check("an access token", "access_token" in told, needed=True)
        self.check("a refresh token", "refresh_token" in told)
        is_ours = told.get("db") == self.database
        self.check("the database of this demo", is_ours, needed=True)
        self.check(f"the Odoo user {LOGIN}", told.get("login") == LOGIN)
        # As the client's `keep` does with what a person pastes.
        self.memory.write_text(json.dumps(self._remembered() | told))

    def call(self):
        """The application calls Odoo's API with the access token"""
        partners = json.loads(self._client("call", "partners?limit=2"))
        self.check("with contacts", bool(partners), needed=True)
        say("     A route that needs a second scope, partners.details:")
        details = json.loads(self._client("call", f"partners/{partners[0]['id']}"))
        self.check("its answer", details["id"] == partners[0]["id"])

    def call_without_token(self):
        """Without a token the same route is closed, and says how to open it"""
        self.check_refused()

    def refresh(self):
        """The application asks for a new token"""
        old = self._remembered()["access_token"]
        self._client("refresh")
        told = self._remembered()
        is_new = told["access_token"] != old
        self.check("a new access token", is_new, needed=True)
        self.check(f"the Odoo user {LOGIN}", told.get("login") == LOGIN)
        self.token = told["access_token"]
        self.check("it opens the route", '"name"' in self._client("call"))

    def revoke(self):
        """The application gives the access up"""
        wanted = {"revoked": True, "provider_revoked": True}
        told = json.loads(self._client("revoke"))
        self.check("revoked here and at the provider", told == wanted)
        self.check("the client leaves no token behind", not self.memory.exists())

    def call_after_revoke(self):
        """The token opens nothing any more"""
        self.check_refused({"Authorization": f"Bearer {self.token}"})

    def _client(self, *words):
        """Run a command of the client; return what it prints."""
        say(f"   $ python_client.py {' '.join(words)}")
        options = ["--base-url", self.base, "--api", "demo", "--client-id", CLIENT_ID]
        status = self.program.main([*options, "--file", str(self.memory), *words])
        self.check(f"it can {words[0]}", not status, needed=True)
        return self.heard

    def _remembered(self):
        return json.loads(self.memory.read_text())


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

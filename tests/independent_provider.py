"""node-oidc-provider, a provider that is not ours, as a process of a test.

Needs Node in OAUTH2_TEST_NODE and `tools/provider/server.mjs` with its packages in
OAUTH2_TEST_PROVIDER; `./dev test` sets both. Without them tests are skipped:

    @unittest.skipUnless(independent_provider.AVAILABLE, independent_provider.MISSING)
    …
    with IndependentProvider(clients=[…]) as provider:
        callback_url = provider.sign_in(authorization_url, "olivia")
"""

import json
import os
import select
import subprocess
from urllib.parse import urljoin

import requests
from lxml import html

NODE = os.environ.get("OAUTH2_TEST_NODE")
SERVER = os.environ.get("OAUTH2_TEST_PROVIDER")
AVAILABLE = bool(NODE and SERVER)
MISSING = "OAUTH2_TEST_NODE and OAUTH2_TEST_PROVIDER are not set"

START_SECONDS = 30
MAX_STEPS = 10


class IndependentProvider:
    """The provider; keyword arguments are the settings that its README lists."""

    def __init__(self, **settings):
        self._settings = settings
        self._process = None
        self._ready = None

    def __enter__(self):
        self._process = subprocess.Popen(
            [NODE, SERVER, json.dumps(self._settings)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        ready, _write, _error = select.select(
            [self._process.stdout], [], [], START_SECONDS
        )
        line = self._process.stdout.readline() if ready else ""
        if not line.startswith("READY "):
            self.__exit__()
            raise RuntimeError(f"the provider did not start: {line!r}")
        self._ready = json.loads(line.removeprefix("READY "))
        return self

    def __exit__(self, *_exc):
        # It ends by itself when no process holds its standard input any more.
        self._process.stdin.close()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()

    @property
    def issuer(self):
        return self._ready["issuer"]

    def endpoints(self):
        """Return the metadata that discovery gives, limited to what clients need."""
        url = f"{self.issuer}/.well-known/openid-configuration"
        found = requests.get(url, timeout=10).json()
        return {
            name: found[name]
            for name in (
                "issuer",
                "authorization_endpoint",
                "token_endpoint",
                "revocation_endpoint",
                "userinfo_endpoint",
                "jwks_uri",
            )
        }

    def stats(self):
        """Return how often each endpoint was called, as a dict."""
        return requests.get(self._ready["stats"], timeout=10).json()

    def sign_in(self, authorization_url, login, browser=None):
        """Play the user's browser; return the URL it is sent to at last, unvisited.

        Goes to `authorization_url`, fills in the form that asks who one is with
        `login`, agrees to the form that asks for consent. `browser` is a
        requests.Session to go on with.
        """
        browser = browser or requests.Session()
        answer = browser.get(authorization_url, allow_redirects=False, timeout=10)
        for _step in range(MAX_STEPS):
            location = answer.headers.get("Location")
            if location:
                url = urljoin(answer.url, location)
                if not url.startswith(f"{self.issuer}/"):
                    return url
                answer = browser.get(url, allow_redirects=False, timeout=10)
                continue
            form = self._form(answer)
            fields = {**dict(form.form_values()), "login": login, "password": "x"}
            answer = browser.post(
                urljoin(answer.url, form.action),
                data={name: fields[name] for name in fields if name in form.fields},
                allow_redirects=False,
                timeout=10,
            )
        raise AssertionError("the provider asks for ever")

    def _form(self, answer):
        """Return the one form of a page."""
        forms = html.fromstring(answer.text).forms
        if answer.status_code != 200 or len(forms) != 1:
            raise AssertionError(
                f"not a form (status {answer.status_code}): {answer.text[:500]}"
            )
        return forms[0]

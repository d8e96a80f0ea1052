"""A client of this Odoo that speaks the standard, and its user, who is signed in."""

import base64
import copy
import hashlib
import re
import secrets
from urllib.parse import parse_qs, urlsplit

import requests
import server
from beside import ledger
from server import SECONDS, sql

REDIRECT_URI = "https://app.example.com/back"
BROWSER = {"Accept": "text/html", "Accept-Language": "en"}


class StandardClient:
    """The steps of RFC 6749 section 4.1, and what follows.

    :param site: whose API it serves; its user gets a password
    :param keep: called with kind and text of each secret, which no log may hold
    :param values: of the client's record
    """

    def __init__(self, site, administrator, *, keep=ledger.keep, **values):
        self.site, self.keep = site, keep
        key = secrets.token_hex(4)
        self.identifier = f"own-{key}"
        self.login = site.make_user(
            f"ursula-{key}@example.com", password=f"ursula-{key}"
        )
        self.record_id = administrator.create(
            "oauth2.client",
            **{
                "name": "Own",
                "client_identifier": self.identifier,
                "client_type": "confidential",
                "redirect_uris": REDIRECT_URI,
                "api_ids": [site.api_id],
                "scope_ids": [site.scope_id],
                **values,
            },
        )
        self.secret = f"sc-{secrets.token_hex(8)}"
        self.keep("client_secret", self.secret)
        # No process remembers anything of it yet.
        query = "UPDATE oauth2_client SET secret_digest = %s WHERE id = %s"
        sql(query, hashlib.sha256(self.secret.encode()).hexdigest(), self.record_id)
        self._browser = None

    def at(self, site):
        """Return the same client, which talks to another server."""
        twin = copy.copy(self)
        twin.site = site
        return twin

    def browser(self):
        """Return the user's browser, signed in to Odoo."""
        if not self._browser:
            self._browser = requests.Session()
            params = {
                "db": server.DB,
                "login": self.login,
                "password": self.login.partition("@")[0],
            }
            answer = self._browser.post(
                f"{server.URL}/web/session/authenticate",
                json={"jsonrpc": "2.0", "params": params},
                timeout=SECONDS,
            )
            answer.raise_for_status()
        return self._browser

    def ask(self, **changes):
        """Return ``(verifier, answer of the authorization endpoint)``."""
        verifier = secrets.token_urlsafe(32)
        self.keep("code_verifier", verifier)
        challenge = hashlib.sha256(verifier.encode()).digest()
        query = {
            "response_type": "code",
            "client_id": self.identifier,
            "redirect_uri": REDIRECT_URI,
            "state": secrets.token_urlsafe(16),
            "code_challenge": base64.urlsafe_b64encode(challenge).decode().rstrip("="),
            "code_challenge_method": "S256",
            **changes,
        }
        answer = self.browser().get(
            f"{server.URL}/{self.site.endpoint}/oauth2/authorize",
            params=query,
            headers=BROWSER,
            allow_redirects=False,
            timeout=SECONDS,
        )
        return verifier, answer

    def page(self, **changes):
        """Return ``(verifier, address of the consent page, its form)``; no form where
        the consent is remembered, and then the address has the code.
        """
        verifier, answer = self.ask(**changes)
        address = answer.headers["Location"]
        self.keep("random value", address.rpartition("request=")[2])
        page = self.browser().get(
            address, headers=BROWSER, allow_redirects=False, timeout=SECONDS
        )
        if page.status_code == 303:
            return verifier, page.headers["Location"], None
        page.raise_for_status()
        found = re.search(r'name="csrf_token" value="([^"]+)"', page.text)
        ticked = re.findall(r'name="(scope_\d+)"', page.text)
        self.keep("random value", found[1])
        return (
            verifier,
            address,
            {"csrf_token": found[1], **dict.fromkeys(ticked, "on")},
        )

    def press(self, address, form, decision="allow"):
        """Return the answer to a button of the consent page."""
        return self.browser().post(
            address,
            data={**form, "decision": decision},
            headers=BROWSER,
            allow_redirects=False,
            timeout=SECONDS,
        )

    def code(self):
        """Return ``(code, verifier)`` after the user's Allow."""
        verifier, address, form = self.page()
        if form:
            address = self.press(address, form).headers["Location"]
        [code] = parse_qs(urlsplit(address).query)["code"]
        self.keep("code", code)
        return code, verifier

    def post(self, name, **form):
        """Call an endpoint, with the client's secret; return the response."""
        answer = requests.post(
            f"{self.site._url}/{self.site.endpoint}/oauth2/{name}",
            data=form,
            auth=(self.identifier, self.secret),
            headers=self.site.headers,
            timeout=SECONDS,
        )
        if name == "token" and answer.status_code == 200:
            for kind in ("access_token", "refresh_token"):
                if text := answer.json().get(kind):
                    self.keep(kind, text)
        return answer

    def exchange(self, code, verifier):
        return self.post(
            "token",
            grant_type="authorization_code",
            code=code,
            code_verifier=verifier,
            redirect_uri=REDIRECT_URI,
        )

    def refresh(self, token, **form):
        form = {"grant_type": "refresh_token", "refresh_token": token, **form}
        return self.post("token", **form)

    def tokens(self):
        """Return the token response of a whole sign-in, a dict."""
        answer = self.exchange(*self.code())
        if answer.status_code != 200:
            raise AssertionError(answer.text)
        return answer.json()

    def whoami(self, access_token):
        """Call a protected route; return the response."""
        return self.site.get("oauth2/whoami", access_token)

    def grants(self):
        """Return state and cause of the client's grants, oldest first."""
        query = "SELECT state, ended_by FROM oauth2_client_user WHERE client_id = %s"
        return sql(f"{query} ORDER BY id", self.record_id)

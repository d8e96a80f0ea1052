"""What the standard is for a client: two URLs, its identifier and its secret.

The client is requests-oauthlib, as it is. Discovery, introspection and revocation, for
which it has no call, are plain requests of the same sessions.
"""

import os
from urllib.parse import parse_qs, urljoin, urlsplit

from lxml import html
from oauthlib.oauth2 import BackendApplicationClient, OAuth2Error
from requests.auth import HTTPBasicAuth
from requests_oauthlib import OAuth2Session

from console import say
from demo_walk import LOGIN, PASSWORD, Shown, Walk, WalkEnded, as_json

CLIENT_ID = "demo-client"
REDIRECT_URI = "http://localhost:8400/back"
SCOPE = ["partners.read", "partners.details"]
SERVICE_LOGIN = "service@example.com"
MAX_HOPS = 8
#: As a browser sends them.
BROWSER_HEADERS = {
    "User-Agent": "Mozilla/5.0 (demo-walk)",
    "Accept": "text/html,application/xhtml+xml,*/*;q=0.8",
    "Sec-Fetch-Mode": "navigate",
    "Sec-Fetch-Dest": "document",
}


class ShownClient(Shown, OAuth2Session):
    """requests-oauthlib, its requests printed."""


class StandardWalk(Walk):
    """Code with PKCE, refresh, introspection, revocation, client credentials."""

    STEPS = (
        "discover",
        "ask_for_code",
        "sign_in",
        "exchange",
        "whoami",
        "call",
        "call_json2",
        "call_without_token",
        "introspect",
        "refresh",
        "revoke",
        "call_after_revoke",
        "act_as_itself",
    )

    def __init__(self, base, secret):
        super().__init__(base)
        os.environ["OAUTHLIB_INSECURE_TRANSPORT"] = "1"  # http, on this machine
        self.issuer = f"{base}/demo"
        self.authorization_url = f"{self.issuer}/oauth2/authorize"
        self.token_url = f"{self.issuer}/oauth2/token"
        self.secret = secret
        self.auth = HTTPBasicAuth(CLIENT_ID, secret)
        self.client = ShownClient(
            base, CLIENT_ID, redirect_uri=REDIRECT_URI, scope=SCOPE, pkce="S256"
        )

    def discover(self):
        """The API describes itself as an authorization server (RFC 8414)"""
        place = "/.well-known/oauth-authorization-server/demo"
        self.server = as_json(Shown(self.base).get(self.base + place))
        is_ours = self.server.get("issuer") == self.issuer
        self.check("the issuer is this API", is_ours, needed=True)
        for name in ("authorization", "token"):
            url = getattr(self, f"{name}_url")
            told = self.server[f"{name}_endpoint"] == url
            self.check(f"the {name} URL is {url}", told)
        methods = self.server["code_challenge_methods_supported"]
        self.check("PKCE with S256, and nothing less", methods == ["S256"])

    def ask_for_code(self):
        """The client makes the address for its user, from the authorization URL"""
        self.address, self.state = self.client.authorization_url(self.authorization_url)
        self.check("with a PKCE challenge", "code_challenge=" in self.address)

    def sign_in(self):
        """The user signs in at this Odoo, and allows it"""
        browser = Person(self.base)
        self.came_back = browser.allow(self.address)
        told = parse_qs(urlsplit(self.came_back).query)
        self.check("Odoo asked who it is", browser.has_signed_in)
        self.check("a code", "code" in told, needed=True)
        self.check("the client's state", told["state"] == [self.state])
        self.check("who answers (RFC 9207)", told["iss"] == [self.issuer])

    def exchange(self):
        """The client exchanges the code for tokens, at the token URL"""
        try:
            told = self.client.fetch_token(
                self.token_url,
                client_secret=self.secret,
                authorization_response=self.came_back,
            )
        except OAuth2Error as error:
            raise WalkEnded(f"{error}") from error
        self.check("an access token", "access_token" in told, needed=True)
        self.check("a refresh token", "refresh_token" in told, needed=True)
        self.check("the scopes that were asked for", set(told["scope"]) == set(SCOPE))

    def whoami(self):
        """Who is it? Any token may ask"""
        told = as_json(self.client.get(f"{self.issuer}/oauth2/whoami"))
        self.check(f"the Odoo user {LOGIN}", told.get("login") == LOGIN)

    def call(self):
        """The client calls routes of an addon"""
        partners = as_json(self.client.get(f"{self.issuer}/partners?limit=2"))
        self.check("contacts", bool(partners), needed=True)
        say("     A route that needs a second scope, partners.details:")
        number = partners[0]["id"]
        details = as_json(self.client.get(f"{self.issuer}/partners/{number}"))
        self.check("its answer", details.get("id") == number)

    def call_json2(self):
        """The client calls Odoo's own API, JSON-2: what its scopes open, and more"""
        partners = f"{self.issuer}/json/2/res.partner"
        found = self.client.post(
            f"{partners}/search_read", json={"fields": ["name"], "limit": 1}
        )
        self.check("it may read contacts", found.status_code == 200)
        made = self.client.post(f"{partners}/create", json={"vals_list": {"name": "x"}})
        told = as_json(made).get("error")
        self.check("it may not make one", made.status_code == 403)
        self.check("because of its scopes", told == "insufficient_scope")

    def call_without_token(self):
        """Without a token a route is closed, and says how to open it"""
        self.check_refused()

    def introspect(self):
        """What is this token? The client may ask (RFC 7662)"""
        told = as_json(self._post("introspect", self.client.access_token))
        self.check("an active one", told.get("active") is True)
        self.check("of this client", told.get("client_id") == CLIENT_ID)
        self.check(f"of {LOGIN}", told.get("username") == LOGIN)

    def refresh(self):
        """The client refreshes it, at the token URL"""
        old = dict(self.client.token)
        told = self.client.refresh_token(self.token_url, auth=self.auth)
        for name in ("access_token", "refresh_token"):
            what = name.replace("_", " ")
            self.check(f"a new {what}", told[name] != old[name], needed=True)
        opened = self.client.get(f"{self.issuer}/oauth2/whoami")
        self.check("it opens the API", opened.status_code == 200)

    def revoke(self):
        """The client gives the access up (RFC 7009)"""
        answer = self._post("revoke", self.client.token["refresh_token"])
        self.check("so it is", answer.status_code == 200)
        told = as_json(self._post("introspect", self.client.access_token))
        self.check("its access token is over, too", told == {"active": False})

    def call_after_revoke(self):
        """The token opens nothing any more"""
        self.check_refused({"Authorization": f"Bearer {self.client.access_token}"})

    def act_as_itself(self):
        """Without a user at a screen: client credentials"""
        own = ShownClient(self.base, client=BackendApplicationClient(CLIENT_ID))
        told = own.fetch_token(self.token_url, auth=self.auth)
        self.check("no refresh token: it asks again", "refresh_token" not in told)
        told = as_json(own.get(f"{self.issuer}/oauth2/whoami"))
        name = f"the client's own Odoo user, {SERVICE_LOGIN}"
        self.check(name, told.get("login") == SERVICE_LOGIN)

    def _post(self, name, token):
        """:return: the answer of an endpoint for tokens of authenticated clients"""
        url = f"{self.issuer}/oauth2/{name}"
        return Shown(self.base).post(url, data={"token": token}, auth=self.auth)


class Person(Shown):
    """A user in front of a browser: follows redirects, fills forms in."""

    has_signed_in = False

    def allow(self, address):
        """Open an address; sign in and allow what is asked.

        :return: the address at the client's redirect URI
        """
        self.headers.update(BROWSER_HEADERS)
        answer = self.get(address, allow_redirects=False)
        for _hop in range(MAX_HOPS):
            if answer.is_redirect:
                target = urljoin(answer.url, answer.headers["Location"])
                if not target.startswith(self.base):
                    return target
                answer = self.get(target, allow_redirects=False)
            elif answer.status_code == 200:
                answer = self._fill_in(answer)
            else:
                raise WalkEnded(f"a page with status {answer.status_code}")
        raise WalkEnded("the browser was sent round and round")

    def _fill_in(self, page):
        """Send the form that a page is about."""
        forms = [
            form
            for form in html.fromstring(page.text).forms
            if {"password", "decision"} & set(_names(form))
        ]
        if len(forms) != 1:
            raise WalkEnded(f"a page without login or decision: {page.url}")
        fields = dict(forms[0].form_values())
        if "decision" in _names(forms[0]):
            fields["decision"] = "allow"
        else:
            fields |= {"login": LOGIN, "password": PASSWORD}
            self.has_signed_in = True
        target = urljoin(page.url, forms[0].action or page.url)
        headers = {"Sec-Fetch-Site": "same-origin"}
        return self.post(target, fields, headers=headers, allow_redirects=False)


def _names(form):
    """The names of a form's fields and buttons."""
    return form.xpath(".//*/@name")

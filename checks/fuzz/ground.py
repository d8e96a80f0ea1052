"""Ground to stand on: records of a real server, and valid grants that requests use."""

import hashlib
import html
import re
import threading
from urllib.parse import parse_qs, quote, urlsplit

import requests
from server import DB, SECRET, URL, Administrator, Site
from standard_client import REDIRECT_URI, StandardClient
from targets import ORIGIN
from wire import basic

_TOKENS = ("access_token", "refresh_token", "id_token")
_MODELS = {
    # what each line of the scope opens
    "res.partner": ("read", "create", "write", "unlink"),
    "res.partner.category": ("read", "create", "write", "unlink"),
    "res.country": ("read",),
    "res.users": ("read",),
    "ir.attachment": ("read",),
    "oauth2.example.order": ("read", "create", "write", "unlink"),
    "oauth2.example.order.line": ("read", "create", "write", "unlink"),
}
_SCOPES = ("partners.read", "partners.details", "orders.read", "orders.write")
_SCOPES += ("orders.confirm", "fuzz")


class Ground:
    """An API with every switch on, another for signed-in users, and a provider."""

    def __init__(self, provider):
        self.administrator = Administrator()
        self.secrets = {SECRET}
        self._lock = threading.Lock()
        # Limits by address would answer for everything: they are raised by
        # tools/commands/fuzz.py, LIMITS.
        self.site = Site(
            self.administrator,
            {
                "json2_enabled": True,
                "bearer_enabled": True,
                "openapi_access": "everyone",
            },
        )
        for name in _SCOPES[1:]:
            self._scope(name)
        self._open_models(self._scope("everything"))
        scopes = self.administrator.call(
            "oauth2.scope", "search", [["api_id", "=", self.site.api_id]]
        )
        client = {"scope_ids": scopes, "allowed_origins": ORIGIN}
        self.site.use(provider, client)
        self.session_site = Site(self.administrator)
        self.session_site.use(provider, user_matching="session")
        # Sign-ins come back to an address of the provider's own; without openid, claims
        # are asked for at userinfo. All of them are those of one user.
        self.own_site = Site(self.administrator)
        values = {"own_redirect_uri": True, "scope": "email profile"}
        self.own_site.use(provider, **values)
        self.own_site.login = provider.login = self.site.login
        self._let_user_work()
        self.cookie = self._signed_in()
        self.keep_secrets(self.cookie)
        self._walk_through_login_page()
        self.own = self._standard_client(
            scope_ids=scopes, allows_client_credentials=True, service_user_id=self._user
        )
        # Its users are asked each time.
        self.public = self._standard_client(client_type="public", scope_ids=scopes)
        self.partner_id = self.administrator.create("res.partner", name="Deco")

    def _scope(self, name):
        return self.administrator.create(
            "oauth2.scope", api_id=self.site.api_id, name=name
        )

    def _open_models(self, scope_id):
        for model, operations in _MODELS.items():
            [model_id] = self.administrator.call(
                "ir.model", "search", [["model", "=", model]]
            )
            values = {
                f"perm_{operation}": operation in operations
                for operation in ("read", "create", "write", "unlink")
            }
            self.administrator.create(
                "oauth2.scope.line", scope_id=scope_id, model_id=model_id, **values
            )

    def _let_user_work(self):
        """The token's user may write contacts, as a clerk does."""
        call = self.administrator.call
        [user] = call("res.users", "search", [["login", "=", self.site.login]])
        self._user = user
        names = ["group_partner_manager", "group_allow_export"]
        groups = call(
            "ir.model.data",
            "search_read",
            [["module", "=", "base"], ["name", "in", names]],
            ["res_id"],
        )
        commands = [[4, group["res_id"]] for group in groups]
        call("res.users", "write", [user], {"group_ids": commands})

    def _standard_client(self, **values):
        return StandardClient(
            self.site,
            self.administrator,
            keep=lambda _kind, text: self.keep_secrets(text),
            **values,
        )

    def _signed_in(self):
        """The session cookie of a user who is signed in to this Odoo."""
        session = requests.Session()
        params = {"db": DB, "login": "admin", "password": "admin"}
        session.post(
            f"{URL}/web/session/authenticate",
            json={"jsonrpc": "2.0", "params": params},
            timeout=60,
        ).raise_for_status()
        return session.cookies["session_id"]

    def _walk_through_login_page(self):
        """A visitor without a session opens a start page: its token is not logged."""
        url = self.session_site.ask()["authorization_url"]
        answer = requests.get(url, timeout=60)
        if not answer.url.startswith(f"{URL}/web/login?"):
            raise AssertionError(f"a start page led to {answer.url}")
        [[_name, [token]]] = _query(url).items()
        self.keep_secrets(token)

    def keep_secret(self, information):
        """Remember the tokens of an answer as what no other answer may contain."""
        self.keep_secrets(*filter(None, map(information.get, _TOKENS)))

    def keep_secrets(self, *texts):
        """Remember what no other answer, and no line of the log, may contain."""
        with self._lock:
            self.secrets.update(texts)

    def secrets_now(self):
        """What no answer may contain so far, a list."""
        with self._lock:
            return list(self.secrets)


class Stock:
    """The valid things of one thread: a grant, and what is made for one request."""

    def __init__(self, ground):
        self._ground = ground
        self._site = ground.site
        self._grant = self._identity = self._issued = None
        self._uses = 0
        self.hunting = None  # the breach whose shortest request is looked for

    def values(self, names, fault=None):
        """What placeholders stand for, a dict of texts.

        :param names: of the placeholders; what is used up at once is made only if asked
        :param fault: what the provider answers where one of them comes along
        """
        self._uses += 1
        if fault:
            self._grant = None  # a new one, which is refreshed at the provider at once
        if self._grant and self._uses % 40 == 0:
            self.check()
        if self._grant is None:
            self._grant, self._identity = self._site.authorize()
            self._ground.keep_secret(self._grant)
        values = {
            "API": self._site.endpoint,
            "SESSIONAPI": self._ground.session_site.endpoint,
            "CLIENT": "demo-app",
            "CLIENTID": str(self._site.client_id),
            "SECRET": SECRET,
            "BASIC": basic("demo-app", SECRET),
            "IDENTITY": self._identity,
            "ACCESS": self._grant["access_token"],
            "REFRESH": self._grant.get("refresh_token", ""),
            "PARTNER": str(self._ground.partner_id),
            "SESSION": self._ground.cookie,
            "ISS": quote(self._site.provider.issuer, safe=""),
            "OWNAPI": self._ground.own_site.endpoint,
            "OWN": str(self._ground.own_site.provider_id),
        }
        for site, own in ((self._site, ""), (self._ground.own_site, "OWN")):
            if {f"{own}STATE", f"{own}CODE"} & names:
                state, code = self._answer_of_the_provider(site)
                values |= {f"{own}STATE": state, f"{own}CODE": code}
        if any(name.startswith("STD") for name in names):
            values |= self._standard(names)
        if {"CSRF", "COOKIE"} & names:
            values |= self._page()
        if "START" in names:
            asked = self._ground.session_site.ask()["authorization_url"]
            [[name, [value]]] = _query(asked).items()
            values |= {"STARTNAME": name, "START": value}
            self._ground.keep_secrets(value)
        if fault:
            told = ("ACCESS", "REFRESH", "CODE", "OWNCODE")
            secrets = filter(None, map(values.get, told))
            self._site.provider.misbehave(fault, *secrets)
        return values

    def _standard(self, names):
        """What belongs to clients of this Odoo that speak the standard."""
        own, public = self._ground.own, self._ground.public
        if not self._issued or self._uses % 20 == 0:
            self._issued = own.tokens()
        values = {
            "STDCLIENT": own.identifier,
            "STDSECRET": own.secret,
            "STDBASIC": basic(own.identifier, own.secret),
            "STDPUBLIC": public.identifier,
            "STDBACK": quote(REDIRECT_URI, safe=""),
            "STDACCESS": self._issued["access_token"],
            "STDREFRESH": self._issued["refresh_token"],
        }
        if {"STDCODE", "STDVERIFIER"} & names:
            code, verifier = own.code()
            values |= {"STDCODE": code, "STDVERIFIER": verifier}
        if {"STDPAGE", "STDCSRF", "STDCOOKIE"} & names:
            _verifier, address, form = public.page()
            csrf_token, cookies = form["csrf_token"], public.browser().cookies
            mark = hashlib.sha256(csrf_token.encode()).hexdigest()[:12]
            names = ("session_id", f"oauth2_confirm_{mark}")
            self._ground.keep_secrets(*map(cookies.get, names))
            values |= {
                "STDPAGE": address.partition("request=")[2],
                "STDCSRF": csrf_token,
                "STDCOOKIE": "; ".join(f"{each}={cookies[each]}" for each in names),
            }
        return values

    def forget(self):
        """Let go of a grant: it is not known what a provider's fault has made of it."""
        self._grant = None

    def _callback(self, site):
        """The address of a callback that no browser has visited."""
        return site.sign_in(site.ask()["authorization_url"])

    def _answer_of_the_provider(self, site):
        """State and code of a callback that no browser has visited."""
        query = _query(self._callback(site))
        [state], [code] = query["state"], query["code"]
        self._ground.keep_secrets(state, code)
        return state, code

    def _page(self):
        """The secrets of a confirmation page: its form's and its cookie."""
        answer = requests.get(
            self._callback(self._site),
            headers={"Accept": "text/html", "Accept-Language": "en"},
            timeout=60,
        )
        found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', answer.text)
        [(name, value)] = answer.cookies.items()
        form_secret = html.unescape(found[1])
        self._ground.keep_secrets(value, form_secret)
        return {"CSRF": form_secret, "COOKIE": f"{name}={value}"}

    def learn(self, endpoint, answer):
        """Keep up with what an answer says of the grant."""
        if answer.status != 200:
            return
        if endpoint.startswith("standard"):
            if endpoint != "standard introspection":
                self._issued = None
        elif endpoint == "revoke":
            self._grant = None
        elif endpoint == "token":
            told = answer.json()
            self._ground.keep_secret(told)
            self._grant = {**self._grant, **told}

    def check(self):
        """Let go of a grant that no longer opens anything."""
        if (
            self._grant
            and self._site.partners(self._grant["access_token"]).status_code != 200
        ):
            self._grant = None


def _query(url):
    return parse_qs(urlsplit(url).query)

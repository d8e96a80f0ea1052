"""A made-up company: its users, its applications, and what they did."""

import base64
import datetime
import hashlib
import io
import secrets
from urllib.parse import parse_qs, urlencode, urlsplit

import requests
from front import APP, CALLER, ODOO
from PIL import Image, ImageDraw
from server import DB, SECONDS, URL, Administrator, sql

BASE = f"https://{ODOO}"
NAME = "Alder & Birch"
PASSWORD = "correct-horse-battery"
BACK = f"https://{APP}/back"
EMPLOYEES = {
    "olivia@example.com": "Olivia Bennett",
    "noah@example.com": "Noah Fischer",
    "amara@example.com": "Amara Okafor",
}
CUSTOMER = "lucia@example.com"
#: Calls of a Monday and of the days after it: answered, refused
_WEEK = ((412, 3), (388, 0), (431, 7), (395, 2), (402, 3), (57, 0), (49, 0))
AT_PROVIDER = {"client_id": "a4c1f2", "client_secret": "made-up-at-the-provider"}


class Company:
    """The records; ids are attributes."""

    def __init__(self):
        self.admin = admin = Administrator()
        admin._session.headers.update(_forwarded(CALLER))
        admin.call("ir.config_parameter", "set_param", "web.base.url", BASE)
        admin.call("ir.config_parameter", "set_param", "web.base.url.freeze", "True")
        admin.call("ir.config_parameter", "set_param", "api_auth_oauth2.base_url", BASE)
        admin.write("res.company", 1, name=NAME, logo=_logo())
        partner = admin.call("res.users", "read", [2], ["partner_id"])[0]["partner_id"]
        admin.write("res.partner", partner[0], name="Mia Larsen", email="")
        self._make_users()
        self._make_api()
        self._make_clients()

    def _make_users(self):
        create = self.admin.create
        group = "ir.model.data", "check_object_reference", "base"
        employee = self.admin.call(*group, "group_user")[1]
        sales = self.admin.call(
            *group[:2], "sales_team", "group_sale_salesman_all_leads"
        )[1]
        portal = self.admin.call(*group, "group_portal")[1]
        self.users = {}
        for login, name in {**EMPLOYEES, CUSTOMER: "Lucía Romero"}.items():
            groups = [portal] if login == CUSTOMER else [employee, sales]
            self.users[login] = create(
                "res.users",
                name=name,
                login=login,
                email=login,
                password=PASSWORD,
                tz="Europe/Madrid",
                group_ids=[(6, 0, groups)],
            )

    def _make_api(self):
        create, call = self.admin.create, self.admin.call
        self.api = create(
            "oauth2.api", name="Orders", endpoint="orders", json2_enabled=True
        )
        self.scopes = {}
        for name, text, model, more in (
            ("sales.read", "Read quotations and sales orders", "sale.order", {}),
            (
                "sales.write",
                "Read, create and change quotations and sales orders",
                "sale.order",
                {"perm_create": True, "perm_write": True},
            ),
            (
                "contacts.read",
                "Read contacts: names, addresses, tags",
                "res.partner",
                {},
            ),
        ):
            scope = create("oauth2.scope", api_id=self.api, name=name, description=text)
            models = [model, f"{model}.line"] if model == "sale.order" else [model]
            for each in models:
                [model_id] = call("ir.model", "search", [("model", "=", each)])
                create("oauth2.scope.line", scope_id=scope, model_id=model_id, **more)
            self.scopes[name] = scope

    def _make_clients(self):
        create = self.admin.create
        every = {"api_ids": [(6, 0, [self.api])]}
        two = [self.scopes["sales.read"], self.scopes["contacts.read"]]
        self.clients = {}
        for identifier, name, scopes in (
            ("route-planner", "Route Planner", two),
            ("sales-assistant", "Sales Assistant", list(self.scopes.values())),
        ):
            self.clients[identifier] = create(
                "oauth2.client",
                name=name,
                client_identifier=identifier,
                client_type="public",
                redirect_uris=BACK,
                is_verified=True,
                scope_ids=[(6, 0, scopes)],
                **every,
            )
        service = create(
            "res.users",
            name="Warehouse (service user)",
            login="service-warehouse",
            group_ids=self._groups_of("noah@example.com"),
        )
        self.clients["warehouse"] = create(
            "oauth2.client",
            name="Warehouse",
            client_identifier="warehouse",
            allows_authorization_code=False,
            allows_client_credentials=True,
            service_user_id=service,
            scope_ids=[(6, 0, [self.scopes["sales.read"]])],
            **every,
        )

    def grow(self):
        """Make more APIs, and calls of the days before today, which is the first."""
        client = self.clients["route-planner"]
        linked = {"client_ids": [(6, 0, [client])]}
        create = self.admin.create
        for api, share in (
            (self.api, 1),
            (create("oauth2.api", name="Contacts", endpoint="people", **linked), 0.3),
            (create("oauth2.api", name="Stock", endpoint="stock", **linked), 2.1),
        ):
            for days in range(1, 7):
                day = datetime.date.today() - datetime.timedelta(days)
                good, refused = _WEEK[day.weekday()]
                for outcome, calls in (("good", good), ("insufficient_scope", refused)):
                    sql(
                        "INSERT INTO oauth2_call_count"
                        " (day, api_id, client_id, outcome, calls)"
                        " VALUES (%s, %s, %s, %s, %s)",
                        *(day, api, client, outcome, int(calls * share)),
                    )

    def _groups_of(self, login):
        found = self.admin.call("res.users", "read", [self.users[login]], ["group_ids"])
        return [(6, 0, found[0]["group_ids"])]

    def add_provider(self, provider):
        """Make the record of a running provider, with a client that it knows."""
        self.provider = self.admin.create(
            "oauth2.provider",
            name="Company Login",
            preset="oidc",
            allow_private_addresses=True,
            authorization_response_iss_parameter_supported=True,
            **provider.endpoints(),
        )
        self.clients["expenses"] = self.admin.create(
            "oauth2.client",
            name="Travel Expenses",
            provider_id=self.provider,
            client_identifier=AT_PROVIDER["client_id"],
            client_secret=AT_PROVIDER["client_secret"],
            require_secret=True,
            redirect_uris="https://expenses.example.com/back",
            api_ids=[(6, 0, [self.api])],
            scope_ids=[(6, 0, [self.scopes["contacts.read"]])],
        )

    # What applications do

    def authorization_url(self, client, api="orders", **changes):
        """Return the address of a new sign-in; ``self.verifier`` goes with it."""
        self.verifier = secrets.token_urlsafe(32)
        challenge = hashlib.sha256(self.verifier.encode()).digest()
        query = {
            "response_type": "code",
            "client_id": client,
            "redirect_uri": BACK,
            "state": secrets.token_urlsafe(8),
            "code_challenge": base64.urlsafe_b64encode(challenge).decode().rstrip("="),
            "code_challenge_method": "S256",
            **changes,
        }
        return f"{BASE}/{api}/oauth2/authorize?{urlencode(query)}"

    def provider_authorization_url(self):
        """Return where an application of the JSON contract sends its user."""
        return self.ask("provider/authorize", **AT_PROVIDER)["authorization_url"]

    def exchange(self, client, came_back, api="orders"):
        """Get tokens for the code of an address, and make a call with them."""
        query = parse_qs(urlsplit(came_back).query)
        told = self.ask(
            "token",
            grant_type="authorization_code",
            client_id=client,
            code=query["code"][0],
            redirect_uri=BACK,
            code_verifier=self.verifier,
            api=api,
        )
        self._get(f"{api}/oauth2/whoami", told["access_token"])
        return told

    def go_wrong(self):
        """What an administrator finds in Events."""
        self.ask("token", grant_type="client_credentials", client_id="warehouse")
        body = {"client_id": "route-planner", "redirect_uri": BACK, "code": "old"}
        body |= {"grant_type": "authorization_code", "code_verifier": "v" * 43}
        self.ask("token", **body)

    def ask(self, endpoint, api="orders", **form):
        """Call an endpoint as an application elsewhere does; return the answer."""
        url, headers = f"{URL}/{api}/oauth2/{endpoint}", _forwarded(_SERVER)
        return requests.post(url, form, headers=headers, timeout=SECONDS).json()

    def _get(self, path, token):
        headers = {**_forwarded(_SERVER), "Authorization": f"Bearer {token}"}
        url = f"{URL}/{path}"
        requests.get(url, headers=headers, timeout=SECONDS).raise_for_status()


_SERVER = "198.51.100.7"  # of an application


def _forwarded(address):
    """Return what the proxy adds to a request from an address."""
    return {
        "X-Forwarded-For": address,
        "X-Forwarded-Host": ODOO,
        "X-Forwarded-Proto": "https",
    }


def session_of(login, password):
    """Return the cookie of a new session of a user."""
    body = {"db": DB, "login": login, "password": password}
    answer = requests.post(
        f"{URL}/web/session/authenticate",
        json={"jsonrpc": "2.0", "params": body},
        headers=_forwarded(_SERVER),
        timeout=SECONDS,
    )
    return answer.cookies["session_id"]


def _logo():
    """Return a picture, base64: two leaves."""
    image = Image.new("RGBA", (190, 120), (0, 0, 0, 0))
    draw = ImageDraw.Draw(image)
    for left, colour in ((20, "#2f7d5b"), (70, "#8fb339")):
        draw.pieslice((left, 10, left + 100, 110), 90, 270, fill=colour)
        draw.pieslice((left, 10, left + 100, 110), 270, 450, fill=colour)
    written = io.BytesIO()
    image.save(written, "PNG")
    return base64.b64encode(written.getvalue()).decode()

"""A client that speaks the standard, and its user at this Odoo."""

from urllib.parse import parse_qs, urlencode, urlsplit

from lxml import html

from odoo.tests import tagged

from ..protocol.digests import random_token
from ..protocol.pkce import challenge_of
from .common import BROWSER_HEADERS, OAuth2Case, basic_authorization

REDIRECT_URI = "https://app.example.com/back"
STATE = "a state / & = +?"


@tagged("post_install", "-at_install")
class AuthorizationServerCase(OAuth2Case):
    """Steps of the authorization code grant (RFC 6749 section 4.1), over HTTP."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.make_scopes(cls.api, ["orders.read"])
        cls.issuer = f"{cls.base_url()}/orders"
        cls.own = cls.make_own_client()
        cls.secret = cls.own._generate_secret()
        cls.env.flush_all()

    @classmethod
    def make_own_client(cls, **values):
        """:return: a confidential client whose users sign in at this Odoo"""
        return cls.env["oauth2.client"].create(
            {
                "name": "Own Application",
                "client_identifier": "own-app",
                "redirect_uris": REDIRECT_URI,
                "api_ids": [(6, 0, cls.api.ids)],
                "scope_ids": [(6, 0, cls.api.scope_ids.ids)],
                **values,
            }
        )

    def serve_as(self, user):
        """Have the client act as a user without asking one, with a secret made since.

        :return: the user
        """
        self.own.write({"allows_client_credentials": True, "service_user_id": user.id})
        self.secret = self.own._generate_secret()
        self.env.flush_all()
        return user

    def setUp(self):
        super().setUp()
        self.verifier = random_token()
        self.authenticate(self.user.login, self.user.login)

    def parameters(self, **changes):
        """:return: those of an authorization request; ``None`` leaves one out"""
        given = {
            "response_type": "code",
            "client_id": "own-app",
            "redirect_uri": REDIRECT_URI,
            "state": STATE,
            "code_challenge": challenge_of(self.verifier),
            "code_challenge_method": "S256",
            **changes,
        }
        return {name: value for name, value in given.items() if value is not None}

    def ask_for_code(self, **changes):
        """:return: the answer of the authorization endpoint"""
        query = urlencode(self.parameters(**changes), doseq=True)
        return self.visit(f"/orders/oauth2/authorize?{query}", BROWSER_HEADERS)

    def open_consent(self, **changes):
        """:return: ``(address of the consent page, the answer)``"""
        response = self.ask_for_code(**changes)
        self.assertEqual(response.status_code, 303, response.text)
        address = response.headers["Location"]
        return address, self.visit(address, BROWSER_HEADERS)

    def decide(self, address, page, decision="allow", **changes):
        """:param page: the answer that showed the consent page
        :return: the answer to the user's decision
        """
        self.assertEqual(page.status_code, 200, page.text)
        (form,) = html.fromstring(page.text).forms
        values = {**dict(form.form_values()), "decision": decision, **changes}
        return self.url_open(
            address,
            data={name: value for name, value in values.items() if value is not None},
            method="POST",
            headers={**BROWSER_HEADERS, "Sec-Fetch-Site": "same-origin"},
            allow_redirects=False,
        )

    def answer(self, response):
        """:return: the parameters with which the browser goes back to the client"""
        self.assertEqual(response.status_code, 303, response.text)
        address = response.headers["Location"]
        self.assertTrue(address.startswith(f"{REDIRECT_URI}?"), address)
        pairs = parse_qs(urlsplit(address).query, strict_parsing=True)
        return {name: value for name, [value] in pairs.items()}

    def code(self, **changes):
        """Sign in and allow.

        :return: the code
        """
        address, page = self.open_consent(**changes)
        if page.status_code == 303:
            return self.answer(page)["code"]
        return self.answer(self.decide(address, page))["code"]

    def ask_token(self, headers=None, api="orders", **parameters):
        """:return: the answer of the token endpoint"""
        if headers is None:
            headers = basic_authorization("own-app", self.secret)
        return self.url_open(
            f"/{api}/oauth2/token", data=parameters, headers=headers, method="POST"
        )

    def exchange(self, code, headers=None, **changes):
        parameters = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": REDIRECT_URI,
            "code_verifier": self.verifier,
            **changes,
        }
        given = {name: each for name, each in parameters.items() if each is not None}
        return self.ask_token(headers, **given)

    def tokens(self, **changes):
        """:return: a token response, dict"""
        response = self.exchange(self.code(**changes))
        self.assertEqual(response.status_code, 200, response.text)
        return response.json()

    def refresh(self, token, headers=None, **parameters):
        return self.ask_token(
            headers, grant_type="refresh_token", refresh_token=token, **parameters
        )

    def call_as(self, token, path="/orders/oauth2/whoami"):
        """:return: the status of a protected call"""
        headers = {"Authorization": f"Bearer {token}"}
        return self.url_open(path, headers=headers).status_code

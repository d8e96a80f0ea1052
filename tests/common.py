"""Cases to build on: an API, a client, a provider that really runs, and a user.

``OAuth2Records`` needs no provider and is meant for other addons too; ``OAuth2Case``
adds one that answers in this process, over real HTTP, and the steps of the main job.
"""

import base64
import json
import os
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from unittest.mock import patch
from urllib.parse import urlsplit

import requests

from odoo import fields
from odoo.tests import HttpCase, tagged

from ..protocol import digests
from ..protocol.back_off import requests_to_wait
from ..protocol.jwks import key_sets
from ..protocol.rate_limit import FixedWindowCounter
from ..services.authentication import rate_limit
from ..services.keys.keyring import Keyring
from ..services.tokens.grant_tokens import GrantTokens
from ..services.tokens.revocation_outbox import RevocationOutbox
from . import certificates
from .faulty_provider import FaultyProvider
from .kept_routes import keep_routes

#: What Chromium sends when a person's navigation arrives.
BROWSER_HEADERS = {
    "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    "Accept-Language": "en-GB,en;q=0.9",
    "Sec-Fetch-Dest": "document",
    "Sec-Fetch-Mode": "navigate",
    "Sec-Fetch-Site": "cross-site",
    "Sec-Fetch-User": "?1",
}
SCRIPT_HEADERS = {"Accept": "*/*", "Accept-Language": None}


def basic_authorization(client_id="demo-app", secret="demo-secret"):
    """:return: headers of RFC 6749 section 2.3.1, for parts without reserved signs"""
    credentials = base64.b64encode(f"{client_id}:{secret}".encode()).decode()
    return {"Authorization": f"Basic {credentials}"}


@dataclass(frozen=True)
class Access:
    """What a call with a token needs, as records, and the token."""

    api: Any
    client: Any
    user: Any
    grant: Any
    token: str

    @property
    def headers(self):
        """:return: the headers of a call"""
        return {"Authorization": f"Bearer {self.token}"}


class OAuth2Records:
    """Makes records; each method returns what it made."""

    @classmethod
    def make_access(cls, endpoint="orders", scopes=(), user=None, **api_values):
        """API, client, user and token in one line.

        :param str endpoint: of the API: a new one, or one whose record an addon has
        :param scopes: names of scopes, all granted; made where the API has them not
        :param user: the Odoo user that the token stands for; an employee by default
        :param api_values: further values of the API
        :return: ``Access``
        """
        user = user or cls.make_user()
        oauth2_api = cls.find_api(endpoint) or cls.make_api(endpoint, scopes=())
        oauth2_api.write({"active": True, **api_values})
        missing = set(scopes) - set(oauth2_api.scope_ids.mapped("name"))
        cls.make_scopes(oauth2_api, sorted(missing))
        granted = oauth2_api.scope_ids.filtered(lambda scope: scope.name in scopes)
        client = cls.make_client(
            oauth2_api, cls.make_provider(), scope_ids=[(6, 0, granted.ids)]
        )
        grant, token = cls.make_grant(client, user)
        cls.env.flush_all()
        return Access(oauth2_api, client, user, grant, token)

    @classmethod
    def open_model(cls, scope, model, *operations, methods=""):
        """Have a scope open a model over JSON-2, for these operations and no others.

        :param str model: its technical name
        :param operations: of ``read``, ``create``, ``write``, ``unlink``
        :param str methods: names of further methods, separated by spaces
        :return: the line
        """
        model_id = cls.env["ir.model"]._get_id(model)
        values = {
            f"perm_{operation}": operation in operations
            for operation in ("read", "create", "write", "unlink")
        }
        scope.line_ids.filtered(lambda line: line.model_id.id == model_id).unlink()
        line = cls.env["oauth2.scope.line"].create(
            {
                "scope_id": scope.id,
                "model_id": model_id,
                "method_names": methods,
                **values,
            }
        )
        cls.env.flush_all()
        return line

    @classmethod
    def make_user(cls, login="olivia@example.com", **values):
        """:return: a new employee; the demo's user makes way for one of its login"""
        demo = cls.env.ref("api_auth_oauth2.user_olivia", raise_if_not_found=False)
        if demo and demo.login == login:
            demo.write({"login": f"demo.{login}", "email": f"demo.{login}"})
            demo.flush_recordset()  # before the other one has it
        # As Odoo's own tests do: an invitation takes as long as all the rest.
        quickly = {"no_reset_password": True, "tracking_disable": True}
        users = cls.env["res.users"].with_context(**quickly)
        user = users.create(
            {
                "name": login.partition("@")[0].title(),
                "login": login,
                "email": login,
                "group_ids": [(6, 0, cls.env.ref("base.group_user").ids)],
                **values,
            }
        )
        return user.with_env(cls.env)

    @classmethod
    def find_api(cls, endpoint):
        apis = cls.env["oauth2.api"].with_context(active_test=False)
        return apis.search([("endpoint", "=", endpoint)])

    @classmethod
    def make_api(cls, endpoint="orders", scopes=("partners.read",), **values):
        oauth2_api = cls.env["oauth2.api"].create(
            {"name": endpoint.title(), "endpoint": endpoint, **values}
        )
        cls.make_scopes(oauth2_api, scopes)
        return oauth2_api

    @classmethod
    def give_to_company(cls, oauth2_api, company):
        """Have an API and its clients be of a company, or of all (an empty record)."""
        oauth2_api.company_id = False
        oauth2_api.with_context(active_test=False).client_ids.company_id = company
        oauth2_api.company_id = company

    @classmethod
    def make_scopes(cls, oauth2_api, names):
        return cls.env["oauth2.scope"].create(
            [{"api_id": oauth2_api.id, "name": name} for name in names]
        )

    @classmethod
    def make_provider(cls, endpoints=None, **values):
        if endpoints:  # of one that runs on this machine
            values = {"allow_private_addresses": True, **values}
        endpoints = endpoints or {
            "issuer": "https://provider.example.com",
            "authorization_endpoint": "https://provider.example.com/authorize",
            "token_endpoint": "https://provider.example.com/token",
            "jwks_uri": "https://provider.example.com/jwks",
        }
        providers = cls.env["oauth2.provider"].with_context(active_test=False)
        count = providers.search_count([])
        return cls.env["oauth2.provider"].create(
            {"name": f"Provider {count}", **endpoints, **values}
        )

    @classmethod
    def make_client(cls, oauth2_api, provider, **values):
        return cls.env["oauth2.client"].create(
            {
                "name": "Application",
                "provider_id": provider.id,
                "client_identifier": "demo-app",
                "client_secret": "demo-secret",
                "follows_sign_in": True,
                "api_ids": [(6, 0, oauth2_api.ids)],
                "scope_ids": [(6, 0, oauth2_api.scope_ids.ids)],
                **values,
            }
        )

    @classmethod
    def make_grant(cls, client, user, oauth2_api=None, identity="", **values):
        """A client API user as a finished sign-in leaves it, with one access token.

        :return: ``(oauth2.client.user, access token)``
        """
        oauth2_api = oauth2_api or client.api_ids[:1]
        token = digests.random_token()
        identity = identity or digests.issue_identity()
        now = fields.Datetime.now()
        grant = cls.env["oauth2.client.user"].create(
            {
                "api_id": oauth2_api.id,
                "client_id": client.id,
                "user_id": user.id,
                "issuer": client.provider_id.issuer
                or oauth2_api._resource_identifier(),
                "subject": user.login,
                "identity_digest": Keyring(cls.env).identity_digests(identity)[0],
                "identity_issued": identity.startswith(digests.ISSUED_IDENTITY_PREFIX),
                "scope_ids": [(6, 0, client._scopes_on(oauth2_api).ids)],
                "authorized_at": now,
                "expires_at": now + timedelta(days=30),
                **values,
            }
        )
        GrantTokens(cls.env).store_token(
            grant, "access", token, expires_at=now + timedelta(hours=1)
        )
        return grant, token


@tagged("post_install", "-at_install", "api_auth_oauth2")
class OAuth2Case(OAuth2Records, HttpCase):
    """The main job against a provider in a thread, as good as new in each test."""

    #: fields of the provider's record that a test class wants otherwise
    provider_values = {}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["ir.config_parameter"].set_param(
            "api_auth_oauth2.base_url", cls.base_url()
        )
        cls.provider = cls.run_provider()
        cls.user = cls.make_user()
        keep_routes(cls.env)
        cls.api = cls.make_api()
        cls.provider_record = cls.make_provider(
            cls.provider.endpoints(), **cls.provider_values
        )
        cls.client = cls.make_client(cls.api, cls.provider_record)
        cls.env.flush_all()

    def setUp(self):
        super().setUp()
        keep_routes(self.env)
        # All tests call from one address, within the same minute.
        self.patch(rate_limit, "counter", FixedWindowCounter(capacity=1000))
        self.renew_provider()

    @classmethod
    def run_provider(cls):
        """:return: one that runs until the class ends, over https as in production"""
        files = certificates.of_this_process()
        bundle = {"REQUESTS_CA_BUNDLE": str(files.authority)}
        cls.enterClassContext(patch.dict(os.environ, bundle))
        context = certificates.server_context(files)
        return cls.enterClassContext(FaultyProvider(context))

    def renew_provider(self):
        """The provider is well, has seen no request, and tells the user's email."""
        key_sets.clear()
        requests_to_wait.clear()
        self.provider.reset()
        self.provider.claims = {"email": self.user.login, "email_verified": True}

    @contextmanager
    def row(self, name):
        """A row of a table: a subtest, whose changes here and at the provider end."""
        provider = self.provider
        names = ("grants", "codes", "calls")
        before = deepcopy({name: getattr(provider, name) for name in names})
        before["requests"] = list(provider.requests)
        with self.subTest(name), self.env.cr.savepoint() as savepoint:
            yield
            savepoint.rollback()
        self.env.invalidate_all(flush=False)
        self.registry.clear_all_caches()
        vars(provider).update(before)

    def pause(self):
        """As a minute later: a refresh without an answer keeps the next one waiting."""
        for grant in self.env["oauth2.client.user"].search(
            [("refresh_began_at", "!=", False)]
        ):
            grant.refresh_began_at -= timedelta(minutes=1)

    def call(self, name, body=None, *, method="POST", api=None, **options):
        """Call an endpoint with a JSON body.

        :param str name: such as ``token``
        :param body: JSON value; bytes are sent as they are
        :return: the response
        """
        headers = {"Content-Type": "application/json", **options.pop("headers", {})}
        data = body if isinstance(body, bytes) else json.dumps(body or {})
        return self.url_open(
            f"/{api or self.api.endpoint}/oauth2/{name}",
            data=data,
            method=method,
            headers=headers,
            **options,
        )

    def send(self, name, *, bearer=None, headers=None, api=None, **body):
        """Call ``token`` or ``revoke`` about a grant.

        :param str name: of the endpoint
        :param str bearer: an access token that goes along
        :param body: ``client_user_identity`` and more; None leaves a name out
        :return: the response
        """
        headers = dict(headers or {})
        if bearer:
            headers["Authorization"] = f"Bearer {bearer}"
        if "client_id" not in body:
            body["client_id"] = self.client.client_identifier
        body = {key: value for key, value in body.items() if value is not None}
        return self.call(name, body, api=api, headers=headers)

    def ask(self, identity=None, **body):
        """Ask for an authorization URL.

        :return: the answer as dict
        """
        body = {"client_id": self.client.client_identifier, **body}
        if identity is not None:
            body["client_user_identity"] = identity
        response = self.call("provider/authorize", body)
        self.assertEqual(response.status_code, 200, response.text)
        return response.json()

    def sign_in(self, authorization_url):
        """The user signs in at the provider.

        :return: the callback's address, not visited yet
        """
        answer = requests.get(authorization_url, allow_redirects=False, timeout=10)
        self.assertIn(answer.status_code, (302, 303), answer.text)
        return answer.headers["Location"]

    def visit(self, url, headers=None, **options):
        """Follow an address as a script, or with the headers given."""
        parts = urlsplit(url)
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        headers = {**SCRIPT_HEADERS, **(headers or {})}
        return self.url_open(path, headers=headers, allow_redirects=False, **options)

    def authorize(self, identity=None, **body):
        """The whole sign-in, as a script that follows the redirect itself.

        :return: ``(token information, client_user_identity)``
        """
        asked = self.ask(identity, **body)
        response = self.visit(self.sign_in(asked["authorization_url"]))
        self.assertEqual(response.status_code, 200, response.text)
        return response.json(), asked["client_user_identity"]

    def bearer(self, path, token, **options):
        """Call a protected route."""
        headers = {"Authorization": f"Bearer {token}", **options.pop("headers", {})}
        return self.url_open(path, headers=headers, **options)

    def grant_of(self, identity):
        """:return: the client API user of an identity"""
        self.env.invalidate_all()
        return self.env["oauth2.client.user"]._find_by_digest(
            self.api, self.client, Keyring(self.env).identity_digests(identity)
        )

    def queue(self, client, kind, token):
        """Have a provider still to be told to revoke a token.

        :return: the ``oauth2.revocation``
        """
        value = Keyring(self.env).encrypt(token)
        return RevocationOutbox(self.env).queue_tokens([(client, kind, value)])

    def clean_up(self):
        """Run the scheduled job that forgets what is over."""
        self.env.flush_all()
        with self.registry.cursor() as cr:
            cron = self.env(cr=cr).ref("api_auth_oauth2.ir_cron_clean_up")
            cron.ir_actions_server_id.with_user(cron.user_id).run()
        self.env.invalidate_all()

    def tell_providers(self):
        """Run the scheduled job that sends what is still to be revoked."""
        self.env.flush_all()
        with self.registry.cursor() as cr:
            cron = self.env(cr=cr).ref("api_auth_oauth2.ir_cron_revocations")
            cron.ir_actions_server_id.with_user(cron.user_id).run()
        self.env.invalidate_all()

    def assertRefused(self, response, status, error):
        """The answer is a clear refusal in JSON: code, error, no traceback."""
        self.assertEqual(response.status_code, status, response.text)
        media_type = response.headers["Content-Type"].partition(";")[0]
        self.assertEqual(media_type, "application/json")
        body = response.json()
        self.assertEqual(body["error"], error)
        self.assertEqual(set(body), {"error", "error_description"})
        self.assertTrue(body["error_description"].isascii())
        self.assertNotIn("Traceback", response.text)
        self.assertEqual(response.headers["Cache-Control"], "no-store")

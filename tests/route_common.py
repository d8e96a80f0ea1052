"""Cases for protected routes: controllers that live as long as a test class."""

import re
from datetime import timedelta
from http.client import HTTPConnection

from odoo import fields, http
from odoo.tests import HttpCase, tagged

from .common import OAuth2Records
from .kept_routes import keep_routes

MISSING = 'Bearer realm="odoo"'
INVALID = (
    'Bearer realm="odoo", error="invalid_token", error_description="The access token is'
    " unknown, expired or revoked: get another one at oauth2/token, or have the user"
    ' authorize again."'
)
MALFORMED = (
    'Bearer realm="odoo", error="invalid_request", error_description="Send exactly one'
    ' Authorization header: Bearer and the token."'
)
INSUFFICIENT = (
    'Bearer realm="odoo", error="insufficient_scope", error_description="The access'
    ' token lacks the scope that is needed: %s.", scope="%s"'
)


@tagged("post_install", "-at_install", "api_auth_oauth2")
class RouteCase(OAuth2Records, HttpCase):
    """An API ``orders``, a client, a user and a grant with one token; no provider."""

    keeps_routes = True  # False: each test reads the log of their making

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        modules = http.Controller.children_classes
        before = {name: list(classes) for name, classes in modules.items()}

        def forget():
            modules.clear()
            modules.update(before)
            cls.routes = None
            cls.registry.clear_cache("routing")

        cls.user = cls.make_user()
        keep_routes(cls.env)
        cls.api = cls.make_api(scopes=("probe.read", "probe.write"))
        cls.provider = cls.make_provider()
        cls.client = cls.make_client(cls.api, cls.provider)
        cls.grant, cls.token = cls.make_grant(cls.client, cls.user)
        cls.env.flush_all()
        cls.addClassCleanup(forget)
        cls.override = cls.add_controllers()
        cls.registry.clear_cache("routing")
        cls.routes = {} if cls.keeps_routes else None

    def setUp(self):
        super().setUp()
        keep_routes(self.env, self.routes)

    @classmethod
    def add_controllers(cls):
        """Define controllers here: they are known until the class's last test.

        :return: what overrides another one, as Odoo holds it by a weak reference
        """

    def get(self, path="/orders/probe", token=None, *, method="GET", **options):
        """Call a protected route."""
        headers = options.pop("headers", {})
        if token:
            headers = {"Authorization": f"Bearer {token}", **headers}
        options.setdefault("allow_redirects", False)
        return self.url_open(path, headers=headers, method=method, **options)

    def get_raw(self, path, *headers):
        """Call with exactly these headers, repeated ones too.

        :param headers: ``(name, value)``
        :return: ``(status, headers, body)``
        """
        self.env.flush_all()
        self.cr.clear()
        with self.allow_requests():
            connection = HTTPConnection("127.0.0.1", self.http_port(), timeout=10)
            connection.putrequest("GET", path)
            connection.putheader("Cookie", f"test_request_key={self.http_request_key}")
            for name, value in headers:
                connection.putheader(name, value)
            connection.endheaders()
            response = connection.getresponse()
            body = response.read().decode()
            connection.close()
        return response.status, response.headers, body

    def age(self, record, field_name="expires_at"):
        """Have the record's end passed: the database still has the class's start."""
        record.sudo()[field_name] = fields.Datetime.now() - timedelta(hours=1)

    def assertOpens(self, token=None, path="/orders/probe", **options):
        response = self.get(path, token or self.token, **options)
        self.assertEqual(response.status_code, 200, response.text)
        return response.json()

    def assertChallenge(self, actual, challenge, *, described=True):
        """The header is this challenge to the letter, and says where the API is
        described (RFC 9728 section 5.1)."""
        if challenge is None or not described:
            self.assertEqual(actual, challenge)
            return
        root = f"{self.base_url()}/.well-known/oauth-protected-resource"
        written = re.escape(f'{challenge}, resource_metadata="{root}/')
        self.assertRegex(actual, f'^{written}[a-z]+"$')

    def assertRefused(self, response, status, error, challenge=None, **options):
        """The answer is JSON with this code and, to the letter, this challenge."""
        self.assertEqual(response.status_code, status, response.text)
        media_type = response.headers["Content-Type"].partition(";")[0]
        self.assertEqual(media_type, "application/json")
        body = response.json()
        self.assertEqual(set(body), {"error", "error_description"})
        self.assertEqual(body["error"], error)
        self.assertNotIn("Traceback", response.text)
        self.assertEqual(response.headers["Cache-Control"], "no-store")
        actual = response.headers.get("WWW-Authenticate")
        self.assertChallenge(actual, challenge, **options)
        self.assertNotIn("Set-Cookie", response.headers)

    def assertInvalid(self, token=None, path="/orders/probe", **options):
        response = self.get(path, token or self.token, **options)
        self.assertRefused(response, 401, "invalid_token", INVALID)
        # What to do next: RFC 6750 leaves it open, our clients need to know.
        self.assertIn("oauth2/token", response.json()["error_description"])

    def assertForbidden(self, scope, token=None, path="/orders/probe", **options):
        response = self.get(path, token or self.token, **options)
        self.assertRefused(
            response, 403, "insufficient_scope", INSUFFICIENT % (scope, scope)
        )

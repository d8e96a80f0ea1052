from datetime import timedelta

from odoo import fields, http
from odoo.http import request
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..oauth2 import oauth2_route
from .json_route_common import JsonRouteCase

#: Each way to call with a token: ``(method, path, whether the API is in the path)``
ROUTES = {
    "json": ("GET", "/{api}/matrix"),
    "http": ("GET", "/{api}/matrix.txt"),
    "json2": ("POST", "/{api}/json/2/res.partner/create"),
    "bearer": ("POST", "/json/2/res.partner/create"),
}
OURS = {"json", "http", "json2"}  # Odoo itself refuses what is no token of ours
SERVED = (200, None)
NO_TOKEN = (401, "invalid_token")
INVALID = (401, "invalid_token")
MALFORMED = (400, "invalid_request")
SCOPE = (403, "insufficient_scope")
NO_SUCH_PATH = (404, None)


@tagged("post_install", "-at_install", "with_website")
class TestRouteMatrix(JsonRouteCase):
    """What opens, and what does not, is the same on each kind of route."""

    @classmethod
    def add_controllers(cls):
        class Matrix(http.Controller):
            @oauth2_route("/<api>/matrix", scopes="create", methods=["GET"])
            def matrix(self):
                return self.env.user.login

            @oauth2_route(
                "/<api>/matrix.txt", type="http", scopes="create", methods=["GET"]
            )
            def matrix_txt(self):
                return request.env.user.login

            @oauth2_route("/matrix/fixed", api="fixed", scopes="create")
            def fixed(self):
                return self.env.user.login

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.count = 0

    def new_access(self, **api_values):
        """An access that serves on every kind of route."""
        type(self).count += 1
        groups = self.env.ref("base.group_user") | self.env.ref(
            "base.group_partner_manager"
        )
        access = self.make_access(
            f"matrix-{self.count}",
            ["create"],
            self.make_user(
                f"user-{self.count}@example.com", group_ids=[(6, 0, groups.ids)]
            ),
            **{"json2_enabled": True, "bearer_enabled": True, **api_values},
        )
        self.open_model(access.api.scope_ids, "res.partner", "create")
        return access

    def try_route(self, kind, access, headers, **options):
        """:return: the response, whether or not a redirect was sent"""
        method, path = ROUTES[kind]
        if method == "POST":
            options["json"] = {"vals_list": [{"name": access.api.endpoint}]}
        return self.url_open(
            path.format(api=access.api.endpoint),
            method=method,
            headers=headers,
            allow_redirects=False,
            **options,
        )

    def who(self, kind, response):
        """:return: login of the user that a served call ran as"""
        if kind == "json":
            return response.json()
        if kind == "http":
            return response.text
        self.env.invalidate_all()
        return self.env["res.partner"].browse(response.json()).create_uid.login

    def assertAnswer(self, kind, response, access, expected):
        status, error = expected
        self.assertEqual(response.status_code, status, response.text)
        self.assertNotIn("Set-Cookie", response.headers)
        if kind in OURS:
            self.assertNotIn("Traceback", response.text)
        if status == 200:
            self.assertEqual(self.who(kind, response), access.user.login)
            return
        name = access.api.endpoint
        self.assertFalse(self.env["res.partner"].search([("name", "=", name)]))
        challenge = response.headers.get("WWW-Authenticate", "")
        if status in (401, 403):
            self.assertIn("bearer", challenge.lower())
        if error and (kind in OURS or status == 403):
            self.assertEqual(response.json()["error"], error)
            self.assertEqual(response.headers["Cache-Control"], "no-store")
        if error and kind in OURS and status in (401, 403):
            path = f"/.well-known/oauth-protected-resource/{access.api.endpoint}"
            self.assertIn(f'resource_metadata="{self.base_url()}{path}"', challenge)
        if expected is SCOPE:
            # Over JSON-2 the scope is named by the line that would open the model.
            self.assertIn('error="insufficient_scope"', challenge)
            self.assertIn('scope="create"', challenge)

    def check(self, arrange, expected, **api_values):
        """Arrange a case, and try every kind of route.

        :param arrange: takes the access, may return other headers
        :param expected: ``(status, error)``, or a dict of them by kind
        """
        access = self.new_access(**api_values)
        headers = arrange(access)
        headers = access.headers if not isinstance(headers, dict) else headers
        self.env.flush_all()
        for kind in ROUTES:
            outcome = expected[kind] if isinstance(expected, dict) else expected
            with self.subTest(kind=kind), mute_logger("odoo.http"):
                response = self.try_route(kind, access, headers)
                self.assertAnswer(kind, response, access, outcome)

    def check_each(self, cases, expected):
        """:param cases: ``{name: arrange}``"""
        for name, arrange in cases.items():
            with self.subTest(name):
                self.check(arrange, expected)

    def test_a_valid_token_opens_each_kind_of_route(self):
        self.check(lambda access: None, SERVED)

    def test_a_call_without_a_bearer_token_opens_no_kind_of_route(self):
        self.check_each(
            {
                "no header": lambda access: {},
                "another scheme": lambda access: {
                    "Authorization": f"Basic {access.token}"
                },
            },
            NO_TOKEN,
        )
        access = self.new_access()
        for kind in ROUTES:
            with self.subTest("in the query", kind=kind), mute_logger("odoo.http"):
                response = self.try_route(
                    kind, access, {}, params={"access_token": access.token}
                )
                self.assertAnswer(kind, response, access, NO_TOKEN)

    def test_two_tokens_in_a_header_open_no_kind_of_route(self):
        def arrange(access):
            return {"Authorization": f"Bearer {access.token}, Bearer {access.token}"}

        self.check(arrange, {**dict.fromkeys(OURS, MALFORMED), "bearer": INVALID})

    def test_a_token_that_is_not_in_force_opens_no_kind_of_route(self):
        past = fields.Datetime.now() - timedelta(hours=1)
        self.check_each(
            {
                "unknown": lambda access: {"Authorization": "Bearer unknown"},
                "expired": lambda access: access.grant.token_ids.write(
                    {"expires_at": past}
                ),
                "of an expired grant": lambda access: access.grant.write(
                    {"expires_at": past}
                ),
                "of a grant that the provider ended": lambda access: access.grant.write(
                    {"state": "expired"}
                ),
                "revoked": lambda access: access.grant.unlink(),
                # Not switched on for Odoo's own path, either.
                "of another API": lambda access: (
                    self.new_access(bearer_enabled=False).headers
                ),
                "of an archived user": lambda access: access.user.write(
                    {"active": False}
                ),
                "of an archived client": lambda access: access.client.write(
                    {"active": False}
                ),
                "of an archived provider": lambda access: (
                    access.client.provider_id.write({"active": False})
                ),
                "of a client that lost the API": lambda access: access.client.write(
                    {"scope_ids": [(5,)], "api_ids": [(5,)]}
                ),
                "of a user who lost the group": lambda access: access.api.write(
                    {"allowed_group_ids": self.env.ref("base.group_system").ids}
                ),
            },
            INVALID,
        )

    def test_a_missing_scope_is_told_on_each_kind_of_route(self):
        def another_scope(access):
            other = self.env["oauth2.scope"].create(
                {"api_id": access.api.id, "name": "other"}
            )
            access.client.scope_ids = access.grant.scope_ids = other

        self.check_each(
            {
                "another was granted": another_scope,
                "taken from the client": lambda access: access.client.write(
                    {"scope_ids": [(5,)]}
                ),
                "taken from the grant": lambda access: access.grant.write(
                    {"scope_ids": [(5,)]}
                ),
            },
            SCOPE,
        )

    def test_the_paths_of_an_archived_api_are_not_there(self):
        self.check(
            lambda access: access.api.write({"active": False}),
            {**dict.fromkeys(OURS, NO_SUCH_PATH), "bearer": INVALID},
        )

    def test_a_route_with_a_fixed_api_refuses_when_it_is_archived(self):
        access = self.make_access(
            "fixed", ["create"], self.make_user("fixed@example.com")
        )
        self.assertEqual(
            self.url_open("/matrix/fixed", headers=access.headers).json(),
            "fixed@example.com",
        )
        access.api.active = False
        self.env.flush_all()
        answer = self.url_open("/matrix/fixed", headers=access.headers)
        self.assertTold(answer, 401, "invalid_token")

    def test_an_api_switched_off_for_json2_serves_its_own_routes(self):
        self.check(
            lambda access: None,
            {"json": SERVED, "http": SERVED, "json2": (404, None), "bearer": INVALID},
            json2_enabled=False,
            bearer_enabled=False,
        )

    def test_a_session_opens_and_changes_nothing(self):
        other = self.make_user("other@example.com", password="other@example.com")
        self.env.flush_all()
        session = self.authenticate(other.login, other.login)
        self.check(lambda access: None, SERVED)
        self.check(lambda access: {}, NO_TOKEN)
        self.check(lambda access: {"Authorization": "Bearer unknown"}, INVALID)
        self.assertEqual(session.uid, other.id)
        saved = http.root.session_store.get(session.sid)
        self.assertEqual(saved.login, other.login)

    def test_a_preflight_needs_no_token_and_opens_nothing(self):
        access = self.new_access()
        access.client.allowed_origins = "https://shop.example.com"
        self.env.flush_all()
        for kind in OURS:
            with self.subTest(kind=kind):
                method, path = ROUTES[kind]
                answer = self.url_open(
                    path.format(api=access.api.endpoint),
                    method="OPTIONS",
                    headers={
                        "Origin": "https://shop.example.com",
                        "Access-Control-Request-Method": method,
                    },
                )
                self.assertEqual(answer.status_code, 204)
                self.assertEqual(answer.content, b"")
                self.assertNotIn("Set-Cookie", answer.headers)

    def test_other_routes_with_bearer_authentication_take_no_token_of_ours(self):
        access = self.new_access()
        for path in ("/json/1/contacts", "/doc-bearer/index.json"):
            with self.subTest(path=path), mute_logger("odoo.http"):
                answer = self.url_open(
                    path, headers=access.headers, allow_redirects=False
                )
                self.assertIn(answer.status_code, (401, 404), answer.text)

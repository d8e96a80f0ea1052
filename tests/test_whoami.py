from datetime import UTC, timedelta

from odoo.tests import tagged

from .route_common import INVALID, MISSING, RouteCase

_PATH = "/orders/oauth2/whoami"


def _epoch(moment):
    return int(moment.replace(tzinfo=UTC).timestamp())


@tagged("with_website")
class TestWhoami(RouteCase):
    """``GET /<api>/oauth2/whoami``: who a token is."""

    def test_whoami_tells_user_scopes_api_client_and_both_ends(self):
        response = self.get(_PATH, self.token)
        self.assertEqual(response.status_code, 200, response.text)
        self.assertEqual(
            response.json(),
            {
                "login": "olivia@example.com",
                "name": "Olivia",
                "scopes": ["probe.read", "probe.write"],
                "api": {"endpoint": "orders", "name": "Orders"},
                "client": {"client_id": "demo-app", "name": "Application"},
                "expires_at": _epoch(self.grant.token_ids.expires_at),
                "authorization_expires_at": _epoch(self.grant.expires_at),
            },
        )
        self.assertEqual(response.headers["Cache-Control"], "no-store")
        self.assertNotIn("Set-Cookie", response.headers)

    def test_whoami_needs_no_scope_and_tells_only_those_that_count_now(self):
        self.client.scope_ids = self.client.scope_ids.filtered(
            lambda scope: scope.name == "probe.read"
        )
        self.assertEqual(self.assertOpens(path=_PATH)["scopes"], ["probe.read"])
        self.client.scope_ids = False
        self.assertEqual(self.assertOpens(path=_PATH)["scopes"], [])

    def test_whoami_tells_the_ends_of_the_grant_that_a_shared_token_opens(self):
        """A provider may hand one token out for several grants of a user."""
        other, _token = self.make_grant(self.client, self.user)
        other.expires_at -= timedelta(days=7)
        own = self.grant.token_ids
        other.token_ids.write({"digest": own.digest, "expires_at": other.expires_at})
        told = self.assertOpens(path=_PATH)  # the youngest grant counts
        for name in ("expires_at", "authorization_expires_at"):
            self.assertEqual(told[name], _epoch(other.expires_at))

    def test_whoami_refuses_as_every_protected_route(self):
        self.assertRefused(self.get(_PATH), 401, "invalid_token", MISSING)
        self.assertRefused(self.get(_PATH, "unknown"), 401, "invalid_token", INVALID)
        elsewhere = self.make_access("elsewhere", user=self.make_user("e@example.com"))
        response = self.get(_PATH, elsewhere.token)
        self.assertRefused(response, 401, "invalid_token", INVALID)
        self.age(self.grant)
        self.assertInvalid(path=_PATH)

    def test_whoami_is_read_by_get_and_takes_no_argument(self):
        response = self.get(_PATH, self.token, method="POST", json={})
        self.assertRefused(response, 405, "invalid_request")
        self.assertEqual(response.headers["Allow"], "GET, HEAD, OPTIONS")
        response = self.get(f"{_PATH}?user=2", self.token)
        self.assertRefused(response, 400, "invalid_request")

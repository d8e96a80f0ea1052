"""Where a client may call from: at the endpoints, and with its tokens."""

from odoo.exceptions import ValidationError
from odoo.tests import BaseCase, tagged

from ..protocol.client_networks import allows, covers, parse_networks
from ..services.calls.token_validation import TokenValidation
from .authorization_server_common import AuthorizationServerCase
from .common import OAuth2Case, basic_authorization
from .json2_common import Json2Case

HERE = "127.0.0.0/8 ::1"
ELSEWHERE = "192.0.2.0/24"


class TestNetworks(BaseCase):
    def test_an_address_is_allowed_in_one_of_the_networks(self):
        networks = parse_networks("192.0.2.7, 198.51.100.0/24\n2001:db8::/32")
        for address in (
            "192.0.2.7",
            "198.51.100.0",
            "198.51.100.255",
            "::ffff:192.0.2.7",
            "2001:db8::1",
        ):
            self.assertTrue(allows(networks, address), address)
        for address in (
            "192.0.2.6",
            "198.51.101.0",
            "::ffff:192.0.2.6",
            "2001:db9::1",
            "::1",
            "192.0.2.007",
            "192.0.2.7, 10.0.0.1",
            "unknown",
            "",
        ):
            self.assertFalse(allows(networks, address), address)

    def test_without_networks_every_address_is_allowed(self):
        for address in ("192.0.2.7", "::1", ""):
            self.assertTrue(allows(parse_networks(" , "), address))

    def test_what_is_no_network_is_named(self):
        for text in (
            "app.example.com",
            "192.0.2.0/33",
            "192.0.2.7/24",
            "192.0.2",
            "192.0.2.*",
            "::ffff:192.0.2.0/120",
            "*",
        ):
            with self.assertRaises(ValueError) as caught:
                parse_networks(f"192.0.2.1 {text}")
            self.assertEqual(str(caught.exception), text)

    def test_fewer_addresses_are_covered_and_more_are_not(self):
        def is_covered(networks, others):
            return covers(parse_networks(networks), parse_networks(others))

        both = "192.0.2.0/24 2001:db8::/32"
        for less in ("192.0.2.0/25", "192.0.2.1 2001:db8:1::/48", both):
            self.assertTrue(is_covered(both, less))
            self.assertTrue(is_covered("", less))
        for more in ("", "192.0.0.0/16", "192.0.2.1 198.51.100.1", "::/0"):
            self.assertFalse(is_covered(both, more))
        self.assertTrue(is_covered("", ""))


@tagged("post_install", "-at_install")
class TestClientNetworks(OAuth2Case):
    def bind(self, networks):
        self.client.allowed_networks = networks
        self.env.flush_all()

    def test_what_is_no_network_is_refused(self):
        with self.assertRaisesRegex(ValidationError, "evil.example is no address"):
            self.client.allowed_networks = f"{HERE}, evil.example"

    def test_no_endpoint_serves_a_client_from_elsewhere(self):
        _tokens, identity = self.authorize()
        secret = {"client_secret": "demo-secret"}
        calls = (
            ("provider/authorize", secret),
            ("token", {"client_user_identity": identity, **secret}),
        )
        for name, body in calls:
            with self.subTest(name):
                self.bind(ELSEWHERE)
                unknown = self.send(name, **{**body, "client_id": "unknown"})
                refused = self.send(name, **body)
                self.assertRefused(refused, 401, "invalid_client")
                self.assertEqual(refused.content, unknown.content)
                self.bind(HERE)
                self.assertEqual(self.send(name, **body).status_code, 200)
        # Once an hour, as with other failures of a client.
        told = self.env["oauth2.event"].search([("reason", "like", "network")])
        self.assertEqual(told.client_id, self.client)

    def test_a_grant_is_revoked_from_everywhere(self):
        _tokens, identity = self.authorize()
        self.bind(ELSEWHERE)
        answer = self.send("revoke", client_user_identity=identity)
        self.assertEqual(answer.status_code, 200, answer.text)
        self.assertFalse(self.grant_of(identity))

    def test_a_user_signs_in_from_everywhere(self):
        """It is the application that is bound, not its users' browsers."""
        asked = self.ask()
        self.bind(ELSEWHERE)
        answer = self.visit(self.sign_in(asked["authorization_url"]))
        self.assertEqual(answer.status_code, 200, answer.text)

    def test_a_token_s_check_goes_by_the_address_it_is_given(self):
        _grant, token = self.make_grant(self.client, self.user)
        self.bind("192.0.2.7 2001:db8::/32")
        check = TokenValidation(self.env).validate
        for address in ("192.0.2.7", "::ffff:192.0.2.7", "2001:db8::1"):
            self.assertTrue(check(token, "orders", address=address), address)
        for address in ("192.0.2.8", "127.0.0.1", ""):
            self.assertFalse(check(token, "orders", address=address), address)
        self.assertFalse(check(token, "orders"))
        self.bind(False)
        self.assertTrue(check(token, "orders"))


@tagged("post_install", "-at_install")
class TestCallsFromNetworks(Json2Case):
    def test_a_token_opens_nothing_from_elsewhere(self):
        self.access.api.bearer_enabled = True
        body = {"domain": []}
        calls = {
            "a route": ("/orders/oauth2/whoami", {"method": "GET"}),
            "JSON-2": ("/orders/json/2/res.partner/search_count", {"json": body}),
            "Odoo's own": ("/json/2/res.partner/search_count", {"json": body}),
        }
        for name, (path, options) in calls.items():
            for networks, status in ((HERE, 200), (ELSEWHERE, 401), (False, 200)):
                with self.subTest(name, networks=networks):
                    self.access.client.allowed_networks = networks
                    self.env.flush_all()
                    headers = self.access.headers
                    answer = self.url_open(path, headers=headers, **options)
                    self.assertEqual(answer.status_code, status, answer.text)


@tagged("post_install", "-at_install")
class TestStandardClientNetworks(AuthorizationServerCase):
    def bind(self, networks):
        self.own.allowed_networks = networks
        self.env.flush_all()

    def introspect(self, token):
        headers = basic_authorization("own-app", self.secret)
        return self.url_open(
            "/orders/oauth2/introspect", data={"token": token}, headers=headers
        )

    def test_no_grant_type_and_no_introspection_is_served_from_elsewhere(self):
        self.serve_as(self.user)
        self.bind(HERE)
        tokens = self.tokens()
        refresh_token, token = tokens["refresh_token"], tokens["access_token"]
        self.bind(ELSEWHERE)
        code = self.code()  # the browser of the user is bound to nothing
        for name, call in (
            ("code", lambda: self.exchange(code)),
            ("refresh", lambda: self.refresh(refresh_token)),
            ("service", lambda: self.ask_token(grant_type="client_credentials")),
            ("introspect", lambda: self.introspect(token)),
        ):
            with self.subTest(name):
                self.assertRefused(call(), 401, "invalid_client")
        self.assertEqual(self.call_as(token), 401)
        told = self.env["oauth2.event"].search([("reason", "like", "network")])
        self.assertEqual(told.client_id, self.own)
        self.bind(HERE)
        self.assertEqual(self.call_as(token), 200)
        self.assertTrue(self.introspect(token).json()["active"])
        self.assertEqual(self.exchange(code).status_code, 200)
        self.assertEqual(self.refresh(refresh_token).status_code, 200)

    def test_a_token_is_revoked_from_everywhere(self):
        tokens = self.tokens()
        self.bind(ELSEWHERE)
        answer = self.url_open(
            "/orders/oauth2/revoke",
            data={"token": tokens["refresh_token"]},
            headers=basic_authorization("own-app", self.secret),
        )
        self.assertEqual(answer.status_code, 200, answer.text)
        self.bind(False)
        self.assertEqual(self.call_as(tokens["access_token"]), 401)

    def test_a_settings_administrator_is_acted_as_once_it_is_confirmed(self):
        self.serve_as(self.user)
        for groups, status in (("base.group_user", 200), ("base.group_system", 400)):
            self.user.group_ids = self.env.ref(groups)
            self.env.flush_all()
            answer = self.ask_token(grant_type="client_credentials")
            self.assertEqual(answer.status_code, status, answer.text)
        self.assertRefused(answer, 400, "unauthorized_client")
        self.own.service_user_confirmed = True
        self.env.flush_all()
        answer = self.ask_token(grant_type="client_credentials")
        self.assertEqual(answer.status_code, 200, answer.text)

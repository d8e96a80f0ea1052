"""Test Connection on a provider's form: each line, by its real cause."""

import os
import socket
from unittest import skipUnless
from unittest.mock import patch

from odoo.exceptions import AccessError
from odoo.tests import tagged
from odoo.tests.common import _super_send
from odoo.tools import config, mute_logger

from ..services.checks import connection_check
from ..services.keys.keyring import KEYS_OPTION
from . import independent_provider
from .common import OAuth2Case
from .independent_provider import IndependentProvider


class CheckCase(OAuth2Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.admin = cls.env.ref("base.user_admin")

    @classmethod
    def _request_handler(cls, s, r, /, **kw):
        return _super_send(s, r, **kw)  # names are resolved as the test says

    def setUp(self):
        super().setUp()
        environment = dict.fromkeys(("https_proxy", "HTTPS_PROXY"), "")
        self.enterContext(patch.dict(os.environ, environment))
        self.authenticate("admin", "admin")
        key = "YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWE="
        self.enterContext(patch.dict(config.options, {KEYS_OPTION: key}))

    def configure(self, **values):
        self.provider_record.write(values)
        self.env.flush_all()

    def check(self, headers=None):
        """Press the button.

        :return: ``{id: (level, text with advice)}`` of its lines
        """
        self.env.flush_all()
        action = self.make_jsonrpc_request(
            "/web/dataset/call_button/oauth2.provider/action_test_connection",
            {
                "model": "oauth2.provider",
                "method": "action_test_connection",
                "args": [self.provider_record.ids],
                "kwargs": {},
            },
            headers=headers,
        )
        self.env.invalidate_all()
        found = self.env["oauth2.check"].with_user(self.admin).browse(action["res_id"])
        self.lines = found.line_ids
        return {
            line.code: (line.level, f"{line.text} {line.advice}") for line in self.lines
        }

    def assertLine(self, code, level, *words, headers=None):
        found = self.check(headers)
        self.assertIn(code, found, found)
        self.assertEqual(found[code][0], level, found[code])
        for word in words:
            self.assertIn(word, found[code][1])
        return found

    def assertAllGood(self, found, *but):
        others = {code: line for code, line in found.items() if code not in but}
        self.assertEqual({line[0] for line in others.values()}, {"good"}, others)

    def described(self, **changes):
        self.provider.answer("discovery", json={**self.provider.endpoints(), **changes})


@tagged("post_install", "-at_install")
class TestConnectionCheck(CheckCase):
    def test_a_provider_that_works_has_good_lines_alone(self):
        self.described(code_challenge_methods_supported=["S256"])
        found = self.check()
        self.assertAllGood(found)
        self.assertEqual(
            set(found),
            {
                "provider-name",
                "provider-tls",
                "provider-issuer",
                "provider-discovery",
                "provider-pkce",
                "provider-authentication",
                "provider-keys",
                "provider-endpoints",
                "provider-clock",
                "client-accepted",
                "client-sign-in",
                "encryption-key",
                "redirect-uri-address",
                "proxy-mode",
            },
        )

    def test_a_check_stores_nothing_and_shows_no_secret(self):
        models = ("oauth2.authorization.request", "oauth2.token", "oauth2.event")
        before = [self.env[model].search_count([]) for model in models]
        found = self.check()
        after = [self.env[model].search_count([]) for model in models]
        self.assertEqual(after, before)
        self.assertNotIn("demo-secret", str(found))

    def test_only_settings_administrators_have_a_provider_called(self):
        manager = self.make_user(
            "mara@example.com",
            group_ids=[(6, 0, self.env.ref("api_auth_oauth2.group_admin").ids)],
        )
        provider = self.provider_record.with_user(manager)
        with self.assertRaises(AccessError):
            provider.action_test_connection()
        with self.assertRaises(AccessError):
            self.env["oauth2.check"].with_user(manager).search([])
        self.assertFalse(self.provider.requests)

    def test_a_name_that_leads_nowhere_is_told(self):
        self.configure(issuer="https://nowhere.invalid")
        resolve = socket.getaddrinfo

        def resolver(host, *args, **kwargs):
            if host == "nowhere.invalid":
                raise socket.gaierror(-2, "unknown")
            return resolve(host, *args, **kwargs)

        with patch("socket.getaddrinfo", resolver):
            found = self.assertLine("provider-name", "bad", "nowhere.invalid")
        self.assertNotIn("provider-tls", found)

    def test_a_blocked_address_is_told(self):
        self.provider_record.allow_private_addresses = True
        self.configure(issuer="https://10.20.30.40")
        self.env.cr.execute(
            "UPDATE oauth2_provider SET allow_private_addresses = false"
        )
        found = self.assertLine(
            "provider-address", "bad", "10.20.30.40", "Allow Private Addresses"
        )
        self.assertNotIn("provider-name", found)
        self.assertFalse(self.provider.requests)

    def test_plain_http_is_told_where_it_is_no_development(self):
        self.env["ir.config_parameter"].set_param(
            "api_auth_oauth2.base_url", "https://odoo.example.com"
        )
        self.configure(issuer="http://127.0.0.1:9")
        self.assertLine("provider-tls", "bad", "plain http")

    def test_a_certificate_of_another_authority_is_told(self):
        with patch.dict(os.environ, {"REQUESTS_CA_BUNDLE": ""}):
            found = self.assertLine("provider-tls", "bad", "REQUESTS_CA_BUNDLE")
        # One cause is told once.
        for check_id in ("provider-keys", "provider-endpoints", "client-accepted"):
            self.assertIn("as the first line says", str(found[check_id]))

    def test_a_provider_that_is_down_is_told(self):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.configure(issuer=f"https://127.0.0.1:{free.getsockname()[1]}")
            self.assertLine("provider-connection", "bad", "firewall")

    def test_an_issuer_is_compared_to_the_letter(self):
        self.described(issuer=f"{self.provider.issuer}/")
        self.assertLine("provider-issuer", "bad", f"{self.provider.issuer}/")
        self.described(issuer="https://another.example.com")
        self.assertLine("provider-issuer", "bad", "https://another.example.com")
        self.configure(issuer=False)
        self.assertLine("provider-issuer", "bad", "openid")

    def test_an_issuer_without_a_description_is_told(self):
        self.provider.answer("discovery", status=404)
        self.assertLine("provider-discovery", "bad", "404")
        self.configure(scope="email", subject_claim="id")
        self.assertLine("provider-discovery", "warning")

    def test_addresses_that_are_not_the_published_ones_are_told(self):
        self.described(token_endpoint=f"{self.provider.issuer}/oauth/token")
        self.assertLine("provider-discovery", "warning", "Token Endpoint")

    def test_keys_that_check_no_id_token_are_told(self):
        self.provider.answer("jwks", json={"keys": [{"kty": "oct"}]})
        self.assertLine("provider-keys", "bad")
        self.provider.answer("jwks", status=404)
        self.assertLine("provider-keys", "bad", "404")
        self.configure(jwks_uri=False)
        self.assertLine("provider-keys", "bad")

    def test_an_endpoint_that_is_none_is_told(self):
        self.provider.answer("userinfo", status=404)
        self.provider.answer("revocation", status=503)
        self.assertLine("provider-endpoints", "bad", "Userinfo", "Revocation", "503")

    def test_pkce_and_client_authentication_are_compared_with_the_offer(self):
        self.described(
            code_challenge_methods_supported=["plain"],
            token_endpoint_auth_methods_supported=["client_secret_post"],
            require_pushed_authorization_requests=True,
        )
        found = self.assertLine("provider-pkce", "warning", "S256")
        self.assertEqual(found["provider-authentication"][0], "bad")
        self.assertIn("client_secret_post", found["provider-authentication"][1])
        self.assertEqual(found["provider-demands"][0], "bad")
        self.configure(use_pkce=False, token_endpoint_auth_method="client_secret_post")
        self.assertLine("provider-pkce", "warning", "PKCE is off")
        self.described()
        self.assertLine("provider-authentication", "warning")

    def test_a_clock_that_goes_wrong_is_told(self):
        for seconds, level in ((30, "good"), (90, "warning"), (-300, "bad")):
            self.provider.clock_ahead = seconds
            self.assertLine("provider-clock", level)

    def test_a_wrong_secret_is_told_from_a_wrong_code(self):
        self.client.client_secret = "wrong-secret"
        self.assertLine("client-accepted", "bad", "Application", "invalid_client")

    def test_what_a_provider_says_of_a_client_is_told_apart(self):
        for error, level, word in (
            ("invalid_grant", "good", "proof"),
            ("unauthorized_client", "bad", "authorization code grant"),
            ("invalid_request", "warning", "invalid_request"),
        ):
            self.provider.answer("token", status=400, json={"error": error})
            self.assertLine("client-accepted", level, word)
        self.provider.answer("token", status=404)
        self.assertLine("client-accepted", "bad", "404")
        self.provider.answer("token", status=503)
        self.assertLine("client-accepted", "warning", "503")
        token = {"access_token": "given-away", "token_type": "Bearer"}
        self.provider.answer("token", json=token)
        found = self.assertLine("client-accepted", "bad", "made up")
        self.assertNotIn("given-away", str(found))

    def test_a_sign_in_that_the_provider_refuses_is_told(self):
        self.provider.answer("authorization", status=400)
        self.assertLine("client-sign-in", "bad", "redirect URI", self.api.redirect_uri)
        back = f"{self.api.redirect_uri}?error=invalid_scope"
        self.provider.redirect("authorization", back)
        self.assertLine("client-sign-in", "bad", "invalid_scope")
        self.provider.redirect("authorization", f"{self.provider.issuer}/login")
        self.assertLine("client-sign-in", "good")
        self.provider.close("authorization")
        self.assertLine("client-sign-in", "warning")
        # The administrator's browser may get further than this server.
        [line] = self.lines.filtered(lambda each: each.code == "client-sign-in")
        self.assertIn(f"/oauth2/trial/{self.client.id}", line.trial_url)

    def test_a_provider_without_clients_and_a_client_without_api_are_told(self):
        self.provider_record.own_redirect_uri = True
        self.client.write({"api_ids": False, "scope_ids": False})
        found = self.assertLine("client-api", "warning")
        self.assertEqual(found["client-accepted"][0], "good")
        self.client.active = False
        self.assertLine("provider-clients", "warning")

    def test_a_lost_key_is_told(self):
        with patch.dict(config.options, {KEYS_OPTION: ""}):
            self.assertLine("encryption-key", "warning", "database")
        self.client.client_secret = "demo-secret"  # with the configured key
        with (
            patch.dict(config.options, {KEYS_OPTION: ""}),
            mute_logger("odoo.addons.api_auth_oauth2.services.keys.keyring"),
        ):
            found = self.assertLine("encryption-key", "bad", "api_auth_oauth2_keys")
        self.assertEqual(found["client-secret"][0], "bad")

    def test_a_secret_that_no_key_reads_is_told(self):
        self.client.sudo().client_secret_encrypted = "unreadable"
        self.assertLine("client-secret", "bad", "Application", "again")

    def test_the_address_of_sign_ins_is_compared_with_this_browsers(self):
        parameters = self.env["ir.config_parameter"]
        name = "api_auth_oauth2.base_url"
        parameters.set_param(name, "https://odoo.example.com")
        self.assertLine(
            "redirect-uri-address", "warning", "odoo.example.com", self.base_url()
        )
        parameters.set_param(name, "http://odoo.example.com")
        self.assertLine("redirect-uri-address", "bad", "not https")

    def test_a_proxy_that_odoo_does_not_know_is_told(self):
        proto = {"X-Forwarded-Proto": "https"}
        self.assertLine("proxy-mode", "bad", "proxy_mode", headers=proto)
        with patch.dict(config.options, {"proxy_mode": True}):
            self.assertLine("proxy-mode", "bad", "X-Forwarded-Host", headers=proto)
            forwarded = {**proto, "X-Forwarded-Host": "odoo.example.com"}
            found = self.assertLine("proxy-mode", "good", headers=forwarded)
        told = found["redirect-uri-address"]
        self.assertEqual(told[0], "warning")
        self.assertIn("https://odoo.example.com", told[1])

    def test_a_slow_provider_does_not_keep_the_test_for_ever(self):
        with patch.object(connection_check, "BUDGET", -1):
            self.assertLine("provider-time", "warning")
        self.assertFalse(self.provider.requests)


@tagged("post_install", "-at_install")
@skipUnless(independent_provider.AVAILABLE, independent_provider.MISSING)
class TestConnectionToAnIndependentProvider(CheckCase):
    """node-oidc-provider, by http on this machine"""

    def run_at(self, **client):
        known = {
            "client_id": "demo-app",
            "client_secret": "demo-secret",
            "redirect_uris": [self.api.redirect_uri],
            **client,
        }
        provider = self.enterContext(IndependentProvider(clients=[known]))
        self.configure(**provider.endpoints())

    def test_a_provider_that_is_not_ours_has_good_lines_alone(self):
        self.run_at()
        self.assertAllGood(self.check(), "provider-tls")

    def test_a_wrong_secret_and_redirect_uri_are_told_by_it(self):
        self.run_at(
            client_secret="another-secret",
            redirect_uris=["https://elsewhere.example.com/cb"],
        )
        found = self.assertLine("client-accepted", "bad", "invalid_client")
        self.assertEqual(found["client-sign-in"][0], "bad")
        self.assertAllGood(found, "client-accepted", "client-sign-in", "provider-tls")

"""A provider's form filled in from what the provider says of itself."""

import os
import re
from unittest.mock import patch

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, TransactionCase, tagged

from ..protocol.discovery import issuer_of
from ..services.providers.provider_discovery import DISCOVERY_FIELDS
from . import certificates, faulty_provider
from .common import OAuth2Records
from .faulty_provider import FaultyProvider

ANOTHER = "https://evil.example.com"


@tagged("post_install", "-at_install", "api_auth_oauth2")
class TestDiscovery(OAuth2Records, TransactionCase):
    def setUp(self):
        super().setUp()
        files = certificates.of_this_process()
        bundle = {"REQUESTS_CA_BUNDLE": str(files.authority)}
        self.enterContext(patch.dict(os.environ, bundle))
        context = certificates.server_context(files)
        self.running = self.enterContext(FaultyProvider(context))
        self.admin = self.env.ref("base.user_admin")
        self.provider = self.make_provider(allow_private_addresses=True)
        self.provider.issuer = self.running.issuer

    def press_read(self, form):
        """Press the button of a form, look at what it finds, and apply it.

        :return: what was found
        """
        shown = {name: form[name] for name in DISCOVERY_FIELDS}
        found = form._record.browse().read_from_issuer(shown)
        for name, value in found["values"].items():  # hidden ones, too
            form._values[name] = value
            form._values._changed.add(name)
            form._perform_onchange(name)
        return found

    def form(self, provider=None):
        provider = self.provider if provider is None else provider
        return Form(provider.with_user(self.admin))

    def described(self, **changes):
        """Have the provider describe itself so; None leaves a name out."""
        metadata = {**self.running.endpoints(), **changes}
        metadata = {key: value for key, value in metadata.items() if value is not None}
        self.running.answer("discovery", json=metadata)

    def assertRefused(self, reason, form=None):
        """Nothing is changed, in the form or in the database."""
        self.env.flush_all()
        before = self.provider.read()
        form = form or self.form()
        shown = {name: form[name] for name in self.running.endpoints()}
        with self.assertRaisesRegex(UserError, reason):
            self.press_read(form)
        self.assertEqual({name: form[name] for name in shown}, shown)
        self.provider.invalidate_recordset()
        self.assertEqual(self.provider.read(), before)

    def test_a_new_provider_is_filled_in_before_it_is_saved(self):
        self.provider.issuer = False  # one issuer is one server
        form = self.form(self.env["oauth2.provider"])
        form.name = "Keycloak"
        form.issuer = self.running.issuer
        form.allow_private_addresses = True
        self.press_read(form)
        provider = form.save()
        for name, value in self.running.endpoints().items():
            self.assertEqual(provider[name], value)

    def test_a_description_replaces_a_provider_s_addresses_once_saved(self):
        self.provider.revocation_endpoint = "https://old.example.com/revoke"
        self.described(
            revocation_endpoint=None,
            authorization_response_iss_parameter_supported=True,
            token_endpoint_auth_methods_supported=["private_key_jwt", "none"],
        )
        before = self.provider.token_endpoint
        form = self.form()
        self.press_read(form)
        self.provider.invalidate_recordset()
        self.assertEqual(self.provider.token_endpoint, before, "not saved yet")
        form.save()
        self.assertEqual(
            self.provider.token_endpoint, self.running.endpoints()["token_endpoint"]
        )
        self.assertFalse(self.provider.revocation_endpoint)
        self.assertTrue(self.provider.authorization_response_iss_parameter_supported)
        self.assertEqual(self.provider.token_endpoint_auth_method, "private_key_jwt")

    def test_a_method_of_authentication_that_is_supported_stays(self):
        self.provider.token_endpoint_auth_method = "client_secret_post"
        for supported, method in (
            (["client_secret_basic", "client_secret_post"], "client_secret_post"),
            ("nonsense", "client_secret_basic"),
            (None, "client_secret_basic"),
        ):
            self.described(token_endpoint_auth_methods_supported=supported)
            form = self.form()
            self.press_read(form)
            self.assertEqual(form.token_endpoint_auth_method, method)

    def test_a_key_is_proposed_where_no_secret_does_and_it_can_sign(self):
        for methods, algorithms, method, algorithm in (
            (["private_key_jwt"], None, "private_key_jwt", "RS256"),
            (["private_key_jwt"], ["PS256", "ES256"], "private_key_jwt", "ES256"),
            (["private_key_jwt"], ["ES256", "RS256"], "private_key_jwt", "RS256"),
            (["private_key_jwt", "none"], ["EdDSA"], "none", "RS256"),
            (
                ["private_key_jwt", "client_secret_post"],
                ["ES256"],
                "client_secret_post",
                "ES256",
            ),
        ):
            with self.subTest(methods, algorithms=algorithms):
                self.described(
                    token_endpoint_auth_methods_supported=methods,
                    token_endpoint_auth_signing_alg_values_supported=algorithms,
                )
                form = self.read_from(self.running.issuer)
                self.assertEqual(form.token_endpoint_auth_method, method)
                self.assertEqual(form.token_endpoint_auth_signing_alg, algorithm)

    def test_rp_discovery_issuer_not_matching_config(self):
        """OpenID Connect Discovery section 4.3: exactly equal"""
        issuer = self.running.issuer
        for other in (ANOTHER, issuer + "/a", issuer.upper(), "", None, [issuer], 1):
            with self.subTest(other):
                self.described(issuer=other)
                self.assertRefused(f"names another issuer: {re.escape(str(other))}")

    def read_from(self, issuer):
        """Read from what an administrator wrote.

        :return: the form
        """
        form = self.form()
        form.issuer = issuer
        self.press_read(form)
        return form

    def test_a_slash_more_or_less_is_taken_as_the_provider_writes_it(self):
        issuer = self.running.issuer
        for written, named in ((f"{issuer}/", issuer), (issuer, f"{issuer}/")):
            self.described(issuer=named)
            self.assertEqual(self.read_from(written).issuer, named)

    def test_a_pasted_address_of_the_description_is_taken_for_the_issuer(self):
        issuer = self.running.issuer
        for name in ("openid-configuration", "oauth-authorization-server"):
            form = self.read_from(f" {issuer}/.well-known/{name} ")
            self.assertEqual(form.issuer, issuer)
        for written, meant in (
            ("https://a.example/.well-known/oauth-authorization-server/t", "/t"),
            ("https://a.example/t/.well-known/openid-configuration/", "/t"),
            ("https://a.example/", "/"),
        ):
            self.assertEqual(issuer_of(written), f"https://a.example{meant}")

    def test_a_provider_that_is_described_by_rfc_8414_alone_is_read(self):
        self.running.answer("discovery", status=404)
        paths = {"/.well-known/oauth-authorization-server": "oauth_discovery"}
        self.enterContext(patch.dict(faulty_provider.PATHS, paths))
        self.running.answer("oauth_discovery", json=self.running.endpoints())
        form = self.read_from(self.running.issuer)
        self.assertEqual(
            form.token_endpoint, self.running.endpoints()["token_endpoint"]
        )

    def test_the_issuer_of_all_tenants_is_read(self):
        """Microsoft's names its issuer with a placeholder."""
        issuer = self.running.issuer
        named = f"{issuer}/{{tenantid}}/v2.0"
        path = "/common/v2.0/.well-known/openid-configuration"
        self.enterContext(patch.dict(faulty_provider.PATHS, {path: "discovery"}))
        self.described(issuer=named)
        for written in (named, f"{issuer}/common/v2.0"):
            self.assertEqual(self.read_from(written).issuer, named)
        self.described(issuer=f"{ANOTHER}/{{tenantid}}/v2.0")
        self.provider.issuer = f"{issuer}/common/v2.0"
        self.assertRefused("names another issuer")

    def test_the_issuer_of_all_tenants_is_read_again_for_the_chosen_ones(self):
        issuer = self.running.issuer
        path = "/organizations/v2.0/.well-known/openid-configuration"
        self.enterContext(patch.dict(faulty_provider.PATHS, {path: "discovery"}))
        login = f"{issuer}/organizations/oauth2/v2.0/authorize"
        named = f"{issuer}/{{tenantid}}/v2.0"
        self.described(issuer=named, authorization_endpoint=login)
        self.provider.authorization_endpoint = login
        self.assertEqual(self.read_from(named).authorization_endpoint, login)

    def test_offline_access_is_proposed_where_the_provider_has_it(self):
        self.described(scopes_supported=["openid", "offline_access"])
        for scope, proposed in (
            ("openid email", "openid email offline_access"),
            ("openid offline_access", "openid offline_access"),
        ):
            self.provider.scope = scope
            self.assertEqual(self.read_from(self.running.issuer).scope, proposed)
        self.described(scopes_supported=["openid"])
        self.provider.scope = "openid email"
        self.assertEqual(self.read_from(self.running.issuer).scope, "openid email")

    def test_what_the_provider_demands_and_odoo_does_not_do_is_told(self):
        for demand, told in (
            ({"require_pushed_authorization_requests": True}, "pushed"),
            ({"require_signed_request_object": True}, "signed requests"),
            ({"response_types_supported": ["id_token"]}, "code flow"),
            ({"response_modes_supported": ["fragment"]}, "back in no way"),
            ({"grant_types_supported": ["implicit"]}, "code grant"),
            ({"code_challenge_methods_supported": ["plain"]}, "S256"),
            ({"id_token_signing_alg_values_supported": ["HS256"]}, "signs id_tokens"),
            ({"token_endpoint_auth_methods_supported": ["tls"]}, "authenticate"),
            (
                {
                    "token_endpoint_auth_methods_supported": ["private_key_jwt"],
                    "token_endpoint_auth_signing_alg_values_supported": ["EdDSA"],
                },
                "authenticate",
            ),
        ):
            with self.subTest(demand):
                self.described(**demand)
                form = self.form()
                [note] = self.press_read(form)["notes"]
                self.assertIn(told, note)
                method = form.token_endpoint_auth_method
                self.assertEqual(method, self.provider.token_endpoint_auth_method)
        self.described()
        self.assertFalse(self.press_read(self.form())["notes"])

    def test_the_dialog_that_connects_tells_at_its_end_what_the_provider_demands(self):
        self.described(require_pushed_authorization_requests=True)
        self.provider.unlink()
        dialog = (
            self.env["oauth2.connect"]
            .with_user(self.admin)
            .create(
                {
                    "name": "Web shop",
                    "state": "sign_in",
                    "sign_in": "new",
                    "preset": "oidc",
                    "issuer": self.running.issuer,
                    "client_identifier": "x",
                    "allow_private_addresses": True,
                }
            )
        )
        dialog.action_next()
        dialog.action_connect()
        made = dialog.client_id.provider_id
        self.assertEqual(made.issuer, self.running.issuer)
        self.assertIn("pushed", dialog.remaining)

    def test_an_issuer_that_ends_with_a_slash_has_no_second_one(self):
        """OpenID Connect Discovery section 4.1"""
        self.provider.issuer = f"{self.running.issuer}/"
        self.described(issuer=f"{self.running.issuer}/")
        form = self.form()
        self.press_read(form)
        self.assertEqual(self.running.calls["discovery"], 1)

    def test_a_description_that_cannot_be_used_changes_nothing(self):
        for name, value in (
            ("token_endpoint", None),
            ("authorization_endpoint", ""),
            ("token_endpoint", ["https://provider.example.com/token"]),
            ("jwks_uri", "http://provider.example.com/jwks"),
            ("jwks_uri", "javascript:alert(1)"),
            ("userinfo_endpoint", "https://169.254.169.254/latest"),
            ("revocation_endpoint", 1),
        ):
            with self.subTest(name, value=value):
                self.described(**{name: value})
                self.assertRefused("Nothing was read")
        for answer in (
            {"status": 404},
            {"status": 500},
            {"body": b"<html></html>"},
            {"json": []},
            {"status": 302, "headers": {"Location": "/jwks"}},
        ):
            with self.subTest(answer):
                self.running.answer("discovery", **answer)
                self.assertRefused("Nothing was read")
        self.assertEqual(self.running.calls["jwks"], 0)

    def test_reading_from_a_private_issuer_needs_the_switch(self):
        form = self.form(self.env["oauth2.provider"])
        form.issuer = self.running.issuer
        self.assertRefused("not allowed", form)
        self.assertEqual(self.running.calls["discovery"], 0)

    def test_reading_from_a_plain_http_issuer_says_what_to_do(self):
        form = self.form(self.env["oauth2.provider"])
        form.issuer = "http://localhost:4400"
        advice = "not allowed. Use https.*set Allow Private Addresses"
        self.assertRefused(advice, form)
        # That alone does not do in production.
        form.allow_private_addresses = True
        parameters = self.env["ir.config_parameter"]
        parameters.set_param("api_auth_oauth2.base_url", "https://odoo.example.com")
        self.assertRefused(f"{advice}.*base URL.*http://localhost", form)

    def test_reading_from_an_allowed_plain_http_issuer_gives_no_advice(self):
        form = self.form(self.env["oauth2.provider"])
        form.issuer = "http://localhost:1"  # no server is there
        form.allow_private_addresses = True
        self.assertRefused("^(?!.*Use https).*cannot be reached", form)

    def test_without_an_issuer_no_address_is_asked(self):
        self.provider.issuer = False
        with self.assertRaisesRegex(UserError, "issuer first"):
            self.press_read(self.form())

    def test_only_settings_administrators_read_from_an_issuer(self):
        """Who may read the form may call it over RPC."""
        group = self.env.ref("api_auth_oauth2.group_admin")
        manager = self.make_user("mara@example.com", group_ids=[Command.set(group.ids)])
        values = {"issuer": self.running.issuer, "allow_private_addresses": True}
        with self.assertRaises(AccessError):
            self.env["oauth2.provider"].with_user(manager).read_from_issuer(values)
        self.assertEqual(self.running.calls["discovery"], 0)

    def test_what_the_issuer_would_change_is_shown_in_words_before_it_is_applied(self):
        self.provider.revocation_endpoint = "https://old.example.com/revoke"
        self.described(
            revocation_endpoint=None,
            authorization_response_iss_parameter_supported=True,
            token_endpoint_auth_methods_supported=["client_secret_post"],
        )
        form = self.form()
        shown = {name: form[name] for name in DISCOVERY_FIELDS}
        found = self.provider.with_user(self.admin).read_from_issuer(shown)
        lines = {line["label"]: (line["now"], line["new"]) for line in found["lines"]}
        self.assertEqual(
            lines["Revocation Endpoint"], ("https://old.example.com/revoke", "")
        )
        self.assertEqual(lines["Supports iss (RFC 9207)"], ("", "Yes"))
        self.assertEqual(
            lines["Client Authentication"],
            ("Secret in the header (Basic)", "Secret in the body"),
        )
        self.assertEqual(len(found["values"]), len(lines))
        for name, value in shown.items():
            self.assertEqual(self.provider[name], value, "not stored")
        self.press_read(form)
        self.assertFalse(self.press_read(form)["lines"])

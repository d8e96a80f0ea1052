from psycopg2.errors import UniqueViolation

from odoo.exceptions import AccessError

from .test_records import RecordsCase

# Written out: who takes one out of the code's own list must be told.
_OF_THE_FLOW = (
    "client_id code_challenge code_challenge_method nonce redirect_uri request"
    " request_uri response_mode response_type scope state"
).split()


class TestProviderRecord(RecordsCase):
    ENDPOINTS = (
        "issuer",
        "authorization_endpoint",
        "token_endpoint",
        "revocation_endpoint",
        "userinfo_endpoint",
        "jwks_uri",
    )

    def test_a_provider_s_addresses_are_https_or_of_this_very_machine(self):
        self.provider.allow_private_addresses = True
        for name in self.ENDPOINTS:
            for good in (
                "https://provider.example.com/a?b=c",
                "http://localhost:8080/",
                "http://127.0.0.1/x",
                "http://[::1]:1/x",
            ):
                self.provider[name] = good
            for bad in (
                "http://provider.example.com",
                "http://localhost.example.com",
                "http://127.0.0.1.example.com",
                "http://127.0.0.1@example.com",
                "https://user:password@provider.example.com",
                "https://provider.example.com/#fragment",
                "https://",
                "//provider.example.com",
                "ftp://provider.example.com",
                "javascript:alert(1)",
                "provider.example.com",
                "https://provider.example.com/a b",
                "https://provider.example.com/\n",
                "https:\\\\provider.example.com",
                "https://provider.example.com:port",
            ):
                self.assertInvalid("no https address", self.provider.write, {name: bad})

    def test_a_private_address_of_a_provider_needs_the_switch(self):
        for name in self.ENDPOINTS:
            for private in (
                "https://10.1.2.3/x",
                "https://192.168.0.1:8443/x",
                "https://127.0.0.1/x",
                "https://127.1/x",
                "https://2130706433/x",
                "https://localhost/x",
                "https://idp.localhost./x",
                "https://[fd00::1]/x",
                "https://[::ffff:10.0.0.1]/x",
                "http://localhost:8080/x",
            ):
                values = {name: private}
                with self.subTest(values):
                    self.assertInvalid("private", self.provider.write, values)
                    with self.env.cr.savepoint() as savepoint:
                        self.provider.write({**values, "allow_private_addresses": True})
                        savepoint.rollback()
                    self.provider.invalidate_recordset()

    def test_no_switch_opens_the_metadata_address_of_a_cloud(self):
        self.provider.allow_private_addresses = True
        for name in self.ENDPOINTS:
            for url in ("https://169.254.169.254/x", "https://[fd00:ec2::254]/x"):
                self.assertInvalid("private", self.provider.write, {name: url})

    def test_allow_private_addresses_stays_while_an_address_needs_it(self):
        values = {"allow_private_addresses": True, "jwks_uri": "https://10.0.0.1/jwks"}
        self.provider.write(values)
        values = {"allow_private_addresses": False}
        self.assertInvalid("private", self.provider.write, values)

    def test_only_settings_administrators_allow_private_addresses(self):
        group = self.env.ref("api_auth_oauth2.group_admin")
        manager = self.make_user("mara@example.com", group_ids=[(6, 0, group.ids)])
        values = {"allow_private_addresses": True}
        with self.assertRaises(AccessError):
            self.provider.with_user(manager).write(values)
        self.provider.with_user(self.env.ref("base.user_admin")).write(values)

    def test_plain_http_is_for_an_odoo_that_is_itself_at_http_on_its_machine(self):
        self.provider.allow_private_addresses = True
        self.provider.jwks_uri = "http://localhost:8080/jwks"
        for base, is_development in (
            ("http://localhost:8069", True),
            ("http://127.0.0.1", True),
            ("http://[::1]:8069", True),
            ("https://localhost:8069", False),
            ("https://odoo.example.com", False),
            ("http://odoo.example.com", False),
            ("http://localhost.example.com", False),
            ("http://10.0.0.1", False),
        ):
            parameters = self.env["ir.config_parameter"]
            for name, value in (
                ("api_auth_oauth2.base_url", base),
                ("web.base.url", "http://localhost:8069"),
            ):
                parameters.set_param(name, value)
            self.provider.invalidate_recordset()
            with self.subTest(base):
                self.assertEqual(
                    self.provider._network_policy().plain_http, is_development
                )
                warning = self.provider.warning or ""
                self.assertEqual("by https only" in warning, not is_development)
        parameters.set_param("api_auth_oauth2.base_url", "http://localhost:8069")
        self.provider.write({"jwks_uri": False, "allow_private_addresses": False})
        self.assertFalse(self.provider._network_policy().plain_http)

    def test_extra_parameters_never_set_what_the_flow_sets(self):
        for good in ("access_type=offline&prompt=consent", "a=b%20c", "", False):
            self.provider.authorize_params = good
        for name in _OF_THE_FLOW:
            values = {"authorize_params": f"prompt=consent&{name}=x"}
            self.assertInvalid(
                f"flow itself sets .*{name}", self.provider.write, values
            )
        for bad in ("prompt", "a=b&&c", "=&"):
            values = {"authorize_params": bad}
            self.assertInvalid("name=value", self.provider.write, values)

    def test_the_issuer_is_fixed_while_grants_exist(self):
        self.provider.issuer = "https://renamed.example.com"
        grant, _token = self.make_grant(self.client, self.user)
        for issuer in ("https://another.example.com", False, ""):
            values = {"issuer": issuer}
            self.assertInvalid("while grants exist", self.provider.write, values)
        self.client.active = False
        self.assertInvalid("while grants exist", self.provider.write, values)
        self.provider.write({"issuer": "https://renamed.example.com", "name": "X"})
        grant.unlink()
        self.provider.issuer = "https://another.example.com"

    def test_an_issuer_is_one_server(self):
        """RFC 9207 section 4: ``iss`` values are unique for each server"""
        own = {
            "issuer": "https://honest.example.com",
            "authorization_endpoint": "https://honest.example.com/authorize",
            "token_endpoint": "https://honest.example.com/token",
        }
        self.make_provider(own)
        # For another group of its users, say.
        query = "https://honest.example.com/authorize?kc_idp_hint=x"
        self.make_provider({**own, "authorization_endpoint": query})
        for other in (
            {"token_endpoint": "https://evil.example.com/token"},
            {"token_endpoint": "https://honest.example.com/another/token"},
            {"authorization_endpoint": "https://evil.example.com/authorize"},
        ):
            with self.subTest(other):
                self.assertInvalid("One issuer", self.make_provider, {**own, **other})
                archived = self.make_provider({**own, **other}, active=False)
                self.assertInvalid("One issuer", archived.write, {"active": True})
                values = {"issuer": "https://another.example.com", "active": True}
                archived.write(values)
                self.assertInvalid("One issuer", archived.write, own | other)
                archived.unlink()

    def test_an_issuer_of_many_tenants_is_one_host(self):
        """Microsoft has ``common`` and ``organizations`` under one issuer."""
        host = "https://login.example.com"

        def own(path, host=host):
            return {
                "issuer": "https://login.example.com/{tenantid}/v2.0",
                "authorization_endpoint": f"{host}/{path}/authorize",
                "token_endpoint": f"{host}/{path}/token",
                "vouches_for_claim": True,
            }

        self.make_provider(own("common"))
        self.make_provider(own("organizations"))
        evil = own("common", "https://evil.example.com")
        self.assertInvalid("One issuer", self.make_provider, evil)

    def test_a_provider_s_name_is_unique(self):
        values = {"name": self.provider.name}
        self.assertImpossible(UniqueViolation, self.make_provider, **values)

    def test_with_openid_a_user_is_named_by_sub(self):
        """OpenID Connect Core section 2"""
        values = {"subject_claim": "email"}
        self.assertInvalid("is sub", self.provider.write, values)
        self.provider.write({**values, "scope": "email"})
        self.assertInvalid("is sub", self.provider.write, {"scope": "email openid"})

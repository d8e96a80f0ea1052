from psycopg2.errors import UniqueViolation

from ..protocol.provider_client import RESERVED_AUTHORIZE_PARAMS
from .test_records import RecordsCase


class TestProviderRecord(RecordsCase):
    ENDPOINTS = (
        "issuer",
        "authorization_endpoint",
        "token_endpoint",
        "revocation_endpoint",
        "userinfo_endpoint",
        "jwks_uri",
    )

    def test_addresses_are_https_or_of_this_very_machine(self):
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

    def test_extra_parameters_never_set_what_the_flow_sets(self):
        for good in ("access_type=offline&prompt=consent", "a=b%20c", "", False):
            self.provider.authorize_params = good
        for name in sorted(RESERVED_AUTHORIZE_PARAMS):
            values = {"authorize_params": f"prompt=consent&{name}=x"}
            self.assertInvalid(
                f"flow itself sets .*{name}", self.provider.write, values
            )
        for name in ("state", "redirect_uri", "code_challenge", "nonce", "scope"):
            self.assertIn(name, RESERVED_AUTHORIZE_PARAMS)
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

    def test_a_name_is_unique(self):
        values = {"name": self.provider.name}
        self.assertImpossible(UniqueViolation, self.make_provider, **values)

    def test_with_openid_a_user_is_named_by_sub(self):
        """OpenID Connect Core section 2"""
        values = {"subject_claim": "email"}
        self.assertInvalid("is sub", self.provider.write, values)
        self.provider.write({**values, "scope": "email"})
        self.assertInvalid("is sub", self.provider.write, {"scope": "email openid"})

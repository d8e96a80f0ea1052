"""What a record may hold, whatever writes it."""

from psycopg2 import IntegrityError
from psycopg2.errors import (
    CheckViolation,
    NotNullViolation,
    UniqueViolation,
)

from odoo.exceptions import ValidationError
from odoo.tests import TransactionCase, tagged
from odoo.tools import mute_logger

from ..services.configuration.endpoint_names import RESERVED_ENDPOINTS
from ..services.tokens.grant_tokens import GrantTokens
from .common import OAuth2Records


@tagged("post_install", "-at_install", "api_auth_oauth2")
class RecordsCase(OAuth2Records, TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.api = cls.make_api()
        cls.provider = cls.make_provider()
        cls.client = cls.make_client(cls.api, cls.provider)
        cls.user = cls.make_user()

    def assertImpossible(self, error, change, *arguments, **values):
        """The database itself refuses it."""
        with (
            self.subTest(values or arguments),
            mute_logger("odoo.sql_db"),
            self.assertRaises(error),
            self.env.cr.savepoint(),
        ):
            change(*arguments, **values)
            self.env.flush_all()

    def assertInvalid(self, message, change, *arguments, **values):
        with (
            self.subTest(values or arguments),
            self.assertRaisesRegex(ValidationError, message),
            self.env.cr.savepoint(),
        ):
            change(*arguments, **values)


class TestApiRecord(RecordsCase):
    def test_an_endpoint_is_lower_case_letters_digits_dash_and_underscore(self):
        for endpoint in ("a", "0", "orders-2", "orders_2", "2orders", "x" * 100):
            self.api.endpoint = endpoint
            self.env.flush_all()
        for endpoint in (
            "Orders",
            "orders/2",
            "orders ",
            " orders",
            "orders\n",
            "-orders",
            "_orders",
            "é",
            "orders.2",
            "orders?",
            "<api>",
            'a"b',
            "",
        ):
            values = {"endpoint": endpoint}
            self.assertImpossible(IntegrityError, self.api.write, values)
        self.assertImpossible(NotNullViolation, self.api.write, {"endpoint": False})

    def test_an_endpoint_is_unique_among_archived_apis_too(self):
        self.api.active = False
        self.assertImpossible(UniqueViolation, self.make_api)

    def test_an_endpoint_that_odoo_or_a_common_module_serves_is_taken(self):
        for endpoint in sorted(RESERVED_ENDPOINTS):
            self.assertInvalid("belongs to Odoo itself", self.make_api, endpoint)
        for endpoint in ("web", "odoo", "json", "jsonrpc", "xmlrpc", "mail", "my"):
            self.assertIn(endpoint, RESERVED_ENDPOINTS)

    def test_an_endpoint_that_a_route_serves_is_taken(self):
        segments = {
            rule.rule.split("/")[1]
            for rule in self.env["ir.http"].routing_map().iter_rules()
        }
        static = sorted(s for s in segments if s.isidentifier() and s.islower())
        self.assertIn("logo", " ".join(static))
        for endpoint in static:
            self.assertInvalid("belongs to Odoo itself", self.make_api, endpoint)

    def test_a_language_s_code_is_taken(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        self.assertInvalid("belongs to Odoo itself", self.make_api, "fr")

    def test_what_is_refused_never_reaches_the_routing_map(self):
        routing_map = self.env["ir.http"].routing_map
        for endpoint in ("mail", 'a"b', "a\n"):
            self.registry.clear_cache("routing")
            with mute_logger("odoo.sql_db"), self.assertRaises(Exception) as refusal:
                with self.env.cr.savepoint():
                    self.make_api(endpoint)
                    self.env.flush_all()
            self.assertIsInstance(refusal.exception, ValidationError | IntegrityError)
            rules = [rule.rule for rule in routing_map().iter_rules()]
            self.assertFalse([r for r in rules if f'"{endpoint}"' in r])

    def test_lifetimes_are_positive(self):
        for name in (
            "access_token_lifetime",
            "refresh_token_lifetime",
            "authorization_lifetime",
        ):
            for seconds in (0, -1):
                self.assertImpossible(CheckViolation, self.api.write, {name: seconds})

    def test_lifetimes_have_defaults(self):
        self.assertEqual(self.api.access_token_lifetime, 3600)
        self.assertEqual(self.api.refresh_token_lifetime, 30 * 24 * 3600)
        self.assertEqual(self.api.authorization_lifetime, 180 * 24 * 3600)

    def test_switches_that_widen_trust_are_off_by_default(self):
        for name in ("trust_identity", "bearer_enabled", "json2_enabled"):
            self.assertFalse(self.api[name], name)
        self.assertFalse(self.provider.vouches_for_claim)
        self.assertFalse(self.client.require_secret)  # for compatibility


class TestScopeRecord(RecordsCase):
    def test_a_scope_s_name_follows_the_grammar(self):
        """RFC 6749 section 3.3"""
        scope = self.api.scope_ids
        for name in ("a", "partners.read", "a:b/c", "!", "#", "[]", "~", "https://x/y"):
            scope.name = name
        for name in ("a b", " a", "a\n", 'a"', "a\\b", "é", "\x7f"):
            self.assertInvalid("no scope name", scope.write, {"name": name})

    def test_a_scope_s_name_is_unique_on_its_api(self):
        values = {"api_id": self.api.id, "name": "partners.read"}
        self.assertImpossible(UniqueViolation, self.env["oauth2.scope"].create, values)
        self.make_api("crm", scopes=("partners.read",))

    def test_a_granted_scope_keeps_its_name(self):
        scope = self.api.scope_ids
        scope.name = "renamed"
        grant, _token = self.make_grant(self.client, self.user)
        self.assertInvalid("keeps its name", scope.write, {"name": "admin"})
        scope.write({"name": "renamed", "description": "Read contacts"})
        grant.unlink()
        scope.name = "renamed-again"

    def test_a_scope_in_use_stays_on_its_api(self):
        crm = self.make_api("crm", scopes=())
        scope = self.api.scope_ids
        self.assertInvalid("cannot move", scope.write, {"api_id": crm.id})
        self.client.scope_ids = False
        scope.api_id = crm


class TestClientRecord(RecordsCase):
    def make(self, **values):
        return self.make_client(self.api, self.provider, **values)

    def test_a_client_identifier_is_unique_at_its_provider(self):
        self.client.active = False
        values = {"api_ids": False, "scope_ids": False}
        self.assertImpossible(UniqueViolation, self.make, **values)

    def test_a_client_identifier_is_unique_on_an_api(self):
        other_provider = self.make_provider()
        values = {"provider_id": other_provider.id, "scope_ids": False}
        self.assertInvalid("same client identifier", self.make, **values)
        other = self.make(**values, api_ids=False)
        self.assertInvalid(
            "same client identifier", other.write, {"api_ids": [(4, self.api.id)]}
        )
        self.assertInvalid(
            "same client identifier", self.api.write, {"client_ids": [(4, other.id)]}
        )
        other.write({"client_identifier": "x", "api_ids": [(4, self.api.id)]})
        self.assertInvalid(
            "same client identifier", other.write, {"client_identifier": "demo-app"}
        )

    def test_a_client_identifier_is_unique_among_archived_records_too(self):
        other = self.make(
            provider_id=self.make_provider().id, api_ids=False, scope_ids=False
        )
        values = {"api_ids": [(4, self.api.id)]}
        self.client.active = False
        self.assertInvalid("same client identifier", other.write, values)
        self.client.active = True
        self.api.active = False
        self.assertInvalid("same client identifier", other.write, values)

    def test_a_client_identifier_is_printable_ascii(self):
        """RFC 6749 appendix A.1"""
        self.client.client_identifier = "a b:c/~!"
        self.env.flush_all()
        for identifier in ("é", "a\nb", "a\tb", "\x7f", ""):
            values = {"client_identifier": identifier}
            self.assertImpossible(IntegrityError, self.client.write, values)

    def test_a_client_s_scopes_belong_to_its_apis(self):
        crm = self.make_api("crm")
        scopes = crm.scope_ids
        values = {"scope_ids": [(4, scopes.id)]}
        self.assertInvalid("its own APIs", self.client.write, values)
        self.client.write({**values, "api_ids": [(4, crm.id)]})
        values = {"api_ids": [(3, crm.id)]}
        self.assertInvalid("its own APIs", self.client.write, values)

    def test_the_provider_is_fixed_while_grants_exist(self):
        other = self.make_provider()
        self.client.provider_id = other
        self.client.provider_id = self.provider
        grant, _token = self.make_grant(self.client, self.user)
        values = {"provider_id": other.id}
        self.assertInvalid("cannot change while grants", self.client.write, values)
        grant.state = "expired"
        self.assertInvalid("cannot change while grants", self.client.write, values)
        values = {"client_ids": [(4, self.client.id)]}
        self.assertInvalid("cannot change while grants", other.write, values)
        self.client.active = False
        self.assertInvalid("cannot change while grants", other.write, values)
        self.client.write({"provider_id": self.provider.id})  # no change
        grant.unlink()
        self.env["oauth2.revocation"].search([]).unlink()
        other.write(values)
        self.assertEqual(self.client.provider_id, other)

    def test_the_provider_is_fixed_while_it_knows_of_something(self):
        values = {"provider_id": self.make_provider().id}
        self.client.client_secret = "demo-secret"
        for pending in (
            self.env["oauth2.revocation"].create(
                {"client_id": self.client.id, "kind": "access", "value": "x"}
            ),
            self.env["oauth2.authorization.request"].create(
                {
                    "api_id": self.api.id,
                    "client_id": self.client.id,
                    "identity_digest": "0" * 64,
                    "redirect_uri": "https://odoo.example.com",
                    "expires_at": "2999-01-01",
                }
            ),
        ):
            self.assertInvalid("cannot change while", self.client.write, values)
            pending.unlink()
        self.client.write(values)
        self.assertFalse(self.client.has_client_secret, "it was the other one's")

    def test_a_deleted_provider_takes_its_clients_with_it(self):
        self.client.active = False  # archived ones too
        self.provider.unlink()
        self.assertFalse(self.client.exists())


class TestClientUserRecord(RecordsCase):
    def test_a_grant_is_unique_on_api_client_and_identity(self):
        grant, _token = self.make_grant(self.client, self.user, identity="42")
        self.assertImpossible(
            UniqueViolation, self.make_grant, self.client, self.user, identity="42"
        )
        crm = self.make_api("crm")
        self.client.api_ids += crm
        other, _token = self.make_grant(self.client, self.user, crm, identity="42")
        self.assertEqual(grant.sudo().identity_digest, other.sudo().identity_digest)

    def test_a_token_is_unique_with_kind_and_grant(self):
        grant, token = self.make_grant(self.client, self.user)
        held = grant.token_ids
        for kind in ("access", "refresh"):
            GrantTokens(self.env).store_token(
                grant, kind, token, expires_at=grant.expires_at
            )
        self.assertEqual(len(grant.token_ids), 2)
        values = {
            "client_user_id": grant.id,
            "kind": "access",
            "digest": held.sudo().digest,
            "expires_at": grant.expires_at,
        }
        self.assertImpossible(UniqueViolation, self.env["oauth2.token"].create, values)

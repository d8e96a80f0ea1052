"""What a client's record may hold, and who may set it."""

from lxml import etree

from odoo import Command
from odoo.exceptions import ValidationError
from odoo.tests import tagged
from odoo.tools.safe_eval import safe_eval

from .test_access_rights import AccessCase

URI = "https://app.example.com/callback"
PIXEL = (
    b"iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGA"
    b"WjR9awAAAABJRU5ErkJggg=="
)


class ClientCase(AccessCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.own = cls.make_own()

    @classmethod
    def make_own(cls, **values):
        """:return: a new client whose users sign in at this Odoo"""
        return cls.env["oauth2.client"].create(
            {"name": "Web shop", "redirect_uris": URI, **values}
        )

    def assertInvalid(self, message, change, values):
        with self.subTest(values), self.assertRaisesRegex(ValidationError, message):
            with self.env.cr.savepoint():
                change(values)


@tagged("post_install", "-at_install", "api_auth_oauth2")
class TestClientRecords(ClientCase):
    def test_a_redirect_uri_that_may_not_be_registered_is_named_by_its_line(self):
        text = f"{URI}\n\n  http://localhost:8400/callback \r\n"
        self.own.redirect_uris = text
        self.assertEqual(
            self.own._redirect_uris(), [URI, "http://localhost:8400/callback"]
        )
        self.assertInvalid(
            "Redirect URI 3, http://app.example.com/: http is only for this very",
            self.own.write,
            {"redirect_uris": text + "http://app.example.com/"},
        )
        self.own.redirect_uris = False
        self.assertEqual(self.own._redirect_uris(), [])

    def test_a_public_client_is_asked_for_no_secret(self):
        public = {"client_type": "public"}
        self.own.write(public)
        message = "A public client keeps no secret"
        self.assertInvalid(message, self.own.write, {"require_secret": True})
        self.client.require_secret = True
        self.assertInvalid(message, self.client.write, public)

    def test_the_filter_of_clients_without_a_secret_has_none_whose_secret_is_asked_for(
        self,
    ):
        public = self.own.copy({"client_type": "public"})
        trusting = self.client.copy({"require_secret": False})
        self.client.require_secret = True
        clients = self.own | public | self.client | trusting
        self.assertFalse(self.own.require_secret)
        view = clients.get_view(view_type="search")
        [shown] = etree.fromstring(view["arch"]).xpath(
            "//filter[@name='without_secret']"
        )
        domain = safe_eval(shown.get("domain"))
        self.assertEqual(clients.filtered_domain(domain), public | trusting)

    def test_client_credentials_need_a_secret_and_a_service_user(self):
        on = {"allows_client_credentials": True}
        self.assertInvalid("need a service user", self.own.write, on)
        self.own.write({**on, "service_user_id": self.user.id})
        self.assertInvalid(
            "need a service user", self.own.write, {"service_user_id": False}
        )
        self.assertInvalid(
            "for confidential clients", self.own.write, {"client_type": "public"}
        )
        self.assertInvalid(
            "for confidential clients",
            self.make_own_of,
            {**on, "client_type": "public", "service_user_id": self.user.id},
        )

    def make_own_of(self, values):
        return self.make_own(**values)

    def test_a_service_user_is_an_active_internal_or_portal_user(self):
        public = self.env.ref("base.public_user")
        public.active = True
        superuser = self.env.ref("base.user_root")
        archived = self.make_user("archie@example.com")
        archived.active = False
        for user in (public, superuser, archived):
            self.assertInvalid(
                "an active internal or portal user",
                self.own.write,
                {"service_user_id": user.id},
            )
        for user in (self.user, self.portal):
            self.own.service_user_id = user

    def test_a_service_user_who_is_settings_administrator_needs_a_confirmation(self):
        values = {"allows_client_credentials": True, "service_user_id": self.system.id}
        message = "The service user is a Settings administrator"
        self.assertInvalid(message, self.own.write, values)
        self.own.write({**values, "service_user_confirmed": True})
        self.assertEqual(self.own._service_user(), self.system)
        self.assertInvalid(message, self.own.write, {"service_user_confirmed": False})
        # It is of one user, not of the next.
        other = self.make_user(
            "sam@example.com", group_ids=self.env.ref("base.group_system").ids
        )
        self.assertInvalid(message, self.own.write, {"service_user_id": other.id})
        self.own.service_user_id = self.user
        self.assertFalse(self.own.service_user_confirmed)

    def test_a_service_user_who_becomes_settings_administrator_is_no_longer_acted_as(
        self,
    ):
        self.own.write(
            {"allows_client_credentials": True, "service_user_id": self.user.id}
        )
        self.assertEqual(self.own._service_user(), self.user)
        self.user.group_ids += self.env.ref("base.group_system")
        self.env.invalidate_all()
        self.assertFalse(self.own._service_user())
        self.own.service_user_confirmed = True
        self.assertEqual(self.own._service_user(), self.user)
        self.own.allows_client_credentials = False
        self.assertFalse(self.own._service_user())

    def test_links_of_the_consent_page_are_https(self):
        for name in ("homepage_uri", "privacy_uri", "terms_uri"):
            self.own[name] = "https://app.example.com/legal?lang=en#terms"
            self.own[name] = False
            for uri in (
                "http://app.example.com",
                "http://localhost/",
                "javascript:alert(1)",
                "app.example.com",
                "//app.example.com",
                "https://",
                "https://user@app.example.com/",
                "https://app.example.com/ x",
                "https:\\\\app.example.com",
            ):
                self.assertInvalid("begins with https", self.own.write, {name: uri})

    def test_a_logo_is_kept_small(self):
        self.own.logo = PIXEL
        self.assertTrue(self.own.logo)
        field = self.own._fields["logo"]
        self.assertEqual((field.max_width, field.max_height), (256, 256))

    def test_a_copied_client_is_another_one_and_not_trusted_more(self):
        self.own.write(
            {
                "allows_client_credentials": True,
                "service_user_id": self.system.id,
                "service_user_confirmed": True,
                "is_verified": True,
            }
        )
        copy = self.own.copy()
        self.assertNotEqual(copy.client_identifier, self.own.client_identifier)
        for name in (
            "allows_client_credentials",
            "service_user_id",
            "service_user_confirmed",
            "is_verified",
        ):
            self.assertFalse(copy[name], name)

    def test_a_client_keeps_its_provider_or_none_while_a_grant_exists(self):
        self.own.api_ids = self.api
        grant, _token = self.make_grant(self.own, self.user, issuer="https://x")
        message = "The provider cannot change while grants exist"
        there = {"provider_id": self.provider.id}
        self.assertInvalid(message, self.own.write, there)
        self.assertInvalid(message, self.client.write, {"provider_id": False})
        grant.unlink()
        self.own.write(there)


@tagged("post_install", "-at_install", "api_auth_oauth2")
class TestClientTrust(ClientCase):
    """What has a client be trusted more is set by Settings administrators."""

    def our(self, record):
        return self.as_user(self.manager, record)

    def assertSystemOnly(self, client, values):
        with self.subTest(values):
            self.assertNotAllowed(self.our(client).write, values)
            update = [Command.update(client.id, values)]
            self.api.client_ids += client
            self.assertNotAllowed(self.our(self.api).write, {"client_ids": update})
            self.as_user(self.system, client).write(values)

    def test_our_administrators_make_and_manage_clients_of_this_odoo(self):
        client = self.our(self.env["oauth2.client"]).create(
            {
                "name": "Web shop",
                "redirect_uris": URI,
                "client_type": "public",
                "homepage_uri": "https://app.example.com",
                "allowed_networks": "192.0.2.0/24",
                "api_ids": self.api.ids,
                "scope_ids": self.api.scope_ids.ids,
            }
        )
        self.assertEqual(len(client.client_identifier), 32)
        client.write({"redirect_uris": f"{URI}/2", "name": "Shop"})
        client.write({"client_type": "confidential", "require_secret": True})
        made = {"name": "From the API", "redirect_uris": URI}
        self.our(self.api).write({"client_ids": [Command.create(made)]})
        client.copy()
        client.unlink()

    def test_our_administrators_make_no_client_that_is_trusted_more(self):
        clients = self.our(self.env["oauth2.client"])
        acts = {"allows_client_credentials": True, "service_user_id": self.user.id}
        for values in (
            {"provider_id": self.provider.id, "client_identifier": "new"},
            {"follows_sign_in": True},
            {"is_verified": True},
            {"service_user_id": self.user.id},
            {"service_user_confirmed": True},
            acts,
        ):
            with self.subTest(values):
                self.assertNotAllowed(clients.create, {"name": "New", **values})
                defaults = {f"default_{name}": values[name] for name in values}
                by_default = clients.with_context(**defaults)
                self.assertNotAllowed(by_default.create, {"name": "New"})
                self.make_own(**values)

    def test_only_settings_administrators_say_as_whom_a_client_acts(self):
        self.assertSystemOnly(self.own, {"service_user_id": self.user.id})
        self.assertSystemOnly(self.own, {"allows_client_credentials": True})
        self.assertSystemOnly(self.own, {"service_user_confirmed": True})
        self.assertNotAllowed(
            self.our(self.own).write, {"service_user_id": self.portal.id}
        )
        self.our(self.own).write({"allows_client_credentials": False})
        self.our(self.own).write({"service_user_id": False})

    def test_only_settings_administrators_have_a_client_keep_no_secret_any_more(self):
        self.assertSystemOnly(self.own, {"client_type": "public"})
        self.our(self.own).write({"client_type": "confidential"})

    def test_only_settings_administrators_let_a_client_call_from_elsewhere(self):
        self.our(self.own).allowed_networks = "192.0.2.0/24, 2001:db8::/32"
        self.our(self.own).allowed_networks = "192.0.2.128/25"
        for wider in ("192.0.2.0/24", "192.0.2.128/25 198.51.100.1", False):
            self.own.allowed_networks = "192.0.2.128/25"
            self.assertSystemOnly(self.own, {"allowed_networks": wider})

    def test_only_settings_administrators_send_users_who_agreed_elsewhere(self):
        both = f"{URI}\n{URI}/2"
        self.our(self.own).redirect_uris = both
        self.own.api_ids = self.api
        self.make_grant(self.own, self.user, issuer="https://x")
        self.our(self.own).redirect_uris = f" {URI} "
        self.assertSystemOnly(self.own, {"redirect_uris": both})

    def test_only_settings_administrators_call_a_client_verified(self):
        self.assertSystemOnly(self.own, {"is_verified": True})

    def test_a_client_that_others_change_is_no_longer_verified(self):
        for values in (
            {"name": "Bank"},
            {"logo": PIXEL},
            {"homepage_uri": "https://evil.example"},
            {"privacy_uri": "https://evil.example"},
            {"terms_uri": "https://evil.example"},
            {"redirect_uris": "https://evil.example"},
        ):
            with self.subTest(values):
                self.own.is_verified = True
                self.as_user(self.system, self.own).write(values)
                self.our(self.own).write({"allowed_origins": "https://a.example"})
                self.assertTrue(self.own.is_verified)
                self.our(self.own).write(values)
                self.assertFalse(self.own.is_verified)

    def test_only_settings_administrators_widen_a_client_that_acts_without_a_user(
        self,
    ):
        """It asks no user, as one that follows the sign-in itself asks none."""
        crm = self.make_api("crm")
        self.own.write(
            {"allows_client_credentials": True, "service_user_id": self.user.id}
        )
        self.assertFalse(self.our(self.own).can_widen)
        self.assertTrue(self.as_user(self.system, self.own).can_widen)
        found = self.our(self.env["oauth2.client"]).search([("can_widen", "=", True)])
        self.assertNotIn(self.own, found)
        link = {"client_ids": [Command.link(self.own.id)]}
        self.assertNotAllowed(self.our(crm).write, link)
        self.assertSystemOnly(self.own, {"api_ids": [Command.link(crm.id)]})
        scope = self.make_scopes(crm, ["new"])
        self.assertSystemOnly(self.own, {"scope_ids": [Command.link(scope.id)]})
        line = {"model_id": self.env["ir.model"]._get_id("res.country")}
        more = {"line_ids": [Command.create(line)]}
        self.assertNotAllowed(self.our(scope).write, more)
        self.assertNotAllowed(self.our(scope).write, {"name": "secret.read"})
        self.assertNotAllowed(self.our(crm).write, {"endpoint": "elsewhere"})
        self.our(self.own).allows_client_credentials = False
        self.our(scope).write(more)
        self.our(crm).endpoint = "elsewhere"

"""The dialog in which an administrator connects an application."""

from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, HttpCase, TransactionCase, tagged

from ..protocol.client_secret import find_secret
from ..services.authentication.client_secret import ClientSecrets
from ..services.providers.provider_calls import client_secret
from ..services.server.base_url import BASE_URL_PARAMETER
from .common import OAuth2Records

SECRET = "of-google"
BACK = "https://shop.example.com/back"


class ConnectCase(OAuth2Records):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["oauth2.api"].search([]).active = False
        group = cls.env.ref("api_auth_oauth2.group_admin")
        cls.manager = cls.make_user(
            "mara@example.com", group_ids=[Command.set(group.ids)]
        )
        cls.system = cls.env.ref("base.user_admin")

    def dialog(self, user=None, **values):
        """:return: the dialog as a user filled it in"""
        Dialog = self.env["oauth2.connect"].with_user(user or self.system)
        values = {"name": "Web shop", "redirect_uris": BACK, **values}
        dialog = Dialog.create(values)
        dialog.action_next()
        dialog.action_next()
        return dialog

    def choose(self, dialog, *names):
        known = {choice["name"] for choice in dialog.scopes}
        self.assertLessEqual(set(names), known)
        dialog.scopes = [
            {**choice, "chosen": choice["name"] in names} for choice in dialog.scopes
        ]

    def connect(self, dialog):
        """:return: ``(client, what its last page tells)``"""
        action = dialog.action_connect()
        self.assertEqual((action["res_id"], dialog.state), (dialog.id, "done"))
        shown = dialog.with_context(**action["context"])
        return shown.client_id, shown.connection


@tagged("post_install", "-at_install")
class TestConnectInABrowser(ConnectCase, HttpCase):
    def test_a_base_url_that_is_not_this_browser_s_is_told_at_the_end(self):
        self.authenticate("admin", "admin")
        dialog = self.dialog()
        self.connect(dialog)
        for base, is_told in ((self.base_url(), False), ("https://oddo.com", True)):
            self.env["ir.config_parameter"].set_param(BASE_URL_PARAMETER, base)
            self.env.flush_all()
            [read] = self.make_jsonrpc_request(
                "/web/dataset/call_kw/oauth2.connect/read",
                {
                    "model": "oauth2.connect",
                    "method": "read",
                    "args": [dialog.ids, ["remaining"]],
                    "kwargs": {},
                },
            )
            told = f"come back to {base}; this browser has Odoo at {self.base_url()}"
            self.assertEqual(told in read["remaining"], is_told, read)


@tagged("post_install", "-at_install")
class TestConnect(ConnectCase, TransactionCase):
    def records(self):
        """:return: how many records there are of those that the dialog makes"""
        models = "oauth2.api", "oauth2.client", "oauth2.provider", "oauth2.scope"
        return [self.env[m].search_count([]) for m in (*models, "res.users")]

    def test_nothing_is_made_before_the_last_button(self):
        before = self.records()
        google = {"sign_in": "new", "client_identifier": "g", "client_secret": SECRET}
        for values in (google, {"kind": "system"}, {}):
            dialog = self.dialog(**values)
            self.choose(dialog, "contacts.read")
            self.assertEqual(self.records(), before)

    def test_an_application_of_this_odoo_gets_an_api_scopes_and_a_secret(self):
        dialog = self.dialog(self.manager)
        self.choose(dialog, "contacts.read")
        client, told = self.connect(dialog)
        self.assertEqual(client._redirect_uris(), [BACK])
        self.assertFalse(client.provider_id)
        self.assertTrue(client.api_ids.json2_enabled)
        self.assertEqual(client.scope_ids.mapped("name"), ["contacts.read"])
        self.assertIn("res.partner", client.scope_ids.line_ids.model_id.mapped("model"))
        values = dict(told["values"])
        self.assertEqual(values["Client ID"], client.client_identifier)
        proven = find_secret(ClientSecrets(client).known(), values["Client Secret"])
        self.assertTrue(proven)
        for _label, _name, text in told["files"]:
            self.assertIn(values["Client Secret"], text)

    def test_the_secret_is_shown_once(self):
        dialog = self.dialog()
        _client, told = self.connect(dialog)
        secret = dict(told["values"])["Client Secret"]
        self.env.invalidate_all()
        self.assertNotIn("Client Secret", dict(dialog.connection["values"]))
        self.assertNotIn(secret, str(dialog.read()))

    def test_who_may_call_it_verified_is_told_where(self):
        for user, is_told in ((self.manager, False), (self.system, True)):
            dialog = self.dialog(user)
            self.connect(dialog)
            self.assertEqual("tick Verified" in (dialog.remaining or ""), is_told)

    def test_google_asks_for_client_id_and_secret_only(self):
        dialog = self.dialog(
            sign_in="new", client_identifier="at-google", client_secret=SECRET
        )
        self.assertNotIn(SECRET, str(dialog.sudo().read()))
        self.assertTrue(dialog.has_client_secret)
        client, told = self.connect(dialog)
        google = client.provider_id
        self.assertEqual((google.name, google.preset), ("Google", "google"))
        self.assertEqual(google.issuer, "https://accounts.google.com")
        self.assertEqual(client.client_identifier, "at-google")
        self.assertEqual(client_secret(client), SECRET)
        self.assertTrue(client.require_secret)
        self.assertEqual(dict(told["values"])["Client Secret"], SECRET)
        self.assertIn(client.api_ids.redirect_uri, dialog.remaining)
        self.assertFalse(dialog.has_client_secret)

    def test_a_second_provider_of_an_api_is_told_what_keeps_the_two_apart(self):
        self.make_client(self.make_api("mixed"), self.make_provider(), name="First")
        self.make_api("alone")
        for endpoint, preset in (("alone", "google"), ("mixed", "github")):
            dialog = self.dialog(
                sign_in="new",
                preset=preset,
                client_identifier="another",
                client_secret=SECRET,
                api_id=self.find_api(endpoint).id,
            )
            self.connect(dialog)
            told = "Distinct Redirect URI" in dialog.remaining
            self.assertEqual(told, endpoint == "mixed", dialog.remaining)

    def test_a_provider_s_caveats_and_who_becomes_whom_are_told_before_it_is_made(self):
        for preset, caveat, matching in (
            ("google", "", "whose login is the email that the provider has verified"),
            (
                "apple",
                "Odoo cannot make Apple's client secret",
                "signs in to this Odoo",
            ),
            ("linkedin", "It refuses PKCE", "whose login is the email"),
        ):
            with self.subTest(preset):
                values = {"sign_in": "new", "preset": preset}
                dialog = self.dialog(client_identifier=preset, **values)
                self.assertIn(caveat, dialog.preset_caveats)
                self.assertIn(matching, dialog.matching)
                client, _told = self.connect(dialog)
                existing = {"sign_in": "existing", "provider_id": client.provider_id.id}
                again = self.dialog(**existing)
                self.assertEqual(again.matching, dialog.matching)
        changed, other = again.provider_id, self.make_provider(user_matching="session")
        again.action_back()
        with Form(again) as form:
            form.provider_id = other
            self.assertIn("signs in to this Odoo", form.matching)
            changed.write({"match_claim": "upn", "vouches_for_claim": True})
            form.provider_id = changed
            self.assertIn("the claim upn", form.matching)
            form.client_identifier = "again"

    def test_the_default_flow_is_told_that_it_needs_no_refresh_token_of_a_provider(
        self,
    ):
        for preset in ("github", "keycloak", "slack", "linkedin", "facebook"):
            dialog = self.env["oauth2.connect"].create({"preset": preset})
            [caveat] = [
                line for line in dialog.preset_caveats.split("\n") if "refresh" in line
            ]
            self.assertIn("nly applications of the JSON contract", caveat)

    def test_a_provider_that_is_here_is_not_made_again(self):
        first = {"sign_in": "new", "client_identifier": "1", "client_secret": SECRET}
        client, _told = self.connect(self.dialog(**first))
        with self.assertRaisesRegex(UserError, "Google is among the providers"):
            self.dialog(**first)
        again = {"sign_in": "existing", "provider_id": client.provider_id.id}
        again["client_identifier"] = "2"
        other, _told = self.connect(self.dialog(**first | again))
        self.assertEqual(other.provider_id, client.provider_id)

    def test_the_redirect_uri_to_paste_is_known_before_the_api_is_made(self):
        dialog = self.dialog(sign_in="new", client_identifier="at-google")
        promised = dialog.provider_redirect_uri
        client, _told = self.connect(dialog)
        self.assertEqual(promised, client.api_ids.redirect_uri)

    def test_a_system_acts_as_a_user_of_its_own_with_few_rights(self):
        dialog = self.dialog(kind="system")
        self.choose(dialog, "contacts.read", "contacts.write")
        client, _told = self.connect(dialog)
        user = client.service_user_id
        self.assertEqual(client._grant_types(), {"client_credentials"})
        self.assertTrue(user._is_internal())
        self.assertFalse(user._is_system() or user.email)
        self.assertFalse(user.has_group("base.group_partner_manager"))
        self.assertIn("Give it rights for: Contact", dialog.remaining)

    def test_a_system_may_act_as_a_user_who_is_here(self):
        dialog = self.dialog(
            kind="system",
            service_user_choice="existing",
            service_user_id=self.make_user().id,
        )
        client, _told = self.connect(dialog)
        self.assertEqual(client.service_user_id.login, "olivia@example.com")

    def test_tools_come_with_their_redirect_uris(self):
        n8n = "/rest/oauth2-credential/callback"
        cases = [
            ({"tool_address": "https://n8n.example.com/"}, "n8n.example.com" + n8n),
            ({"tool_address": "https://me.app.n8n.cloud"}, "oauth.n8n.cloud"),
            ({"tool": "postman"}, "https://oauth.pstmn.io/v1/browser-callback"),
        ]
        for values, expected in cases:
            dialog = self.dialog(kind="tool", redirect_uris=False, **values)
            client, _told = self.connect(dialog)
            self.assertIn(expected, client.redirect_uris)

    def test_what_is_wrong_is_told_at_its_step_and_what_was_typed_stays(self):
        dialog = self.env["oauth2.connect"].create(
            {"name": "Shop", "redirect_uris": "http://shop.example.com/*"}
        )
        with self.assertRaisesRegex(ValidationError, "Redirect URI 1"):
            dialog.action_next()
        self.assertEqual((dialog.state, dialog.name), ("application", "Shop"))

    def test_models_that_were_picked_become_one_scope(self):
        partner = self.env["ir.model"]._get_id("res.partner")
        dialog = self.dialog(self.manager)
        dialog.line_ids = [Command.create({"model_id": partner, "perm_write": True})]
        client, _told = self.connect(dialog)
        [line] = client.scope_ids.line_ids
        self.assertEqual(line._operations(), {"read", "write"})
        self.assertEqual(client.scope_ids.name, "web-shop")

    def test_what_decides_rights_is_not_picked_by_our_administrators(self):
        users = self.env["ir.model"]._get_id("res.users")
        dialog = self.dialog(self.manager)
        dialog.line_ids = [Command.create({"model_id": users})]
        with self.assertRaises(AccessError):
            dialog.action_connect()

    def test_our_administrators_connect_what_they_may_make_by_hand(self):
        env = self.env(user=self.manager)
        elsewhere = {"client_identifier": "x", "client_secret": SECRET}
        for name, value in (("kind", "system"), ("sign_in", "new")):
            offered = env["oauth2.connect"].fields_get([name])[name]["selection"]
            self.assertNotIn(value, dict(offered))
            dialog = self.dialog(self.manager, **{name: value}, **elsewhere)
            with self.assertRaises(AccessError):
                dialog.action_connect()

    def test_dialogs_are_their_users_own(self):
        dialog = self.dialog()
        with self.assertRaises(AccessError):
            dialog.with_user(self.manager).write({"redirect_uris": BACK})

    def test_an_api_that_is_here_is_used_with_its_scopes_as_they_are(self):
        oauth2_api = self.make_api("orders", scopes=("partners.read", "contacts.read"))
        dialog = self.dialog()
        self.assertEqual(dialog.api_id, oauth2_api)
        self.choose(dialog, "partners.read", "contacts.read")
        client, _told = self.connect(dialog)
        self.assertEqual(client.scope_ids, oauth2_api.scope_ids)
        self.assertFalse(client.scope_ids.line_ids)
        self.assertTrue(oauth2_api.json2_enabled)

    def test_the_form_asks_an_application_of_this_odoo_for_two_fields(self):
        form = Form(self.env["oauth2.connect"])
        with self.assertRaisesRegex(AssertionError, "name is a required field"):
            form.save()
        form.name, form.redirect_uris = "Shop", BACK
        dialog = form.save()
        for _step in range(2):
            dialog.action_next()
            dialog = Form(dialog).save()
        dialog.action_connect()
        self.assertEqual(dialog.client_id.name, "Shop")

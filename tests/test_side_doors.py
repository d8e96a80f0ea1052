"""What Odoo itself offers to reach records past their forms: mails, attachments, …"""

import base64
from io import BytesIO

from PIL import Image

from odoo.exceptions import AccessError
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..services.audit.audit import Audit
from ..services.sign_in.user_matching import UserMatching
from .test_access_rights import AccessCase


def _picture(colour):
    data = BytesIO()
    Image.new("RGB", (8, 8), colour).save(data, "PNG")
    return base64.b64encode(data.getvalue())


@tagged("post_install", "-at_install")
class TestMails(AccessCase):
    """Any internal user may have Odoo take a text for a mail that came in, for a record
    of the user's choice: Odoo makes and changes it as superuser.
    """

    def take(self, model, sender, values=None, **where):
        mail = (
            f"From: {sender}\nTo: odoo@example.com\nSubject: Hello\n"
            f"Message-Id: <{model}.{sender}.{bool(where)}>\n\nHello"
        )
        threads = self.env["mail.thread"].with_user(self.user)
        return threads.message_process(model, mail, values, **where)

    def setUp(self):
        super().setUp()
        self.system.email = "admin@example.com"

    @mute_logger("odoo.addons.mail.models.mail_thread")
    def test_no_mail_makes_or_changes_a_record(self):
        values = {"name": "By mail", "client_identifier": "by-mail"}
        for model in sorted(self.models):
            for sender in (self.user.email, self.system.email):
                for where in ({}, {"thread_id": self.models[model][:1].id}):
                    with self.subTest(model=model, sender=sender, **where):
                        # A model that takes no mails at all: ValueError, of Odoo itself
                        is_thread = hasattr(self.env[model], "message_new")
                        with self.assertRaises(
                            AccessError if is_thread else ValueError
                        ):
                            self.take(model, sender, values, **where)
        self.assertFalse(self.env["oauth2.client"].search([("name", "=", "By mail")]))
        said = self.client.message_ids.mapped("body")
        self.assertFalse([body for body in said if "Hello" in body])

    @mute_logger("odoo.addons.mail.models.mail_thread")
    def test_an_alias_brings_no_mail_to_a_client(self):
        self.env["mail.alias.domain"].create({"name": "example.com"})
        self.env["mail.alias"].create(
            {
                "alias_name": "odoo",
                "alias_model_id": self.env["ir.model"]._get_id("oauth2.client"),
            }
        )
        with self.assertRaises(AccessError):
            self.take(False, self.user.email)

    def test_an_activity_of_a_client_can_be_done(self):
        activity = self.client.with_user(self.manager).activity_schedule(
            "mail.mail_activity_data_todo", summary="Look", user_id=self.manager.id
        )
        activity.action_feedback("Done so")
        self.assertIn("Done so", self.client.message_ids[:1].body)


@tagged("post_install", "-at_install")
class TestLogo(AccessCase):
    def test_a_verified_client_s_logo_changes_with_the_client_alone(self):
        """As an attachment it was changed past all that a client's change entails."""
        self.client.write({"logo": _picture("green"), "is_verified": True})
        self.env.flush_all()
        attachments = self.env["ir.attachment"].sudo()
        domain = [("res_model", "=", "oauth2.client"), ("res_field", "!=", False)]
        self.assertFalse(attachments.search(domain))
        before = self.client.logo
        attachments.with_user(self.manager).sudo(False).create(
            {
                "name": "logo",
                "res_model": "oauth2.client",
                "res_id": self.client.id,
                "res_field": "logo",
                "datas": _picture("red"),
            }
        )
        self.client.invalidate_recordset()
        self.assertEqual(self.client.logo, before)
        self.client.with_user(self.manager).logo = _picture("red")
        self.assertFalse(self.client.is_verified)


@tagged("post_install", "-at_install")
class TestTranslations(AccessCase):
    def changes(self):
        domain = [("kind", "=", "configure")]
        return self.env["oauth2.event"].search(domain, order="id").mapped("changes")

    def test_a_changed_translation_is_in_the_audit_log(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        scope = self.api.scope_ids[:1].with_user(self.manager)
        for change in (
            lambda: scope.update_field_translations("description", {"fr_FR": "Rien"}),
            lambda: scope.web_override_translations({"description": "Nothing"}),
        ):
            before = len(self.changes())
            change()
            self.env.flush_all()
            told = self.changes()
            self.assertEqual(len(told), before + 1, told)
            self.assertIn("Description", told[-1])


@tagged("post_install", "-at_install")
class TestDefaultsOfUsers(AccessCase):
    """Any internal user may have defaults of his own, for any field of any model; Odoo
    takes them for what is created as superuser, too."""

    def own_defaults(self, user, model, **values):
        defaults = self.env["ir.default"].with_user(user)
        for name, value in values.items():
            defaults.set(model, name, value, user_id=True)

    def test_no_record_takes_a_user_s_defaults(self):
        token = {"digest": "0" * 64, "user_ref": self.system.id}
        for model, values in (
            ("oauth2.client.user", {"token_ids": [[0, 0, token]]}),
            ("oauth2.token", {"digest": "0" * 64, "user_ref": self.system.id}),
            ("oauth2.authorization.request", {"code_digest": "0" * 64}),
            ("oauth2.event", {"error": "mine", "is_unproven": True}),
            ("oauth2.client", {"secret_digest": "0" * 64}),
            ("oauth2.revocation", {"value": "mine"}),
        ):
            with self.subTest(model):
                self.own_defaults(self.user, model, **values)
                kept = self.env[model].with_user(self.user).sudo()
                found = kept.default_get([*values])
                self.assertFalse([name for name in found if found[name]])

    def test_an_event_is_told_as_it_was(self):
        self.own_defaults(
            self.user, "oauth2.event", create_date="2001-01-01", error="mine"
        )
        event = Audit(self.env(user=self.user)).record("refusal", client=self.client)
        self.assertGreater(event.create_date.year, 2001)
        self.assertFalse(event.error)

    def test_defaults_for_all_users_count(self):
        self.env["ir.default"].set("oauth2.client", "homepage_uri", "https://a.example")
        for user in (self.system, self.user):
            found = (
                self.env["oauth2.client"].with_user(user).default_get(["homepage_uri"])
            )
            self.assertEqual(found, {"homepage_uri": "https://a.example"})

    def test_a_new_user_is_nobody_s_contact(self):
        self.provider.user_matching = "create"
        self.own_defaults(self.user, "res.users", partner_id=self.system.partner_id.id)
        claims = {"iss": "x", "sub": "eve", "email": "eve@example.com"}
        claims |= {"email_verified": True, "name": "Eve"}
        matching = UserMatching(self.provider.with_user(self.user).sudo())
        user = matching.create_user(claims, self.env["res.company"])
        self.assertNotEqual(user.partner_id, self.system.partner_id)


@tagged("post_install", "-at_install")
class TestJobsByHand(AccessCase):
    def test_a_job_is_run_by_the_scheduler_and_settings_administrators_alone(self):
        names = ("revocations", "clean_up", "keep_alive", "key_rotation")
        for name in names:
            cron = self.env.ref(f"api_auth_oauth2.ir_cron_{name}")
            action = cron.ir_actions_server_id
            model = self.env[action.model_id.model]
            method = action.code.removeprefix("model.").removesuffix("()")
            with self.subTest(name):
                for user in (self.user, self.portal, self.manager):
                    self.assertNotAllowed(getattr(model.with_user(user), method))


@tagged("post_install", "-at_install")
class TestFormerSecrets(AccessCase):
    def test_a_new_client_has_no_former_secret_of_its_maker_s_choice(self):
        values = {"name": "New", "client_identifier": "new"}
        clients = self.env["oauth2.client"].with_user(self.manager)
        self.assertTrue(clients.create(values))
        values |= {"client_identifier": "newer", "secret_notice_days": 7}
        self.assertNotAllowed(clients.create, values)

"""What Odoo itself offers to reach records past their forms: mails, attachments, …"""

import base64
from io import BytesIO

from PIL import Image

from odoo.exceptions import AccessError
from odoo.tests import tagged
from odoo.tools import mute_logger

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

"""The audit log is only ever added to: played over RPC, by those who may most."""

from odoo.exceptions import AccessError
from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger

from ..services.audit.audit import Audit
from .common import OAuth2Records


@tagged("post_install", "-at_install", "api_auth_oauth2")
class TestAppendOnly(OAuth2Records, HttpCase):
    def setUp(self):
        super().setUp()
        self.api = self.make_api()
        self.event = Audit(self.env).record(
            "refusal", oauth2_api=self.api, reason="True."
        )
        self.env["res.users"].browse(self.env.ref("base.user_admin").id).write(
            {"group_ids": [(4, self.env.ref("base.group_erp_manager").id)]}
        )
        self.authenticate("admin", "admin")

    def rpc(self, model, method, *args, **kwargs):
        """:return: the JSON-RPC answer of the web client's endpoint"""
        response = self.url_open(
            f"/web/dataset/call_kw/{model}/{method}",
            json={
                "params": {
                    "model": model,
                    "method": method,
                    "args": args,
                    "kwargs": kwargs,
                }
            },
        )
        self.env.invalidate_all()
        return response.json()

    def forgeries(self):
        """Every public way to add, change or remove a record."""
        event_id = self.event.id
        values = {"kind": "sign_in", "reason": "forged"}
        names = ["kind", "reason"]
        yield "write", [event_id], {"reason": "forged"}
        yield "create", [values]
        yield "create", values
        yield "unlink", [event_id]
        yield "copy", [event_id]
        yield "web_save", [], values, {"reason": {}}
        yield "web_save", [event_id], {"reason": "forged"}, {"reason": {}}
        yield "name_create", "forged"
        yield "load", names, [["sign_in", "forged"]]
        yield "load", [".id", *names], [[str(event_id), "sign_in", "forged"]]
        yield "web_override_translations", [event_id], {"reason": "forged"}
        yield "update_field_translations", [event_id], "reason", {"en_US": "forged"}

    def log(self):
        """The whole table as text."""
        self.env.cr.execute("SELECT json_agg(e ORDER BY id)::text FROM oauth2_event e")
        return self.env.cr.fetchone()[0]

    def try_all(self):
        """Try each; the log stays as it was."""
        before = self.log()
        for method, *arguments in self.forgeries():
            with self.subTest(method, arguments=arguments):
                with mute_logger("odoo.http"):
                    self.rpc("oauth2.event", method, *arguments)
                self.assertEqual(self.log(), before)

    def test_removing_no_line_is_no_error(self):
        """Odoo's own tests demand it of every model."""
        self.assertIs(self.env["oauth2.event"].browse().unlink(), True)

    def test_an_administrator_cannot_change_the_audit_log(self):
        self.assertEqual(
            self.rpc("oauth2.event", "read", [self.event.id], ["reason"])["result"],
            [{"id": self.event.id, "reason": "True."}],
        )
        self.try_all()

    def test_an_administrator_with_every_right_cannot_change_the_audit_log(self):
        access = {
            "name": "mine",
            "model_id": self.env["ir.model"]._get_id("oauth2.event"),
            "group_id": self.env.ref("base.group_system").id,
            **{
                f"perm_{operation}": True
                for operation in ("read", "write", "create", "unlink")
            },
        }
        self.assertIn("result", self.rpc("ir.model.access", "create", access))
        self.try_all()

    def test_deleting_a_record_deletes_no_event_about_it(self):
        told = self.rpc("oauth2.api", "unlink", [self.api.id])
        self.assertIs(told["result"], True)
        self.assertEqual(self.event.reason, "True.")
        self.assertEqual(self.event.api_name, "Orders")

    def test_code_with_all_rights_cannot_change_the_audit_log(self):
        event = self.event.sudo()
        for forge in (lambda: event.write({"reason": "forged"}), event.unlink):
            with self.assertRaises(AccessError):
                forge()
        with self.assertRaises(AccessError):
            self.event.with_user(self.env.ref("base.user_admin")).create({})

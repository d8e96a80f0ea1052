"""What the toolkit makes in a database that has records of its own."""

from odoo.tests import TransactionCase, tagged

from .common import OAuth2Records


@tagged("post_install", "-at_install", "api_auth_oauth2")
class TestToolkit(OAuth2Records, TransactionCase):
    def test_a_user_is_made_beside_the_demos_user(self):
        if not self.env.ref("api_auth_oauth2.user_olivia", raise_if_not_found=False):
            self.env["ir.model.data"].create(
                {
                    "module": "api_auth_oauth2",
                    "name": "user_olivia",
                    "model": "res.users",
                    "res_id": self.make_user().id,
                }
            )
        user = self.make_user()
        users = self.env["res.users"].search([("email", "=", user.login)])
        self.assertEqual(users, user)

    def test_access_is_made_on_an_api_that_an_addon_has_already(self):
        crm = self.make_api("crm", scopes=("contacts.read", "contacts.write"))
        crm.active = False
        access = self.make_access("crm", ["contacts.read", "audit"])
        self.assertEqual(access.api, crm)
        self.assertTrue(crm.active)
        granted = sorted(access.grant.scope_ids.mapped("name"))
        self.assertEqual(granted, ["audit", "contacts.read"])

"""Connected applications in a portal user's account."""

import re

from odoo.tests import HttpCase, tagged

from odoo.addons.api_auth_oauth2.tests.common import OAuth2Records

PAGE = "/my/security"
REVOKE = f"{PAGE}/applications"


@tagged("post_install", "-at_install", "-standard", "with_website")
class TestApplicationsInPortal(OAuth2Records, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        portal = [(6, 0, cls.env.ref("base.group_portal").ids)]
        cls.user, cls.other = (
            cls.make_user(login, password=login, group_ids=portal)
            for login in ("paula@example.com", "peter@example.com")
        )
        client = cls.make_client(cls.make_api(), cls.make_provider())
        client.name = "Order Tracker"
        cls.first, cls.second, cls.others = (
            cls.make_grant(client, user)[0] for user in (cls.user, cls.user, cls.other)
        )
        cls.env.flush_all()

    def open_page(self):
        self.authenticate(self.user.login, self.user.login)
        answer = self.url_open(PAGE)
        self.assertEqual(answer.status_code, 200)
        token = re.search(r'name="csrf_token" value="([^"]+)"', answer.text)[1]
        return answer.text, token

    def test_the_security_page_shows_an_application_once_with_both_its_sign_ins(self):
        text, _token = self.open_page()
        self.assertEqual(text.count("Order Tracker"), 1)
        for grant in self.first | self.second:
            self.assertIn(f'name="grant" value="{grant.id}"', text)
        self.assertNotIn(f'name="grant" value="{self.others.id}"', text)

    def test_a_portal_user_revokes_own_grants_alone_and_is_back_on_the_page(self):
        _text, token = self.open_page()
        ids = [self.first.id, self.others.id]
        form = {"csrf_token": token, "grant": ids}
        answer = self.url_open(REVOKE, data=form, allow_redirects=False)
        self.assertEqual(answer.status_code, 303)
        self.assertIn(f"{PAGE}?revoked=#", answer.headers["Location"])
        self.assertIn("that access has ended", self.url_open(f"{PAGE}?revoked=").text)
        self.assertFalse(self.first.exists())
        self.assertTrue(self.second.exists() and self.others.exists())

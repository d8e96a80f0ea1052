"""Which applications act as a user: seen and revoked by the user alone."""

import re
from datetime import timedelta

from odoo import fields
from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger

from .common import OAuth2Records

PAGE = "/oauth2/applications"


@tagged("post_install", "-at_install", "api_auth_oauth2")
class TestConnectedApplications(OAuth2Records, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.api = cls.make_api()
        cls.client = cls.make_client(cls.api, cls.make_provider(), name="Tracker")
        portal = [(6, 0, cls.env.ref("base.group_portal").ids)]
        login = "paula@example.com"
        cls.user = cls.make_user(login, password=login, group_ids=portal)
        cls.other = cls.make_user("otto@example.com")
        cls.first, cls.second, cls.others = (
            cls.make_grant(cls.client, user)[0]
            for user in (cls.user, cls.user, cls.other)
        )
        cls.first.write(
            {
                "browser": "Firefox, Linux",
                "last_used_at": fields.Datetime.now(),
                "last_used_from": "203.0.113.9",
            }
        )
        cls.env.flush_all()

    def open_page(self):
        self.authenticate(self.user.login, self.user.login)
        answer = self.url_open(PAGE)
        self.assertEqual(answer.status_code, 200)
        self.assertIn("no-store", answer.headers["Cache-Control"])
        return answer.text

    def revoke(self, *grants, **form):
        form = {"grant": [grant.id for grant in grants], **form}
        return self.url_open(PAGE, data=form, allow_redirects=False)

    def token_of(self, text):
        return re.search(r'name="csrf_token" value="([^"]+)"', text)[1]

    def test_one_application_is_shown_once_with_each_of_its_sign_ins(self):
        text = self.open_page()
        self.assertEqual(text.count("Tracker"), 1)
        for grant in self.first | self.second:
            self.assertIn(f'name="grant" value="{grant.id}"', text)
        self.assertNotIn(f'name="grant" value="{self.others.id}"', text)
        self.assertIn("203.0.113.9", text)
        self.assertIn("Firefox, Linux", text)
        self.assertIn("Revoke All", text)

    def test_what_is_over_is_not_shown_and_what_asked_nobody_is_not_revoked_there(self):
        self.first.expires_at = fields.Datetime.now() - timedelta(seconds=1)
        self.second.is_service = True
        text = self.open_page()
        self.assertIn("Set up by an administrator", text)
        self.assertNotIn('name="grant"', text)

    def test_a_user_revokes_own_grants_alone(self):
        token = self.token_of(self.open_page())
        answer = self.revoke(self.first, self.others, csrf_token=token)
        self.assertEqual(answer.status_code, 303)
        self.assertTrue(answer.headers["Location"].endswith(f"{PAGE}?revoked="))
        self.assertIn("that access has ended", self.url_open(f"{PAGE}?revoked=").text)
        self.assertFalse(self.first.exists())
        self.assertTrue(self.second.exists() and self.others.exists())

    def test_what_is_no_grant_s_number_revokes_nothing(self):
        token = self.token_of(self.open_page())
        for value in ("", "x", "9" * 40, "0", "٣"):
            answer = self.revoke(csrf_token=token, grant=value)
            self.assertEqual(answer.status_code, 303, value)
        self.assertTrue(self.first.exists() and self.second.exists())

    def test_nothing_is_revoked_without_the_token_of_the_page_or_without_a_session(
        self,
    ):
        self.open_page()
        with mute_logger("odoo.http"):
            self.assertEqual(self.revoke(self.first).status_code, 400)
        self.url_open(f"{PAGE}?grant={self.first.id}")
        self.authenticate(None, None)
        answer = self.url_open(PAGE, allow_redirects=False)
        self.assertIn("/web/login", answer.headers["Location"])
        self.revoke(self.first)
        self.assertTrue(self.first.exists())

    def test_users_see_their_own_applications_in_a_form_and_administrators_all(self):
        Grant = self.env["oauth2.client.user"]

        def seen(viewer, user):
            found = Grant.with_user(viewer).oauth2_connected_applications(user.id)
            return [(it["name"], len(it["sign_ins"])) for it in found]

        admin = self.env.ref("base.user_admin")
        self.assertEqual(seen(self.other, self.other), [("Tracker", 1)])
        self.assertEqual(seen(self.other, self.user), [])
        self.assertEqual(seen(admin, self.user), [("Tracker", 2)])
        (found,) = Grant.with_user(admin).oauth2_connected_applications(self.user.id)
        self.assertEqual((found["api"], found["may"]), ("Orders", ["partners.read"]))

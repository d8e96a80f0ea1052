"""Sign In as Me: an administrator tries a sign-in, and nothing comes of it."""

from lxml import html

from odoo import http
from odoo.tests import tagged

from .common import BROWSER_HEADERS, OAuth2Case


@tagged("post_install", "-at_install")
class TestTrialSignIn(OAuth2Case):
    def setUp(self):
        super().setUp()
        self.authenticate("admin", "admin")
        self.admin = self.env.ref("base.user_admin")

    @property
    def path(self):
        return f"/{self.api.endpoint}/oauth2/trial/{self.client.id}"

    def begin(self):
        """Open the page, press its button, and sign in at the provider.

        :return: the callback's address, not visited yet
        """
        response = self.visit(self.path, BROWSER_HEADERS)
        self.assertEqual(response.status_code, 200, response.text)
        (form,) = html.fromstring(response.text).forms
        response = self.url_open(
            self.path, dict(form.form_values()), allow_redirects=False
        )
        self.assertEqual(response.status_code, 303, response.text)
        return self.sign_in(response.headers["Location"])

    def finish(self, status=200):
        """:return: the page's text"""
        response = self.visit(self.begin(), BROWSER_HEADERS)
        self.assertEqual(response.status_code, status, response.text)
        return " ".join(html.fromstring(response.text).text_content().split())

    def counts(self):
        names = "client.user token authorization.request event".split()
        names = [*(f"oauth2.{name}" for name in names), "res.users"]
        self.env.invalidate_all()
        return [self.env[name].search_count([]) for name in names]

    def test_it_shows_the_claims_and_the_user_and_stores_nothing(self):
        before = self.counts()
        told = self.finish()
        for words in (
            "The sign-in works",
            self.user.login,
            "email_verified true",
            "Nothing was stored",
            "Given, and let go of",
        ):
            self.assertIn(words, told)
        self.assertEqual(self.counts(), before)

    def test_a_refresh_token_matters_to_applications_of_the_json_contract_alone(self):
        self.client.redirect_uris = "https://app.example.com/back"
        self.assertNotIn("refresh token", self.finish().lower())

    def test_the_tokens_of_a_trial_are_revoked_at_the_provider(self):
        self.finish()
        self.tell_providers()
        self.assertFalse(self.provider.grants)

    def test_a_trial_that_leads_to_no_user_says_why(self):
        self.provider.claims["email_verified"] = False
        before = self.counts()
        told = self.finish()
        self.assertIn("leads to no user", told)
        self.assertIn("Email Not Verified", told)
        self.assertRegex(told, "For a developer .* is not verified by the provider")
        self.assertEqual(self.counts(), before)

    def test_a_trial_makes_no_portal_user(self):
        self.provider_record.user_matching = "create"
        self.provider.claims["email"] = "new@example.com"
        before = self.counts()
        self.assertIn("A new portal user", self.finish())
        self.assertEqual(self.counts(), before)

    def test_a_refused_trial_is_told_to_its_administrator_and_in_no_event(self):
        self.provider.id_token_claims_override = {"aud": "another"}
        events = self.env["oauth2.event"].search([])
        told = self.finish(502)
        self.env.invalidate_all()
        self.assertEqual(self.env["oauth2.event"].search([]), events)
        self.assertIn("Answer of the Provider Not Usable", told)
        self.assertIn("For a developer The id_token's aud is not this client.", told)
        self.assertFalse(self.grant_of("x"))

    def test_only_settings_administrators_try_a_sign_in(self):
        group = self.env.ref("api_auth_oauth2.group_admin")
        self.make_user(
            "mara@example.com",
            password="mara@example.com",
            group_ids=[(6, 0, group.ids)],
        )
        self.session = None
        self.authenticate("mara@example.com", "mara@example.com")
        for send in (
            lambda: self.visit(self.path, BROWSER_HEADERS),
            lambda: self.url_open(
                self.path,
                {"csrf_token": http.Request.csrf_token(self)},
                allow_redirects=False,
            ),
        ):
            response = send()
            self.assertEqual(response.status_code, 403, response.text)
            self.assertIn("Only Settings administrators", response.text)

    def test_a_page_of_another_site_begins_no_trial(self):
        for form in ({"x": "y"}, {"csrf_token": "made-up"}, {"csrf_token": "éo1e9"}):
            response = self.url_open(self.path, form, allow_redirects=False)
            self.assertEqual(response.status_code, 400)
            self.assertIn("open it again", response.text)
        self.assertFalse(self.provider.requests)

    def test_another_browser_or_user_cannot_finish_a_trial(self):
        for login in (None, "admin", self.user.login):
            with self.subTest(login):
                self.session = None
                self.authenticate("admin", "admin")
                callback = self.begin()
                self.session = None
                self.user.password = self.user.login
                self.authenticate(login, login)
                response = self.visit(callback, BROWSER_HEADERS)
                self.assertEqual(response.status_code, 400, response.text)
                self.assertNotIn(self.user.email, response.text)
                self.assertEqual(self.provider.calls["token"], 0)

    def test_a_script_finishes_no_trial(self):
        callback = self.begin()
        self.assertRefused(self.visit(callback), 403, "access_denied")
        self.assertEqual(self.provider.calls["token"], 0)

    def test_a_trial_is_finished_once(self):
        callback = self.begin()
        self.assertEqual(self.visit(callback, BROWSER_HEADERS).status_code, 200)
        again = self.visit(callback, BROWSER_HEADERS)
        self.assertEqual(again.status_code, 400, again.text)
        self.assertNotIn(self.user.login, again.text)

    def test_an_administrator_who_is_none_any_more_sees_nothing(self):
        callback = self.begin()
        admin = self.admin.copy({"login": "second", "password": "second"})
        self.assertTrue(admin._is_system())
        group = self.env.ref("base.group_system")
        self.admin.write({"group_ids": [(3, group.id)]})
        self.env.flush_all()
        response = self.visit(callback, BROWSER_HEADERS)
        self.assertEqual(response.status_code, 403, response.text)
        self.assertNotIn(self.user.login, response.text)

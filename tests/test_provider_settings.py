"""What a provider wants otherwise than most: each switch of its form, over HTTP."""

from functools import partial
from urllib.parse import parse_qsl, urlsplit

import requests
from lxml import html

from odoo import Command
from odoo.exceptions import AccessError, ValidationError
from odoo.tests import tagged

from .common import BROWSER_HEADERS, OAuth2Case


class ProviderSettingsCase(OAuth2Case):
    def configure(self, **values):
        self.provider_record.write(values)
        self.env.flush_all()

    def parameters_of(self, url):
        return dict(parse_qsl(urlsplit(url).query))

    def sent(self, endpoint="token"):
        """:return: the parameters of each request that came to an endpoint"""
        return [
            request["params"]
            for request in self.provider.requests
            if request["endpoint"] == endpoint
        ]

    def refresh(self, identity):
        response = self.call(
            "token",
            {
                "client_id": "demo-app",
                "client_user_identity": identity,
                "client_secret": "demo-secret",
            },
        )
        self.assertEqual(response.status_code, 200, response.text)
        return response.json()


@tagged("post_install", "-at_install")
class TestProviderSettings(ProviderSettingsCase):
    def test_without_pkce_nothing_of_it_is_sent(self):
        self.provider.pkce = False
        self.configure(use_pkce=False)
        url = self.ask()["authorization_url"]
        names = self.parameters_of(url).keys()
        self.assertFalse({"code_challenge", "code_challenge_method"} & names)
        _information, identity = self.authorize()
        self.assertNotIn("code_verifier", self.sent()[0])
        self.refresh(identity)

    def test_without_pkce_an_answer_without_id_token_is_refused(self):
        """RFC 9700 section 2.1.1: then the nonce alone binds a code to its sign-in."""
        self.provider.pkce = False
        self.configure(use_pkce=False)
        self.provider.token_answer_override = {"id_token": None}
        response = self.visit(self.sign_in(self.ask()["authorization_url"]))
        self.assertRefused(response, 502, "server_error")
        self.assertEqual(self.provider.calls["userinfo"], 0)
        self.configure(use_nonce=False)  # with the warning that it deserves
        self.authorize()

    def test_without_nonce_none_is_sent_or_expected(self):
        self.configure(use_nonce=False)
        self.assertNotIn("nonce", self.parameters_of(self.ask()["authorization_url"]))
        self.provider.id_token_claims_override = {"nonce": None}
        self.authorize()

    def test_a_sign_in_under_way_is_finished_as_it_began(self):
        asked = self.ask()
        self.configure(use_pkce=False, use_nonce=False)
        response = self.visit(self.sign_in(asked["authorization_url"]))
        self.assertEqual(response.status_code, 200, response.text)

    def test_both_are_on_at_first(self):
        provider = self.make_provider()
        self.assertTrue(provider.use_pkce and provider.use_nonce)
        self.assertFalse(provider.warning)

    def test_the_form_says_in_words_what_is_lost(self):
        for values, words in (
            ({"use_pkce": False}, "stolen code"),
            ({"use_nonce": False}, "id_token of another sign-in"),
            ({"use_pkce": False, "use_nonce": False}, "nothing binds a code"),
        ):
            record = self.make_provider(issuer="https://other.example.com", **values)
            self.assertIn(words, record.warning)
            record.unlink()

    def test_only_settings_administrators_switch_them_off(self):
        group = self.env.ref("api_auth_oauth2.group_admin")
        manager = self.make_user("mara@example.com", group_ids=[Command.set(group.ids)])
        for name in ("use_pkce", "use_nonce", "response_mode", "token_params"):
            with self.assertRaises(AccessError):
                self.provider_record.with_user(manager).write({name: False})

    def test_token_parameters_go_with_each_token_request_scope_with_refreshes(self):
        self.configure(
            token_params="audience=https%3A%2F%2Fapi.example.com&scope=email openid"
        )
        _information, identity = self.authorize()
        self.refresh(identity)
        exchange, refresh = self.sent()
        self.assertEqual(exchange["audience"], "https://api.example.com")
        self.assertNotIn("scope", exchange)
        self.assertEqual(refresh["audience"], "https://api.example.com")
        self.assertEqual(refresh["scope"], "email openid")

    def test_without_token_parameters_no_scope_is_sent(self):
        _information, identity = self.authorize()
        self.refresh(identity)
        self.assertFalse([each for each in self.sent() if "scope" in each])

    def test_token_parameters_are_never_the_flow_s_own(self):
        for text in (
            "code=x",
            "client_secret=y",
            "grant_type=z",
            "a=1&a=2",
            "nonsense",
        ):
            with self.subTest(text), self.assertRaises(ValidationError):
                self.provider_record.token_params = text

    def posted(self, authorization_url):
        """The provider's page, which would be sent by itself.

        :return: ``(path, fields)`` of its form
        """
        page = requests.get(authorization_url, timeout=10)
        [form] = html.fromstring(page.text).forms
        return urlsplit(form.action).path, dict(form.form_values())

    def post(self, path, fields, **headers):
        return self.url_open(
            path,
            data=fields,
            headers={**BROWSER_HEADERS, "Origin": self.provider.issuer, **headers},
            allow_redirects=False,
        )

    def test_a_provider_may_post_its_answer(self):
        """OAuth 2.0 Form Post Response Mode"""
        self.configure(response_mode="form_post")
        for own_redirect_uri in (False, True):
            self.configure(own_redirect_uri=own_redirect_uri)
            url = self.ask()["authorization_url"]
            self.assertEqual(self.parameters_of(url)["response_mode"], "form_post")
            path, fields = self.posted(url)
            answer = self.post(path, fields)
            self.assertEqual(answer.status_code, 303, answer.text)
            self.assertEqual(answer.headers["Cache-Control"], "no-store")
            self.assertNotIn("Set-Cookie", answer.headers)
            address = urlsplit(answer.headers["Location"])
            self.assertEqual(address.path, path)
            self.assertEqual(dict(parse_qsl(address.query)), fields)
            page = self.visit(answer.headers["Location"], BROWSER_HEADERS)
            self.assertEqual(page.status_code, 200)
            self.assertIn("Allow", page.text)

    def test_a_posted_answer_spends_nothing_before_its_browser_follows_it(self):
        self.configure(response_mode="form_post")
        path, fields = self.posted(self.ask()["authorization_url"])
        for headers in ({}, {"Sec-Fetch-Dest": "iframe"}, {"Accept": "*/*"}):
            answer = self.post(path, fields, **headers)
            self.assertEqual(answer.status_code, 303)
        self.assertEqual(self.provider.calls["token"], 0)
        refused = self.visit(answer.headers["Location"], {"Sec-Fetch-Dest": "iframe"})
        self.assertEqual(refused.status_code, 403)
        page = self.visit(answer.headers["Location"], BROWSER_HEADERS)
        self.assertEqual(page.status_code, 200, page.text)

    def test_a_posted_answer_leads_to_this_odoo_s_own_callback_alone(self):
        evil = "https://evil.example.com"
        for path in (
            "/nowhere/oauth2/callback",
            "/%5Cevil.example.com/oauth2/callback",
        ):
            answer = self.post(path, {"state": "x"})
            self.assertNotIn("Location", answer.headers)
            self.assertEqual(answer.status_code, 400)
        fields = {"state": "x", "redirect_uri": evil, "error_description": "a\r\nb"}
        answer = self.post("/orders/oauth2/callback", fields, Host="evil.example.com")
        address = urlsplit(answer.headers["Location"])
        self.assertNotIn("evil", answer.headers["Location"])
        self.assertEqual(address.path, "/orders/oauth2/callback")
        sent = {"state": "x", "error_description": "a??b"}
        self.assertEqual(dict(parse_qsl(address.query)), sent)

    def test_a_posted_answer_that_can_be_read_in_two_ways_is_refused(self):
        for body in ("state=x&state=y", "code=%ff", "code=%0d%0aX-Posted:a"):
            answer = self.post("/orders/oauth2/callback", body)
            self.assertEqual(answer.status_code, 400, body)
            self.assertNotIn("Location", answer.headers)

    def test_userinfo_may_be_signed(self):
        """OpenID Connect Core section 5.3.2"""
        self.provider.signs_userinfo = True
        self.provider.id_token_claims_override = {"email": None}
        information, _identity = self.authorize()
        self.assertEqual(information["login"], self.user.login)
        self.assertEqual(self.provider.calls["userinfo"], 1)

    def forge_userinfo(self, change, claims):
        if "nonce" in claims:  # the id_token
            return self.provider.sign(claims)
        return self.provider.sign({**claims, **change}) if change else "e30.e30."

    def test_userinfo_that_is_signed_wrongly_is_refused(self):
        self.provider.signs_userinfo = True
        self.provider.id_token_claims_override = {"email": None}
        for name, change in {
            "of another issuer": {"iss": "https://evil.example.com"},
            "for another client": {"aud": "another-app"},
            "of another user": {"sub": "mallory"},
            "not signed": None,
        }.items():
            with self.subTest(name):
                self.provider.forge = partial(self.forge_userinfo, change)
                asked = self.ask()
                response = self.visit(self.sign_in(asked["authorization_url"]))
                self.assertRefused(response, 502, "server_error")

    def test_where_times_disagree_the_event_names_the_clock(self):
        """To the administrator, never to the caller."""
        for ahead, words in ((3600, "behind"), (-7200, "ahead of")):
            with self.subTest(ahead):
                self.provider.clock_ahead = ahead
                asked = self.ask()
                response = self.visit(self.sign_in(asked["authorization_url"]))
                self.assertRefused(response, 502, "server_error")
                self.assertNotIn("clock", response.text)
                self.env.invalidate_all()
                reason = self.env["oauth2.event"].search([], limit=1).reason
                self.assertIn("the clock of this server is", reason)
                self.assertIn(words, reason)

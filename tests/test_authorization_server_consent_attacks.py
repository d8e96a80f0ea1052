"""Consent that the user did not give: forged forms, other browsers, users, frames,
and decisions that are remembered.
"""

from datetime import timedelta

from lxml import html

from odoo import fields
from odoo.tests import tagged

from .attack_common import Browsers
from .authorization_server_common import REDIRECT_URI
from .common import BROWSER_HEADERS, SCRIPT_HEADERS, basic_authorization
from .test_authorization_server_attacks import ServerAttackCase

CROSS_SITE = {"Origin": "https://evil.example.com", "Sec-Fetch-Site": "cross-site"}


@tagged("post_install", "-at_install")
class TestForgedConsent(Browsers, ServerAttackCase):
    """Olivia has the consent page open; Mallory wants her Allow."""

    def setUp(self):
        super().setUp()
        self.mallory = self.make_user("mallory@example.com")
        self.env.flush_all()

    def form_of(self, page):
        (form,) = html.fromstring(page.text).forms
        return {**dict(form.form_values()), "decision": "allow"}

    def send_form(self, address, form, **headers):
        return self.url_open(
            address,
            data=form,
            method="POST",
            headers={**BROWSER_HEADERS, "Sec-Fetch-Site": "same-origin", **headers},
            allow_redirects=False,
        )

    def consent_cookies(self):
        return [c for c in self.opener.cookies if c.name.startswith("oauth2_confirm_")]

    def assertNotAllowed(self, response, *statuses):
        self.assertIn(response.status_code, statuses or (400,), response.text)
        self.assertNotIn("code=", response.headers.get("Location", ""))
        self.env.invalidate_all()
        self.assertFalse(self.own.client_user_ids)

    def test_allow_needs_the_secrets_of_this_very_page_and_browser(self):
        address, page = self.open_consent()
        other_address, other_page = self.open_consent()
        form, other_form = self.form_of(page), self.form_of(other_page)
        for name, changes in (
            ("no form secret", {"csrf_token": ""}),
            ("a made-up form secret", {"csrf_token": "A" * 43}),
            ("another page's form secret", {"csrf_token": other_form["csrf_token"]}),
        ):
            with self.subTest(name):
                self.assertNotAllowed(
                    self.send_form(address, {**form, **changes}), 400, 303
                )
        with self.subTest("another page's address"):
            self.assertNotAllowed(self.send_form(other_address, form), 303)
        with self.subTest("the door of providers' sign-ins"):
            self.assertNotAllowed(self.send_form("/orders/oauth2/confirm", form))
        with self.subTest("an unknown address"):
            unknown = address.partition("=")[0] + "=" + "A" * 43
            self.assertNotAllowed(self.send_form(unknown, form))
        olivia, cookies = self.opener, self.consent_cookies()
        self.assertEqual(len(cookies), 2)
        with self.subTest("no session, as of a form of another site"):
            self.new_browser()
            response = self.send_form(address, form, **CROSS_SITE)
            self.assertNotAllowed(response, 303)
            self.assertIn("/web/login", response.headers["Location"])
        with self.subTest("her own other browser, without the cookie"):
            self.new_browser(self.user)
            self.assertNotAllowed(self.send_form(address, form), 303)
        with self.subTest("another user, with all of her secrets"):
            self.new_browser(self.mallory)
            for cookie in cookies:
                self.opener.cookies.set_cookie(cookie)
            self.assertNotAllowed(self.send_form(address, form), 303)
        self.opener = olivia
        with self.subTest("another cookie"):
            values = [cookie.value for cookie in cookies]
            for cookie, value in zip(cookies, reversed(values), strict=True):
                self.opener.cookies.set(
                    cookie.name, value, domain=cookie.domain, path=cookie.path
                )
            self.assertNotAllowed(self.send_form(address, form), 303)
            for cookie, value in zip(cookies, values, strict=True):
                self.opener.cookies.set(
                    cookie.name, value, domain=cookie.domain, path=cookie.path
                )
        self.assertIn("code", self.answer(self.send_form(address, form)))

    def test_a_providers_page_does_not_decide_a_sign_in_at_this_odoo(self):
        self.client.redirect_uris = REDIRECT_URI
        self.env.flush_all()
        self.provider.login = self.user.login
        response = self.ask_for_code(client_id="demo-app")
        page = self.visit(self.sign_in(response.headers["Location"]), BROWSER_HEADERS)
        form = self.form_of(page)
        address, _page = self.open_consent()
        self.assertNotAllowed(self.send_form(address, form), 303)
        self.assertFalse(self.client.client_user_ids)
        response = self.send_form("/orders/oauth2/confirm", form)
        self.assertIn("code", self.answer(response))

    def test_one_page_is_one_decision(self):
        address, page = self.open_consent()
        form = self.form_of(page)
        code = self.answer(self.send_form(address, form))["code"]
        for decision in ("allow", "deny"):
            response = self.send_form(address, {**form, "decision": decision})
            self.assertEqual(response.status_code, 400)
            self.assertNotIn("Location", response.headers)
        self.assertEqual(self.visit(address, BROWSER_HEADERS).status_code, 400)
        self.assertEqual(self.exchange(code).status_code, 200)
        address, page = self.open_consent(scope="orders.read")
        if page.status_code == 200:
            form = self.form_of(page)
            self.send_form(address, {**form, "decision": "deny"})
            self.assertEqual(self.send_form(address, form).status_code, 400)

    def test_a_form_grants_nothing_that_the_page_did_not_offer(self):
        foreign = self.make_scopes(self.api, ["all.write"])
        self.env.flush_all()
        address, page = self.open_consent(scope="partners.read")
        form = self.form_of(page)
        more = {f"scope_{each.id}": "on" for each in (*foreign, *self.api.scope_ids)}
        code = self.answer(self.send_form(address, {**form, **more}))["code"]
        self.assertEqual(self.exchange(code).json()["scope"], "partners.read")

    def test_consent_is_asked_for_in_a_window_of_its_own(self):
        """Mallory lays the page over a game (RFC 9700 4.16)."""
        address, page = self.open_consent()
        refused = self.visit("/orders/oauth2/consent?request=unknown", BROWSER_HEADERS)
        unknown = self.ask_for_code(client_id="stranger")
        for shown in (page, refused, unknown):
            self.assertEqual(shown.headers["X-Frame-Options"], "DENY")
            policy = shown.headers["Content-Security-Policy"]
            self.assertIn("frame-ancestors 'none'", policy)
            self.assertEqual(shown.headers["Cache-Control"], "no-store")
        for destination in ("iframe", "frame", "embed", "object", "image", "empty"):
            with self.subTest(destination):
                headers = {**BROWSER_HEADERS, "Sec-Fetch-Dest": destination}
                response = self.visit(address, headers)
                self.assertNotIn("csrf_token", response.text)
                self.assertNotAllowed(response, 403)

    def test_a_page_names_who_would_be_acted_as(self):
        """Login CSRF: Mallory has signed Olivia's browser in as himself. What she sees
        names him; the code is bound to the application's own browser by state and PKCE.
        """
        address, _page = self.open_consent()
        self.new_browser(self.mallory)
        page = self.visit(address, BROWSER_HEADERS)
        self.assertIn(self.mallory.login, page.text)
        self.assertNotIn(self.user.login, page.text)
        code = self.answer(self.decide(address, page))["code"]
        told = self.introspected(self.exchange(code).json()["access_token"])
        self.assertEqual(told["username"], self.mallory.login)

    def test_the_authorization_endpoint_neither_makes_nor_reads_a_session(self):
        for user in (None, self.mallory):
            self.new_browser(user)
            before = self.opener.cookies.get("session_id")
            response = self.ask_for_code()
            self.assertEqual(response.status_code, 303)
            self.assertNotIn("Set-Cookie", response.headers)
            self.assertEqual(self.opener.cookies.get("session_id"), before)
        self.new_browser()
        _address, page = self.open_consent()
        self.assertEqual(page.status_code, 303)
        self.assertIn("/web/login?redirect=", page.headers["Location"])


@tagged("post_install", "-at_install")
class TestRememberedConsent(Browsers, ServerAttackCase):
    def is_asked(self, **changes):
        """:return: whether the user sees a page"""
        _address, page = self.open_consent(**changes)
        if page.status_code == 303:
            self.assertIn("code", self.answer(page))
        return page.status_code == 200

    def test_consent_is_remembered_for_the_same_user_client_api_and_scopes_alone(self):
        mallory = self.make_user("mallory@example.com")
        self.tokens(scope="partners.read")
        self.env.invalidate_all()
        self.assertFalse(self.is_asked(scope="partners.read"))
        grants = self.own.client_user_ids

        def narrow():
            grants.write({"scope_ids": [(5,)]})

        def end():
            grants.write({"state": "expired"})

        def lapse():
            grants.write({"expires_at": fields.Datetime.now() - timedelta(1)})

        def become_public():
            self.own.client_type = "public"

        def come_from_before():
            grants.write({"agreement": False})  # grants that no page is known of

        for name, change, changes in (
            ("more scopes", None, {"scope": "partners.read orders.read"}),
            ("all scopes", None, {"scope": None}),
            ("another scope", None, {"scope": "orders.read"}),
            ("another client", None, {"client_id": "other-app"}),
            ("taken away since", narrow, {}),
            ("revoked", grants.unlink, {}),
            ("ended", end, {}),
            ("its time is over", lapse, {}),
            ("a public client", become_public, {}),
            ("made by an earlier version", come_from_before, {}),
        ):
            with self.row(name):
                if change:
                    change()
                    self.env.flush_all()
                self.assertTrue(self.is_asked(**{"scope": "partners.read", **changes}))
        self.new_browser(mallory)
        self.assertTrue(self.is_asked(scope="partners.read"))

    def test_a_public_client_is_asked_about_each_time(self):
        public = {"client_id": "public-app", "scope": "partners.read"}
        self.make_own_client(
            name="Public", client_identifier="public-app", client_type="public"
        )
        self.env.flush_all()
        for _time in range(2):
            address, page = self.open_consent(**public)
            self.assertEqual(page.status_code, 200)
            code = self.answer(self.decide(address, page))["code"]
            answer = self.exchange(code, {}, client_id="public-app")
            self.assertEqual(answer.status_code, 200, answer.text)

    def test_the_grant_of_a_service_is_no_consent(self):
        self.serve_as(self.user)
        answer = self.ask_token(grant_type="client_credentials", scope="partners.read")
        self.assertEqual(answer.status_code, 200, answer.text)
        self.assertTrue(self.is_asked(scope="partners.read"))


@tagged("post_install", "-at_install")
class TestRememberedChoice(Browsers, ServerAttackCase):
    """What a user took away from a confidential client stays away, unasked."""

    def setUp(self):
        super().setUp()
        self.orders, self.partners = (
            self.api.scope_ids.filtered(lambda scope, name=name: scope.name == name)
            for name in ("orders.read", "partners.read")
        )
        self.line = self.open_model(self.partners, "res.partner", "read", "write")
        self.open_model(self.orders, "res.country", "read")
        self.env.flush_all()

    def choose(self, *taken, decision="allow", **changes):
        """The user is asked, and takes scopes away."""
        address, page = self.open_consent(**changes)
        gone = {f"scope_{scope.id}": None for scope in taken}
        code = self.answer(self.decide(address, page, decision, **gone))["code"]
        return self.exchange(code).json()["scope"]

    def unasked(self, **changes):
        """:return: the scope of the tokens that the client gets without a page"""
        _address, page = self.open_consent(**changes)
        self.assertEqual(page.status_code, 303, "the user is asked")
        return self.exchange(self.answer(page)["code"]).json()["scope"]

    def assertAsked(self, **changes):
        _address, page = self.open_consent(**changes)
        self.assertEqual(page.status_code, 200, "the user is not asked")

    def newest_grant(self):
        self.env.invalidate_all()
        return self.own.client_user_ids.sorted("id")[-1:]

    def sign_in_reason(self):
        self.env.invalidate_all()
        events = self.env["oauth2.event"].search([("kind", "=", "sign_in")], limit=1)
        return events.reason

    def test_a_scope_that_the_user_took_away_stays_away_and_is_not_asked_about(self):
        self.assertEqual(self.choose(self.partners), "orders.read")
        for _time in range(2):
            self.assertEqual(self.unasked(), "orders.read")
            self.assertEqual(
                self.sign_in_reason(),
                "The user has allowed it before, and was not asked again."
                " The user took away: partners.read.",
            )
        self.assertEqual(self.unasked(scope="orders.read"), "orders.read")
        self.assertEqual(self.unasked(scope="partners.read"), "")

    def test_reading_only_is_remembered(self):
        self.assertEqual(self.choose(decision="read_only"), "orders.read")
        self.assertEqual(self.unasked(), "orders.read")

    def test_a_scope_that_no_page_has_shown_is_asked_about(self):
        self.choose(scope="orders.read")
        self.assertAsked(scope="partners.read")
        self.assertAsked()
        self.choose(self.partners)
        self.assertEqual(self.unasked(), "orders.read")
        self.own.scope_ids |= self.make_scopes(self.api, ["all.write"])
        self.env.flush_all()
        self.assertAsked()
        self.assertEqual(self.unasked(scope="orders.read partners.read"), "orders.read")

    def test_a_scope_that_opens_more_than_its_page_showed_is_asked_about(self):
        self.choose(self.orders)
        for name, change, is_asked in (
            ("another operation", {"perm_create": True}, True),
            ("a method", {"method_names": "load"}, True),
            ("less", {"perm_write": False}, False),
        ):
            with self.row(name):
                self.line.write(change)
                self.env.flush_all()
                self.assertEqual(self.unasked(scope="orders.read"), "")
                if is_asked:
                    self.assertAsked()
                    self.choose()
                self.assertEqual(
                    self.unasked(),
                    "orders.read partners.read" if is_asked else "partners.read",
                )
        with self.row("another model, of the scope that was taken away"):
            self.open_model(self.orders, "res.partner", "read")
            self.env.flush_all()
            self.assertAsked()
            self.assertEqual(self.unasked(scope="partners.read"), "partners.read")

    def test_a_scope_that_became_more_while_its_page_was_open_is_asked_about(self):
        address, page = self.open_consent()
        self.line.perm_create = True
        self.env.flush_all()
        answer = self.answer(self.decide(address, page))
        self.assertEqual(self.exchange(answer["code"]).json()["scope"], "orders.read")
        self.assertEqual(self.unasked(scope="orders.read"), "orders.read")
        self.line.perm_create = False  # as the page showed it, and not granted
        self.env.flush_all()
        self.assertAsked()

    def test_of_each_scope_the_latest_decision_counts(self):
        self.choose(scope="orders.read")
        self.choose(self.orders)
        self.assertEqual(self.unasked(), "partners.read")
        self.assertEqual(self.unasked(scope="orders.read"), "")

    def test_what_was_taken_away_does_not_come_back_when_the_newer_grant_is_gone(self):
        """The client lets go of the grant whose page the user took a scope away on."""
        self.make_scopes(self.api, ["all.write"])
        self.own.scope_ids = self.api.scope_ids
        self.env.flush_all()
        both = "orders.read partners.read"

        def revoke(code):
            token = self.exchange(code).json()["access_token"]
            headers = basic_authorization("own-app", self.secret)
            self.url_open("/orders/oauth2/revoke", {"token": token}, headers=headers)

        def leave_until_it_is_over(_code):
            self.newest_grant().expires_at = fields.Datetime.now() - timedelta(1)
            self.env.flush_all()

        def change_scopes(code):
            self.exchange(code)
            self.newest_grant().scope_ids = self.orders
            self.env.flush_all()

        for let_go in (revoke, leave_until_it_is_over, change_scopes):
            with self.row(let_go.__name__):
                self.assertEqual(self.choose(scope=both), both)
                self.assertEqual(self.unasked(scope=both), both)
                address, page = self.open_consent()
                gone = {f"scope_{self.partners.id}": None}
                code = self.answer(self.decide(address, page, **gone))["code"]
                self.env.invalidate_all()
                grants = self.own.client_user_ids
                let_go(code)
                self.env.invalidate_all()
                self.assertGreaterEqual(len(grants.exists()), 2)
                for scope in (both, "orders.read", "partners.read"):
                    self.assertAsked(scope=scope)

    def test_a_page_leaves_what_was_decided_on_other_scopes(self):
        self.choose(self.orders)
        self.line.perm_create = True
        self.env.flush_all()
        self.choose(scope="partners.read")
        self.newest_grant().unlink()
        self.line.perm_create = False  # as the first page showed it
        self.env.flush_all()
        self.assertEqual(self.unasked(scope="orders.read"), "")
        self.assertAsked(scope="partners.read")

    def test_another_user_s_page_leaves_what_a_user_has_decided(self):
        mallory = self.make_user("mallory@example.com")
        self.env.flush_all()
        self.choose()
        olivia = self.opener
        self.new_browser(mallory)
        self.choose(self.partners)
        self.opener = olivia
        self.assertEqual(self.unasked(), "orders.read partners.read")

    def test_of_many_earlier_grants_those_alone_are_read_that_decide(self):
        self.choose()
        for _time in range(3):
            self.unasked()
        latest = self.newest_grant()
        # What is not read may be anything.
        self.env.cr.execute(
            "UPDATE oauth2_client_user SET agreement = '{\"agreement\": [7]}'"
            " WHERE client_id = %s AND id != %s",
            (self.own.id, latest.id),
        )
        self.env.invalidate_all()
        self.assertEqual(self.unasked(), "orders.read partners.read")

    def test_scopes_that_were_allowed_one_by_one_are_allowed_together(self):
        self.choose(scope="orders.read")
        self.choose(scope="partners.read")
        self.assertEqual(self.unasked(), "orders.read partners.read")

    def test_what_was_granted_without_a_page_is_asked_about(self):
        self.client.redirect_uris = REDIRECT_URI
        self.env.flush_all()
        self.provider.login = self.user.login
        script = self.visit(
            self.sign_in(self.ask()["authorization_url"]), SCRIPT_HEADERS
        )
        self.assertIn("access_token", script.json())
        sent = self.ask_for_code(client_id="demo-app").headers["Location"]
        page = self.visit(self.sign_in(sent), BROWSER_HEADERS)
        self.assertEqual(page.status_code, 200, "the user is not asked")
        self.assertIn("csrf_token", page.text)

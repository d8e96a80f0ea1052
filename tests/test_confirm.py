import json
from datetime import datetime, timedelta

from lxml import html

from odoo.tests import tagged

from .common import BROWSER_HEADERS
from .test_callback import CallbackCase


@tagged("post_install", "-at_install")
class ConfirmCase(CallbackCase):
    def open_page(self):
        """The user's browser comes back from the provider.

        :return: what the page's form sends, but for the decision
        """
        self.response = self.come_back(BROWSER_HEADERS)
        self.assertEqual(self.response.status_code, 200, self.response.text)
        (form,) = html.fromstring(self.response.text).forms
        self.assertEqual(form.method.upper(), "POST")
        self.assertEqual(form.action, "/orders/oauth2/confirm")
        return dict(form.form_values())

    def decide(self, form, decision="allow", **options):
        return self.url_open(
            "/orders/oauth2/confirm",
            data={**form, **({"decision": decision} if decision else {})},
            method="POST",
            headers={
                **BROWSER_HEADERS,
                "Sec-Fetch-Site": "same-origin",
                "Origin": self.base_url(),
                **options.pop("headers", {}),
            },
            allow_redirects=False,
            **options,
        )

    def embedded(self, response):
        (script,) = html.fromstring(response.text).xpath(
            '//script[@id="token-information"]'
        )
        self.assertEqual(script.get("type"), "application/json")
        return json.loads(script.text)

    def forget_cookies(self):
        for cookie in list(self.opener.cookies):
            if cookie.name.startswith("oauth2_"):
                self.opener.cookies.clear(cookie.domain, cookie.path, cookie.name)

    def assertPage(self, response, status):
        self.assertEqual(response.status_code, status, response.text)
        media_type = response.headers["Content-Type"].partition(";")[0]
        self.assertEqual(media_type, "text/html")
        self.assertNotIn("Traceback", response.text)

    def assertNotDecided(self, response, status=400):
        self.assertPage(response, status)
        self.assertNotIn("token-information", response.text)
        self.assertFalse(self.grant_of(self.identity))


@tagged("with_website")
class TestConfirmationPage(ConfirmCase):
    """The page between a browser's sign-in and its grant."""

    def test_no_grant_and_no_token_exists_before_allow(self):
        self.open_page()
        self.env.invalidate_all()
        domain = [("client_id", "=", self.client.id)]
        self.assertFalse(self.env["oauth2.client.user"].search(domain))
        owned = [("client_user_id.client_id", "=", self.client.id)]
        self.assertFalse(self.env["oauth2.token"].search(owned))
        access_token = self.provider.grants[-1]["access"][-1]
        answer = self.bearer("/orders/partners", access_token)
        self.assertRefused(answer, 401, "invalid_token")

    def again(self, headers=None):
        """The same browser, or another caller, opens the callback's address again."""
        return self.visit(self.callback_url, headers or BROWSER_HEADERS)

    def test_the_open_page_is_shown_again_to_its_browser(self):
        """Reload, and Back."""
        before = self.open_page()
        record = self.env["oauth2.authorization.request"].search([], limit=1)
        record.expires_at -= timedelta(minutes=5)
        ends_at = record.expires_at
        self.env.flush_all()
        response = self.again()
        self.assertPage(response, 200)
        (form,) = html.fromstring(response.text).forms
        self.env.invalidate_all()
        self.assertEqual(record.expires_at, ends_at)
        self.assertNotDecided(self.decide(before))
        allowed = self.decide(dict(form.form_values()))
        self.assertPage(allowed, 200)
        self.assertIn("access_token", self.embedded(allowed))
        self.assertEqual(self.provider.calls["token"], 1)

    def test_the_open_page_is_shown_to_no_other_browser_and_to_no_script(self):
        self.open_page()
        response = self.again({"Accept": "application/json"})
        self.assertRefused(response, 400, "invalid_request")
        self.forget_cookies()
        self.assertNotDecided(self.again())
        # A browser that has a page of its own open.
        address, self.asked = self.callback_url, self.ask()
        self.open_page()
        self.assertNotDecided(self.visit(address, BROWSER_HEADERS))

    def test_a_reload_after_allow_says_that_access_was_granted(self):
        form = self.open_page()
        self.assertPage(self.decide(form), 200)
        for response in (self.decide(form), self.again()):
            self.assertPage(response, 400)
            self.assertIn("access was granted", response.text)
            self.assertNotIn("No access was granted", response.text)

    def test_a_reload_after_deny_says_that_it_was_not(self):
        form = self.open_page()
        self.assertPage(self.decide(form, "deny"), 200)
        for response in (self.decide(form), self.again()):
            self.assertNotDecided(response)
            self.assertIn("No access was granted", response.text)

    def test_the_consent_page_says_who_will_act_as_whom_and_may_do_what(self):
        self.client.name = "The <Application>"
        self.provider_record.name = "The Honest Provider"
        self.open_page()
        text = html.fromstring(self.response.text).text_content()
        for expected in (
            "The <Application>",
            "The Honest Provider",
            self.api.name,
            self.user.name,
            self.user.login,
            "partners.read",
            "127.0.0.1",
        ):
            self.assertIn(expected, text)

    def test_the_consent_page_says_what_the_scopes_open(self):
        line = self.open_model(self.api.scope_ids, "res.country", "read", "write")
        line.method_names = "load web_save"
        self.open_page()
        text = " ".join(html.fromstring(self.response.text).text_content().split())
        self.assertIn("Country: read, change, call load, and call web_save", text)

    def test_a_scope_that_became_more_than_the_page_showed_is_not_granted(self):
        scope, was_granted = self.api.scope_ids, False
        line = self.open_model(scope, "res.country", "read", "write")
        for values, granted in (
            ({"method_names": "load"}, False),
            ({"method_names": ""}, True),
            ({"perm_create": True}, False),
            ({"perm_create": False, "perm_write": False}, True),
        ):
            with self.subTest(values):
                self.asked = self.ask(self.identity)
                form = self.open_page()
                line.write(values)
                self.env.flush_all()
                response = self.decide(form)
                self.assertPage(response, 200)
                self.assertWithheld(response, "" if granted else "partners.read")
                grant = self.grant_of(self.identity)
                self.assertEqual(grant.scope_ids, scope if granted else scope[:0])
                was_granted = was_granted or granted
                self.assertEqual(scope.was_granted, was_granted)

    def assertWithheld(self, response, name):
        """The user is told on the page, the administrator in the audit log."""
        self.env.invalidate_all()
        event = self.env["oauth2.event"].search([("kind", "=", "sign_in")], limit=1)
        reason = f"they changed since the page was shown: {name}"
        text = f"An administrator changed this while you decided: {name}."
        page = " ".join(html.fromstring(response.text).text_content().split())
        for words, found in ((reason, event.reason or ""), (text, page)):
            if name:
                self.assertIn(words, found)
            else:
                self.assertNotIn("changed", found)

    def test_a_scope_that_was_taken_away_since_the_page_is_told_as_not_granted(self):
        form = self.open_page()
        self.client.scope_ids = False
        self.env.flush_all()
        response = self.decide(form)
        self.assertPage(response, 200)
        self.assertFalse(self.grant_of(self.identity).scope_ids)
        self.assertWithheld(response, "partners.read")

    def test_the_consent_page_says_for_how_long(self):
        """RFC 6749 section 10.2"""
        self.api.authorization_lifetime = 10 * 24 * 3600
        self.open_page()
        page = html.fromstring(self.response.text)
        # The link was asked for in this moment, and the page says when.
        asked, *_again, until = sorted(page.xpath("//time/@datetime"))
        days = (datetime.fromisoformat(until) - datetime.fromisoformat(asked)).days
        self.assertEqual(days, 10)
        self.assertIn("Ends by itself", self.response.text)

    def test_the_consent_page_allows_no_frame_cache_referer_or_foreign_script(self):
        """RFC 9700 section 4.16"""
        form = self.open_page()
        allowed = self.decide(form)
        for response in (self.response, allowed, self.decide(form)):
            headers = response.headers
            self.assertEqual(headers["X-Frame-Options"], "DENY")
            self.assertEqual(headers["Cache-Control"], "no-store")
            self.assertEqual(headers["Referrer-Policy"], "no-referrer")
            policy = dict(
                directive.strip().split(" ", 1)
                for directive in headers["Content-Security-Policy"].split(";")
            )
            self.assertEqual(policy["default-src"], "'none'")
            self.assertEqual(policy["frame-ancestors"], "'none'")
            self.assertEqual(policy["base-uri"], "'none'")
            self.assertEqual(policy["script-src"], "'self'")
            sources = set(" ".join(policy.values()).split())
            self.assertLessEqual(sources, {"'none'", "'self'", "data:"})
            page = html.fromstring(response.text)
            for address in page.xpath("//@href | //@src | //@action"):
                self.assertRegex(address, r"^/[^/\\]")  # of this very server
        for response in (self.response, allowed):
            policy = response.headers["Content-Security-Policy"]
            self.assertIn("form-action 'self'", policy)
            opener = response.headers["Cross-Origin-Opener-Policy"]
            self.assertEqual(opener, "same-origin")

    def test_the_consent_page_s_cookie_is_of_this_page_only_and_out_of_reach(self):
        form = self.open_page()
        cookie = self.response.headers["Set-Cookie"]
        for attribute in ("HttpOnly", "SameSite=Lax", "Path=/orders/oauth2"):
            self.assertIn(attribute, cookie)
        self.assertIn("Max-Age=600", cookie)
        self.assertNotIn(form["csrf_token"], cookie)
        for secret in (form["csrf_token"], cookie.partition("=")[2].partition(";")[0]):
            self.assertRegex(secret, r"^[A-Za-z0-9_-]{43}$")  # 256 bits in base64url
        self.assertNotIn("session_id", cookie)

    def test_the_consent_page_s_cookie_is_secure_where_odoo_is(self):
        parameters = self.env["ir.config_parameter"]
        for base in ("https://odoo.example.com", "HTTPS://odoo.example.com"):
            parameters.set_param("api_auth_oauth2.base_url", base)
            self.asked = self.ask()
            url = self.sign_in(self.asked["authorization_url"])
            response = self.visit(url.removeprefix(base), BROWSER_HEADERS)
            self.assertIn("; Secure", response.headers["Set-Cookie"])


@tagged("with_website")
class TestConfirmAllow(ConfirmCase):
    """Allow makes the grant and shows the token information."""

    def test_allow_gives_the_token_information_as_json_in_the_page(self):
        response = self.decide(self.open_page())
        self.assertPage(response, 200)
        information = self.embedded(response)
        self.assertEqual(
            information["access_token"], self.provider.grants[-1]["access"][-1]
        )
        self.assertEqual(information["db"], self.env.cr.dbname)
        self.assertEqual(information["login"], self.user.login)
        self.assertIs(type(information["expires_in"]), int)
        self.assertIs(type(information["expires_at"]), int)
        opened = self.bearer("/orders/partners", information["access_token"])
        self.assertEqual(opened.status_code, 200, opened.text)
        self.assertEqual(self.grant_of(self.identity).user_id, self.user)

    def test_what_the_provider_says_cannot_leave_the_script_element(self):
        text = "</script><script>alert(1)</script><!--\u2028"
        self.provider.token_answer_override = {"custom": text}
        response = self.decide(self.open_page())
        self.assertEqual(self.embedded(response)["custom"], text)
        self.assertNotIn("<script>alert", response.text)

    def test_a_scope_that_the_user_takes_away_is_not_granted(self):
        [read] = self.api.scope_ids
        write, more = self.make_scopes(self.api, ["partners.write", "partners.more"])
        self.client.scope_ids |= write
        form = self.open_page()
        boxes = {scope: f"scope_{scope.id}" for scope in (read, write, more)}
        self.assertEqual(form.keys(), {"csrf_token", boxes[read], boxes[write]})
        for kept, status in ((read, 200), (write, 403), (read[:0], 403)):
            with self.subTest(kept.mapped("name")):
                self.asked = self.ask(self.identity)
                form = self.open_page()
                ticked = [boxes[each] for each in (*kept, more)]  # one was not offered
                sent = {"csrf_token": form["csrf_token"], **dict.fromkeys(ticked, "on")}
                information = self.embedded(self.decide(sent))
                self.assertEqual(self.grant_of(self.identity).scope_ids, kept)
                answer = self.bearer("/orders/partners", information["access_token"])
                self.assertEqual(answer.status_code, status, answer.text)
                told = self.env["oauth2.event"].search([("kind", "=", "sign_in")])
                left_out = ", ".join(sorted(((read | write) - kept).mapped("name")))
                reason = f"The user took away: {left_out}."
                self.assertIn(reason, told.sorted("id")[-1:].reason)

    def test_two_sign_ins_in_one_browser_do_not_collide(self):
        first = self.open_page()
        first_identity = self.identity
        self.asked = self.ask()
        second = self.open_page()
        for form in (first, second):
            self.assertPage(self.decide(form), 200)
        self.assertTrue(self.grant_of(first_identity))
        self.assertTrue(self.grant_of(self.asked["client_user_identity"]))

    def test_the_consent_page_s_cookie_is_taken_back_after_allow(self):
        response = self.decide(self.open_page())
        self.assertIn("Max-Age=0", response.headers["Set-Cookie"])

    def test_allow_of_a_user_outside_the_allowed_groups_is_refused(self):
        form = self.open_page()
        self.api.allowed_group_ids = self.env.ref("base.group_system")
        self.assertNotDecided(self.decide(form), 403)
        self.tell_providers()
        self.assertEqual(self.provider.calls["revocation"], 2)


class TestConfirmDeny(ConfirmCase):
    """Deny grants nothing, and ends the new tokens where that harms no other grant."""

    def test_deny_grants_nothing_and_revokes_the_new_tokens(self):
        response = self.decide(self.open_page(), "deny")
        self.assertNotDecided(response, 200)
        told = self.env["oauth2.event"].search([("kind", "=", "deny")], limit=1)
        self.assertEqual((told.client_id, told.user_id), (self.client, self.user))
        self.tell_providers()
        self.assertEqual(self.provider.calls["revocation"], 2)
        self.assertFalse(self.provider.grants)

    def test_deny_leaves_another_grant_of_the_same_client_and_subject_alone(self):
        self.authorize()
        self.decide(self.open_page(), "deny")
        self.assertFalse(self.grant_of(self.identity))
        self.assertLeftThere()

    def test_a_refused_allow_leaves_another_grant_of_that_subject_alone(self):
        self.authorize()
        form = self.open_page()
        self.api.allowed_group_ids = self.env.ref("base.group_system")
        self.assertNotDecided(self.decide(form), 403)
        self.assertLeftThere()

    def test_deny_revokes_beside_grants_that_are_over_or_of_others(self):
        _information, expired = self.authorize()
        self.grant_of(expired).state = "expired"
        yesterday = datetime.now() - timedelta(days=1)
        self.make_grant(self.client, self.user, subject="olivia", expires_at=yesterday)
        other = self.make_client(
            self.api, self.provider_record, client_identifier="other-app"
        )
        self.make_grant(other, self.user, subject="olivia")
        self.make_grant(self.client, self.user, subject="somebody-else")
        issuer = "https://another.example.com"
        self.make_grant(self.client, self.user, subject="olivia", issuer=issuer)
        self.decide(self.open_page(), "deny")
        self.tell_providers()
        self.assertEqual(self.provider.calls["revocation"], 2)
        self.assertFalse(self.env["oauth2.event"].search([("kind", "=", "given_up")]))

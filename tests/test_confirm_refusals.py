from datetime import timedelta

from odoo import fields
from odoo.tests import tagged

from .common import BROWSER_HEADERS
from .test_confirm import ConfirmCase


@tagged("post_install", "-at_install")
class TestConfirmRefusals(ConfirmCase):
    """Only the browser that saw the page decides, once, within ten minutes."""

    def test_a_decision_without_the_right_csrf_token_is_refused(self):
        form = self.open_page()
        for wrong in (
            {"csrf_token": form["csrf_token"] + "x"},
            {"csrf_token": "é"},
            {"csrf_token": ""},
            {},
        ):
            self.assertNotDecided(self.decide(wrong))
        self.assertPage(self.decide(form), 200)

    def test_a_decision_in_another_browser_is_refused(self):
        form = self.open_page()
        cookies = [c for c in self.opener.cookies if c.name.startswith("oauth2_")]
        self.forget_cookies()
        other_form = self.open_other_page()
        self.assertNotDecided(self.decide(form))
        self.forget_cookies()
        for cookie in cookies:
            self.opener.cookies.set_cookie(cookie)
        response = self.decide(other_form)
        self.assertPage(response, 400)

    def open_other_page(self):
        identity, self.asked = self.identity, self.ask()
        form = self.open_page()
        self.identity = identity
        return form

    def test_a_second_decision_is_refused(self):
        form = self.open_page()
        cookies = list(self.opener.cookies)
        self.assertPage(self.decide(form), 200)
        for cookie in cookies:
            self.opener.cookies.set_cookie(cookie)
        before = self.grant_of(self.identity).read()
        for decision in ("allow", "deny"):
            response = self.decide(form, decision)
            self.assertPage(response, 400)
            self.assertNotIn("token-information", response.text)
        self.assertEqual(self.grant_of(self.identity).read(), before)

    def test_a_decision_after_ten_minutes_is_refused(self):
        form = self.open_page()
        record = self.env["oauth2.authorization.request"].search(
            [("client_id", "=", self.client.id)]
        )
        left = record.expires_at - fields.Datetime.now()
        self.assertTrue(timedelta(minutes=9) < left <= timedelta(minutes=10))
        record.expires_at = fields.Datetime.now() - timedelta(seconds=1)
        self.assertNotDecided(self.decide(form))

    def test_a_decision_for_another_api_is_refused(self):
        form = self.open_page()
        self.make_api("crm")
        (cookie,) = (c for c in self.opener.cookies if c.name.startswith("oauth2_"))
        response = self.url_open(
            "/crm/oauth2/confirm",
            data={**form, "decision": "allow"},
            headers=BROWSER_HEADERS,
            cookies={cookie.name: cookie.value},
        )
        self.assertNotDecided(response)

    def test_no_or_an_unknown_decision_is_refused(self):
        form = self.open_page()
        for decision in ("", None, "Allow", "allow!"):
            self.assertNotDecided(self.decide(form, decision))
        self.assertPage(self.decide(form), 200)

    def test_a_decision_in_the_url_or_sent_twice_is_refused(self):
        form = self.open_page()
        response = self.url_open(
            "/orders/oauth2/confirm?decision=allow", data=form, headers=BROWSER_HEADERS
        )
        self.assertNotDecided(response)
        self.assertNotDecided(self.decide({**form, "decision": ["allow"] * 2}, None))

    def test_a_malformed_scope_on_the_page_is_refused_before_anything_is_decided(self):
        form = self.open_page()
        self.assertNotDecided(self.decide({**form, "scope_1": "é"}))
        self.assertPage(self.decide(form), 200)

    def test_a_decision_for_a_client_archived_meanwhile_is_refused(self):
        form = self.open_page()
        self.client.active = False
        self.assertNotDecided(self.decide(form))

    def test_a_decision_by_get_is_refused(self):
        self.open_page()
        response = self.visit("/orders/oauth2/confirm", BROWSER_HEADERS)
        self.assertRefused(response, 405, "invalid_request")

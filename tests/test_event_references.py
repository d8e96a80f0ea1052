"""What a refused page shows is found in the audit log."""

import re
from datetime import timedelta
from urllib.parse import parse_qs, quote, urlencode, urlsplit

from lxml import etree, html

from odoo import fields
from odoo.tests import tagged
from odoo.tools.safe_eval import safe_eval

from ..services.audit import auth_failure_log
from ..services.audit.auth_failure_log import AuthFailureLog
from .authorization_server_common import AuthorizationServerCase
from .common import BROWSER_HEADERS

_REFERENCE = re.compile(r"\b[2-9A-HJ-NP-Z]{4}-[2-9A-HJ-NP-Z]{4}\b")


@tagged("post_install", "-at_install")
class TestEventReferences(AuthorizationServerCase):
    def setUp(self):
        super().setUp()
        self.patch(auth_failure_log, "failures", AuthFailureLog())

    def told(self, response):
        """:return: the ``oauth2.event`` that a page names"""
        [reference] = _REFERENCE.findall(response.text)
        self.env.invalidate_all()
        event = self.env["oauth2.event"].search([("reference", "ilike", reference)])
        self.assertEqual(len(event), 1)
        self.assertEqual(event.kind, "refusal")
        self.assertIn(f">{event.error}<", response.text)
        return event

    def refused_callback(self, *, is_script=False):
        url = self.sign_in(self.ask()["authorization_url"])
        return self.visit(url, None if is_script else BROWSER_HEADERS)

    def test_the_page_of_a_refused_sign_in_names_the_event_that_explains_it(self):
        self.api.allowed_group_ids = self.env.ref("base.group_system")
        event = self.told(self.refused_callback())
        self.assertEqual(
            event.reason,
            "The user olivia@example.com is in no allowed group of the API.",
        )
        self.assertEqual(event.cause, "user_blocked")
        self.assertEqual((event.user_id, event.client_id), (self.user, self.client))
        self.assertEqual(event.provider_id, self.provider_record)
        self.assertIn("allowed group", event.advice)

    def test_the_page_of_a_late_sign_in_names_its_event_and_that_its_client(self):
        url = self.sign_in(self.ask()["authorization_url"])
        record = self.env["oauth2.authorization.request"].search([], limit=1)
        record.expires_at = fields.Datetime.now() - timedelta(hours=1)
        self.env.flush_all()
        event = self.told(self.visit(url, BROWSER_HEADERS))
        self.assertEqual((event.api_id, event.client_id), (self.api, self.client))
        self.assertEqual(event.cause, "sign_in_over")

    def test_the_page_of_an_unregistered_redirect_uri_names_what_was_asked_for(self):
        address = "https://app.example.com/other"
        asked = f"{address}?token=a-secret-of-the-app"
        event = self.told(self.ask_for_code(redirect_uri=asked))
        self.assertIn(address, event.reason)
        self.assertNotIn("a-secret", str(event.read()))
        self.assertEqual((event.client_id, event.cause), (self.own, "redirect_uri"))

    def assertOfStranger(self, client, cause, *sent):
        """The form says that it was one, and not what was sent."""
        self.env.invalidate_all()
        self.assertFalse(client.last_refusal_reason)
        self.assertIn(cause, client.last_unproven_refusal)
        for each in sent:
            self.assertNotIn(each, client.last_unproven_refusal)

    def test_no_stranger_writes_into_the_alert_of_a_client_s_form(self):
        address = "https://app-login.example/cb"
        self.ask_for_code(redirect_uri=address)
        self.assertOfStranger(self.own, "Redirect URI Not Registered", address)
        names = {"client_id": "demo-app", "client_user_identity": "1"}
        self.call("token", {**names, "client_secret": "wrong"})
        self.assertOfStranger(self.client, "Wrong Secret")

    def test_who_began_a_sign_in_writes_no_alert_by_an_answer_of_its_own(self):
        for answer in (
            {"error": "call_app-login.example"},
            {"code": "made-up"},
            {"code": "made-up", "iss": "https://app-login.example"},
        ):
            with self.subTest(answer):
                url = self.ask()["authorization_url"]
                [state] = parse_qs(urlsplit(url).query)["state"]
                query = urlencode({"state": state, **answer})
                page = self.visit(f"/orders/oauth2/callback?{query}", BROWSER_HEADERS)
                self.told(page)
                self.assertOfStranger(self.client, "", "app-login")

    def test_a_user_whom_the_provider_names_is_no_stranger(self):
        self.provider.claims["email_verified"] = False
        self.told(self.refused_callback())
        self.assertIn("not verified", self.client.last_refusal_reason)
        self.assertFalse(self.client.last_unproven_refusal)

    def test_the_page_of_an_unknown_client_has_an_event_without_what_was_sent(self):
        event = self.told(self.ask_for_code(client_id="pasted-secret"))
        self.assertIn("no active client", event.reason)
        self.assertNotIn("pasted-secret", str(event.read()))

    def test_the_page_of_this_odoo_s_own_sign_in_names_its_event(self):
        address, page = self.open_consent()
        self.api.allowed_group_ids = self.env.ref("base.group_system")
        self.env.flush_all()
        response = self.decide(address, page)
        if response.status_code == 303:  # the application is told instead
            return self.assertEqual(self.answer(response)["error"], "access_denied")
        self.told(response)

    def test_the_start_page_of_a_sign_in_that_is_over_names_its_event(self):
        self.provider_record.user_matching = "session"
        asked = self.ask()["authorization_url"]
        self.env["oauth2.authorization.request"].search([], limit=1).expires_at = (
            fields.Datetime.now() - timedelta(hours=1)
        )
        self.env.flush_all()
        event = self.told(self.visit(asked, BROWSER_HEADERS))
        self.assertEqual(event.client_id, self.client)

    def test_a_stranger_s_refused_pages_have_a_line_each_as_far_as_few_go(self):
        self.patch(auth_failure_log, "_PAGES_OF_NETWORK", 2)
        events = self.env["oauth2.event"]
        before = events.search([])
        pages = []
        for number in range(5):
            query = urlencode({"code": "a-code", "state": f"forged-{number}"})
            page = self.visit(f"/orders/oauth2/callback?{query}", BROWSER_HEADERS)
            pages += [bool(_REFERENCE.search(page.text))]
        self.assertEqual(pages, [True, True, False, False, False])
        lines = events.search([]) - before
        self.assertEqual(len(lines.filtered("reference")), 2)
        self.assertEqual(len(lines), 3, "the others are counted in one")
        self.assertNotIn("forged", str(lines.read()))

    def test_a_reference_that_is_typed_into_the_search_of_events_finds_its_line(self):
        self.provider.claims["email_verified"] = False
        event = self.told(self.refused_callback())
        view = self.env["oauth2.event"].get_view(view_type="search")
        first = etree.fromstring(view["arch"]).find("field")  # which Enter takes
        domain = safe_eval(first.get("filter_domain"), {"self": event.reference})
        self.assertEqual(self.env["oauth2.event"].search(domain), event)

    def test_what_is_english_on_a_refused_page_is_folded_for_a_developer(self):
        page = html.fromstring(self.ask_for_code(client_id="unknown").text)
        [folded] = page.xpath("//*[@lang='en']")
        self.assertIn("client_id", folded.text_content())
        self.assertTrue(folded.xpath("ancestor::details[not(@open)]/summary"))

    def test_an_answer_in_json_has_no_reference(self):
        self.provider.claims["email_verified"] = False
        response = self.refused_callback(is_script=True)
        self.assertRefused(response, 403, "access_denied")
        self.assertFalse(_REFERENCE.search(response.text))

    def test_a_page_tells_nothing_of_the_reason(self):
        self.provider.claims["email"] = "stranger@example.com"
        response = self.refused_callback()
        self.assertNotIn("stranger", response.text)
        self.assertNotIn(quote("stranger@example.com"), response.text)
        reason = self.told(response).reason
        self.assertEqual(
            reason,
            "There is no active user with the login 'stranger@example.com', which came"
            " as email.",
        )

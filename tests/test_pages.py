"""Pages that outsiders see: whose they are, in which language, by which clock."""

import re

import polib
from lxml import html

from odoo.tests import tagged
from odoo.tools import file_path, mute_logger

from .authorization_server_common import AuthorizationServerCase
from .common import BROWSER_HEADERS
from .test_consent_page import PIXEL

DID_NOT_WORK = "This sign-in did not work"
APPLICATIONS = "/oauth2/applications"


@tagged("post_install", "-at_install")
class TestPages(AuthorizationServerCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["res.lang"]._activate_lang("fr_FR")
        load_terms = cls.env["ir.module.module"]._load_module_terms
        load_terms(["api_auth_oauth2"], ["fr_FR"])
        catalogue = polib.pofile(file_path("api_auth_oauth2/i18n/fr.po"))
        cls.french = {term.msgid: term.msgstr for term in catalogue}
        cls.company = cls.env["res.company"].create({"name": "Daughter & Sons"})
        cls.user.write(
            {
                "company_ids": [(4, cls.company.id)],
                "company_id": cls.company.id,
                "tz": "Asia/Tokyo",
            }
        )
        cls.env.flush_all()

    def refused(self, *, cookies=None, language="en"):
        """:return: the page of a sign-in that its application asks for wrongly"""
        self.session = None
        self.authenticate(None, None)
        self.opener.cookies.update(cookies or {})
        query = "client_id=own-app&redirect_uri=https://elsewhere.example"
        return self.visit(
            f"/orders/oauth2/authorize?{query}",
            {**BROWSER_HEADERS, "Accept-Language": language},
        )

    def assertTitle(self, page, title):
        self.assertEqual(html.fromstring(page.text).findtext(".//h1"), title)

    def header(self, page):
        [header] = html.fromstring(page.text).xpath("//body/header")
        return header

    def test_a_page_bears_the_name_of_its_user_s_company(self):
        _address, page = self.open_consent()
        for shown in (page, self.visit(APPLICATIONS)):
            self.assertEqual(
                self.header(shown).text_content().strip(), self.company.name
            )
            self.assertFalse(self.header(shown).xpath(".//img"))
            [title] = html.fromstring(shown.text).xpath("//title")
            self.assertIn(f"– {self.company.name}", title.text)

    def test_a_page_of_a_company_s_api_bears_that_company_s_name(self):
        company = self.env["res.company"].create({"name": "Sister Ltd"})
        self.user.company_ids += company
        self.give_to_company(self.api, company)
        self.env.flush_all()
        _address, page = self.open_consent()
        unknown = "/orders/oauth2/callback?state=x&code=y"
        for shown in (page, self.refused(), self.visit(unknown, BROWSER_HEADERS)):
            self.assertEqual(self.header(shown).text_content().strip(), company.name)

    def test_a_page_bears_the_logo_of_its_user_s_company_in_place_of_the_name(self):
        self.company.logo = PIXEL
        self.env.flush_all()
        _address, page = self.open_consent()
        [logo] = self.header(page).xpath(".//img")
        self.assertEqual(logo.get("alt"), self.company.name)
        answer = self.visit(logo.get("src"))
        self.assertEqual(answer.headers["Content-Type"], "image/png")

    def test_a_signed_out_person_reads_the_nearest_language_of_the_browser(self):
        for language in ("fr", "fr-FR", "fr-CH,en;q=0.5", "ja,fr-BE;q=0.9,en;q=0.1"):
            with self.subTest(language):
                page = self.refused(language=language)
                self.assertTitle(page, self.french[DID_NOT_WORK])
                self.assertIn('<html lang="fr-FR"', page.text)
        for language in ("en-GB,fr;q=0.9", "*", "en", "de-DE, en"):
            with self.subTest(language):
                self.assertTitle(self.refused(language=language), DID_NOT_WORK)

    def test_a_signed_out_person_whose_language_is_not_there_reads_the_company_s(self):
        self.env.ref("base.public_user").company_id.partner_id.lang = "fr_FR"
        self.env.flush_all()
        self.assertTitle(self.refused(language="ja"), self.french[DID_NOT_WORK])

    def test_the_language_that_was_chosen_on_a_website_comes_before_the_browser_s(self):
        page = self.refused(cookies={"frontend_lang": "fr_FR"}, language="en")
        self.assertTitle(page, self.french[DID_NOT_WORK])

    def test_a_signed_in_user_reads_the_language_of_the_preferences(self):
        self.user.lang = "fr_FR"
        self.env.flush_all()
        self.authenticate(self.user.login, self.user.login)
        page = self.visit("/orders/oauth2/callback?state=x&code=y", BROWSER_HEADERS)
        self.assertTitle(page, self.french[DID_NOT_WORK])

    def test_what_a_scope_opens_is_told_in_the_reader_s_language_and_spacing(self):
        self.user.lang = "fr_FR"
        self.open_model(self.api.scope_ids[0], "res.country", "read")
        self.env.flush_all()
        self.authenticate(self.user.login, self.user.login)
        _address, page = self.open_consent()
        title = "Allow this application to act as you?"
        self.assertTitle(page, self.french[title])
        [opened] = html.fromstring(page.text).xpath("//ul[@class='opened']/li")
        model = self.env["ir.model"].with_context(lang="fr_FR")._get("res.country")
        words = {"model": model.name, "operations": self.french["read"]}
        sentence = self.french["%(model)s: %(operations)s"]
        self.assertEqual(opened.text_content(), sentence % words)

    def test_times_are_by_the_user_s_clock_with_and_without_javascript(self):
        _address, page = self.open_consent()
        tree = html.fromstring(page.text)
        [zone] = tree.xpath("/html/@data-zone")
        self.assertEqual(zone, "Asia/Tokyo")
        [until] = tree.xpath("//p[@class='small']/time")
        hour = int(until.get("datetime")[11:13])
        shown = re.search(r"(\d+):(\d\d):\d\d\s([AP]M) \+0900", until.text)
        self.assertEqual(int(shown[1]) % 12 + 12 * (shown[3] == "PM"), (hour + 9) % 24)

    def test_what_a_person_reads_of_a_refusal_names_nothing_of_the_protocol(self):
        for page in (
            self.refused(),
            self.visit("/orders/oauth2/callback?state=x&state=y", BROWSER_HEADERS),
        ):
            self.assertEqual(page.status_code, 400)
            [told] = html.fromstring(page.text).xpath("//*[@role='alert']")
            self.assertNotRegex(told.text_content(), "(?i)uri|client|parameter|_")
            self.assertIn("application", told.text_content())

    def test_an_error_of_odoo_is_told_to_a_person_on_a_page_with_its_number(self):
        self.env.ref("api_auth_oauth2.page_denied").arch_db = "<t t-out='1/0'/>"
        self.env.flush_all()
        callback = self.sign_in(self.ask()["authorization_url"])
        (form,) = html.fromstring(self.visit(callback, BROWSER_HEADERS).text).forms
        values = {**dict(form.form_values()), "decision": "deny"}
        with (
            mute_logger("odoo.http"),
            self.assertLogs("odoo.addons.api_auth_oauth2", "ERROR") as told,
        ):
            page = self.url_open(form.action, values, allow_redirects=False)
        self.assertEqual(page.status_code, 500)
        self.assertTitle(page, DID_NOT_WORK)
        [number] = re.findall(r"Internal error (\w{32})", page.text)
        self.assertIn(number, told.output[0])
        event = self.env["oauth2.event"].search([("reference", "=", number)])
        self.assertEqual((event.cause, event.error), ("internal", "server_error"))
        self.assertIn("/oauth2/confirm", event.reason)
        [shown] = html.fromstring(page.text).xpath("//dd/strong/code")
        self.assertEqual(shown.text, number)
        self.assertNotIn("Traceback", page.text)

    def test_the_consent_page_says_where_a_permission_is_taken_back(self):
        _address, page = self.open_consent()
        links = html.fromstring(page.text).xpath("//a/@href")
        self.assertIn(APPLICATIONS, links)

"""The consent page on the way to a client that speaks the standard."""

from urllib.parse import parse_qs

from lxml import html

from odoo import fields
from odoo.tests import tagged

from .authorization_server_common import AuthorizationServerCase
from .common import BROWSER_HEADERS

PIXEL = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGMo"
    "9E4HAAJUASQuulIFAAAAAElFTkSuQmCC"
)


@tagged("post_install", "-at_install")
class TestConsentPageHeaders(AuthorizationServerCase):
    def test_a_page_on_the_way_to_an_application_blocks_no_redirect_and_no_opener(self):
        """Chromium holds all redirects after a form against form-action, and a window
        whose page has an opener policy is lost to the application that opened it."""
        address, page = self.open_consent()
        self.assertEqual(page.status_code, 200, page.text)
        allowed = self.decide(address, page)
        self.assertIn("code", self.answer(allowed))
        asked, reloaded = self.ask_for_code(), self.visit(address)
        for response in (asked, page, allowed, reloaded):
            policy = response.headers.get("Content-Security-Policy", "")
            self.assertNotIn("form-action", policy)
            self.assertNotIn("Cross-Origin-Opener-Policy", response.headers)
            self.assertEqual(response.headers["Referrer-Policy"], "no-referrer")
            self.assertEqual(response.headers["Cache-Control"], "no-store")
        for response in (page, reloaded):
            self.assertEqual(response.headers["X-Frame-Options"], "DENY")
            policy = response.headers["Content-Security-Policy"]
            self.assertIn("frame-ancestors 'none'", policy)


class ConsentPageCase(AuthorizationServerCase):
    def text_of(self, page):
        self.assertEqual(page.status_code, 200, page.text)
        return " ".join(html.fromstring(page.text).text_content().split())

    def choices(self, page):
        """:return: the values of the buttons that decide"""
        buttons = html.fromstring(page.text).xpath("//button[@name='decision']/@value")
        return [str(value) for value in buttons]

    def path(self, address):
        return address.removeprefix(self.base_url())

    def sign_in_event(self):
        self.env.invalidate_all()
        return self.env["oauth2.event"].search([("kind", "=", "sign_in")], limit=1)


@tagged("post_install", "-at_install")
class TestConsentPage(ConsentPageCase):
    """What the page tells of who asks."""

    def test_the_page_says_who_asks_and_where_the_browser_goes_back_to(self):
        self.own.write(
            {
                "name": "The <Application>",
                "logo": PIXEL,
                "homepage_uri": "https://app.example.com/about",
                "privacy_uri": "https://app.example.com/privacy",
                "terms_uri": "https://app.example.com/terms",
                "is_verified": True,
            }
        )
        self.env.flush_all()
        _address, page = self.open_consent()
        text, tree = self.text_of(page), html.fromstring(page.text)
        company = self.user.company_id.name
        for expected in (
            "The <Application>",
            f"Verified: an administrator of {company} has checked who runs it.",
            "You go back to app.example.com",
            self.api.name,
            self.user.login,
            f"You signed in at {company}",
            "Ends by itself",
        ):
            self.assertIn(expected, text)
        [logo] = tree.xpath("//img/@src")
        self.assertTrue(logo.startswith("data:image/png;base64,"), logo)
        links = set(
            tree.xpath("//a[@target='_blank'][contains(@rel, 'noopener')]/@href")
        )
        self.assertEqual(
            links,
            {self.own.homepage_uri, self.own.privacy_uri, self.own.terms_uri},
        )

    def test_the_page_says_that_no_administrator_has_checked_an_application(self):
        _address, page = self.open_consent()
        text = self.text_of(page)
        self.assertIn("Not verified: no administrator", text)
        self.assertNotIn("Verified: an administrator", text)

    def test_the_page_says_that_the_browser_goes_to_a_program_of_this_device(self):
        for uri, asked in (
            ("http://127.0.0.1/back", "http://127.0.0.1:8000/back"),
            ("http://localhost/back", "http://localhost:8000/back"),
            ("com.example.app:/back", "com.example.app:/back"),
        ):
            with self.subTest(uri):
                self.own.redirect_uris = uri
                self.env.flush_all()
                _address, page = self.open_consent(redirect_uri=asked)
                text = self.text_of(page)
                self.assertIn("An application on this device", text)
                self.assertIn("If this page stays, go back to it yourself", text)

    def test_the_page_of_a_browser_s_own_sign_in_speaks_of_no_link(self):
        _address, page = self.open_consent()
        text = self.text_of(page)
        self.assertNotIn("link", text.casefold())
        self.assertIn("the application named here can act as you", text)

    def test_a_grant_keeps_the_browser_and_system_alone_in_which_it_was_allowed(self):
        windows = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/142.0.0.0"
        iphone = "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Safari/604.1"
        self.opener.headers["User-Agent"] = windows
        address, page = self.open_consent()
        self.answer(self.decide(address, page))
        kept = [self.latest_browser()]
        for agent in (iphone, "<Robot>/1.0"):  # the user is not asked again
            self.opener.headers["User-Agent"] = agent
            self.answer(self.open_consent()[1])
            kept.append(self.latest_browser())
        self.assertEqual(kept, ["Chrome, Windows", "Safari, iPhone", ""])

    def latest_browser(self):
        self.env.invalidate_all()
        return self.env["oauth2.client.user"].search([], limit=1).browser


@tagged("post_install", "-at_install")
class TestReadOnly(ConsentPageCase):
    """Allow Reading Only grants what opens reading alone, of what is ticked."""

    def setUp(self):
        super().setUp()
        self.reading, self.writing = (
            self.api.scope_ids.filtered(lambda scope, name=name: scope.name == name)
            for name in ("orders.read", "partners.read")
        )
        self.line = self.open_model(self.reading, "res.country", "read")
        self.open_model(self.writing, "res.partner", "read", "write")
        self.env.flush_all()

    def granted(self, **changes):
        """:return: the scope of the tokens that reading only leads to"""
        address, page = self.open_consent()
        answer = self.answer(self.decide(address, page, "read_only", **changes))
        return self.exchange(answer["code"]).json()["scope"]

    def test_reading_only_grants_no_scope_that_opens_more(self):
        self.assertEqual(self.granted(), "orders.read")
        self.assertEqual(
            self.sign_in_event().reason,
            "The user allowed reading only, and took away: partners.read.",
        )

    def test_reading_only_grants_no_scope_that_is_not_ticked(self):
        self.assertEqual(self.granted(**{f"scope_{self.reading.id}": None}), "")

    def test_reading_only_grants_no_scope_that_became_more_since_the_page(self):
        address, page = self.open_consent()
        self.line.perm_write = True
        self.env.flush_all()
        answer = self.answer(self.decide(address, page, "read_only"))
        self.assertEqual(self.exchange(answer["code"]).json()["scope"], "")
        self.assertIn("they changed since the page", self.sign_in_event().reason)

    def test_reading_only_is_a_choice_where_scopes_differ_in_it(self):
        both, either = ["deny", "read_only", "allow"], ["deny", "allow"]
        for asked, expected in (
            ("orders.read partners.read", both),
            ("orders.read", either),
            ("partners.read", either),
        ):
            with self.subTest(asked):
                self.assertEqual(
                    self.choices(self.open_consent(scope=asked)[1]), expected
                )
        self.line.method_names = "name_search_all"
        self.env.flush_all()
        self.assertEqual(self.choices(self.open_consent()[1]), either)
        self.line.unlink()  # what routes open by its name is not known
        self.env.flush_all()
        self.assertEqual(self.choices(self.open_consent()[1]), either)


@tagged("post_install", "-at_install")
class TestConsentPageAgain(ConsentPageCase):
    """Nothing is lost by another tab, another user or a lost session; a decision is
    taken once."""

    def test_an_earlier_tab_of_an_open_page_shows_it_again(self):
        address, first = self.open_consent()
        second = self.visit(address, BROWSER_HEADERS)
        response = self.decide(address, first)
        self.assertEqual(response.status_code, 303)
        self.assertEqual(self.path(response.headers["Location"]), self.path(address))
        self.env.invalidate_all()
        self.assertFalse(self.own.client_user_ids)
        shown = self.visit(address, BROWSER_HEADERS)
        self.assertIn("code", self.answer(self.decide(address, shown)))
        self.assertEqual(second.status_code, 200)

    def test_a_session_that_ended_meanwhile_loses_nothing(self):
        address, page = self.open_consent()
        self.authenticate(None, None)
        response = self.decide(address, page)
        login = response.headers["Location"]
        path, _mark, query = self.path(login).partition("?")
        self.assertEqual(path, "/web/login")
        [back] = parse_qs(query)["redirect"]
        self.assertEqual(back, self.path(address))
        self.authenticate(self.user.login, self.user.login)
        again = self.visit(back, BROWSER_HEADERS)
        self.assertIn("code", self.answer(self.decide(address, again)))

    def test_a_page_that_another_user_saw_is_shown_again_as_the_present_one(self):
        address, page = self.open_consent()
        other = self.make_user("ophelia@example.com")
        self.authenticate(other.login, other.login)
        response = self.decide(address, page)
        self.assertEqual(response.status_code, 303)
        self.env.invalidate_all()
        self.assertFalse(self.own.client_user_ids)
        again = self.visit(response.headers["Location"], BROWSER_HEADERS)
        self.assertIn(other.login, self.text_of(again))
        self.answer(self.decide(address, again))
        self.env.invalidate_all()
        self.assertEqual(self.own.client_user_ids.user_id, other)

    def test_signing_in_as_another_user_leads_back_to_the_page(self):
        address, page = self.open_consent()
        tree = html.fromstring(page.text)
        [link] = tree.xpath("//a[contains(., 'Sign in as another user')]/@href")
        response = self.visit(link, BROWSER_HEADERS)
        self.assertEqual(response.status_code, 303)
        back = self.path(response.headers["Location"])
        self.assertEqual(back, self.path(address))
        login = self.visit(back, BROWSER_HEADERS).headers["Location"]
        self.assertIn("/web/login?redirect=", login)

    def test_a_reload_after_allow_says_that_access_was_granted(self):
        address, page = self.open_consent()
        self.answer(self.decide(address, page))
        for response in (
            self.visit(address, BROWSER_HEADERS),
            self.decide(address, page),
        ):
            self.assertEqual(response.status_code, 400)
            self.assertIn("access was granted", response.text)
            self.assertNotIn("No access was granted", response.text)

    def test_a_page_that_is_over_says_so_to_a_person(self):
        address, page = self.open_consent()
        self.env["oauth2.authorization.request"].search(
            [], limit=1
        ).expires_at = fields.Datetime.now()
        self.env.flush_all()
        for response in (
            self.visit(address, BROWSER_HEADERS),
            self.decide(address, page),
        ):
            self.assertEqual(response.status_code, 400)
            self.assertIn("older than ten", response.text)
            self.assertNotIn("provider/authorize", response.text)
        self.assertFalse(self.own.client_user_ids)

    def test_the_page_is_opened_by_get_in_a_window_of_its_own_alone(self):
        address = self.ask_for_code().headers["Location"]
        record = self.env["oauth2.authorization.request"].search([], limit=1)
        for method in ("HEAD", "OPTIONS"):
            with self.subTest(method):
                response = self.url_open(
                    address, method=method, headers=BROWSER_HEADERS
                )
                self.assertEqual(response.status_code, 405)
        for changes in ({"Sec-Fetch-Dest": "iframe"}, {"Sec-Purpose": "prefetch"}):
            with self.subTest(changes):
                response = self.visit(address, {**BROWSER_HEADERS, **changes})
                self.assertEqual(response.status_code, 403)
        self.env.invalidate_all()
        self.assertFalse(record.used_at)

"""A standard client's user signs in and decides, in a person's browser."""

import functools
import secrets

from application import REDIRECT_URI, Application
from browser import ALLOW, DENY, BrowserCase, page_of_another_site
from providers import QuickProvider
from server import URL, sql

PASSWORD = "correct-horse-battery"
READ_ONLY = "button[value=read_only]"
TICK_BOX = "input[type=checkbox]"
WIDTH_OF_A_SMALL_PHONE = 320
SAME_SITE = "localhost"  # another port of Odoo's host: gets its cookies

#: What pages say in other languages: the question, and the reason of a refusal.
IN_WORDS = {
    "fr_FR": (
        "Autoriser cette application à agir en votre nom\N{NO-BREAK SPACE}?",
        "L'application a demandé quelque chose qui ne fonctionne pas ici",
    ),
    "es_ES": (
        "¿Permitir que esta aplicación actúe en su nombre?",
        "La aplicación pidió algo que no funciona aquí",
    ),
}


class ConsentCase(BrowserCase):
    client_values = {}

    def setUp(self):
        super().setUp()
        self.site = self.make_site()
        self.login = self.site.make_user(
            f"consent-{self.site.login}", password=PASSWORD
        )
        identifier = f"app-{secrets.token_hex(4)}"
        self.client_id = self.make_client(
            client_identifier=identifier,
            client_type="public",
            redirect_uris=REDIRECT_URI,
            **self.client_values,
        )
        issuer = f"{URL}/{self.site.endpoint}"
        self.application = self.enterContext(Application(issuer, identifier))

    def make_client(self, **values):
        return self.administrator.create(
            "oauth2.client",
            name="Order Tracker",
            api_ids=[self.site.api_id],
            scope_ids=[self.site.scope_id],
            **values,
        )

    def log_in(self, page, login=None):
        page.wait_for_selector("input[name=login]")
        page.fill("input[name=login]", login or self.login)
        page.fill("input[name=password]", PASSWORD)
        page.press("input[name=password]", "Enter")

    def open_consent(self, page=None):
        """Sign in at this Odoo up to the consent page; return the page."""
        page = page or self.page
        page.goto(self.application.authorization_url())
        self.log_in(page)
        page.wait_for_selector(ALLOW)
        self.keep_cookies(page.context)
        return page

    def decide(self, button=ALLOW, page=None):
        """Press a button; return the parameters with which the browser came back."""
        page = page or self.page
        page.click(button)
        page.wait_for_selector("h1:text-is('Back')")
        came_back = self.application.came_back[-1]
        self.assertEqual(came_back["state"], self.application.state)
        self.assertEqual(came_back["iss"], self.application.issuer)
        return came_back

    def add_scope(self, name, model, **permissions):
        """Offer the client a scope that opens a model; return its id."""
        create, call = self.administrator.create, self.administrator.call
        scope_id = create("oauth2.scope", api_id=self.site.api_id, name=name)
        [model_id] = call("ir.model", "search", [("model", "=", model)])
        create("oauth2.scope.line", scope_id=scope_id, model_id=model_id, **permissions)
        scopes = [(4, scope_id)]
        self.administrator.write("oauth2.client", self.client_id, scope_ids=scopes)
        return scope_id

    def install_language(self, code):
        """Have a language until the test ends, as an administrator adds it."""
        administrator = self.administrator
        [language] = administrator.call(
            "res.lang", "search", [("code", "=", code), ("active", "in", (True, False))]
        )
        lang = {"lang_ids": [(6, 0, [language])], "overwrite": False}
        wizard = administrator.create("base.language.install", **lang)
        administrator.call("base.language.install", "lang_install", [wizard])
        archive = functools.partial(administrator.write, "res.lang", language)
        self.addCleanup(archive, active=False)

    def assertSignedIn(self, login=None):
        tokens = self.application.tokens()
        told = self.site.get("oauth2/whoami", tokens["access_token"]).json()
        self.assertEqual(told["login"], login or self.login)


class TestConsent(ConsentCase):
    def test_a_browser_goes_through_login_and_consent_back_to_the_application(self):
        self.open_consent()
        self.decide()
        self.assertSignedIn()

    def test_a_browser_goes_back_with_access_denied_after_deny(self):
        self.open_consent()
        came_back = self.decide(DENY)
        self.assertEqual(came_back["error"], "access_denied")
        self.assertEqual(self.grants(self.site), 0)

    def test_reading_only_is_all_that_a_user_grants_who_chooses_so(self):
        self.add_scope("countries.read", "res.country")
        self.add_scope("countries.write", "res.country", perm_write=True)
        self.open_consent()
        self.decide(READ_ONLY)
        self.assertEqual(self.application.tokens()["scope"], "countries.read")

    def test_another_user_signs_in_on_the_way_and_a_lost_session_loses_nothing(self):
        other = self.site.make_user(f"other-{self.site.login}", password=PASSWORD)
        page = self.open_consent()
        page.click("text=Sign in as another user")
        self.log_in(page, other)
        page.wait_for_selector(ALLOW)
        self.assertIn(other, page.inner_text("main"))
        page.context.clear_cookies(name="session_id")
        page.click(ALLOW)
        self.log_in(page, other)
        page.wait_for_selector(ALLOW)
        self.decide()
        self.assertSignedIn(other)

    def test_enter_in_a_tick_box_decides_nothing_and_on_a_button_what_it_says(self):
        page = self.open_consent()
        page.focus(TICK_BOX)
        page.keyboard.press("Enter")
        page.keyboard.press("Space")  # the same page, still
        self.assertFalse(page.is_checked(TICK_BOX))
        self.assertFalse(self.application.came_back)
        for value in ("deny", "allow"):
            page.keyboard.press("Tab")
            focused = page.locator(":focus")
            self.assertEqual(focused.get_attribute("value"), value)
        outline = focused.evaluate("it => getComputedStyle(it).outlineStyle")
        self.assertEqual(outline, "solid")
        page.keyboard.press("Enter")
        page.wait_for_selector("h1:text-is('Back')")
        self.assertSignedIn()

    def test_the_page_of_an_application_with_long_names_fits_a_small_phone(self):
        self.add_scope(f"countries.{'long' * 20}", "res.country")
        name = {"name": "Order Tracker " + "Gesellschaft" * 9}
        self.administrator.write("oauth2.client", self.client_id, **name)
        size = {"width": WIDTH_OF_A_SMALL_PHONE, "height": 640}
        page = self.open_consent(self.open_profile(viewport=size).new_page())
        width = page.evaluate("document.documentElement.scrollWidth")
        self.assertLessEqual(width, WIDTH_OF_A_SMALL_PHONE)

    def test_consent_and_refusal_are_read_in_the_user_s_language(self):
        [user] = self.administrator.call(
            "res.users", "search", [("login", "=", self.login)]
        )
        speak = functools.partial(self.administrator.write, "res.users", user)
        for code, expected in IN_WORDS.items():
            with self.subTest(code):
                self.install_language(code)
                self.addCleanup(speak, lang="en_US")
                speak(lang=code)
                page = self.open_consent(self.open_profile().new_page())
                said = [page.inner_text("h1")]
                page.goto(self.application.authorization_url(client_id="other"))
                said.append(page.inner_text(".note").partition(".")[0])
                self.assertEqual(tuple(said), expected)

    def test_a_frame_shows_no_consent_page_and_begins_nothing(self):
        self.open_consent()
        self.decide(DENY)
        html = f'<iframe src="{self.application.authorization_url()}"></iframe>'
        with page_of_another_site(html.replace("&", "&amp;"), SAME_SITE) as address:
            self.page.goto(address)
            with self.page.expect_response(lambda answer: answer.status == 403):
                self.page.reload()
            for frame in self.page.frames:
                self.assertFalse(frame.locator(ALLOW).count())
        waiting = sql(
            "SELECT used_at FROM oauth2_authorization_request"
            " WHERE api_id = %s AND decided_at IS NULL",
            self.site.api_id,
        )
        self.assertEqual(set(waiting), {(None,)})


class TestConsentOfAProgram(ConsentCase):
    """A redirect URI whose scheme no program of this device takes."""

    def test_a_page_that_stays_tells_its_user_to_go_back_to_the_application(self):
        uri = "com.example.app:/back"
        self.administrator.write("oauth2.client", self.client_id, redirect_uris=uri)
        self.application.redirect_uri = uri
        page = self.open_consent()
        self.assertIn("An application on this device", page.inner_text("main"))
        page.click(ALLOW)
        page.wait_for_selector("text=Your decision was sent.")
        self.assertEqual(self.grants(self.site), 1)
        page.reload()
        page.wait_for_selector("text=access was granted")


class TestConsentInAWindow(ConsentCase):
    def test_an_application_s_window_keeps_its_opener_through_login_and_consent(self):
        self.page.goto(self.application.url)
        with self.page.expect_popup() as opened:
            self.page.click("button")
        window = opened.value
        self.log_in(window)
        window.wait_for_selector(ALLOW)
        self.assertFalse(self.page.evaluate("opened.closed"))
        self.decide(page=window)
        told = self.page.locator("#told")
        told.wait_for(state="visible")
        self.assertIn(self.application.came_back[-1]["code"], told.text_content())
        self.assertSignedIn()


class TestConsentAfterAProvider(ConsentCase):
    def setUp(self):
        super().setUp()
        provider = self.enterContext(QuickProvider())
        provider.login = self.login
        self.site.use(provider, {"follows_sign_in": False})
        provider.login = self.login
        self.administrator.write(
            "oauth2.client",
            self.site.client_id,
            redirect_uris=REDIRECT_URI,
            client_type="public",
        )
        self.application.client_id = "demo-app"

    def test_a_browser_goes_through_a_provider_and_consent_back_to_the_application(
        self,
    ):
        self.page.goto(self.application.authorization_url())
        self.page.wait_for_selector(ALLOW)
        self.decide()
        self.assertSignedIn()

"""A new administrator connects an application in the dialog, counted in clicks.

A click is one of the mouse, from the app's menu to the first 200 of whoami; a field is
one that is typed in. From a field to the next one goes the Tab key.
"""

import json
import subprocess
import time
import unittest

from beside import ledger
from browser import ALLOW, PATIENCE_MS, SHOTS, BrowserCase
from providers import IndependentProvider, independent
from server import SECONDS, SECRET, URL, Site

BACK = "http://localhost:8400/back"  # nothing listens there
DIALOG = ".modal-dialog"
MAX_CLICKS = 12
PHONE = {"width": 390, "height": 844}


class TestConnect(BrowserCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        admin = cls.administrator
        # As where there is none yet.
        others = admin.call("oauth2.api", "search", [])
        admin.call("oauth2.api", "write", others, {"active": False})
        cls.addClassCleanup(admin.call, "oauth2.api", "write", others, {"active": True})

    def setUp(self):
        super().setUp()
        profile = self.page.context
        cookies = self.administrator._session.cookies
        profile.add_cookies(
            [{"name": c.name, "value": c.value, "url": URL} for c in cookies]
        )
        profile.grant_permissions(["clipboard-read", "clipboard-write"], origin=URL)
        # The server builds the backend's files once.
        patience = {"timeout": 6 * PATIENCE_MS}
        self.page.goto(f"{URL}/odoo/oauth2-clients", **patience)
        self.page.locator(".o_list_view").wait_for(**patience)
        self.clicks, self.fields, self.began_at = 0, [], time.monotonic()
        self.click(".o_menu_sections >> text='Connect an Application'")
        self.page.locator(f"{DIALOG} .o_form_view").wait_for()

    # What a person does

    def click(self, selector):
        self.clicks += 1
        self.page.locator(f"{selector} >> visible=true").first.click()

    def press(self, label):
        """Press a button of the dialog, and wait for the next step's."""
        step = self.page.locator(f"{DIALOG} .o_form_view").element_handle()
        self.click(f"{DIALOG} footer button:has-text('{label}')")
        self.page.wait_for_function("step => !step.isConnected", arg=step)
        self.page.locator(f"{DIALOG} .o_form_view").wait_for()
        self.assertNotWiderThanTheScreen()

    def choose(self, label):
        """Tick a box, or one of several."""
        self.click(f"{DIALOG} label:has-text('{label}')")

    def type(self, name, text):
        """Fill in a field, the next one by the Tab key."""
        field = self.field(name)
        field.wait_for()
        is_focused = "field => field === document.activeElement"
        if not field.evaluate(is_focused):
            self.page.keyboard.press("Tab")
        if not field.evaluate(is_focused):
            self.clicks += 1
            field.click()
        self.page.keyboard.type(text)
        self.fields.append(name)

    def copied(self, selector):
        """Press a copy button; return what is in the clipboard then."""
        self.click(f"{DIALOG} {selector}")
        text = self.page.evaluate("navigator.clipboard.readText()")
        self.assertTrue(text)
        return text

    # What a person sees

    def field(self, name):
        box = f"{DIALOG} .o_field_widget[name={name}]"
        fields = f"{box} input >> visible=true", f"{box} textarea >> visible=true"
        return self.page.locator(fields[0]).or_(self.page.locator(fields[1])).first

    def value(self, label):
        """Return a value of the last page."""
        found = self.page.locator(f"{DIALOG} dt:text-is('{label}') + dd span").first
        return found.inner_text()

    def redirect_uri(self):
        """Return what is to be pasted at the provider."""
        box = f"{DIALOG} .o_field_widget[name=provider_redirect_uri]"
        return self.page.locator(box).inner_text().strip()

    def assertNotWiderThanTheScreen(self):
        wider = (
            "() => [...document.querySelectorAll('.modal-body *')].filter(part =>"
            " part.checkVisibility() && part.getBoundingClientRect().right > innerWidth"
            ").map(part => part.outerHTML)"
        )
        self.assertEqual(self.page.evaluate(wider), [])

    def assertOnTheScreen(self, label):
        value = self.page.locator(f"{DIALOG} dt:text-is('{label}') + dd span").first
        box = value.bounding_box()
        bottom = box["y"] + box["height"]
        self.assertLessEqual(bottom, self.page.viewport_size["height"])

    def assertHeadingsWhole(self):
        cut = (
            "() => [...document.querySelectorAll('.modal-body th span')].filter(name =>"
            " name.checkVisibility() && name.scrollWidth > name.clientWidth"
            " && getComputedStyle(name).overflowX !== 'visible'"
            ").map(name => name.innerText)"
        )
        self.assertEqual(self.page.evaluate(cut), [])

    def run_snippet(self, text):
        program = self.enterContext(
            subprocess.Popen(
                ["sh", "-c", text],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
        )
        self.addCleanup(program.kill)
        return program

    def whoami(self, program, told=None):
        """Return what a snippet prints of whoami's 200; what it reads then follows."""
        printed, complaint = program.communicate(told, timeout=SECONDS)
        self.assertEqual(program.returncode, 0, printed + complaint)
        answer, _end = json.JSONDecoder().raw_decode(printed, printed.index("{"))
        return answer

    def address_of(self, program):
        """Return the address that a snippet asks its user to open."""
        program.stdout.readline()
        address = program.stdout.readline().strip()
        ledger.keep_address(address)
        return address

    def came_back(self, button):
        """Press a button that leads back to the application; return the address."""
        with self.page.expect_request(f"{BACK}?**") as came_back:
            self.click(button)
        return came_back.value.url + "\n"

    def keep_secret(self):
        ledger.keep("client_secret", self.value("Client Secret"))

    def first_call(self, sign_in):
        """Run the program of the last page.

        :param sign_in: called in the browser, before the page that asks for consent
        :return: what it prints of the first 200
        """
        program = self.run_snippet(self.copied(".o_oauth2_copy_snippet"))
        self.page.goto(self.address_of(program))
        sign_in()
        told = self.whoami(program, self.came_back(ALLOW))
        if SHOTS:
            seconds = time.monotonic() - self.began_at
            print(f"{self.id()}: {self.clicks} clicks, {seconds:.1f} s")
        return told

    def sign_in_at_the_provider(self, login):
        self.page.fill("input[name=login]", login)
        self.page.fill("input[name=password]", "x")
        self.page.press("input[name=password]", "Enter")
        self.click("button[type=submit]:has-text('Continue')")

    # The ways

    def test_an_application_of_this_odoo_takes_two_fields_and_less_than_12_clicks(self):
        self.type("name", "Web shop")
        self.type("redirect_uris", BACK)
        self.press("Next")
        self.press("Next")
        self.choose("contacts.read")
        self.press("Connect")
        self.keep_secret()
        told = self.first_call(lambda: None)
        self.assertEqual((told["login"], told["scopes"]), ("admin", ["contacts.read"]))
        self.assertEqual(self.fields, ["name", "redirect_uris"])
        self.assertLessEqual(self.clicks, MAX_CLICKS)

    def test_a_system_without_users_takes_one_field_and_less_than_12_clicks(self):
        self.choose("Another system, without users")
        self.type("name", "Warehouse")
        self.press("Next")
        self.press("Next")
        self.choose("contacts.read")
        self.press("Connect")
        self.keep_secret()
        program = self.run_snippet(self.copied(".o_oauth2_copy_snippet"))
        told = self.whoami(program)
        self.assertEqual(told["login"], "service-warehouse")
        self.assertEqual(self.fields, ["name"])
        self.assertLessEqual(self.clicks, MAX_CLICKS)

    @unittest.skipUnless(independent.AVAILABLE, independent.MISSING)
    def test_google_takes_four_fields_and_12_clicks_to_a_first_200_on_a_phone_too(self):
        login = Site(self.administrator).login
        self.page.set_viewport_size(PHONE)
        self.type("name", "Web shop")
        self.type("redirect_uris", BACK)
        self.press("Next")
        self.choose("At Google, Microsoft or another one")
        known = {
            "client_id": "at-google",
            "client_secret": SECRET,
            "redirect_uris": [self.redirect_uri()],
        }
        self.type("client_identifier", "at-google")
        self.type("client_secret", SECRET)
        if SHOTS:
            self.shoot("connect-google", self.page)
            self.page.set_viewport_size(PHONE)
        self.press("Next")
        self.page.locator(f"{DIALOG} .o_field_x2many_list_row_add a").click()
        self.assertHeadingsWhole()  # of the models and their operations
        self.choose("contacts.read")
        self.press("Connect")
        self.assertEqual(self.value("Client ID"), "at-google")
        self.assertEqual(self.value("Client Secret"), SECRET)
        if SHOTS:
            self.shoot("connect-paste", self.page)
            self.page.click(f"{DIALOG} summary")
            self.shoot("connect-paste-more", self.page)
            self.page.set_viewport_size(PHONE)
        with self.page.expect_download() as downloaded:
            self.page.click(f"{DIALOG} button:has-text('Download as .env')")
        written = downloaded.value.path().read_text()
        self.assertIn(f"OAUTH2_CLIENT_SECRET={SECRET}\n", written)
        # From here Google cannot be reached: one that can be takes its place, with all
        # else as the preset has it.
        provider = self.enterContext(IndependentProvider(clients=[known]))
        there = {"allow_private_addresses": True, **provider.endpoints()}
        [google] = self.administrator.call(
            "oauth2.provider", "search", [("name", "=", "Google")]
        )
        self.administrator.write("oauth2.provider", google, **there)
        self.press("Test Connection")
        line = self.page.locator(
            f"{DIALOG} .o_kanban_record", has_text="client-accepted"
        )
        line.locator("[title=Good]").wait_for(state="attached")
        self.assertOnTheScreen("Client ID")  # beside what works, which is folded
        if SHOTS:
            self.shoot("connect-tested", self.page)
            self.page.set_viewport_size(PHONE)
        self.assertEqual(self.page.locator(f"{DIALOG} [title=Wrong]").count(), 0)
        self.assertEqual(self.value("Client Secret"), SECRET)
        told = self.first_call(lambda: self.sign_in_at_the_provider(login))
        self.assertEqual((told["login"], told["scopes"]), (login, ["contacts.read"]))
        four = ["name", "redirect_uris", "client_identifier", "client_secret"]
        self.assertEqual(self.fields, four)
        self.assertLessEqual(self.clicks, MAX_CLICKS)

    @unittest.skipUnless(independent.AVAILABLE, independent.MISSING)
    def test_users_of_any_openid_connect_issuer_sign_in_after_12_clicks(self):
        login = Site(self.administrator).login
        self.type("name", "Web shop")
        self.type("redirect_uris", BACK)
        self.press("Next")
        self.choose("At Google, Microsoft or another one")
        self.click(f"{DIALOG} .o_field_widget[name=preset] input")
        self.click(".o_select_menu_item:has-text('Any OpenID Connect issuer')")
        known = {
            "client_id": "at-issuer",
            "client_secret": SECRET,
            "redirect_uris": [self.redirect_uri()],
        }
        provider = self.enterContext(IndependentProvider(clients=[known]))
        self.type("issuer", provider.issuer)
        self.type("client_identifier", "at-issuer")
        self.type("client_secret", SECRET)
        self.choose("In Your Own Network")
        self.press("Next")
        self.choose("contacts.read")
        self.press("Connect")
        told = self.first_call(lambda: self.sign_in_at_the_provider(login))
        self.assertEqual((told["login"], told["scopes"]), (login, ["contacts.read"]))
        self.assertLessEqual(self.clicks, MAX_CLICKS)

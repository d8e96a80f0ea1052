"""Who has access is seen, and ended, in Odoo's own windows and pages."""

import re

from browser import PATIENCE_MS, BrowserCase
from playwright.sync_api import expect
from providers import QuickProvider
from server import URL, sql
from test_consent import PASSWORD

DIALOG = ".modal-dialog .modal-body"
CONFIRM = ".modal-dialog .modal-footer button:first-child"
LIST = ".o_view_controller.o_list_view"  # not one within a form
ROWS = f"{LIST} .o_data_row"


class GrantsCase(BrowserCase):
    def setUp(self):
        super().setUp()
        self.site = self.make_site().use(self.enterContext(QuickProvider()))

    def open_api(self):
        """Open the API's form as the administrator; return the page."""
        cookie = {"name": "session_id", "value": self.administrator.session_id}
        self.page.context.add_cookies([{**cookie, "url": URL}])
        # The server builds the backend's files once.
        address = f"{URL}/odoo/oauth2-apis/{self.site.api_id}"
        self.page.goto(address, timeout=6 * PATIENCE_MS)
        self.page.wait_for_selector(".o_form_view", timeout=6 * PATIENCE_MS)
        return self.page

    def open_grants(self):
        """Open the API's form and from there its list of grants; return the page."""
        page = self.open_api()
        page.click("button.oe_stat_button:has-text('Client API Users')")
        page.wait_for_selector(ROWS)
        return page


class TestGrantsOfAnApi(GrantsCase):
    def test_an_administrator_revokes_many_from_the_list_and_one_from_the_form(self):
        other = self.site.make_user(f"other-{self.site.login}")
        for login in (self.site.login, other, other):
            self.site.authorize(login=login)
        page = self.open_grants()
        self.assertEqual(page.locator(ROWS).count(), 3)
        for row in (0, 1):  # both of the other user
            page.click(f"{ROWS} >> nth={row} >> .o_list_record_selector input")
        page.click(".o_control_panel button:has-text('Revoke')")
        page.wait_for_selector(DIALOG)
        self.assertIn("Access of 1 user ends at once.", page.inner_text(DIALOG))
        page.click(CONFIRM)
        page.wait_for_selector("text=Revoked: 2 of 2.")
        self.assertEqual(self.grants(self.site), 1)

        page.click(f"{ROWS} .o_data_cell[name=client_id]")
        page.click(".o_form_view button[name=action_revoke]")
        page.click(CONFIRM)
        page.wait_for_selector("text=Revoked: 1 of 1.")
        page.wait_for_selector(LIST)  # no form of what is gone
        crumbs = page.inner_text(".o_breadcrumb")
        self.assertIn("Client API Users", crumbs)
        self.assertIn(self.site.endpoint, crumbs)
        self.assertEqual(self.grants(self.site), 0)

    def test_archive_and_delete_say_whose_access_ends(self):
        self.site.authorize()
        page = self.open_api()
        for item in ("Archive", "Delete"):
            page.click(".o_cp_action_menus .dropdown-toggle")
            page.click(f".o_menu_item:has-text('{item}')")
            page.wait_for_selector(DIALOG)
            told = page.inner_text(DIALOG)
            self.assertIn("Access of 1 user ends at once.", told)
            page.click(".modal-dialog .btn-secondary")
            page.wait_for_selector(DIALOG, state="detached")
        self.assertEqual(self.grants(self.site), 1)

    def test_the_bin_of_a_scope_says_whose_applications_lose_it(self):
        self.site.authorize()
        page = self.open_api()
        for button, left in ((".btn-secondary", 1), (".btn-danger", 0)):
            page.click(".o_field_widget[name=scope_ids] .o_list_record_remove")
            page.wait_for_selector(DIALOG)
            self.assertIn("1 user's applications lose it", page.inner_text(DIALOG))
            page.click(f".modal-dialog {button}")
            page.wait_for_selector(DIALOG, state="detached")
            rows = page.locator(".o_field_widget[name=scope_ids] .o_data_row")
            expect(rows).to_have_count(left)

    def test_lifetimes_are_read_and_typed_in_days_hours_or_minutes(self):
        page = self.open_api()

        def box(name):
            return page.locator(f".o_field_widget[name={name}_lifetime]")

        for name, amount, unit in (
            ("access_token", "1", "hour"),
            ("refresh_token", "30", "days"),
            ("authorization", "180", "days"),
        ):
            self.assertEqual(box(name).locator("input").input_value(), amount)
            chosen = box(name).locator("option:checked")
            self.assertEqual(chosen.inner_text(), unit)
        access = box("access_token").locator("input")
        access.fill("a while")
        access.press("Tab")
        told = box("access_token").get_by_role("alert")
        told.wait_for()
        self.assertEqual(
            told.inner_text(),
            "Write a number: at least 1 second, at most 24,855 days.",
        )
        access.fill("90")
        access.press("Tab")  # to the unit
        page.keyboard.type("m")
        page.locator("button.o_form_button_save").click()
        page.locator(".o_form_saved").wait_for()
        self.assertEqual(access.input_value(), "90")
        query = "SELECT access_token_lifetime FROM oauth2_api WHERE id = %s"
        self.assertEqual(sql(query, self.site.api_id), [(90 * 60,)])


class TestGrantsOfAUser(GrantsCase):
    def authorize_twice(self, group):
        """A user of a group of base, with two sign-ins of one application."""
        _model, group_id = self.administrator.call(
            "ir.model.data", "check_object_reference", "base", group
        )
        login = self.site.make_user(
            f"{group}-{self.site.login}",
            password=PASSWORD,
            group_ids=[(6, 0, [group_id])],
        )
        for _time in range(2):
            self.site.authorize(login=login)
        page = self.page
        page.goto(f"{URL}/web/login")
        page.fill("input[name=login]", login)
        page.fill("input[name=password]", PASSWORD)
        page.press("input[name=password]", "Enter")
        page.wait_for_url(re.compile("/(odoo|my)"), timeout=6 * PATIENCE_MS)
        return page

    def test_an_employee_revokes_one_sign_in_of_an_application_in_the_preferences(self):
        page = self.authorize_twice("group_user")
        page.click(".o_user_menu button")
        page.click(".o-dropdown-item:has-text('Preferences')")
        page.click(".modal .nav-link:has-text('Security')")
        card = page.locator(".o_oauth2_application")
        card.wait_for()
        sign_ins = card.locator(".o_oauth2_sign_in")
        self.assertEqual((card.count(), sign_ins.count()), (1, 2))
        sign_ins.first.locator("button").click()
        told = page.locator(DIALOG).last
        told.filter(has_text="This sign-in of Application ends at once.").wait_for()
        page.locator(CONFIRM).last.click()
        page.wait_for_selector("text=Revoked: 1 of 1.")
        sign_ins.nth(1).wait_for(state="detached")
        self.assertEqual(self.grants(self.site), 1)

    def test_a_portal_user_revokes_in_the_account_and_on_the_page_of_our_own(self):
        page = self.authorize_twice("group_portal")
        page.goto(f"{URL}/oauth2/applications")
        page.click("summary >> nth=0")
        page.click("button:visible:has-text('Revoke')")
        page.locator("summary").nth(1).wait_for(state="detached")
        self.assertEqual(self.grants(self.site), 1)
        page.goto(f"{URL}/my/security")
        page.click(".o_oauth2_application summary")
        self.assertNoBarrier("portal", "#oauth2_applications")
        page.click(".o_oauth2_application button:visible")
        page.wait_for_selector("text=No application can act as you.")
        self.assertEqual(self.grants(self.site), 0)

"""The consent page on the way to a client that speaks the standard."""

from odoo.tests import tagged

from .authorization_server_common import AuthorizationServerCase


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

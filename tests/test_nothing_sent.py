"""A request that surely never reached the provider leaves no doubt about its answer."""

import os
from unittest.mock import patch

from odoo.tests import tagged

from .test_token import TokenCase

#: No server listens there; and a kind of proxy that is refused before anything is sent.
_PROXIES = {"http://127.0.0.1:9": 503, "socks5://127.0.0.1:9": 502}


@tagged("post_install", "-at_install")
class TestNothingSent(TokenCase):
    def setUp(self):
        super().setUp()
        self.information, self.identity = self.authorize()
        self.names["client_user_identity"] = self.identity
        self.provider.calls.clear()

    def behind(self, proxy):
        return patch.dict(os.environ, {"https_proxy": proxy, "no_proxy": ""})

    def test_a_refresh_that_was_not_sent_leaves_no_doubt(self):
        for proxy, status in _PROXIES.items():
            with self.subTest(proxy):
                with self.behind(proxy):
                    self.assertEqual(self.refresh().status_code, status)
                self.assertFalse(self.grant_of(self.identity).refresh_began_at)
                self.assertFalse(self.provider.calls)
        self.refreshed(self.refresh())
        self.assertFalse(self.last_event("refresh").reason)

    def test_a_refresh_that_was_not_sent_leaves_an_earlier_doubt(self):
        """Of that one the doubt stays."""
        self.provider.close("token")
        self.assertEqual(self.refresh().status_code, 503)
        self.provider.behave()
        self.pause()
        began_at = self.grant_of(self.identity).refresh_began_at
        self.assertTrue(began_at)
        for proxy, status in _PROXIES.items():
            with self.behind(proxy):
                self.assertEqual(self.refresh().status_code, status)
            self.env.invalidate_all()
            self.assertEqual(self.grant_of(self.identity).refresh_began_at, began_at)
        self.refreshed(self.refresh())
        self.assertIn("was not recorded", self.last_event("refresh").reason)

    def test_a_code_that_was_not_sent_leaves_no_doubt(self):
        for proxy, status in _PROXIES.items():
            with self.subTest(proxy):
                url = self.sign_in(self.ask()["authorization_url"])
                with self.behind(proxy):
                    self.assertEqual(self.visit(url).status_code, status)
                self.assertFalse(self.provider.calls["token"])
                self.env.invalidate_all()
                record = self.env["oauth2.authorization.request"].search([], limit=1)
                self.assertTrue(record.used_at)
                self.assertFalse(record.exchange_began_at)

    def test_a_code_whose_answer_was_lost_leaves_a_doubt(self):
        url = self.sign_in(self.ask()["authorization_url"])
        self.provider.close("token")
        self.assertEqual(self.visit(url).status_code, 503)
        self.env.invalidate_all()
        record = self.env["oauth2.authorization.request"].search([], limit=1)
        self.assertTrue(record.exchange_began_at)

    def last_event(self, kind):
        self.env.invalidate_all()
        return self.env["oauth2.event"].search([("kind", "=", kind)], limit=1)

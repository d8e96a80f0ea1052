"""What the server's log leaves out: values of our parameters, calls with secrets."""

import logging

from odoo.tests import BaseCase, tagged

from ..protocol import logs
from ..protocol.logs import without_secrets


@tagged("post_install", "-at_install", "api_auth_oauth2")
class TestServerLogs(BaseCase):
    """Lines of the access log, by parameter name, on our own paths only."""

    def assertWritten(self, address, written):
        line = '1.2.3.4 - - [24/Nov/2026 01:00:00] "GET %s HTTP/1.1" 200 -'
        self.assertEqual(without_secrets(line % address), line % written)

    def test_codes_states_and_tokens_at_our_endpoints_are_left_out(self):
        for path in ("callback", "start", "token", "provider/authorize", "x/y"):
            address = f"/orders/oauth2/{path}"
            self.assertWritten(
                f"{address}?code=a&state=b&iss=c", f"{address}?code=…&state=…&iss=…"
            )
            self.assertWritten(f"{address}?a=b&request=c", f"{address}?a=b&request=…")
            self.assertWritten(address, address)
        for name in (
            "client_secret",
            "access_token",
            "refresh_token",
            "id_token",
            "token",
            "client_user_identity",
        ):
            self.assertWritten(
                f"/orders/oauth2/token?{name}=s", f"/orders/oauth2/token?{name}=…"
            )

    def test_a_path_of_ours_that_is_bent_is_ours(self):
        for path in (
            "/orders//oauth2/callback",
            "orders/oauth2/callback",
            "/orders/OAUTH2/callback",
            "/orders/oauth2%00/callback",
            "/oauth2/callback",
            "/orders/oauth2",
        ):
            self.assertWritten(f"{path}?code=a&state=b", f"{path}?code=…&state=…")

    def test_an_address_of_ours_within_another(self):
        """Odoo's login page is told where to go back to: to a start page's token."""
        for back, written in (
            ("/orders/oauth2/start?request=abc", "/orders/oauth2/start?request=…"),
            (
                "%2Forders%2Foauth2%2Fstart%3Frequest%3Dabc",
                "%2Forders%2Foauth2%2Fstart%3Frequest%3D…",
            ),
            (
                "%252Forders%252foauth2%252fstart%253Frequest%253Dabc",
                "%252Forders%252foauth2%252fstart%253Frequest%253D…",
            ),
        ):
            for path in ("/web/login", "/web/signup", "/"):
                self.assertWritten(
                    f"{path}?redirect={back}", f"{path}?redirect={written}"
                )
                self.assertWritten(
                    f"{path}?a=b&redirect={back}&c=d",
                    f"{path}?a=b&redirect={written}&c=d",
                )

    def test_a_token_in_the_address_of_a_protected_route_is_left_out(self):
        """RFC 6750 section 5.3: log files may be read by others."""
        logs.note_endpoints(["test-logs"])
        for path in ("/test-logs/partners", "/json/2/res.partner/read"):
            self.assertWritten(
                f"{path}?a=1&access_token=secret&b=2", f"{path}?a=1&access_token=…&b=2"
            )

    def test_queries_of_other_addons_stay_as_they_are(self):
        for address in (
            "/web?code=a",
            "/callback?code=a&state=b",
            "/my/orders/1?access_token=a-portal-link",
            "/auth_oauth/signin?state=a&access_token=b",
            "/shop?code=" + 40 * "a",
            "/web/login?redirect=%2Fodoo",
        ):
            self.assertWritten(address, address)

    def test_the_loggers_of_the_server_are_guarded(self):
        logger = logging.getLogger("werkzeug")
        arguments = ("1.2.3.4", "GET /a/oauth2/callback?code=b HTTP/1.1", 200)
        for text, args, written in (
            (
                '%s "%s" %s',
                arguments,
                '1.2.3.4 "GET /a/oauth2/callback?code=… HTTP/1.1" 200',
            ),
            ("%s is left as it is", ("this",), "this is left as it is"),
        ):
            record = logger.makeRecord("werkzeug", 20, "", 0, text, args, None)
            self.assertTrue(logger.filter(record))
            self.assertEqual(record.getMessage(), written)
        wrong = logger.makeRecord("werkzeug", 20, "", 0, "%s %s", ("few",), None)
        self.assertTrue(logger.filter(wrong))
        before = list(logger.filters)
        logs.guard()
        self.assertEqual(logger.filters, before)

    def test_calls_that_have_a_client_s_secret_lose_their_arguments(self):
        for line, written in (
            ("call oauth2.client().create({'client_secret': 's'})", "oauth2.client"),
            ("call oauth2.client(1,).write({'client_secret': '?'})", "oauth2.client"),
            (
                "call oauth2.client().create({'name': 'CRM live?', 'client_secret': "
                "'s'})",
                "oauth2.client",
            ),
            (
                "call oauth2.api(1,).write({'client_ids': [(0, 0, {'client_secret': 's'"
                "})]})",
                "oauth2.api",
            ),
        ):
            clean = f"call {written}(…): it has a client's secret"
            self.assertEqual(without_secrets(line), clean)
        pretty = "{'params': {'args': [{'client_secret': 's'}]}}"
        self.assertNotIn("'s'", without_secrets(pretty))
        line = "call oauth2.client().search_read([])"
        self.assertEqual(without_secrets(line), line)
        self.assertTrue(logging.getLogger("odoo.service.model").filters)

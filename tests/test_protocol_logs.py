"""What the server's log leaves out: queries of our addresses, calls with secrets."""

import logging

from odoo.tests import BaseCase, tagged

from ..protocol import logs
from ..protocol.digests import random_token
from ..protocol.logs import without_queries, without_secret


@tagged("post_install", "-at_install", "api_auth_oauth2")
class TestServerLogs(BaseCase):
    def assertWritten(self, address, written):
        line = '1.2.3.4 - - [24/Nov/2026 01:00:00] "GET %s HTTP/1.1" 200 -'
        self.assertEqual(without_queries(line % address), line % written)

    def test_the_query_of_our_endpoints_is_left_out(self):
        for path in ("callback", "start", "token", "provider/authorize", "x/y"):
            address = f"/orders/oauth2/{path}"
            self.assertWritten(f"{address}?code=a&state=b", f"{address}?…")
            self.assertWritten(address, address)

    def test_whatever_stands_in_it(self):
        for query in ('a"b', "a b", "a?b", "ü", "HTTP", "a\nb", "", "a#b"):
            self.assertWritten(
                f"/orders/oauth2/callback?code={query}", "/orders/oauth2/callback?…"
            )

    def test_a_path_that_is_bent(self):
        for path in (
            "/orders//oauth2/callback",
            "orders/oauth2/callback",
            "/orders/OAUTH2/callback",
            "/orders/oauth2%00/callback",
            "/oauth2/callback",
            "/orders/oauth2",
            "/callback",
            "/",
        ):
            for query in (
                "code=a&state=b",
                "state=b&error=x",
                "iss=c&state=b",
                "code=a&iss=c",
                "x=1&code=" + 20 * "a",
                "state=" + 43 * "a",
            ):
                self.assertWritten(f"{path}?{query}", f"{path}?…")
        self.assertWritten("/orders?/oauth2/callback?code=a&state=b", "/orders?…")

    def test_an_address_of_ours_within_another(self):
        """Odoo's login page is told where to go back to: to a start page's token."""
        for back in (
            "/orders/oauth2/start?request=abc",
            "%2Forders%2Foauth2%2Fstart%3Frequest%3Dabc",
            "%252Forders%252foauth2%252fstart%253Frequest%253Dabc",
        ):
            for path in ("/web/login", "/web/signup", "/"):
                self.assertWritten(f"{path}?redirect={back}", f"{path}?…")
                self.assertWritten(f"{path}?a=b&redirect={back}&c=d", f"{path}?…")

    def test_a_start_page_s_token_at_a_path_that_is_bent(self):
        token = "a-token_" + 35 * "0"  # as long as one
        self.assertEqual(len(token), len(random_token()))
        for path in ("/orders/start", "/start", "/", "/orders/OAUTH/start"):
            self.assertWritten(f"{path}?request={token}", f"{path}?…")
            self.assertWritten(f"{path}?a=b&request={token}", f"{path}?…")

    def test_other_addresses_are_left_alone(self):
        for address in (
            "/web?code=a",
            "/web?state=a",
            "/orders/partners?limit=1",
            "/auth_oauth/signin?state=a",
            "/shop?code=" + 19 * "a",
            "/web?code=a&code=b",
            "/web?error=a&promocode=" + 20 * "a",
            "/web/login?redirect=%2Fodoo%2Foauth2",
            "/orders/partners?request=offer",
            f"/orders/partners?request={44 * 'a'}",
        ):
            self.assertWritten(address, address)

    def test_an_access_token_in_an_address_is_left_out(self):
        """RFC 6750 section 5.3: log files may be read by others."""
        self.assertWritten(
            "/orders/partners?a=1&access_token=secret&b=2",
            "/orders/partners?a=1&access_token=…&b=2",
        )
        self.assertWritten("/x?access_token=secret", "/x?access_token=…")

    def test_the_logger_of_odoo_s_requests_is_guarded(self):
        logger = logging.getLogger("werkzeug")
        arguments = ("1.2.3.4", "GET /a/oauth2/callback?code=b HTTP/1.1", 200)
        for text, args, written in (
            (
                '%s "%s" %s',
                arguments,
                '1.2.3.4 "GET /a/oauth2/callback?… HTTP/1.1" 200',
            ),
            ("%s is left as it is", ("this",), "this is left as it is"),
        ):
            record = logger.makeRecord("werkzeug", 20, "", 0, text, args, None)
            self.assertTrue(logger.filter(record))
            self.assertEqual(record.getMessage(), written)
        wrong = logger.makeRecord("werkzeug", 20, "", 0, "%s %s", ("few",), None)
        self.assertTrue(logger.filter(wrong))
        before = list(logging.getLogger("werkzeug").filters)
        logs.guard_server_logs()
        self.assertEqual(logging.getLogger("werkzeug").filters, before)

    def test_calls_that_have_a_client_s_secret_lose_their_arguments(self):
        for line, written in (
            ("call oauth2.client().create({'client_secret': 's'})", "oauth2.client"),
            ("call oauth2.client(1,).write({'client_secret': 's'})", "oauth2.client"),
            (
                "call oauth2.api(1,).write({'client_ids': [(0, 0, {'client_secret': 's'"
                "})]})",
                "oauth2.api",
            ),
        ):
            clean = f"call {written}(…): it has a client's secret"
            self.assertEqual(without_secret(line), clean)
        pretty = "{'params': {'args': [{'client_secret': 's'}]}}"
        self.assertNotIn("'s'", without_secret(pretty))
        line = "call oauth2.client().search_read([])"
        self.assertEqual(without_secret(line), line)
        for name in logs.CALL_LOGS:
            self.assertTrue(logging.getLogger(name).filters)

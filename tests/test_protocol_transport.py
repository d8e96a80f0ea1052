"""Every call to a provider is bounded, verified and goes nowhere else."""

import gzip
import logging
import os
import tempfile
import threading
import time
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from unittest.mock import patch

from odoo.tests import BaseCase, tagged

from ..protocol import logs, transport
from ..protocol.back_off import retry_after_seconds
from ..protocol.checked_connection import MAX_WIRE_BYTES
from ..protocol.json_object import load_json_object
from ..protocol.network_policy import https_spelling
from ..protocol.provider_errors import (
    ProviderError,
    ProviderMisbehaved,
    ProviderUnavailable,
)
from ..protocol.transport import MAX_ANSWER_BYTES, ProviderSession
from . import certificates
from .faulty_provider import FaultyProvider
from .protocol_common import THIS_MACHINE


class TransportCase(BaseCase):
    def setUp(self):
        super().setUp()
        self.provider = self.enterContext(FaultyProvider())

    def get(self, url=None, **options):
        url = f"{self.provider.issuer}/jwks" if url is None else url
        with ProviderSession(network_policy=THIS_MACHINE) as session:
            return session.get(url, **options)


@tagged("post_install", "-at_install")
class TestEndpoints(TransportCase):
    def test_https_is_left_as_it_is(self):
        for url in ("https://id.example.com/token?a=b", "https://127.0.0.1:8443/"):
            self.assertEqual(https_spelling(url), url)

    def test_plain_http_is_for_this_machine_only(self):
        for url, spelling in (
            ("http://127.0.0.1:8080/token", "https://127.0.0.1:8080/token"),
            ("http://127.8.9.1:8080/token?a=b", "https://127.8.9.1:8080/token?a=b"),
            ("http://LocalHost:8080", "https://localhost:8080/"),
            ("http://localhost/token", "https://localhost:80/token"),
            ("http://[::1]:8080/token", "https://[::1]:8080/token"),
            ("http://[::1]/token", "https://[::1]:80/token"),
        ):
            self.assertEqual(https_spelling(url), spelling)

    def test_other_endpoints_are_refused(self):
        for url in (
            "http://id.example.com/token",
            "http://10.0.0.1/token",
            "http://127.0.0.1.example.com/token",
            "http://localhost.example.com/token",
            "http://localhost@example.com/token",
            "https://user:password@id.example.com/token",
            "http://127.0.0.1\\@example.com/",
            "http://[::ffff:127.0.0.1]/token",
            "http://0.0.0.0/token",
            "ftp://localhost/token",
            "file:///etc/passwd",
            "//localhost/token",
            "https:///token",
            "https://id.example.com/token#fragment",
            "https://id.example.com/to ken",
            "https://id.example.com:port/token",
            "",
        ):
            with self.subTest(url), self.assertRaises(ProviderMisbehaved):
                https_spelling(url)
            with self.subTest(url), self.assertRaises(ProviderMisbehaved):
                self.get(url)

    def test_loopback_is_called_over_plain_http(self):
        self.assertEqual(self.get().status_code, 200)
        self.assertNotIn("OAUTHLIB_INSECURE_TRANSPORT", os.environ)

    def test_a_proxy_never_sees_plain_http(self):
        proxy = {
            "http_proxy": "http://127.0.0.1:9",
            "https_proxy": "http://127.0.0.1:9",
        }
        with patch.dict(os.environ, {**proxy, "no_proxy": ""}):
            self.assertEqual(self.get().status_code, 200)

    def test_proxies_of_the_environment_are_used(self):
        proxy = self.enterContext(FaultyProvider())
        with patch.dict(os.environ, {"https_proxy": proxy.issuer, "no_proxy": ""}):
            with self.assertRaises(ProviderUnavailable):
                # The proxy in this test answers no CONNECT: that it is asked counts.
                self.get("https://localhost:9/jwks")
        self.assertEqual(proxy.methods["CONNECT"], 1)

    def test_a_proxy_whose_connections_would_not_be_bounded_is_refused(self):
        for scheme in ("socks4", "socks5", "SOCKS5h"):
            proxy = {"https_proxy": f"{scheme}://127.0.0.1:9", "no_proxy": ""}
            with self.subTest(scheme), patch.dict(os.environ, proxy):
                with self.assertRaisesRegex(ProviderMisbehaved, "use an HTTP proxy"):
                    self.get("https://localhost:9/jwks")

    def test_netrc_adds_no_credentials(self):
        with tempfile.NamedTemporaryFile("w") as netrc:
            netrc.write("machine 127.0.0.1 login somebody password secret\n")
            netrc.flush()
            with patch.dict(os.environ, {"NETRC": netrc.name}):
                self.get()
        self.assertNotIn("Authorization", self.provider.requests[-1]["headers"])


@tagged("post_install", "-at_install")
class TestBounds(TransportCase):
    def test_connect_and_read_have_timeouts_in_every_call(self):
        seen = []

        def send(adapter, request, **kwargs):
            seen.append(kwargs["timeout"])
            raise OSError("seen enough")

        with patch("requests.adapters.HTTPAdapter.send", send):
            for timeout in (None, 1000):
                with ProviderSession(network_policy=THIS_MACHINE) as session:
                    with self.assertRaises(ProviderUnavailable):
                        session.get("https://localhost/", timeout=timeout)
        self.assertEqual(seen, [(5, 10), (5, 10)])

    def test_a_silent_provider_is_given_up(self):
        self.provider.hang = 5
        for seconds in ("READ_SECONDS", "TOTAL_SECONDS"):
            with patch.object(transport, seconds, 0.3):
                self.assertGivenUp(1.5)

    def test_drip_fed_headers_are_given_up(self):
        self.provider.drip("jwks", b"HTTP/1.0 200 OK\r\nX-Slow: " + b"a" * 1000)
        with patch.object(transport, "TOTAL_SECONDS", 0.5):
            self.assertGivenUp(1.5)

    def test_a_drip_fed_body_is_given_up(self):
        for head in (
            b"",
            b"Content-Length: 1000\r\n",
            b"Transfer-Encoding: chunked\r\n",
        ):
            body = b"1\r\na\r\n" * 200 if b"chunked" in head else b"a" * 1000
            self.provider.drip(
                "jwks", body, 0.05, head=b"HTTP/1.1 200 OK\r\n" + head + b"\r\n"
            )
            with self.subTest(head), patch.object(transport, "TOTAL_SECONDS", 0.5):
                self.assertGivenUp(1.5)

    def assertGivenUp(self, seconds):
        started = time.monotonic()
        with self.assertRaises(ProviderUnavailable):
            self.get()
        self.assertLess(time.monotonic() - started, seconds)

    def test_an_answer_of_the_longest_length_is_read(self):
        for headers in ({}, {"Content-Encoding": "gzip"}):
            body = b"a" * MAX_ANSWER_BYTES
            if headers:
                body = gzip.compress(body)
            self.provider.answer("jwks", body=body, headers=headers)
            self.assertEqual(self.get().content, b"a" * MAX_ANSWER_BYTES)

    def test_a_longer_answer_is_refused(self):
        body = b"a" * (MAX_ANSWER_BYTES + 1)
        for status in (200, 400):
            self.provider.answer("jwks", status=status, body=body)
            self.assertMisbehaved("too long")
        self.provider.answer("jwks", status=404, body=body)
        self.assertMisbehaved("too long")

    def test_a_small_answer_that_unpacks_to_much_is_refused(self):
        self.provider.answer(
            "jwks",
            body=gzip.compress(b"a" * 10_000_000),
            headers={"Content-Encoding": "gzip"},
        )
        self.assertMisbehaved("too long")

    def test_layers_of_encodings_are_refused(self):
        self.provider.answer(
            "jwks",
            body=gzip.compress(gzip.compress(b"{}")),
            headers={"Content-Encoding": "gzip, gzip"},
        )
        self.assertMisbehaved("encoding")

    def test_a_broken_encoding_is_refused(self):
        self.provider.answer(
            "jwks", body=b"not gzip", headers={"Content-Encoding": "gzip"}
        )
        self.assertMisbehaved("decoded")

    def test_reading_stops_at_the_limit(self):
        self.provider.flood("jwks", megabytes=1000)
        self.assertMisbehaved("too long")
        self.assertLess(self.provider.flooded, 100)

    def test_what_is_no_body_is_limited_too(self):
        ok = b"HTTP/1.1 200 OK\r\n"
        chunked = ok + b"Transfer-Encoding: chunked\r\n\r\n"
        much = b"a" * (3 * MAX_WIRE_BYTES)
        # Python's own limits, of a line and of how many there are, are not reached.
        headers = (b"X: " + b"a" * 60_000 + b"\r\n") * 90
        for what, answer in (
            ("headers", ok + headers + b"\r\n{}"),
            (
                "answers before the answer",
                b"HTTP/1.1 100 Continue\r\n\r\n" * (MAX_WIRE_BYTES // 8)
                + (chunked + b"0\r\n\r\n"),
            ),
            ("a chunk extension", chunked + b"1;" + much + b"\r\na\r\n0\r\n\r\n"),
            ("a trailer", chunked + b"1\r\na\r\n0\r\nX: " + much + b"\r\n\r\n"),
            ("many trailers", chunked + b"0\r\n" + b"X: aaaaaaaa\r\n" * MAX_WIRE_BYTES),
        ):
            with self.subTest(what):
                self.provider.raw("jwks", answer)
                self.assertMisbehaved("too long")

    def test_a_mebibyte_comes_over_the_wire_and_not_a_byte_more(self):
        head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;"
        end = b"\r\na\r\n0\r\n\r\n"
        extension = b"x" * (1024 * 1024 - len(head + end))
        self.provider.raw("jwks", head + extension + end)
        self.assertEqual(self.get().content, b"a")
        self.provider.raw("jwks", head + extension + b"x" + end)
        self.assertMisbehaved("too long")

    def test_no_redirect_is_followed_or_read(self):
        for status in (301, 302, 303, 307, 308, 304):
            self.provider.answer(
                "jwks",
                status=status,
                body=b"a" * (MAX_ANSWER_BYTES * 100),
                headers={"Location": f"{self.provider.issuer}/userinfo"},
            )
            self.assertMisbehaved(f"status {status}")
        self.assertEqual(self.provider.calls["userinfo"], 0)
        self.provider.redirect("jwks", "http://[not-an-address/")
        self.assertMisbehaved("status 302")

    def test_a_redirect_of_a_caller_that_allows_them_is_not_followed(self):
        self.provider.redirect("jwks", f"{self.provider.issuer}/userinfo")
        with (
            ProviderSession(network_policy=THIS_MACHINE) as session,
            self.assertRaises(ProviderMisbehaved),
        ):
            session.get(f"{self.provider.issuer}/jwks", allow_redirects=True)
        self.assertEqual(self.provider.calls["userinfo"], 0)

    def assertMisbehaved(self, reason):
        with self.assertRaises(ProviderMisbehaved) as caught:
            self.get()
        self.assertIn(reason, caught.exception.reason)


@tagged("post_install", "-at_install")
class TestNoAnswer(TransportCase):
    def test_what_keeps_an_answer_from_coming_is_unavailable(self):
        self.provider.close("jwks")
        with self.assertRaises(ProviderUnavailable):
            self.get()
        self.provider.raw("jwks", b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{}")
        with self.assertRaises(ProviderUnavailable):
            self.get()
        self.provider.raw("jwks", b"what?\r\n\r\n")
        with self.assertRaises(ProviderUnavailable):
            self.get()
        with self.assertRaises(ProviderUnavailable) as caught:
            self.get("http://127.0.0.1:9/jwks")
        self.assertIn("refused", caught.exception.reason)
        self.assertNotIn(" object at ", caught.exception.reason)

    def test_whether_the_provider_may_have_been_asked(self):
        proxy = {"https_proxy": "http://127.0.0.1:9", "no_proxy": ""}
        for url, sent in (
            ("http://127.0.0.1:9/jwks", False),
            ("https://127.0.0.1:9/jwks", False),
            ("https://nobody.invalid/jwks", False),
            ("https://10.0.0.1/jwks", False),
            ("http://id.example.com/jwks", False),
            (self.provider.issuer.replace("http:", "https:") + "/jwks", False),
            (None, True),
        ):
            self.provider.close("jwks")
            with self.subTest(url), self.assertRaises(ProviderError) as caught:
                self.get(url)
            self.assertEqual(caught.exception.was_sent, sent)
        with patch.dict(os.environ, proxy), self.assertRaises(ProviderError) as caught:
            self.get("https://localhost:9/jwks")
        self.assertFalse(caught.exception.was_sent)
        for options in ({"status": 503}, {"status": 302}, {"body": b"a" * 100_000}):
            self.provider.answer("jwks", **options)
            with self.assertRaises(ProviderError) as caught:
                self.get()
            self.assertTrue(caught.exception.was_sent)

    def test_5xx_and_429_are_unavailable_and_say_when_to_come_back(self):
        for status in (500, 502, 503, 429):
            self.provider.answer("jwks", status=status, headers={"Retry-After": "7"})
            with self.assertRaises(ProviderUnavailable) as caught:
                self.get()
            self.assertEqual(caught.exception.retry_after, 7)
            self.assertIn(str(status), caught.exception.reason)

    def test_retry_after(self):
        later = datetime.now(timezone.utc) + timedelta(seconds=100)
        self.assertAlmostEqual(
            retry_after_seconds(format_datetime(later, usegmt=True)), 100, delta=2
        )
        for value, seconds in (
            ("120", 120),
            (" 0 ", 0),
            ("9999999", 86400),
            ("Wed, 21 Oct 2015 07:28:00 GMT", 0),
            ("-1", None),
            ("soon", None),
            ("", None),
            (None, None),
        ):
            self.assertEqual(retry_after_seconds(value), seconds, value)


@tagged("post_install", "-at_install")
class TestTls(TransportCase):
    def setUp(self):
        super().setUp()
        self.files = certificates.of_this_process()
        context = certificates.server_context(self.files)
        self.secure = self.enterContext(FaultyProvider(context))
        self.url = f"{self.secure.issuer}/jwks"
        # What the machine that runs the tests has set must not decide them.
        for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
            self.enterContext(patch.dict(os.environ))
            os.environ.pop(name, None)

    def test_an_unknown_certificate_is_refused(self):
        with self.assertRaises(ProviderUnavailable) as caught:
            self.get(self.url)
        self.assertIn("certificate verify failed", caught.exception.reason)

    def test_verification_cannot_be_switched_off_by_a_caller(self):
        with (
            ProviderSession(network_policy=THIS_MACHINE) as session,
            self.assertRaises(ProviderUnavailable),
        ):
            session.get(self.url, verify=False)

    def test_requests_ca_bundle_names_a_private_authority(self):
        os.environ["REQUESTS_CA_BUNDLE"] = str(self.files.authority)
        self.assertEqual(self.get(self.url).json()["keys"], self.secure.keys)

    def test_the_host_must_be_the_certificates(self):
        os.environ["REQUESTS_CA_BUNDLE"] = str(self.files.authority)
        with self.assertRaises(ProviderUnavailable):
            self.get(self.url.replace("127.0.0.1", "localhost"))

    def test_a_missing_ca_bundle_is_unavailable(self):
        os.environ["REQUESTS_CA_BUNDLE"] = "/nowhere/ca.pem"
        with self.assertRaises(ProviderUnavailable):
            self.get(self.url)

    def test_bounds_hold_over_tls(self):
        os.environ["REQUESTS_CA_BUNDLE"] = str(self.files.authority)
        self.secure.flood("jwks")
        with self.assertRaises(ProviderMisbehaved):
            self.get(self.url)
        self.secure.drip("jwks", b"HTTP/1.0 200 OK\r\n\r\n" + b"a" * 1000, 0.05)
        started = time.monotonic()
        with patch.object(transport, "TOTAL_SECONDS", 0.5):
            with self.assertRaises(ProviderUnavailable):
                self.get(self.url)
        self.assertLess(time.monotonic() - started, 1.5)


@tagged("post_install", "-at_install")
class TestThreads(TransportCase):
    def test_deadlines_of_threads_are_their_own(self):
        slow = self.enterContext(FaultyProvider())
        slow.hang = 9
        errors = []

        def call():
            try:
                self.get(f"{slow.issuer}/jwks")
            except ProviderUnavailable as error:
                errors.append(error)

        thread = threading.Thread(target=call)
        with patch.object(transport, "TOTAL_SECONDS", 0.3):
            thread.start()
            # Its deadline is set once it has asked, or given up before.
            while not slow.calls and thread.is_alive():
                time.sleep(0.01)
        self.get()
        thread.join()
        self.assertEqual(len(errors), 1)


@tagged("post_install", "-at_install")
class TestJson(BaseCase):
    def test_an_object_is_taken(self):
        text = '{"a": [1, {"b": null}], "ä": "ü"}'
        self.assertEqual(load_json_object(text.encode())["ä"], "ü")
        self.assertEqual(load_json_object(b"\xef\xbb\xbf{}"), {})

    def test_anything_else_is_refused(self):
        for text in (
            b"",
            b"[]",
            b'"text"',
            b"null",
            b"{",
            b"<html></html>",
            b'{"a": NaN}',
            b'{"a": -Infinity}',
            b'{"a": "\xff"}',
            b'{"a": "\\u0000"}',
            b'{"\\u0000": 1}',
            b'{"a": ["\\ud800"]}',
            b"[" * 60000,
            b'{"a":' * 10000,
            b'{"a": ' + b"9" * 10000 + b"}",
        ):
            with self.subTest(text[:20]), self.assertRaises(ProviderMisbehaved):
                load_json_object(text)


@tagged("post_install", "-at_install")
class TestLibraryLogs(BaseCase):
    def test_debug_records_of_the_libraries_are_dropped(self):
        names = [
            name
            for name in logging.root.manager.loggerDict
            if name.partition(".")[0] in logs.LIBRARIES
        ]
        self.assertIn("requests_oauthlib.oauth2_session", names)
        self.assertIn("oauthlib.oauth2.rfc6749.grant_types.authorization_code", names)
        for name in names:
            logger = logging.getLogger(name)
            with self.subTest(name), self.assertNoLogs(logger, logging.DEBUG):
                logger.debug("token")

    def test_warnings_of_the_libraries_pass(self):
        logger = logging.getLogger("requests_oauthlib.oauth2_session")
        with self.assertLogs(logger, logging.DEBUG):
            logger.warning("careful")

    def test_libraries_that_are_imported_later_do_not_debug_either(self):
        root = logging.getLogger()
        self.addCleanup(root.setLevel, root.level)
        root.setLevel(logging.DEBUG)
        for library in logs.LIBRARIES:
            later = logging.getLogger(f"{library}.later")
            self.assertFalse(later.isEnabledFor(logging.DEBUG))

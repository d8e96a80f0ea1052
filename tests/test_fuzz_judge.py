"""What ``./dev fuzz`` hears of a server, and what it calls a breach."""

import contextlib
import socket
import threading
import time
from pathlib import Path

from odoo.tests import tagged

from .tools_common import ToolsCase

_SECONDS = 0.5
_HEAD = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 20\r\n\r\n"
)


class FuzzCase(ToolsCase):
    """The modules of ``tests/fuzz`` that need no server."""

    folder = Path(__file__).parent / "fuzz"

    def setUp(self):
        super().setUp()
        self.wire = self.module("wire")
        self.judge = self.module("judge")
        self.targets = self.module("targets")
        self.target = self.targets.TARGETS[0]

    def breach(self, answer, request=None, secrets=(), target=None):
        request = request or self.wire.Request("POST", "/@API@/oauth2/token")
        return self.judge.breach(target or self.target, request, answer, secrets)

    def answer(self, status=200, body=b"{}", *headers):
        headers = (("Content-Type", "application/json"), *headers)
        return self.wire.Answer(status, headers, body)


@tagged("post_install", "-at_install", "api_auth_oauth2")
class TestFuzzWire(FuzzCase):
    """A server that hangs, drips or hangs up."""

    def served(self, serve):
        """What is heard of a server that does `serve(connection)` and no more."""
        listener = self.enterContext(socket.create_server(("127.0.0.1", 0)))
        done = threading.Event()

        def accept():
            connection, _address = listener.accept()
            with connection:
                serve(connection)

        def accept_once():
            try:
                accept()
            finally:
                done.set()

        threading.Thread(target=accept_once, daemon=True).start()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        answer = self.wire.send(url, b"GET / HTTP/1.1\r\n\r\n", "GET", _SECONDS)
        self.assertTrue(done.wait(9))
        return answer

    def test_an_answer(self):
        answer = self.served(lambda sock: sock.sendall(_HEAD + b'"' + b"a" * 18 + b'"'))
        self.assertEqual((answer.status, len(answer.body)), (200, 20))
        self.assertIsNone(self.breach(answer))

    def test_no_answer(self):
        answer = self.served(lambda _sock: time.sleep(_SECONDS + 0.2))
        self.assertTrue(answer.is_late)
        self.assertIn("no whole answer", self.breach(answer))

    def test_an_answer_that_drips(self):
        """Each byte comes in time, all of them do not."""

        def drip(sock):
            with contextlib.suppress(OSError):
                for byte in _HEAD:
                    sock.sendall(bytes([byte]))
                    time.sleep(_SECONDS / 10)

        answer = self.served(drip)
        self.assertTrue(answer.is_late)
        self.assertIn("no whole answer", self.breach(answer))

    def test_an_answer_without_an_end(self):
        """There is always another byte."""

        def flood(sock):
            with contextlib.suppress(OSError):
                sock.sendall(b"HTTP/1.0 200 OK\r\n\r\n")
                while True:
                    sock.sendall(b"a")

        answer = self.served(flood)
        self.assertTrue(answer.is_late)
        self.assertIn("no whole answer", self.breach(answer))

    def test_a_dropped_connection(self):
        for sent in (b"", _HEAD[:30], _HEAD + b"abc"):
            answer = self.served(lambda sock, sent=sent: sock.sendall(sent))
            self.assertEqual((answer.status, answer.is_late), (0, False))
            self.assertIn("the connection was dropped", self.breach(answer))


@tagged("post_install", "-at_install", "api_auth_oauth2")
class TestFuzzJudge(FuzzCase):
    def test_a_hang_has_no_excuse_a_dropped_connection_has(self):
        Request, path = self.wire.Request, "/@API@/oauth2/token"
        odd = (
            Request("POST", path, framing="long"),
            Request("POST", path, (("Content-Length", "1"),)),
            Request("POST", path, (("Transfer-Encoding", "x"),)),
            Request("POST", path, body=b"a" * 70_000),
        )
        for request in odd:
            dropped, late = self.wire.Answer(0), self.wire.Answer(0, is_late=True)
            self.assertIsNone(self.breach(dropped, request), request)
            self.assertTrue(self.breach(late, request), request)

    def test_a_status_of_500(self):
        self.assertEqual(self.breach(self.answer(500)), "status 500")
        self.assertTrue(self.breach(self.answer(503)))
        busy = next(target for target in self.targets.TARGETS if target.busy)
        self.assertIsNone(self.breach(self.answer(503), target=busy))
        self.assertTrue(self.breach(self.answer(500), target=busy))

    def test_a_secret(self):
        secret = "a-secret-of-somebody"
        for answer in (
            self.answer(400, b'{"error": "%s"}' % secret.encode()),
            self.answer(302, b"", ("Location", f"/?{secret}")),
        ):
            self.assertEqual(
                self.breach(answer, secrets=[secret]), "a secret in the answer"
            )
            self.assertIsNone(self.breach(answer, secrets=["another-of-them"]))

    def test_a_redirect_that_leads_the_caller_back(self):
        secret = "a-secret-of-somebody"

        def redirect(status, location, path="/@API@/oauth2/token"):
            answer = self.answer(status, b"", ("Location", f"{location}?x={secret}"))
            request = self.wire.Request("GET", path)
            return self.breach(answer, request, secrets=[secret])

        self.assertIsNone(redirect(308, "/orders/oauth2/start"))
        self.assertIsNone(redirect(303, "/web/login"))
        for location in ("/web/loginx", "//evil.example/web/login", "/odoo"):
            self.assertTrue(redirect(303, location))
        for path in ("/", "?/@API@/oauth2/callback", "/?x=1"):
            self.assertIsNone(redirect(303, "/odoo", path))
            self.assertTrue(redirect(303, "/odoox", path))

    def test_a_body_too_deep_for_odoo_s_own_route(self):
        answer = self.answer(500, b'{"name": "builtins.RecursionError"}')
        ours = self.wire.Request("POST", "/json/2/res.partner/search")
        ours = ours.with_header("Authorization", "Bearer @ACCESS@")
        self.assertTrue(self.breach(answer, ours))
        for path in ("/@API@/json/2/res.partner/search", "/@API@/oauth2/token"):
            self.assertTrue(self.breach(answer, self.wire.Request("GET", path)))
        core = self.wire.Request("GET", "/json/2/res.partner/search")
        self.assertIsNone(self.breach(answer, core))
        self.assertTrue(self.breach(self.answer(500), core))

    def test_his_own_cookie_and_no_other_may_be_sent_to_a_caller(self):
        cookie = "a-secret-of-somebody"
        answer = self.answer(200, b"{}", ("Set-Cookie", f"session_id={cookie}; Path=/"))
        request = self.wire.Request("GET", "/@API@/oauth2/start")
        self.assertTrue(self.breach(answer, request, [cookie]))
        request = request.with_header("Cookie", "session_id=@SESSION@")
        self.assertIsNone(self.breach(answer, request, [cookie]))
        answer = self.answer(200, b"{}", ("Set-Cookie", f"other={cookie}"))
        self.assertTrue(self.breach(answer, request, [cookie]))

    def test_a_page_and_a_traceback(self):
        page = self.wire.Answer(404, (("Content-Type", "text/html"),), b"<p>")
        self.assertIn("an HTML page", self.breach(page))
        body = b'"Traceback (most recent call last)"'
        self.assertIn("a traceback", self.breach(self.answer(400, body)))
        self.assertIn("not the JSON", self.breach(self.answer(400, b"NaN")))

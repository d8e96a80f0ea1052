"""What ``./dev fuzz`` hears of a server, and what it calls a breach."""

import contextlib
import socket
import threading
import time
import unittest

import judge
import targets
import wire

_SECONDS = 0.5
_HEAD = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 20\r\n\r\n"
)


class FuzzCase(unittest.TestCase):
    """The modules of ``checks/fuzz`` that need no server."""

    def breach(self, answer, request=None, secrets=(), target=None):
        request = request or wire.Request("POST", "/@API@/oauth2/token")
        return judge.breach(target or targets.TARGETS[0], request, answer, secrets)

    def answer(self, status=200, body=b"{}", *headers):
        headers = (("Content-Type", "application/json"), *headers)
        return wire.Answer(status, headers, body)


class TestFuzzWire(FuzzCase):
    """A server that hangs, drips or hangs up."""

    def served(self, serve):
        """What is heard of a server that does `serve(connection)` and no more."""
        listener = self.enterContext(socket.create_server(("127.0.0.1", 0)))
        done = threading.Event()

        def accept():
            connection, _address = listener.accept()
            with connection:
                connection.recv(1000)  # unread, it would be a reset that ends all
                serve(connection)

        def accept_once():
            try:
                accept()
            finally:
                done.set()

        threading.Thread(target=accept_once, daemon=True).start()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        answer = wire.send(url, b"GET / HTTP/1.1\r\n\r\n", "GET", _SECONDS)
        self.assertTrue(done.wait(9))
        return answer

    def test_a_whole_answer_is_no_breach(self):
        answer = self.served(lambda sock: sock.sendall(_HEAD + b'"' + b"a" * 18 + b'"'))
        self.assertEqual((answer.status, len(answer.body)), (200, 20))
        self.assertIsNone(self.breach(answer))

    def test_a_server_that_does_not_answer_is_a_breach(self):
        answer = self.served(lambda _sock: time.sleep(_SECONDS + 0.2))
        self.assertTrue(answer.is_late)
        self.assertIn("no whole answer", self.breach(answer))

    def test_an_answer_that_drips_for_too_long_is_a_breach(self):
        """Each byte comes in time, all of them do not."""

        def drip(sock):
            with contextlib.suppress(OSError):
                for byte in _HEAD:
                    sock.sendall(bytes([byte]))
                    time.sleep(_SECONDS / 10)

        answer = self.served(drip)
        self.assertTrue(answer.is_late)
        self.assertIn("no whole answer", self.breach(answer))

    def test_an_answer_without_an_end_is_a_breach(self):
        """There is always another byte."""

        def flood(sock):
            with contextlib.suppress(OSError):
                sock.sendall(b"HTTP/1.0 200 OK\r\n\r\n")
                while True:
                    sock.sendall(b"a")

        answer = self.served(flood)
        self.assertTrue(answer.is_late)
        self.assertIn("no whole answer", self.breach(answer))

    def test_a_dropped_connection_is_a_breach(self):
        for sent in (b"", _HEAD[:30], _HEAD + b"abc"):
            answer = self.served(lambda sock, sent=sent: sock.sendall(sent))
            self.assertEqual((answer.status, answer.is_late), (0, False))
            self.assertIn("the connection was dropped", self.breach(answer))


class TestFuzzJudge(FuzzCase):
    def test_a_malformed_request_excuses_a_dropped_connection_but_no_hang(self):
        Request, path = wire.Request, "/@API@/oauth2/token"
        odd = (
            Request("POST", path, framing="long"),
            Request("POST", path, (("Content-Length", "1"),)),
            Request("POST", path, (("Transfer-Encoding", "x"),)),
            Request("POST", path, body=b"a" * 70_000),
        )
        for request in odd:
            dropped, late = wire.Answer(0), wire.Answer(0, is_late=True)
            self.assertIsNone(self.breach(dropped, request), request)
            self.assertTrue(self.breach(late, request), request)

    def test_a_status_of_500_is_a_breach_and_503_only_where_nothing_is_busy(self):
        self.assertEqual(self.breach(self.answer(500)), "status 500")
        self.assertTrue(self.breach(self.answer(503)))
        busy = next(target for target in targets.TARGETS if target.busy)
        self.assertIsNone(self.breach(self.answer(503), target=busy))
        self.assertTrue(self.breach(self.answer(500), target=busy))

    def test_a_secret_in_an_answer_is_a_breach(self):
        secret = "a-secret-of-somebody"
        for answer in (
            self.answer(400, b'{"error": "%s"}' % secret.encode()),
            self.answer(302, b"", ("Location", f"/?{secret}")),
        ):
            self.assertEqual(
                self.breach(answer, secrets=[secret]), "a secret in the answer"
            )
            self.assertIsNone(self.breach(answer, secrets=["another-of-them"]))

    def test_a_redirect_may_carry_a_secret_back_to_its_caller_only(self):
        secret = "a-secret-of-somebody"

        def redirect(status, location, path="/@API@/oauth2/token"):
            answer = self.answer(status, b"", ("Location", f"{location}?x={secret}"))
            request = wire.Request("GET", path)
            return self.breach(answer, request, secrets=[secret])

        self.assertIsNone(redirect(308, "/orders/oauth2/start"))
        self.assertIsNone(redirect(303, "/web/login"))
        page = "/orders/oauth2/consent"
        self.assertIsNone(redirect(303, page, "/@API@/oauth2/consent"))
        self.assertTrue(redirect(303, page))
        self.assertTrue(redirect(303, f"https:/{page}", "/@API@/oauth2/consent"))
        for location in ("/web/loginx", "//evil.example/web/login", "/odoo"):
            self.assertTrue(redirect(303, location))
        for path in ("/", "?/@API@/oauth2/callback", "/?x=1"):
            self.assertIsNone(redirect(303, "/odoo", path))
            self.assertTrue(redirect(303, "/odoox", path))

    def test_odoo_s_own_route_may_fail_on_a_body_nested_too_deep(self):
        answer = self.answer(500, b'{"name": "builtins.RecursionError"}')
        ours = wire.Request("POST", "/json/2/res.partner/search")
        ours = ours.with_header("Authorization", "Bearer @ACCESS@")
        self.assertTrue(self.breach(answer, ours))
        for path in ("/@API@/json/2/res.partner/search", "/@API@/oauth2/token"):
            self.assertTrue(self.breach(answer, wire.Request("GET", path)))
        core = wire.Request("GET", "/json/2/res.partner/search")
        self.assertIsNone(self.breach(answer, core))
        self.assertTrue(self.breach(self.answer(500), core))

    def test_a_caller_may_be_sent_only_the_session_cookie_it_sent(self):
        cookie = "a-secret-of-somebody"
        answer = self.answer(200, b"{}", ("Set-Cookie", f"session_id={cookie}; Path=/"))
        request = wire.Request("GET", "/@API@/oauth2/start")
        self.assertTrue(self.breach(answer, request, [cookie]))
        request = request.with_header("Cookie", "session_id=@SESSION@")
        self.assertIsNone(self.breach(answer, request, [cookie]))
        answer = self.answer(200, b"{}", ("Set-Cookie", f"other={cookie}"))
        self.assertTrue(self.breach(answer, request, [cookie]))

    def test_an_html_page_a_traceback_or_broken_json_is_a_breach(self):
        page = wire.Answer(404, (("Content-Type", "text/html"),), b"<p>")
        self.assertIn("an HTML page", self.breach(page))
        for path, is_right in (("authorize", True), ("provider/authorize", False)):
            request = wire.Request("GET", f"/@API@/oauth2/{path}?a=b")
            self.assertEqual(self.breach(page, request) is None, is_right, path)
        body = b'"Traceback (most recent call last)"'
        self.assertIn("a traceback", self.breach(self.answer(400, body)))
        self.assertIn("not the JSON", self.breach(self.answer(400, b"NaN")))


class TestFuzzDeeds(FuzzCase):
    """A deed is judged by what happened, not by its status alone."""

    def misdeed(self, answer, readable=True, due=0, done=False, untouched=True, **sent):
        request = wire.Request("POST", "/@API@/oauth2/token", **sent)
        return judge.misdeed(request, answer, readable, due, done, untouched)

    def refusal(self, status=400, told=b'{"error": "x"}', origin=targets.ORIGIN):
        header = ("Access-Control-Allow-Origin", origin)
        return self.answer(status, told, header)

    def test_what_is_said_to_be_done_is_done(self):
        done = {"done": True, "untouched": False}
        self.assertIsNone(self.misdeed(self.answer(), **done))
        self.assertIsNone(self.misdeed(self.answer(), framing="chunked", **done))
        self.assertTrue(self.misdeed(self.answer()))
        self.assertTrue(self.misdeed(self.answer(), framing="cut"))
        self.assertTrue(self.misdeed(self.answer(), readable=False, **done))
        self.assertTrue(self.misdeed(self.answer(), due=422, **done))

    def test_a_refusal_changes_nothing_and_is_due(self):
        refused = {"readable": False}
        self.assertIsNone(self.misdeed(self.refusal(), **refused))
        self.assertTrue(self.misdeed(self.refusal(), untouched=False, **refused))
        dropped = wire.Answer(0)
        self.assertIsNone(self.misdeed(dropped, framing="coded"))
        self.assertTrue(self.misdeed(dropped, framing="coded", untouched=False))
        for framing in wire.WHOLE:
            self.assertTrue(self.misdeed(self.refusal(), framing=framing))

    def test_a_refusal_is_told_in_json_to_the_page_that_calls(self):
        for answer in (
            wire.Answer(400, (("Content-Type", "text/html"),), b"<p>"),
            self.refusal(told=b"[]"),
            self.refusal(told=b'{"name": "builtins.ValueError"}'),
            self.refusal(origin="https://another.example.com"),
        ):
            self.assertTrue(self.misdeed(answer, readable=False))

    def test_an_answer_that_cannot_be_written_has_an_error_s_id(self):
        told = b'{"error": "x", "error_description": "Internal error %s."}'
        good = self.refusal(500, told % (b"0a" * 16))
        self.assertIsNone(self.misdeed(good, due=500))
        self.assertTrue(self.misdeed(good, due=422))
        self.assertTrue(self.misdeed(self.refusal(500, told % b"0a"), due=500))

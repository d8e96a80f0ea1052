"""The bytes of a body say one thing, or the call is refused: on every door."""

import codecs
import json
from http.client import HTTPConnection

from odoo import http
from odoo.http import request
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..oauth2 import oauth2_route
from .json2_common import Json2Case
from .json_route_common import JsonRouteCase

#: Bytes that are no JSON object of RFC 8259, with ``%d`` for a record's id.
UNREADABLE = (
    b'{"ids": [%d], "vals": {"name": "caf\xe9"}}',
    '{"ids": [%d], "vals": {"name": "A"}}'.encode("utf-16"),
    '{"ids": [%d], "vals": {"name": "A"}}'.encode("utf-32-le"),
    b'{"ids": [%d], "vals": {"name": "A", "name": "B"}}',
    b'{"ids": [%d], "ids": [%d], "vals": {"name": "A"}}',
    b'{"ids": [%d], "vals": {"name": "A", "color": NaN}}',
    b'{"ids": [%d], "vals": {"name": "A", "color": -Infinity}}',
    b'{"ids": [%d], "vals": {"name": "A", "color": 1e999}}',
    b'[{"ids": [%d], "vals": {"name": "A"}}]',
    b'{"ids": [%d], "vals": {"name": "A"}} {}',
    b'{"__method__": "unlink", "ids": [%d], "vals": {"name": "A"}}',
    b"null",
)
JSON = "application/json"
FORM = "application/x-www-form-urlencoded"


@tagged("post_install", "-at_install")
class TestBodiesOfJson2(Json2Case):
    """JSON-2 under an API, and Odoo's own with a token of ours."""

    def setUp(self):
        super().setUp()
        self.open("res.partner", "read", "create", "write", "unlink")
        self.access.api.bearer_enabled = True
        self.env.flush_all()

    def send(self, base, method, body, media_type=JSON):
        """:param body: bytes; an iterable of bytes is sent in chunks"""
        headers = {**self.access.headers, "Content-Type": media_type}
        path = f"{base}/json/2/res.partner/{method}"
        return self.url_open(path, data=body, headers=headers, method="POST")

    def doors(self):
        for base in ("/orders", ""):
            partner = self.env["res.partner"].create({"name": "Deco"})
            self.env.flush_all()
            with self.subTest(door=f"{base}/json/2"):
                yield base, partner

    def test_what_is_sent_in_chunks_is_done(self):
        for base, partner in self.doors():
            body = json.dumps({"ids": partner.ids, "vals": {"name": "ü"}}).encode()
            answer = self.send(base, "write", iter([body[:9], body[9:]]))
            self.assertServed(answer)
            self.assertEqual(partner.name, "ü")
            body = json.dumps({"domain": [["id", "=", partner.id]], "fields": ["name"]})
            answer = self.send(base, "search_read", iter([body.encode()]))
            expected = [{"id": partner.id, "name": "ü"}]
            self.assertEqual(self.assertServed(answer), expected)
            body = json.dumps({"ids": partner.ids}).encode()
            self.assertServed(self.send(base, "unlink", iter([body])))
            self.assertFalse(partner.exists())

    @mute_logger("odoo.http")
    def test_chunks_of_another_media_type_are_refused(self):
        for base, partner in self.doors():
            body = json.dumps({"ids": partner.ids}).encode()
            answer = self.send(base, "unlink", iter([body]), "text/plain")
            self.assertEqual(answer.status_code, 415, answer.text)
            self.assertTrue(partner.exists())

    def test_a_coding_that_the_server_does_not_undo_is_411(self):
        for base, partner in self.doors():
            body = json.dumps({"ids": partner.ids}).encode()
            self.env.flush_all()
            self.cr.clear()
            with self.allow_requests():
                connection = HTTPConnection("127.0.0.1", self.http_port(), timeout=10)
                connection.putrequest("POST", f"{base}/json/2/res.partner/unlink")
                for name, value in {
                    **self.access.headers,
                    "Cookie": f"test_request_key={self.http_request_key}",
                    "Content-Type": JSON,
                    "Transfer-Encoding": "gzip, chunked",
                }.items():
                    connection.putheader(name, value)
                connection.endheaders(b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body))
                answer = connection.getresponse()
                told = json.loads(answer.read())
                connection.close()
            self.assertEqual((answer.status, told["error"]), (411, "invalid_request"))
            self.assertTrue(partner.exists())

    @mute_logger("odoo.http")
    def test_bytes_that_can_be_read_in_no_or_two_ways_change_nothing(self):
        for base, partner in self.doors():
            for body in UNREADABLE:
                body = body.replace(b"%d", str(partner.id).encode())
                with self.subTest(body=body):
                    answer = self.send(base, "write", body)
                    self.assertEqual(answer.status_code, 400, answer.text)
                    self.assertEqual(answer.json()["error"], "invalid_request")
                    self.env.invalidate_all()
                    self.assertEqual(partner.name, "Deco")

    def test_a_byte_order_mark_is_taken(self):
        for base, partner in self.doors():
            body = json.dumps({"ids": partner.ids, "vals": {"name": "A"}}).encode()
            self.assertServed(self.send(base, "write", codecs.BOM_UTF8 + body))
            self.assertEqual(partner.name, "A")


class TestBodiesOfRoutes(JsonRouteCase):
    """Routes of other addons, as JSON and as Odoo's type ``http``."""

    @classmethod
    def add_controllers(cls):
        class Routes(http.Controller):
            @oauth2_route("/<api>/json/<word>", methods=["GET", "POST"])
            def json(self, word, vals=None, ids=None, text=None):
                cls.called.append(word)
                return [word, vals, text]

            @oauth2_route("/<api>/form", methods=["GET", "POST"], type="http")
            def form(self, **values):
                cls.called.append(values)
                if request.httprequest.mimetype == JSON:
                    values |= request.get_json_data()
                return request.make_json_response(values)

            @oauth2_route("/<api>/upload", methods=["POST"], type="http")
            def upload(self, api=None, **values):
                cls.called.append(values)
                files = request.httprequest.files
                told = {name: files[name].read().hex() for name in files}
                return request.make_json_response({**values, **told})

        cls.called = []

    def send(self, path, body, media_type=JSON):
        headers = {"Content-Type": media_type}
        return self.call(path, method="POST", data=body, headers=headers)

    def test_what_is_sent_in_chunks_is_read(self):
        body = '{"text": "ü"}'.encode()
        answer = self.send("json/a", iter([body[:11], body[11:]]))
        self.assertEqual(self.assertServed(answer), ["a", None, "ü"])
        answer = self.send("form", iter([body]))
        self.assertEqual(self.assertServed(answer), {"api": "orders", "text": "ü"})
        answer = self.send("form", iter([b"text=", b"%C3%BC"]), FORM)
        self.assertEqual(self.assertServed(answer), {"api": "orders", "text": "ü"})

    def test_bytes_that_can_be_read_in_no_or_two_ways_call_nothing(self):
        self.called.clear()
        for body in UNREADABLE:
            with self.subTest(body=body):
                answer = self.send("json/a", body.replace(b"%d", b"1"))
                self.assertTold(answer, 400, "invalid_request")
        self.assertFalse(self.called)

    def test_a_byte_order_mark_is_taken(self):
        answer = self.send("json/a", codecs.BOM_UTF8 + b'{"text": "x"}')
        self.assertEqual(self.assertServed(answer), ["a", None, "x"])

    def test_bytes_that_are_no_utf8_call_nothing_wherever_they_stand(self):
        self.called.clear()
        for answer in (
            self.call("json/caf%E9"),
            self.call("json/a?text=caf%E9"),
            self.call("form?text=caf%E9"),
            self.send("form", b"text=caf%E9", FORM),
            self.send("form", b"text=caf\xe9", FORM),
            self.send("form", b'{"text": "caf\xe9"}'),
        ):
            self.assertTold(answer, 400, "invalid_request", says="UTF-8")
        self.assertFalse(self.called)

    def upload(self, body, boundary="; boundary=x"):
        return self.send("upload", body, f"multipart/form-data{boundary}")

    def test_files_and_texts_of_a_multipart_form_are_read(self):
        body = _multipart(
            (b'name="text"', "ü".encode()),
            (b'name="file"; filename="a.bin"', b"\xff\xfe"),
            (b'name="empty"', b""),
        )
        expected = {"text": "ü", "file": "fffe", "empty": ""}
        for sent in (body, iter([body[:40], body[40:]])):
            self.assertEqual(self.assertServed(self.upload(sent)), expected)
        for nothing in (b"", b"--x--\r\n", b"\r\n--x--\r\n"):
            self.assertEqual(self.assertServed(self.upload(nothing)), {})

    def test_a_multipart_form_that_is_no_utf8_calls_nothing(self):
        self.called.clear()
        for part in (
            (b'name="text"', b"caf\xe9"),
            (b'name="caf\xe9"', b"a"),
            (b'name="text"\r\nContent-Type: text/plain; charset=us-ascii', b"\xe9"),
            (b'name="file"; filename="caf\xe9"', b"a"),
            (b"name=\"file\"; filename*=UTF-8''caf%E9", b"a"),
        ):
            body = _multipart((b'name="a"', b"1"), part)
            with self.subTest(part=part):
                answer = self.upload(body)
                self.assertTold(answer, 400, "invalid_request", says="UTF-8")
            with self.subTest(part=part, chunked=True):
                # Nothing tells an unreadable form from chunks that nothing read.
                self.assertIn(self.upload(iter([body])).status_code, (400, 411))
        self.assertFalse(self.called)

    def test_a_multipart_form_that_cannot_be_read_calls_nothing(self):
        self.called.clear()
        body = _multipart((b'name="a"', b"1"), (b'name="b"', b"2"))
        for sent, boundary in (
            (body, ""),
            (body, "; boundary=another"),
            (body[:-10], "; boundary=x"),
            (body.replace(b"Content-", b"X-"), "; boundary=x"),
            (body.replace(b'; name="b"', b""), "; boundary=x"),
            (b'{"a": "1", "b": "2"}', "; boundary=x"),
        ):
            with self.subTest(sent=sent, boundary=boundary):
                answer = self.upload(sent, boundary)
                self.assertTold(answer, 400, "invalid_request")
            with self.subTest(sent=sent, boundary=boundary, chunked=True):
                answer = self.upload(iter([sent]), boundary)
                self.assertIn(answer.status_code, (400, 411))
        self.assertFalse(self.called)

    @mute_logger("odoo.http")
    def test_a_form_beyond_odoo_s_bound_is_refused_before_it_is_unquoted(self):
        """Odoo would read one that is sent in chunks, however long it is."""
        self.called.clear()
        for rest in (b"", b"%E9"):
            chunks = (b"text=", *[b"a" * 2**20] * 10, rest)
            answer = self.send("form", iter(chunks), FORM)
            self.assertEqual(answer.status_code, 413, answer.text[:200])
        self.assertFalse(self.called)
        answer = self.send("form", iter([b"text=", *[b"a" * 2**20] * 9]), FORM)
        self.assertEqual(len(self.assertServed(answer)["text"]), 9 * 2**20)


def _multipart(*parts):
    """:param parts: ``(what follows form-data, value)``, bytes"""
    head = b"--x\r\nContent-Disposition: form-data; "
    return b"".join(head + b"%s\r\n\r\n%s\r\n" % part for part in parts) + b"--x--\r\n"

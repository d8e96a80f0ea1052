"""Ways of writing a value as a body: those that say one thing, and those that do not.

`write` makes headers and body of a call, and tells whether there is one way to read it.
"""

import codecs
import json
from urllib.parse import quote, quote_from_bytes, urlencode

from acts import TEXT
from targets import FORM, JSON

_MULTIPART = "multipart/form-data"
# Where a text stands: bytes that are no UTF-8, and what JSON does not have.
_NO_UTF8 = {
    "latin-1": "Café".encode("latin-1"),
    "surrogate": b"\xed\xa0\x80",
    "overlong": b"\xc0\xaf",
    "cut character": b"\xe4\xb8",
    "beyond unicode": b"\xf5\x80\x80\x80",
}
_NO_JSON = {
    "NaN": b"NaN",
    "infinite": b"-Infinity",
    "too large": b"1e999",
    "twice inside": b'{"a": 1, "a": 2}',
    "raw NUL": b'"\0"',
    "raw line break": b'"a\nb"',
    "no token": b"undefined",
}
# JSON has them, and no database stores them.
_UNSTORABLE = {"escaped NUL": b'"a\\u0000"', "half a surrogate": b'"\\ud83d"'}
_JSON_AROUND = {
    "mark": lambda body: codecs.BOM_UTF8 + body,
    "spaces": lambda body: b"\r\n\t " + body + b"\n",
    "two marks": lambda body: codecs.BOM_UTF8 * 2 + body,
    "utf-16": lambda body: body.decode().encode("utf-16"),
    "utf-16 without mark": lambda body: body.decode().encode("utf-16-be"),
    "utf-32": lambda body: body.decode().encode("utf-32"),
    "twice": lambda body: b"{%s, %s" % (body[1:].split(b", ")[0], body[1:]),
    "two objects": lambda body: body + b" {}",
    "list": lambda body: b"[%s]" % body,
    "cut": lambda body: body[:-1],
    "comma": lambda body: body[:-1] + b",}",
}
_GOOD_AROUND = ("mark", "spaces")


def write(call, writing):
    """:return: ``(header, body, is_readable)``; None: nothing is said of such a body"""
    return {"json": _json, "form": _form, "multipart": _multipart}[call.kind](
        call, writing
    )


def _json(call, writing):
    plain = json.dumps(call.text, ensure_ascii=False).encode()
    token, header, is_readable = plain, JSON, True
    if writing == "escaped":
        token = json.dumps(call.text).encode()
    elif writing in _NO_UTF8:
        token, is_readable = b'"%s"' % _NO_UTF8[writing], False
    elif writing in _NO_JSON:
        token, is_readable = _NO_JSON[writing], False
    elif writing in _UNSTORABLE:
        token, is_readable = _UNSTORABLE[writing], False if call.stores else None
    template = json.dumps(call.value).encode()
    body = template.replace(json.dumps(TEXT).encode(), token)
    if writing in _JSON_AROUND:
        body, is_readable = _JSON_AROUND[writing](body), writing in _GOOD_AROUND
    if writing.startswith("utf-"):
        header = ("Content-Type", f"application/json; charset={writing[:6]}")
    return header, body, is_readable


def _form(call, writing):
    token, is_readable = quote(call.text, safe="").encode(), True
    if writing == "unquoted":
        token = b"".join(
            bytes([byte]) if byte > 127 else quote_from_bytes(bytes([byte])).encode()
            for byte in call.text.encode()
        )
    elif writing in _NO_UTF8:
        token, is_readable = _NO_UTF8[writing], False
    elif writing.startswith("quoted "):
        token, is_readable = quote_from_bytes(_NO_UTF8[writing[7:]]).encode(), False
    body = urlencode(call.value).encode().replace(quote(TEXT).encode(), token)
    if writing == "utf-16":
        body, is_readable = body.decode("latin-1").encode("utf-16"), False
    elif writing == "twice":  # Odoo takes the first one
        is_readable = False if "/oauth2/" in call.path else None
        body += b"&" + body.split(b"&")[0]
    return FORM, body, is_readable


def _multipart(call, writing):
    text, is_readable, more, boundary = call.text.encode(), True, b"", "; boundary=x"
    head, name = b"--x\r\nContent-Disposition: form-data; ", b'name="more"'
    charset = b""
    if writing in _NO_UTF8:
        text, is_readable = _NO_UTF8[writing], False
    elif writing == "a file":
        more = name + b'; filename="\xc3\xa4.bin"'
    elif writing == "ascii":
        text, is_readable = b"Caf\xe9", False
        charset = b"\r\nContent-Type: text/plain; charset=us-ascii"
    elif writing == "name":
        more, is_readable = b'name="Caf\xe9"', False
    elif writing == "file's name":
        more, is_readable = name + b'; filename="Caf\xe9"', False
    elif writing == "file's quoted name":
        more, is_readable = name + b"; filename*=UTF-8''Caf%E9", False
    elif writing == "no name":
        more, is_readable = b'filename="a"', False
    elif writing == "no boundary":
        boundary, is_readable = "", False
    elif writing == "another boundary":
        boundary, is_readable = "; boundary=y", False
    value = {
        key: text if each == TEXT else each.encode() for key, each in call.value.items()
    }
    body = b"".join(
        b'%sname="%s"%s\r\n\r\n%s\r\n' % (head, key.encode(), charset, each)
        for key, each in value.items()
    )
    if more:
        body += b"%s%s\r\n\r\n\xff\xfe\r\n" % (head, more)
    body += b"" if writing == "cut" else b"--x--\r\n"
    header = ("Content-Type", _MULTIPART + boundary)
    return header, body, is_readable and writing != "cut"


_PLAIN = ("plain", "plain", "plain")
WRITINGS = {
    "json": (
        *_PLAIN,
        "escaped",
        *_NO_UTF8,
        *_NO_JSON,
        *_UNSTORABLE,
        *_JSON_AROUND,
    ),
    "form": (
        *_PLAIN,
        "unquoted",
        "utf-16",
        "twice",
        *_NO_UTF8,
        *(f"quoted {name}" for name in _NO_UTF8),
    ),
    "multipart": (
        *_PLAIN,
        "a file",
        "ascii",
        "name",
        "file's name",
        "file's quoted name",
        "no name",
        "no boundary",
        "another boundary",
        "cut",
        *_NO_UTF8,
    ),
}

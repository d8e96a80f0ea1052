"""Requests as bytes, over a socket of their own: a library would put them right."""

import base64
import http.client
import io
import re
import shlex
import socket
import time
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

WHOLE = ("length", "chunked", "chunks")  # framings that each server reads
SECONDS = 60  # for one answer, to its last byte; far more than any takes
_CHUNKED = ("chunked", "chunks", "coded", "cut", "bad chunk", "extended", "both")
_PLACEHOLDER = re.compile(rb"@[A-Z]+@|\"@PARTNER@\"")


@dataclass(frozen=True)
class Request:
    """A request whose secrets are placeholders such as ``@ACCESS@``.

    `framing` says how the body's length is told: ``length`` (truly), ``short`` (less
    than there is), ``long`` (more), ``chunked``, ``chunks`` (many), ``coded`` (in a way
    that no server undoes), ``cut`` (without the last chunk), ``bad chunk``,
    ``extended`` (chunks with more than bytes), ``both`` (length and chunks), ``none``,
    or the value itself.
    `fault` is the odd answer of a provider that is asked meanwhile; None: it behaves.
    """

    method: str
    path: str
    headers: tuple = ()
    body: bytes = b""
    framing: str = "length"
    mutations: int = 0
    salt: int = 0  # nothing but a difference
    fault: object = None

    def with_header(self, name, value):
        return replace(self, headers=(*self.headers, (name, value)))

    def without_header(self, name):
        kept = tuple(h for h in self.headers if h[0].lower() != name.lower())
        return replace(self, headers=kept)

    @property
    def is_framed_well(self):
        """Whether a server must answer; else it may just hang up."""
        repeated = [n.lower() for n, _ in self.headers if n.lower() == "content-length"]
        coded = any(n.lower() == "transfer-encoding" for n, _ in self.headers)
        is_known = self.framing in (*WHOLE, "none")
        return is_known and not repeated and not coded

    @property
    def weight(self):
        """How long it is: the shortest request that shows a breach is told."""
        lines = sum(len(name) + len(value) for name, value in self.headers)
        return len(self.path) + lines + len(self.body)

    def placeholders(self):
        """The names of what has to be filled in, a set."""
        told = [self.path.encode("latin-1", "replace"), self.body]
        told += [value.encode("latin-1", "replace") for _name, value in self.headers]
        return {
            name.decode().strip('@"') for name in _PLACEHOLDER.findall(b" ".join(told))
        }

    def as_bytes(self, host, values):
        """The request on the wire, its placeholders filled from a dict of texts."""

        def fill(data):
            return _PLACEHOLDER.sub(
                lambda found: values.get(
                    found[0].decode().strip('@"'), found[0].decode()
                ).encode(),
                data,
            )

        body = fill(self.body)
        lines = [f"{self.method} {self.path} HTTP/1.1", f"Host: {host}"]
        lines += [f"{name}: {value}" for name, value in self.headers]
        head = fill("\r\n".join(lines).encode("latin-1", "replace"))
        head += b"\r\nConnection: close"
        if self.framing in _CHUNKED:
            coding = "gzip, chunked" if self.framing == "coded" else "chunked"
            head += b"\r\nTransfer-Encoding: " + coding.encode()
            head += b"\r\nContent-Length: 3" if self.framing == "both" else b""
            body = _chunked(body, self.framing)
        elif self.framing != "none" and (body or self.method not in ("GET", "HEAD")):
            length = {
                "length": len(body),
                "short": len(body) // 2,
                "long": len(body) + 7,
            }.get(self.framing, self.framing)
            head += f"\r\nContent-Length: {length}".encode("latin-1", "replace")
        return head + b"\r\n\r\n" + body

    def as_curl(self, url):
        """A command that sends nearly the same, its secrets as shell variables."""
        parts = ["curl", "-i", "--path-as-is", "-X", self.method]
        for name, value in self.headers:
            parts += ["-H", f"{name}: {value}"]
        if self.body:
            parts += ["--data-binary", "@-"]
        command = " ".join(map(shlex.quote, [*parts, url + self.path]))
        told = f"{command}\n    body: {self.body[:2000]!r}" if self.body else command
        if self.framing != "length":
            told += f"\n    framing: {self.framing}"
        if self.fault:
            told += f"\n    the provider: {self.fault}"
        return re.sub(r"@([A-Z]+)@", r"$\1", told)


def _chunked(body, framing):
    """A body as RFC 9112 section 7.1 codes it, or nearly so."""
    size = max(1, len(body) // 9 if framing == "chunks" else len(body))
    pieces = [body[at : at + size] for at in range(0, len(body), size)]
    line = {"bad chunk": b"+0x%x\r\n%s\r\n", "extended": b"%x;a=b\r\n%s\r\n"}.get(
        framing, b"%x\r\n%s\r\n"
    )
    chunks = b"".join(line % (len(piece), piece) for piece in pieces)
    end = {"cut": b"", "extended": b"0\r\nX-Trailer: a\r\n\r\n"}
    return chunks + end.get(framing, b"0\r\n\r\n")


@dataclass(frozen=True)
class Answer:
    """What came back; a status of 0 is a connection that was closed without a word."""

    status: int
    headers: tuple = ()
    body: bytes = b""
    trouble: str = ""
    is_late: bool = False  # no hang-up, and it was not all there in time

    def header(self, name):
        return next((v for n, v in self.headers if n.lower() == name.lower()), "")

    @property
    def media_type(self):
        return self.header("Content-Type").partition(";")[0].strip().lower()

    @property
    def is_good(self):
        return 200 <= self.status < 300

    @property
    def is_json(self):
        return self.media_type == "application/json"


class _InTime(io.RawIOBase):
    """What a socket receives until a deadline: one that drips is no better than one
    that hangs, and a socket's own timeout begins again with each byte.
    """

    def __init__(self, sock, deadline):
        self._sock = sock
        self._deadline = deadline
        self.has_ended = False

    def makefile(self, _mode):
        return io.BufferedReader(self)

    def readable(self):
        return True

    def readinto(self, buffer):
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("the answer did not end in time")
        self._sock.settimeout(left)
        count = self._sock.recv_into(buffer)
        self.has_ended = not count
        return count


def send(url, data, method, seconds=SECONDS):
    """Send bytes to a server; returns its Answer."""
    parts = urlsplit(url)
    deadline = time.monotonic() + seconds
    try:
        with socket.create_connection((parts.hostname, parts.port), seconds) as sock:
            try:
                sock.sendall(data)
                sock.shutdown(socket.SHUT_WR)
            except OSError:
                pass  # it has heard enough, and may have answered already
            heard = _InTime(sock, deadline)
            response = http.client.HTTPResponse(heard, method=method)
            response.begin()
            if heard.has_ended:  # within the headers, which http.client forgives
                raise http.client.IncompleteRead(b"")
            body = response.read()
            return Answer(response.status, tuple(response.getheaders()), body)
    except (OSError, http.client.HTTPException) as error:
        trouble = f"{type(error).__name__}: {error}"
        return Answer(0, trouble=trouble, is_late=isinstance(error, TimeoutError))


def basic(client_id, secret):
    """The value of a Basic header."""
    return "Basic " + base64.b64encode(f"{client_id}:{secret}".encode()).decode()

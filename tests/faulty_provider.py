"""A small OpenID provider in a thread, whose answers can be made wrong on purpose.

    with FaultyProvider() as provider:
        client = ProviderClient(ProviderMetadata(**provider.endpoints()), …)
        provider.answer("token", status=500, body=b"oops")  # from now on
        provider.behave("token")  # well again

By default it behaves: authorization endpoint (signs `login` in at once, no forms),
token endpoint (code, PKCE S256, client authentication, rotation with reuse detection),
userinfo, jwks, revocation, discovery; what it says there is steered by the attributes
of `WellBehavedProvider`. Endpoints are named as in `PATHS`. It is a real server on
127.0.0.1: nothing of the addon is replaced by it.
"""

import contextlib
import json
import ssl
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

from . import ledger
from .well_behaved_provider import WellBehavedProvider

PATHS = {
    "/.well-known/openid-configuration": "discovery",
    "/authorize": "authorization",
    "/token": "token",
    "/userinfo": "userinfo",
    "/jwks": "jwks",
    "/revoke": "revocation",
}


class FaultyProvider(WellBehavedProvider):
    """The server; `ssl_context` (of the server side) makes it https.

    `hang` is how many seconds each answer takes. `calls` counts requests by endpoint,
    `requests` keeps them as dicts of endpoint, method, headers, params and the caller's
    port.
    """

    hang = 0

    def __init__(self, ssl_context=None, host="127.0.0.1"):
        self._server = ThreadingHTTPServer(
            (host, 0), type("Handler", (_Handler,), {"provider": self})
        )
        self._server.daemon_threads = True
        self._server.block_on_close = False
        if ssl_context:
            self._server.socket = ssl_context.wrap_socket(
                self._server.socket, server_side=True, do_handshake_on_connect=False
            )
        scheme = "https" if ssl_context else "http"
        self._stopped = threading.Event()
        self.address = f"{scheme}://{host}:{self._server.server_port}"
        super().__init__(self.address)

    def begin(self, issuer):
        self.calls = Counter()
        self.requests = []
        self.flooded = 0  # megabytes that were taken
        self._faults = {}
        return super().begin(issuer)

    def reset(self):
        """Be as at first, for the next test."""
        self._stopped.set()  # an answer that hangs is given up
        self._stopped = threading.Event()
        for name in set(vars(self)) & set(dir(type(self))):
            delattr(self, name)
        self.begin(self.address)

    def __enter__(self):
        threading.Thread(
            target=self._server.serve_forever, args=(0.02,), daemon=True
        ).start()
        return self

    def __exit__(self, *_exc):
        self._stopped.set()
        self._server.shutdown()
        self._server.server_close()
        self.give_key_back()

    # Faults: each lasts until `behave`.

    @property
    def methods(self):
        """How many requests came by each HTTP method, a Counter."""
        return Counter(request["method"] for request in self.requests)

    def behave(self, endpoint=None):
        """Take the fault of an endpoint back, or all faults."""
        self._faults = {
            name: fault
            for name, fault in self._faults.items()
            if endpoint is not None and name != endpoint
        }

    def answer(self, endpoint, *, status=200, body=b"", headers=None, **params):
        """Answer this; keyword `json` gives the body as a JSON value instead."""
        if "json" in params:
            body = json.dumps(params["json"]).encode()
        headers = {"Content-Type": "application/json", **(headers or {})}
        self._faults[endpoint] = lambda handler: handler.reply(status, body, headers)

    def raw(self, endpoint, data):
        """Answer these bytes, status line and all, and close the connection."""
        self._faults[endpoint] = lambda handler: handler.wfile.write(data)

    def close(self, endpoint):
        """Close the connection without an answer."""
        self.raw(endpoint, b"")

    def redirect(self, endpoint, location, status=302):
        self.answer(endpoint, status=status, headers={"Location": location})

    def flood(self, endpoint, megabytes=100):
        """Answer an endless JSON string, without saying how long it is."""

        def fault(handler):
            handler.wfile.write(b'HTTP/1.0 200 OK\r\n\r\n{"access_token": "')
            for self.flooded in range(megabytes):
                handler.wfile.write(b"a" * 1024 * 1024)

        self._faults[endpoint] = fault

    def drip(self, endpoint, data, seconds=0.1, head=b""):
        """Answer `head`, then these bytes, one every so many seconds."""

        def fault(handler):
            handler.wfile.write(head)
            for byte in data:
                handler.wfile.write(bytes([byte]))
                if self._stopped.wait(seconds):
                    break

        self._faults[endpoint] = fault


class _Handler(BaseHTTPRequestHandler):
    provider = None

    def do_GET(self):
        parts = urlsplit(self.path)
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length).decode()
        params = dict(parse_qsl(f"{parts.query}&{body}", keep_blank_values=True))
        ledger.keep_parameters(params)
        ledger.keep_authorization(self.headers.get("Authorization"))
        endpoint = PATHS.get(parts.path)
        self.provider.calls[endpoint] += 1
        self.provider.requests.append(
            {
                "endpoint": endpoint,
                "method": self.command,
                "headers": self.headers,
                "params": params,
                "port": self.client_address[1],
            }
        )
        stopped = self.provider._stopped
        if stopped.wait(self.provider.hang):
            return
        fault = self.provider._faults.get(endpoint)
        if fault:
            fault(self)
        elif endpoint is None:
            self.reply(404, b"", {})
        else:
            answer = getattr(self.provider, f"on_{endpoint}")(self, params)
            if answer:
                status, value = answer
                body = b"" if value is None else json.dumps(value).encode()
                self.reply(status, body, {"Content-Type": "application/json"})

    do_POST = do_CONNECT = do_GET

    def reply(self, status, body, headers):
        ledger.keep_body(body)
        ledger.keep_address(headers.get("Location", ""))
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def date_time_string(self, timestamp=None):
        """Say the time that the provider's clock shows."""
        now = time.time() + self.provider.clock_ahead
        return super().date_time_string(timestamp or now)

    # A client that stops reading is what some tests are about.

    def handle(self):
        with contextlib.suppress(ConnectionError, ssl.SSLError):
            return super().handle()

    def finish(self):
        with contextlib.suppress(ConnectionError, ssl.SSLError):
            return super().finish()

    def log_message(self, *_args):
        """Say nothing: a test's log is read for the addon's own lines."""

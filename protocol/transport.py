"""The one way to call a provider: bounded in time, size and reach, no redirects, TLS.

Endpoints are https. Plain http is for a provider on this very machine (development,
tests). oauthlib refuses http, and its switch for that, OAUTHLIB_INSECURE_TRANSPORT,
would open the whole process: so it is handed the https spelling of such an address, and
the session gets an adapter for this one origin that sends over plain http.
"""

import io
import re
import time
from urllib.parse import urlsplit, urlunsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter
from requests_oauthlib import OAuth2Session

from .back_off import retry_after_seconds
from .checked_connection import POOLS, Call, call_under_way
from .network_policy import PUBLIC, https_spelling, is_loopback
from .provider_errors import (
    ProviderMisbehaved,
    ProviderUnavailable,
    Redirected,
    TlsFailed,
    safe_text,
)

CONNECT_SECONDS = 5
READ_SECONDS = 10
# A provider that sends a byte now and then never runs into READ_SECONDS.
TOTAL_SECONDS = 20
MAX_ANSWER_BYTES = 64 * 1024

_READ_BYTES = 4096
# One layer at most: layers multiply what a small answer can unpack to.
_CONTENT_ENCODINGS = ("", "identity", "gzip", "x-gzip", "deflate")


class _ProviderAdapter(HTTPAdapter):
    """Sends one request and reads its whole answer, bounded in time, size and reach."""

    def __init__(self, network_policy):
        self._network_policy = network_policy
        super().__init__()

    def check_address(self, address):
        """Raise ProviderMisbehaved when `address` is none to connect to."""
        self._network_policy.check_address(address)

    def init_poolmanager(self, *args, **kwargs):
        result = super().init_poolmanager(*args, **kwargs)
        self._use_timed_pools(self.poolmanager)
        return result

    def proxy_manager_for(self, proxy, **proxy_kwargs):
        if proxy.lower().startswith("socks"):  # its connections would not be bounded
            raise ProviderMisbehaved("a SOCKS proxy is configured: use an HTTP proxy")
        manager = super().proxy_manager_for(proxy, **proxy_kwargs)
        self._use_timed_pools(manager)
        return manager

    def _use_timed_pools(self, manager):
        manager.pool_classes_by_scheme = POOLS

    def send(self, request, **kwargs):
        # Here and not in the session, so that no caller of the session can leave the
        # timeouts out (the defaults of requests-oauthlib are none at all).
        kwargs.update(stream=True, timeout=(CONNECT_SECONDS, READ_SECONDS))
        deadline = time.monotonic() + TOTAL_SECONDS
        call = Call(deadline, READ_SECONDS, self.check_address)
        reset = call_under_way.set(call)
        try:
            response = super().send(request, **kwargs)
            try:
                body = self._read(response)
            finally:
                response.raw.close()
        except Exception as error:
            error.was_sent = call.is_sent
            raise
        finally:
            call_under_way.reset(reset)
        response.raw = io.BytesIO(body)
        return response

    def _read(self, response):
        """Return the decoded body, b"" where the status alone decides."""
        if response.status_code // 100 not in (2, 4):
            return b""
        encoding = response.headers.get("Content-Encoding", "").strip().lower()
        if encoding not in _CONTENT_ENCODINGS:
            raise ProviderMisbehaved("the provider's answer has an unasked encoding")
        # requests leaves it off with urllib3 1.26: a body cut short would look whole.
        response.raw.enforce_content_length = True
        body = b""
        for part in response.raw.stream(_READ_BYTES, decode_content=True):
            body += part
            if len(body) > MAX_ANSWER_BYTES:
                raise ProviderMisbehaved("the provider's answer is too long")
        return body


class _PlainLoopbackAdapter(_ProviderAdapter):
    """Sends what is spelled https over plain http, to this machine only."""

    def check_address(self, address):
        if not is_loopback(address):  # localhost is what the resolver makes of it
            raise ProviderMisbehaved("plain http would leave this machine")
        return super().check_address(address)

    def send(self, request, **kwargs):
        request = request.copy()
        request.url = urlunsplit(("http", *urlsplit(request.url)[1:]))
        # Never by a proxy: unencrypted, and what is loopback there is not it here.
        kwargs["proxies"] = {}
        return super().send(request, **kwargs)


class ProviderSession(OAuth2Session):
    """A requests-oauthlib session for one call to one provider.

    It keeps to `network_policy`.

    Raises ProviderUnavailable for whatever kept an answer from coming, for 429 and 5xx;
    ProviderMisbehaved for 3xx, for an answer of more than MAX_ANSWER_BYTES (decoded),
    and for an endpoint that is out of reach. 2xx and 4xx are returned. `was_sent` of an
    error tells whether the provider may have been asked.
    """

    def __init__(self, *args, network_policy=PUBLIC, **kwargs):
        super().__init__(*args, **kwargs)
        self._network_policy = network_policy
        self.adapters.clear()
        self.mount("https://", _ProviderAdapter(network_policy))
        # A compressed answer can be small and unpack to very much.
        self.headers["Accept-Encoding"] = "identity"

    def endpoint(self, url):
        """Return the spelling of `url` to give to this session's methods.

        Raises ProviderMisbehaved like `https_spelling` and `NetworkPolicy.check_url`.
        """
        try:
            spelling = https_spelling(url)
            self._network_policy.check_url(url)
        except ProviderMisbehaved as error:
            error.was_sent = False
            raise
        if spelling != url:
            origin = urlunsplit((*urlsplit(spelling)[:2], "/", "", ""))
            self.mount(origin, _PlainLoopbackAdapter(self._network_policy))
        return spelling

    def get_redirect_target(self, resp):
        """Return None: even with redirects off, requests would read on to the next."""

    def request(self, method, url, *args, **kwargs):
        """Send a request; like OAuth2Session.request, but see this class."""
        # verify: True of the session, or the file that REQUESTS_CA_BUNDLE names.
        kwargs.update(allow_redirects=False, verify=None, timeout=None)
        try:
            response = super().request(method, self.endpoint(url), *args, **kwargs)
        except (
            requests.exceptions.ContentDecodingError,
            urllib3.exceptions.DecodeError,
        ):
            raise ProviderMisbehaved(
                "the provider's answer cannot be decoded"
            ) from None
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as e:
            kind = ProviderUnavailable
            if isinstance(e, requests.exceptions.SSLError):
                kind = TlsFailed
            failure = kind(f"the provider cannot be reached: {_cause(e)}")
            failure.was_sent = getattr(e, "was_sent", False)
            raise failure from None
        status = response.status_code
        if status == 429 or status >= 500:
            raise ProviderUnavailable(
                f"the provider answered with status {status}",
                retry_after_seconds(response.headers.get("Retry-After")),
                status,
            )
        if status // 100 not in (2, 4):
            raise Redirected(
                f"the provider answered with status {status}",
                status,
                response.headers.get("Location", ""),
            )
        return response


def _cause(error):
    """Return in a few words why a request failed: the innermost library error."""
    inner = error.args[0] if error.args else error
    inner = getattr(inner, "reason", None) or error
    text = re.sub(r"<[^<>]* object at 0x[0-9a-f]+>:? ?", "", str(inner))
    return safe_text(f"{type(inner).__name__}: {text}")

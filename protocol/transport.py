"""The one way to call a provider: bounded in time and size, no redirects, TLS verified.

Endpoints are https. Plain http is for a provider on this very machine (development,
tests). oauthlib refuses http, and its switch for that, OAUTHLIB_INSECURE_TRANSPORT,
would open the whole process: so it is handed the https spelling of such an address, and
the session gets an adapter for this one origin that sends over plain http.
"""

import contextvars
import http.client
import io
import ipaddress
import math
import re
import time
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit, urlunsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter
from requests_oauthlib import OAuth2Session

from . import library_logs  # noqa: F401  guards the libraries' logs
from .provider_errors import ProviderMisbehaved, ProviderUnavailable, safe_text

CONNECT_SECONDS = 5
READ_SECONDS = 10
# A provider that sends a byte now and then never runs into READ_SECONDS.
TOTAL_SECONDS = 20
MAX_ANSWER_BYTES = 64 * 1024
MAX_RETRY_AFTER_SECONDS = 24 * 60 * 60

_READ_BYTES = 4096
# One layer at most: layers multiply what a small answer can unpack to.
_CONTENT_ENCODINGS = ("", "identity", "gzip", "x-gzip", "deflate")
_NOT_IN_A_URL = re.compile(r"[^\x21-\x7e]|\\")

# When the answer under way must be complete, by the monotonic clock.
_deadline = contextvars.ContextVar("api_auth_oauth2_deadline", default=math.inf)


def is_loopback(host):
    """Return whether `host` is localhost, in 127.0.0.0/8, or ::1."""
    if host.lower() == "localhost":
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    return address.is_loopback and not getattr(address, "ipv4_mapped", None)


def https_spelling(url):
    """Return `url` as oauthlib accepts it: https, also for plain http to loopback.

    Raises ProviderMisbehaved for any other URL, and for one with user information, a
    fragment (RFC 6749 3.1, 3.2) or characters on which URL parsers disagree.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        host = None
    if not host or "@" in parts.netloc or "#" in url or _NOT_IN_A_URL.search(url):
        raise ProviderMisbehaved("an endpoint of the provider is not a usable URL")
    if parts.scheme == "https":
        return url
    if parts.scheme != "http" or not is_loopback(host):
        raise ProviderMisbehaved("an endpoint of the provider is not https")
    # The port is always written, so that http's 80 is not mixed up with https' 443.
    netloc = f"[{host}]:{port or 80}" if ":" in host else f"{host}:{port or 80}"
    return urlunsplit(("https", netloc, parts.path or "/", parts.query, ""))


def as_spelled_in(endpoint, url):
    """Return `url`, built on `https_spelling(endpoint)`, at `endpoint`'s origin."""
    if urlsplit(endpoint).scheme == "https":
        return url
    return urlunsplit(urlsplit(endpoint)[:2] + urlsplit(url)[2:])


def retry_after_seconds(value):
    """Return a Retry-After header (RFC 9110 10.2.3) as whole seconds, None if unusable.

    Never more than MAX_RETRY_AFTER_SECONDS.
    """
    value = (value or "").strip()
    if re.fullmatch(r"[0-9]{1,10}", value):
        seconds = int(value)
    else:
        try:
            moment = parsedate_to_datetime(value)
        except (TypeError, ValueError):
            return None
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=timezone.utc)
        seconds = math.ceil((moment - datetime.now(timezone.utc)).total_seconds())
    return max(0, min(seconds, MAX_RETRY_AFTER_SECONDS))


class _TimedReader(io.RawIOBase):
    """Reads a socket; each read waits no longer than the deadline allows."""

    def __init__(self, raw, sock):
        self._raw = raw
        self._sock = sock

    def readable(self):
        return True

    def readinto(self, buffer):
        remaining = _deadline.get() - time.monotonic()
        if remaining <= 0:
            raise TimeoutError("the provider's answer is not complete in time")
        self._sock.settimeout(min(READ_SECONDS, remaining))
        return self._raw.readinto(buffer)

    def close(self):
        self._raw.close()
        return super().close()


class _TimedResponse(http.client.HTTPResponse):
    """An answer that is read against the deadline, its headers included."""

    def __init__(self, sock, *args, **kwargs):
        super().__init__(sock, *args, **kwargs)
        self.fp = io.BufferedReader(_TimedReader(self.fp.detach(), sock))


class _HTTPConnection(urllib3.connection.HTTPConnection):
    response_class = _TimedResponse


class _HTTPSConnection(urllib3.connection.HTTPSConnection):
    response_class = _TimedResponse


class _HTTPPool(urllib3.HTTPConnectionPool):
    ConnectionCls = _HTTPConnection


class _HTTPSPool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _HTTPSConnection


class _ProviderAdapter(HTTPAdapter):
    """Sends one request and reads its whole answer, bounded in time and size."""

    def init_poolmanager(self, *args, **kwargs):
        result = super().init_poolmanager(*args, **kwargs)
        self._use_timed_pools(self.poolmanager)
        return result

    def proxy_manager_for(self, proxy, **proxy_kwargs):
        manager = super().proxy_manager_for(proxy, **proxy_kwargs)
        if not proxy.lower().startswith("socks"):  # these have pools of their own
            self._use_timed_pools(manager)
        return manager

    def _use_timed_pools(self, manager):
        manager.pool_classes_by_scheme = {"http": _HTTPPool, "https": _HTTPSPool}

    def send(self, request, **kwargs):
        # Here and not in the session, so that no caller of the session can leave the
        # timeouts out (the defaults of requests-oauthlib are none at all).
        kwargs.update(stream=True, timeout=(CONNECT_SECONDS, READ_SECONDS))
        reset = _deadline.set(time.monotonic() + TOTAL_SECONDS)
        try:
            response = super().send(request, **kwargs)
            try:
                body = self._read(response)
            finally:
                response.raw.close()
        finally:
            _deadline.reset(reset)
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

    def send(self, request, **kwargs):
        request = request.copy()
        request.url = urlunsplit(("http", *urlsplit(request.url)[1:]))
        # Never by a proxy: unencrypted, and what is loopback there is not it here.
        kwargs["proxies"] = {}
        return super().send(request, **kwargs)


class ProviderSession(OAuth2Session):
    """A requests-oauthlib session for one call to one provider.

    Raises ProviderUnavailable for whatever kept an answer from coming, for 429 and 5xx;
    ProviderMisbehaved for 3xx, for an answer of more than MAX_ANSWER_BYTES (decoded),
    and for an endpoint that is neither https nor loopback. 2xx and 4xx are returned.
    """

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.adapters.clear()
        self.mount("https://", _ProviderAdapter())
        # A compressed answer can be small and unpack to very much.
        self.headers["Accept-Encoding"] = "identity"

    def endpoint(self, url):
        """Return the spelling of `url` to give to this session's methods.

        Raises ProviderMisbehaved like `https_spelling`.
        """
        spelling = https_spelling(url)
        if spelling != url:
            origin = urlunsplit((*urlsplit(spelling)[:2], "/", "", ""))
            self.mount(origin, _PlainLoopbackAdapter())
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
            raise ProviderUnavailable(
                f"the provider cannot be reached: {_cause(e)}"
            ) from None
        status = response.status_code
        if status == 429 or status >= 500:
            raise ProviderUnavailable(
                f"the provider answered with status {status}",
                retry_after_seconds(response.headers.get("Retry-After")),
            )
        if status // 100 not in (2, 4):
            raise ProviderMisbehaved(f"the provider answered with status {status}")
        return response


def _cause(error):
    """Return in a few words why a request failed: the innermost library error."""
    inner = error.args[0] if error.args else error
    inner = getattr(inner, "reason", None) or error
    return safe_text(f"{type(inner).__name__}: {inner}")

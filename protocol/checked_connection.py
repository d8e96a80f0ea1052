"""The sockets of calls to providers: to checked addresses, read against a deadline.

A provider's name is resolved once. Each address that comes of it is checked, and the
connection goes to one of these very addresses, so that a name which answers otherwise a
moment later (DNS rebinding) leads nowhere else. TLS and the Host header keep the name.
Where the environment names a proxy (HTTPS_PROXY), the proxy resolves names, and what it
reaches is its administrator's to limit.
"""

import contextvars
import http.client
import io
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass

import urllib3

from .provider_errors import (
    NameNotResolved,
    ProviderMisbehaved,
    ProviderUnavailable,
    safe_text,
)

#: Of one answer, as it comes over the wire: chunk sizes and trailers have no limit of
#: their own, and are no part of the body.
MAX_WIRE_BYTES = 1024 * 1024


@dataclass
class Call:
    """A call under way: how long it may take and where it may go.

    `deadline`, by the monotonic clock, is for the whole; `read_seconds` is for each
    read. `check_address` takes an address as text, and raises when it must not be
    connected to. `is_sent` from before the first byte of the request goes out.
    """

    deadline: float
    read_seconds: float
    check_address: Callable
    is_sent: bool = False

    def remaining(self):
        """Return the seconds that are left."""
        return self.deadline - time.monotonic()

    def check_time(self):
        """Raise ProviderUnavailable when none are left: what is sent is not undone."""
        if self.remaining() <= 0:
            raise ProviderUnavailable("the provider cannot be reached in time")


# No default: what connects outside of a call is stopped.
call_under_way = contextvars.ContextVar("api_auth_oauth2_call")


class _TimedReader(io.RawIOBase):
    """Reads a socket; each read waits no longer than the deadline allows."""

    def __init__(self, raw, sock):
        self._raw = raw
        self._sock = sock
        self._left = MAX_WIRE_BYTES

    def readable(self):
        return True

    def readinto(self, buffer):
        call = call_under_way.get()
        remaining = call.remaining()
        if remaining <= 0:
            raise TimeoutError("the provider's answer is not complete in time")
        self._sock.settimeout(min(call.read_seconds, remaining))
        count = self._raw.readinto(buffer)
        self._left -= count or 0
        if self._left < 0:
            raise ProviderMisbehaved("the provider's answer is too long")
        return count

    def close(self):
        self._raw.close()
        return super().close()


class _TimedResponse(http.client.HTTPResponse):
    """An answer that is read against the deadline, its headers included."""

    def __init__(self, sock, *args, **kwargs):
        super().__init__(sock, *args, **kwargs)
        self.fp = io.BufferedReader(_TimedReader(self.fp.detach(), sock))


class _CheckedConnection:
    """Connects to an address that was checked, and to no other."""

    response_class = _TimedResponse

    def _new_conn(self):
        if self.proxy:  # the administrator's own, and no provider
            return super()._new_conn()
        call, name, failure = call_under_way.get(), self._dns_host, None
        try:
            for address in self._checked_addresses(call):
                if failure and call.remaining() <= 0:
                    break
                call.check_time()  # a resolver may have taken all of it
                # For the moment of connecting alone: what TLS and the Host header say
                # is read before or after. urllib3 resolves an address to itself.
                self.host = address
                try:
                    return super()._new_conn()
                except urllib3.exceptions.HTTPError as error:
                    failure = error
        finally:
            self.host = name
        raise failure

    def request(self, *args, **kwargs):
        call_under_way.get().check_time()
        return super().request(*args, **kwargs)

    def send(self, data):
        if self.sock is None:
            self.connect()
        call_under_way.get().is_sent = True
        return super().send(data)

    def _checked_addresses(self, call):
        """Return the addresses of the host as texts, in the resolver's order.

        Raises what `check_address` raises for any one of them: a name that leads to
        both sides has no good reason for it.
        """
        try:
            found = socket.getaddrinfo(
                self._dns_host.strip("[]"), self.port, type=socket.SOCK_STREAM
            )
        except (OSError, UnicodeError) as error:
            raise NameNotResolved(
                f"the provider's name cannot be resolved: {safe_text(error)}"
            ) from None
        addresses = list(dict.fromkeys(sockaddr[0] for *_, sockaddr in found))
        for address in addresses:
            call.check_address(address)
        return addresses


class _HTTPConnection(_CheckedConnection, urllib3.connection.HTTPConnection):
    pass


class _HTTPSConnection(_CheckedConnection, urllib3.connection.HTTPSConnection):
    pass


class _HTTPPool(urllib3.HTTPConnectionPool):
    ConnectionCls = _HTTPConnection


class _HTTPSPool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _HTTPSConnection


POOLS = {"http": _HTTPPool, "https": _HTTPSPool}

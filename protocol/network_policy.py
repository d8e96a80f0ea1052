"""Where a provider may be: on the public internet, by https, unless more is allowed.

Who configures a provider has this server send requests. They must not reach what
only this server reaches: the services of its own network, those of this machine, the
metadata of its cloud (server-side request forgery).
"""

import contextlib
import ipaddress
import re
import socket
from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit

from .provider_errors import AddressNotAllowed, NotHttps, ProviderMisbehaved

_NOT_IN_A_URL = re.compile(r"[^\x21-\x7e]|\\")


def _networks(*texts):
    return tuple(ipaddress.ip_network(text) for text in texts)


# Python's is_global depends on its version, and says yes to some of these.
NON_GLOBAL_NETWORKS = _networks(
    "192.0.0.0/24",  # protocol assignments (RFC 6890)
    "192.88.99.0/24",  # relays of 6to4 (RFC 7526)
    "224.0.0.0/4",  # multicast
    "168.63.129.16/32",  # Azure's host, metadata among others
    "2001::/23",  # protocol assignments, Teredo among them
    "2002::/16",  # 6to4, leads to IPv4 addresses
    "3fff::/20",  # documentation (RFC 9637)
)
_GLOBAL_UNICAST = ipaddress.ip_network("2000::/3")  # all that IANA gives out of IPv6
_NAT64 = ipaddress.ip_network("64:ff9b::/96")  # RFC 6052: IPv4 addresses as IPv6

# A company's own networks and this machine.
_PRIVATE = _networks(
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "::1/128",
    "fc00::/7",
)
# Not even there is a provider: what tells a cloud's secrets to every caller. The one
# of most clouds, 169.254.169.254, is link-local, which is in neither list.
_METADATA = _networks(
    "100.100.100.200/32",  # Alibaba
    "fd00:ec2::/32",  # Amazon
    "fd20:ce::254/128",  # Google
)


@dataclass(frozen=True)
class NetworkPolicy:
    """Where calls to one provider may go; by default, to public addresses by https.

    `private`: also to private networks and to this machine. `plain_http`: there also
    by http, to this machine alone.
    """

    private: bool = False
    plain_http: bool = False

    def check_url(self, url):
        """Raise ProviderMisbehaved when what is written in `url` is out of reach.

        A name may still lead anywhere: see `check_address`. Not read as an address:
        what `https_spelling` refuses.
        """
        parts = urlsplit(url)
        if parts.scheme == "http" and not self.plain_http:
            raise NotHttps("plain http to the provider is not allowed")
        host = parts.hostname or ""
        address = literal_address("127.0.0.1" if _is_localhost(host) else host)
        if address:
            self.check_address(address)

    def allows_url(self, url):
        """Return whether `check_url` finds nothing wrong."""
        try:
            self.check_url(url)
        except ProviderMisbehaved:
            return False
        return True

    def check_address(self, address):
        """Raise ProviderMisbehaved unless a connection to `address` is allowed.

        `address` is of `ipaddress`, or its text as the resolver gives it.
        """
        address = _destination(ipaddress.ip_address(address))
        if _is_public(address) or (self.private and _is_private(address)):
            return
        raise AddressNotAllowed(f"the provider's address {address} is not allowed")


PUBLIC = NetworkPolicy()


def literal_address(host):
    """Return the address that `host` writes out in any way, None for a name."""
    host = host.rstrip(".")  # the root of all names, which an address does not need
    with contextlib.suppress(ValueError):
        return ipaddress.ip_address(host)
    with contextlib.suppress(OSError, ValueError):
        # 127.1, 0x7f000001 and 2130706433 are 127.0.0.1 to those who connect.
        return ipaddress.ip_address(socket.inet_aton(host))
    return None


def _destination(address):
    """Return the IPv4 address that an IPv6 address stands for, else itself."""
    if address.version == 6:
        if address in _NAT64:
            return ipaddress.IPv4Address(address.packed[-4:])
        return address.ipv4_mapped or address
    return address


def _is_public(address):
    if address.version == 6 and address not in _GLOBAL_UNICAST:
        return False
    return address.is_global and not _is_in(address, NON_GLOBAL_NETWORKS)


def _is_private(address):
    return _is_in(address, _PRIVATE) and not _is_in(address, _METADATA)


def _is_in(address, networks):
    return any(address in network for network in networks)


def _is_localhost(host):
    """RFC 6761 6.3: these names are this machine, whatever a resolver says."""
    return f".{host.lower().rstrip('.')}".endswith(".localhost")


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
    host in percent signs, a fragment (RFC 6749 3.1, 3.2) or characters on which URL
    parsers disagree.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        host = None
    if (
        not host
        or any(sign in parts.netloc for sign in "@%")
        or "#" in url
        or _NOT_IN_A_URL.search(url)
    ):
        raise ProviderMisbehaved("an endpoint of the provider is not a usable URL")
    if parts.scheme == "https":
        return url
    if parts.scheme != "http" or not is_loopback(host):
        raise NotHttps("an endpoint of the provider is not https")
    # The port is always written, so that http's 80 is not mixed up with https' 443.
    netloc = f"[{host}]:{port or 80}" if ":" in host else f"{host}:{port or 80}"
    return urlunsplit(("https", netloc, parts.path or "/", parts.query, ""))


def is_safe_url(url):
    """Return whether `url` is https, or http to this very machine."""
    try:
        https_spelling(url)
    except ProviderMisbehaved:
        return False
    return True


def as_spelled_in(endpoint, url):
    """Return `url`, built on `https_spelling(endpoint)`, at `endpoint`'s origin."""
    if urlsplit(endpoint).scheme == "https":
        return url
    return urlunsplit(urlsplit(endpoint)[:2] + urlsplit(url)[2:])

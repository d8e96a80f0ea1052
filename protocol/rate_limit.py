"""Rate limits: whom a call is counted for, and how many calls are too many.

Calls are counted in windows. A window begins with the first call that is counted for
a key and lasts :data:`WINDOW`; within it as many calls are admitted as the limit says,
and the next one is told when the window ends.
"""

import ipaddress
import math
import threading
from collections import OrderedDict

WINDOW = 60  # seconds

_IPV6_PREFIX = 64  # the smallest network that one customer is given
#: IPv4 addresses as a translating network shows them (RFC 6052 section 2.1)
_TRANSLATED_IPV4 = ipaddress.ip_network("64:ff9b::/96")


def network(address):
    """Find what counts as one caller: whoever has an IPv6 /64 has all its addresses.

    :param str address: where a request came from, as the server or its proxy says
    :return: an IPv4 address, or the /64 of an IPv6 one; what is neither, as it is
    """
    try:
        ip = ipaddress.ip_address(_without_port(address))
    except ValueError:
        return address
    if ip.version == 4:
        return str(ip)
    if ip.ipv4_mapped:
        return str(ip.ipv4_mapped)
    if ip in _TRANSLATED_IPV4:
        return str(ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF))
    return str(ipaddress.ip_network((int(ip), _IPV6_PREFIX), strict=False))


def _without_port(address):
    """Some proxies add the caller's port, and IPv6 addresses may name an interface."""
    if address.startswith("["):
        address = address[1:].partition("]")[0]
    elif address.count(":") == 1:
        address = address.partition(":")[0]
    return address.partition("%")[0]


def seconds_left(left):
    """:return: ``Retry-After`` for a window with ``left`` seconds, a whole number"""
    return min(max(math.ceil(left), 1), WINDOW)


class Windows:
    """Counts in this process's memory, of which it never takes more than its capacity.

    Keys that were counted least recently are forgotten first: many callers at once get
    more calls each, and nobody gets less.
    """

    def __init__(self, capacity):
        """:param int capacity: how many keys are remembered"""
        self._capacity = capacity
        self._windows = OrderedDict()  # {key: [count, end]}
        self._lock = threading.Lock()

    def __len__(self):
        return len(self._windows)

    def count(self, key, now):
        """Count one call.

        :param key: hashable
        :param float now: seconds, of a clock that never goes back
        :return: ``(calls in this window, seconds until it ends)``
        """
        with self._lock:
            window = self._windows.pop(key, None)
            if window is None or window[1] <= now:
                window = [0, now + WINDOW]
            window[0] += 1
            self._windows[key] = window
            if len(self._windows) > self._capacity:
                self._windows.popitem(last=False)
            return window[0], window[1] - now

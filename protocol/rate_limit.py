"""Rate limits: whom a call is counted for, and how many calls are too many.

Calls are counted in windows. A window begins with the first call that is counted for
a key and lasts :data:`WINDOW` or what its counter says; within it as many calls are
admitted as the limit says, and the next one is told when the window ends.
"""

import ipaddress
import math
import threading
import time
from collections import OrderedDict
from dataclasses import dataclass

WINDOW = 60  # seconds

_IPV6_PREFIX = 64  # the smallest network that one customer is given
#: IPv4 addresses as a translating network shows them (RFC 6052 section 2.1)
_TRANSLATED_IPV4 = ipaddress.ip_network("64:ff9b::/96")


def network(address):
    """Find what counts as one caller: an IPv6 /64 is one customer's.

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


class LimitReached(Exception):
    """A key has no place left in its window.

    :ivar key: the one whose window ends last
    :ivar float seconds_left: until then
    :ivar bool is_first: whether this is the first call that the window refuses
    """

    def __init__(self, key, seconds_left, is_first):
        super().__init__(key)
        self.key, self.seconds_left, self.is_first = key, seconds_left, is_first


@dataclass(slots=True)
class _Window:
    began_at: float
    count: int = 0
    has_refused: bool = False


class FixedWindowCounter:
    """Counts in this process's memory, of which it never takes more than its capacity.

    Keys that were counted least recently are forgotten first: many callers at once get
    more calls each, and no caller gets fewer.
    """

    def __init__(self, capacity, window=WINDOW):
        """
        :param int capacity: how many keys are remembered
        :param float window: its length in seconds
        """
        self.window = window
        self._capacity = capacity
        self._windows = OrderedDict()  # {key: _Window}
        self._lock = threading.Lock()

    def __len__(self):
        return len(self._windows)

    def acquire(self, limits, now=None):
        """Take one place for each key, or none at all.

        :param dict limits: ``{key: places in a window}``; keys are hashable
        :param float now: seconds, of a clock that never goes back
        :return: the places, for :meth:`refund`
        :raises LimitReached: a key has no place left
        """
        now = time.monotonic() if now is None else now
        with self._lock:
            windows = {key: self._current(key, now) for key in limits}
            full = [key for key, limit in limits.items() if windows[key].count >= limit]
            if full:
                key = max(full, key=lambda key: windows[key].began_at)
                window = windows[key]
                is_first, window.has_refused = not window.has_refused, True
                raise LimitReached(key, window.began_at + self.window - now, is_first)
            for key, window in windows.items():
                window.count += 1
                self._windows[key] = window
            while len(self._windows) > self._capacity:
                self._windows.popitem(last=False)
            return list(windows.values())

    def _current(self, key, now):
        window = self._windows.get(key)
        if window is None or window.began_at + self.window <= now:
            return _Window(now)
        self._windows.move_to_end(key)
        return window

    def refund(self, places):
        """Give places back; those of a window that is over count for nothing.

        :param places: of :meth:`acquire`, given back once only
        """
        with self._lock:
            for window in places:
                window.count -= 1

    def is_due(self, key):
        """:return: whether this is the key's first call in a window"""
        try:
            self.acquire({key: 1})
        except LimitReached:
            return False
        return True

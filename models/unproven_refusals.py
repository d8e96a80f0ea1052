"""Counts the refusals of callers who have proven nothing, and repeated ones of grants.

A ``client_id`` is public, so a line in the audit log for each of them would let anybody
fill the table. They are counted in this process, and one line tells how many there
were and where most of them came from: the first at once, the others with the next
refusal after an hour. The client that they name is not told: any name can be given.
"""

import threading
import time
from collections import Counter

from ..protocol.rate_limit import network
from .request_memory import remote_address

EVERY = 3600  # seconds between two lines of one process, for each database

_lock = threading.Lock()
_counted = {}  # {database: (Counter by error code, Counter by network)}
_MAX_NETWORKS = 1000  # that are counted; then those that come new are not
_NAMED = 5  # networks in a line
_told_at = {}  # {database: monotonic seconds}
_MAX_GRANTS = 10_000  # then all are forgotten, and told of anew
_grants_told_at = {}  # {(database, grant id, error code): monotonic seconds}


def is_due(key):
    """:param key: ``(database, grant id, error code)`` of a refusal
    :return: whether it is told of: the first one, and then one an hour
    """
    now = time.monotonic()
    with _lock:
        if now - _grants_told_at.get(key, -EVERY) < EVERY:
            return False
        if len(_grants_told_at) >= _MAX_GRANTS:
            _grants_told_at.clear()
        _grants_told_at[key] = now
    return True


def count(database, error, may_tell=True):
    """Count a refusal.

    :param str error: the error code that the caller received
    :param bool may_tell: whether a line can be written now
    :return: text for one line when it is time for one, else ``None``
    """
    caller = network(remote_address())
    with _lock:
        codes, callers = _counted.setdefault(database, (Counter(), Counter()))
        codes[error] += 1
        if caller in callers or len(callers) < _MAX_NETWORKS:
            callers[caller] += 1
        now = time.monotonic()
        if not may_tell or now - _told_at.get(database, -EVERY) < EVERY:
            return None
        _told_at[database] = now
        del _counted[database]
    numbers = ", ".join(f"{number} {code}" for code, number in sorted(codes.items()))
    named = ", ".join(f"{number} from {name}" for name, number in _busiest(callers))
    others = codes.total() - sum(number for _name, number in _busiest(callers))
    named += f", {others} from others" if others else ""
    return f"refused before any proof, since the last such line: {numbers}; {named}"


def _busiest(callers):
    return callers.most_common(_NAMED)

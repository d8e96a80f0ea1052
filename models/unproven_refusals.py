"""Counts the refusals of callers who have proven nothing, and repeated ones of grants.

A ``client_id`` is public, so a line in the audit log for each of them would let anybody
fill the table. They are counted in this process, and one line tells how many there
were: the first at once, the others with the next refusal after an hour.
"""

import threading
import time
from collections import Counter

EVERY = 3600  # seconds between two lines of one process, for each database

_lock = threading.Lock()
_counted = {}  # {database: Counter by error code}
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
    with _lock:
        counted = _counted.setdefault(database, Counter())
        counted[error] += 1
        now = time.monotonic()
        if not may_tell or now - _told_at.get(database, -EVERY) < EVERY:
            return None
        _told_at[database] = now
        del _counted[database]
    numbers = ", ".join(f"{number} {code}" for code, number in sorted(counted.items()))
    return f"refused before any proof, since the last such line: {numbers}"

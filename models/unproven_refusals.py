"""Counts the refusals of callers who have proven nothing, and repeated ones of grants.

A ``client_id`` is public, so a line in the audit log for each of them would let anybody
fill the table. Where the client is known, one line an hour tells of each reason; where
a grant is known, too, one for each grant. All others are counted in this process, and
one line tells how many there were and where most of them came from: the first at once,
the others with the next refusal after an hour.
"""

import threading
from collections import Counter

from ..protocol.rate_limit import FixedWindowCounter, network
from ..services.request_context import remote_address

EVERY = 3600  # seconds between two lines

_lock = threading.Lock()
_counted = {}  # {database: (Counter by error code, Counter by network)}
_MAX_NETWORKS = 1000  # that are counted; then those that come new are not
_NAMED = 5  # networks in a line

#: Lines of this process: of a database; of ``(database, client id, id of the grant or
#: None, reason)``; of ``(database, grant id, error code)``.
of_callers, of_clients, of_grants = (
    FixedWindowCounter(capacity=10_000, window=EVERY) for _what in range(3)
)


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
        if not may_tell or not of_callers.is_due(database):
            return None
        del _counted[database]
    numbers = ", ".join(f"{number} {code}" for code, number in sorted(codes.items()))
    named = ", ".join(f"{number} from {name}" for name, number in _busiest(callers))
    others = codes.total() - sum(number for _name, number in _busiest(callers))
    named += f", {others} from others" if others else ""
    return f"refused before any proof, since the last such line: {numbers}; {named}"


def _busiest(callers):
    return callers.most_common(_NAMED)

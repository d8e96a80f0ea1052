"""Which refusals the audit log tells of: a few lines an hour, however many there are.

A ``client_id`` is public, so with a line for each caller that proves nothing any of
them could fill the table. Where the client is known, one line an hour tells of each
reason; where a grant is known, too, one for each grant. All others are counted in this
process, and one line tells how many there were and where most of them came from: the
first at once, the others with the next refusal after an hour.

A person who is shown a page may ask an administrator: such refusals have a line each,
as far as a few for each network and some hundred in all go.
"""

import threading
from collections import Counter

from ...protocol.rate_limit import FixedWindowCounter, LimitReached, network
from ..server.request_context import remote_address

EVERY = 3600  # seconds between two lines
_MAX_NETWORKS = 1000  # that are counted; then new ones are not
_NAMED = 5  # networks in a line
_PAGES, _PAGES_OF_NETWORK = 200, 20  # that have a line of their own
_CALLS_OF_GRANT = 10  # kinds of refused calls that have one
_ERRORS, _ERRORS_OF_ROUTE = 50, 5  # of Odoo itself that have one


class AuthFailureLog:
    """The counts of this process."""

    def __init__(self):
        self._lock = threading.Lock()
        self._counted = {}  # {database: (Counter by error code, Counter by network)}
        #: Whether a line is due: of a database; of ``(database, client id, id of the
        #: grant or None, cause)``; of ``(database, grant id)`` and what was refused;
        #: of a page; of an error of Odoo.
        (
            self.of_callers,
            self.of_clients,
            self.of_grants,
            self.of_pages,
            self.of_errors,
        ) = (FixedWindowCounter(capacity=10_000, window=EVERY) for _what in range(5))

    def may_tell_page(self, database):
        """:return: whether a refused page, of a caller without proof, has a line"""
        here = (database, network(remote_address()))
        limits = {(database,): _PAGES, here: _PAGES_OF_NETWORK}
        return _acquired(self.of_pages, limits)

    def may_tell_call(self, grant, what):
        """:param grant: ``(database, grant id)``
        :param str what: what was refused
        :return: whether a refused call of a protected route has a line
        """
        limits = {(*grant, what): 1, grant: _CALLS_OF_GRANT}
        return _acquired(self.of_grants, limits)

    def may_tell_error(self, database, route):
        """:return: whether an error of Odoo at a route has a line"""
        limits = {(database,): _ERRORS, (database, route): _ERRORS_OF_ROUTE}
        return _acquired(self.of_errors, limits)

    def count(self, database, error, may_write=True):
        """Count a refusal.

        :param str error: the error code that the caller received
        :param bool may_write: whether a line can be written now
        :return: text for one line when it is time for one, else ``None``
        """
        caller = network(remote_address())
        with self._lock:
            codes, callers = self._counted.setdefault(database, (Counter(), Counter()))
            codes[error] += 1
            if caller in callers or len(callers) < _MAX_NETWORKS:
                callers[caller] += 1
            if not may_write or not self.of_callers.is_due(database):
                return None
            del self._counted[database]
        return _summary(codes, callers)


def _acquired(counter, limits):
    try:
        counter.acquire(limits)
    except LimitReached:
        return False
    return True


def _summary(codes, callers):
    busiest = callers.most_common(_NAMED)
    numbers = ", ".join(f"{number} {code}" for code, number in sorted(codes.items()))
    named = ", ".join(f"{number} from {name}" for name, number in busiest)
    others = codes.total() - sum(number for _name, number in busiest)
    named += f", {others} from others" if others else ""
    return f"Refused before any proof, since the last such line: {numbers}; {named}."


failures = AuthFailureLog()

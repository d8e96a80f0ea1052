"""Endpoints that asked to be left alone for a while (RFC 9110 section 10.2.3).

Each Odoo process heeds what it was told itself.
"""

import math
import re
import time
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime

from .provider_errors import ProviderUnavailable

MAX_RETRY_AFTER_SECONDS = 24 * 60 * 60
#: A mistake in a header must not shut out everyone for a day.
MAX_HEEDED_SECONDS = 60 * 60


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
        except (TypeError, ValueError, OverflowError):  # numbers of no calendar
            return None
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=timezone.utc)
        seconds = math.ceil((moment - datetime.now(timezone.utc)).total_seconds())
    return max(0, min(seconds, MAX_RETRY_AFTER_SECONDS))


class RequestsToWait:
    """Until when an endpoint is left alone, by all callers or by those of a client."""

    def __init__(self, clock=time.monotonic):
        self.clock = clock
        self._until = {}

    def clear(self):
        """Forget all of it."""
        self._until = {}

    def note(self, endpoint, client_id, failure):
        """Remember what a ``ProviderUnavailable`` asks for, if anything.

        Too many requests (RFC 6585 section 4) are one client's, an outage is all's.
        """
        if failure.was_sent and failure.retry_after:
            key = endpoint, client_id if failure.status == 429 else None
            seconds = min(failure.retry_after, MAX_HEEDED_SECONDS)
            self._until[key] = self.clock() + seconds

    def check(self, endpoint, client_id):
        """
        :raises ProviderUnavailable: it is too early to call this endpoint
        """
        for key in ((endpoint, client_id), (endpoint, None)):
            seconds = self._until.get(key, 0) - self.clock()
            if seconds > 0:
                failure = ProviderUnavailable(
                    "the provider asked not to be called yet", math.ceil(seconds)
                )
                failure.was_sent = False
                raise failure


requests_to_wait = RequestsToWait()

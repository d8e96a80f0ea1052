"""One look at a provider's endpoint: whether it answers, and what its clock says."""

import time
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

from .network_policy import PUBLIC
from .provider_errors import (
    AddressNotAllowed,
    NotHttps,
    ProviderMisbehaved,
    Redirected,
)
from .transport import ProviderSession


@dataclass(frozen=True)
class Answer:
    """An answer: its status, 0 where it could not be read; `location` of a redirect.

    `seconds_ahead` is how far the provider's clock is ahead of this machine's, None
    where it does not say.
    """

    status: int
    location: str = ""
    seconds_ahead: int | None = None


def probe(method, url, network_policy=PUBLIC):
    """Send a request without parameters or credentials of its own; return an Answer.

    Raises ProviderUnavailable for no answer and 5xx, AddressNotAllowed, NotHttps.
    """
    with ProviderSession(network_policy=network_policy) as session:
        try:
            response = session.request(method, url, headers={"Accept": "*/*"})
        except Redirected as redirected:
            return Answer(redirected.status, redirected.location)
        except (AddressNotAllowed, NotHttps):
            raise
        except ProviderMisbehaved:  # a page that is too long, or packed
            return Answer(0)
    return Answer(response.status_code, "", _seconds_ahead(response.headers))


def _seconds_ahead(headers):
    """RFC 9110 6.6.1; an answer out of a cache tells an older time (RFC 9111 5.1)."""
    try:
        moment = parsedate_to_datetime(headers["Date"])
        return round(moment.timestamp() + int(headers.get("Age", 0)) - time.time())
    except (KeyError, TypeError, ValueError, OverflowError):
        return None

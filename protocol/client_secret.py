"""The secrets by which a client is known (RFC 6749 section 2.3.1): the present one,
and for some hours the former one."""

import time
from typing import NamedTuple

from . import digests

#: For the event of a refusal.
NO_SECRET = "The client must send its secret, and sent none."
WRONG_SECRET = "The client secret that was sent is wrong, or has ended."

_NO_DIGEST = digests.digest("")


class SecretDigest(NamedTuple):
    """A secret, as it may be remembered: its end is judged when it is used."""

    digest: str  # SHA-256, 64 hexadecimal digits
    ends_at: int | None  # epoch seconds; it no longer counts from then on
    is_former: bool


def find_secret(known, text):
    """Find the secret that a caller sent. How long that takes tells neither how many
    there are nor which one it was.

    :param known: at most two ``SecretDigest``, or tuples of the same values
    :param str text: what was sent
    :return: the ``SecretDigest``; ``None`` where it is none of them, or has ended
    """
    sent, now, found = digests.digest(text), time.time(), None
    missing = [(_NO_DIGEST, 0, False)] * (2 - len(known))
    for each in (*known, *missing):
        stored, ends_at, _is_former = each
        is_same, lives = digests.same(sent, stored), ends_at is None or ends_at > now
        found = each if is_same and lives else found
    return found and SecretDigest(*found)

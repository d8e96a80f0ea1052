"""Grants that end without being deleted, so that a form still explains them.

- Their tokens open nothing from the commit on, and are deleted. Where the provider
  ended the grant, those that it may go on to honour are kept, to be revoked with it.
- The form and the audit log tell what ended them.
"""

from ...protocol.provider_errors import sentence
from ..audit.audit import Audit
from .cached_token_response import NONE_CACHED
from .grant_tokens import GrantTokens

#: In the audit log, of the values of ``ended_by``
_REASONS = {
    "provider": "The grant has ended, because the provider ended it",
    "lifetime": "The grant has ended, because its authorization lifetime is over",
    "disuse": "The grant has ended, because it was not refreshed in time",
    "reuse": "The grant was ended, because a code or refresh token was used twice",
}


class Expiry:
    """Ends grants by themselves; :class:`.revocation.Revocation` is the other end."""

    def __init__(self, env):
        self.env = env

    def end(self, grants, cause, detail=None):
        """End grants.

        :param grants: client API users
        :param str cause: a value of ``ended_by``
        :param detail: what the audit log tells besides
        """
        lines = []
        for grant in grants:
            reason = ": ".join(filter(None, (_REASONS[cause], detail)))
            reason = " ".join(filter(None, (sentence(reason), grant._lost_answer())))
            lines.append({**grant._parties(), "reason": reason})
        tokens = grants.sudo().token_ids
        if cause == "provider":
            tokens -= GrantTokens(self.env).retire(tokens)
        tokens.unlink()
        grants.write(
            {
                "state": "expired",
                "ended_by": cause,
                **NONE_CACHED,
                "refresh_began_at": False,
            }
        )
        Audit(self.env).record_all("end", lines)

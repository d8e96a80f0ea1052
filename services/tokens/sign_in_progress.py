"""How far a sign-in is, for the application that waits for it (RFC 8628 section 3.5).

- Only a caller who has proven the identity by client secret, as issued by Odoo or by
  the API's trust is told: to any other there is no such sign-in.
- A grant that can be refreshed is refreshed, whatever a later sign-in comes to.
- A caller at the pace of the interval has not failed: no limit counts it, no event
  tells of it. A faster one is counted.
- After Allow its answer waits for the application (`cached_token_response.py`); the
  provider is not asked.
"""

from datetime import timedelta

from ...protocol.digests import ISSUED_IDENTITY_PREFIX
from ...protocol.errors import (
    AuthorizationPending,
    ExpiredSignIn,
    SignInDenied,
    SlowDown,
)
from ...protocol.rate_limit import FixedWindowCounter
from ..keys.keyring import Keyring
from ..server.request_context import run_once

#: From authorize to callback, and from the consent page to its decision.
SIGN_IN_LIFETIME = timedelta(seconds=600)
#: Between two calls of an application that waits for its user (RFC 8628 section 3.2)
INTERVAL = timedelta(seconds=5)
#: A second less than the interval, which one call may be faster under way than another.
polls = FixedWindowCounter(capacity=10_000, window=INTERVAL.total_seconds() - 1)


class SignInProgress:
    def __init__(self, env):
        self.env = env

    def check(self, oauth2_api, client, identity, credentials):
        """Refuse a proven caller by what became of the identity's latest sign-in.

        Returns where there is none, or where it was allowed.

        :param str identity: the ``client_user_identity``
        :param credentials: ``protocol.credentials.ClientCredentials``, judged
        :raises AuthorizationPending: its user has not decided yet
        :raises SlowDown: likewise, and the caller asks too often
        :raises SignInDenied: its user, or Odoo, said no
        :raises ExpiredSignIn: it was not finished in time
        """
        if credentials.access_token or credentials.refresh_token:
            return  # which is of a grant, and proves nothing else
        sign_in = self._latest(oauth2_api, client, identity)
        if not sign_in or sign_in.is_allowed:
            return
        if sign_in._is_too_late():
            raise ExpiredSignIn()
        if sign_in._came_to_nothing():
            raise SignInDenied(
                reason="The sign-in of this identity was denied or refused."
            )
        key = (self.env.cr.dbname, sign_in.id)
        if not run_once(("poll", sign_in.id), lambda: polls.is_due(key)):
            raise SlowDown()
        raise AuthorizationPending()

    def _latest(self, oauth2_api, client, identity):
        """:return: the identity's latest ``oauth2.authorization.request``, or none"""
        domain = [
            ("api_id", "=", oauth2_api.id),
            ("client_id", "=", client.id),
            ("identity_digest", "in", Keyring(self.env).identity_digests(identity)),
            ("identity_issued", "=", identity.startswith(ISSUED_IDENTITY_PREFIX)),
            ("response_type", "=", "json"),
        ]
        requests = self.env["oauth2.authorization.request"].sudo()
        return requests.search(domain, limit=1, order="id desc")

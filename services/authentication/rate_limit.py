"""Rate limits of the endpoints (``introspect``, too) and of the pages of a sign-in.

- A call that offers no proof takes a place for its address, and for its address and
  client, before anything is looked up. It gets both back where it proves itself later
  (a sign-in's state, its start page, the secret of its form).
- A call that offers a proof that cannot be guessed (client secret, token, issued
  identity) is looked at first. It takes those places only when it is refused: whatever
  fails at an address keeps no owner of a proof out.
- Proven callers of one client are counted together, and those of one user where the
  user's grant is what they prove: a public client's code or refresh token, too.
- A proven caller that waits for a sign-in at the pace that it was told has not failed.
- A revocation with a proof always goes through.
- Access tokens that protected routes refuse are counted by address, valid ones never.

Each process of the server counts for itself, in memory, so no packet of an attack costs
a row. A limit of 0 is none.
"""

import hashlib
import logging

from odoo.http import request
from odoo.tools import config

from ...protocol.errors import AuthorizationPending, TooManyRequests
from ...protocol.rate_limit import (
    FixedWindowCounter,
    LimitReached,
    network,
    seconds_left,
)
from ..audit.audit import Audit
from ..server.request_context import audit_context, remote_address, run_once
from ..server.transactions import commit_now

_logger = logging.getLogger(__name__)

#: Calls a minute, unless a system parameter ``api_auth_oauth2.limit_<name>`` says
#: otherwise; 0 there is no limit.
DEFAULT_LIMITS = {
    "address": 300,
    "client_address": 120,
    "client": 6000,
    "user": 600,
    "refused_tokens": 300,
}
#: What a limit counts, for its event.
_COUNTED = {
    "address": "from one address failed or were not authenticated",
    "client_address": "of one client and address failed or were not authenticated",
    "client": "of one client were authenticated",
    "user": "came with the tokens of one user of one client",
}
LIMIT_PARAMETER = "api_auth_oauth2.limit_%s"

counter = FixedWindowCounter(capacity=20_000)
#: On its own, so that a flood of one kind makes the other forget nothing.
refused_tokens = FixedWindowCounter(capacity=10_000)

_CALL, _PLACES = "rate limit: call", "rate limit: places"


class RateLimit:
    """What the running request counts for; a rerun of it counts once."""

    def __init__(self, env):
        self.env = env

    def limit(self, name):
        """
        :param str name: of :data:`DEFAULT_LIMITS`
        :return: calls a minute, ``0`` for no limit
        """
        text = self.env["ir.config_parameter"].sudo().get_param(LIMIT_PARAMETER % name)
        return int(text) if text and text.isdecimal() else DEFAULT_LIMITS[name]

    def admit(self, endpoint, client_identifier, *, offers_proof):
        """Let a call in: for a place, or with a proof that is looked at first.

        :param str endpoint: the ``<api>`` of the path
        :param str client_identifier: the ``client_id`` that was sent
        :param bool offers_proof: whether it sent what proves something if it is right;
            then :meth:`count_refusal` counts it if it was not
        :raises TooManyRequests: no place is left
        """
        run_once(_CALL, lambda: (endpoint, client_identifier))
        if not offers_proof:
            self.acquire(endpoint, client_identifier)

    def count_refusal(self, refusal):
        """Count a refused call of those that :meth:`admit` let in.

        :param refusal: the ``OAuth2Error`` that its caller is to receive
        :raises TooManyRequests: no place is left; the caller receives this instead
        """
        call = run_once(_CALL, lambda: None)
        if not call or refusal.status >= 500 or isinstance(refusal, TooManyRequests):
            return
        if refusal.error == AuthorizationPending.error:
            self.refund()  # it proved itself, and asks at the pace that it was told
            return
        named, is_proven = audit_context()
        if is_proven:
            self.count_proven(named["oauth2_api"], named["client"])
        else:
            self.acquire(*call)

    def acquire(self, endpoint=None, client_identifier=None):
        """Take a place for an unproven call, or for one that failed.

        :param str endpoint: the ``<api>`` of the path, with ``client_identifier``
        :param str client_identifier: the ``client_id``, where the endpoint has one
        :raises TooManyRequests: no place is left
        """
        caller = network(remote_address())
        keys = {"address": (caller,)}
        if client_identifier is not None:
            keys["client_address"] = (endpoint, client_identifier, caller)
        run_once(_PLACES, lambda: self._take(keys))

    def refund(self):
        """Give the places back: the running request has proven itself."""
        if places := run_once(_PLACES, list):
            run_once("rate limit: refund", lambda: counter.refund(places))

    def count_proven(self, oauth2_api, client, user=None):
        """Count a caller that has proven itself with the others of its client.

        :param user: whose grant it proved, if it did not prove to be the client
        :raises TooManyRequests: all of them together call too often, or those of this
            user do
        """
        self.refund()
        keys = {"client": (oauth2_api.id, client.id)}
        if user:
            keys["user"] = (oauth2_api.id, client.id, user.id)
        parties = {"oauth2_api": oauth2_api, "client": client, "user": user}
        run_once("rate limit: proven", lambda: self._take(keys, **parties))

    def count_refused_token(self):
        """Count an access token that a protected route refuses, for its address.

        :raises TooManyRequests: too many were refused already
        """
        limit, caller = self.limit("refused_tokens"), network(remote_address())
        if not limit:
            return
        try:
            refused_tokens.acquire({(self.env.cr.dbname, caller): limit})
        except LimitReached as reached:
            if reached.is_first:  # once a window, not for each packet
                _logger.info("More than %s tokens of %s were refused.", limit, caller)
            raise _too_many(reached) from None

    def _take(self, keys, **parties):
        """Take a place for each key, or none at all.

        :param dict keys: ``{name of the limit: what identifies the counter}``
        :param parties: known ones, for the event
        :return: the places taken
        :raises TooManyRequests: one of the limits is reached
        """
        if not request:
            return []
        names, limits = {}, {}
        for name, key in keys.items():
            if limit := self.limit(name):
                digest = self._digest(name, key)
                names[digest], limits[digest] = name, limit
        try:
            return counter.acquire(limits)
        except LimitReached as reached:
            name = names[reached.key]
            if reached.is_first:
                self._record(name, parties)
            raise _too_many(reached) from None

    def _digest(self, *key):
        """:return: what stands for a counter: of one length, whatever a caller sends"""
        return hashlib.sha256(repr((self.env.cr.dbname, *key)).encode()).digest()

    def _record(self, name, parties):
        """Add the one event of a window in which a limit is reached."""
        self.env.cr.rollback()
        reason = f"More than {self.limit(name)} calls a minute {_COUNTED[name]}."
        if _proxy_is_not_believed(request.httprequest.headers):
            reason += (
                " The address may be a proxy's, which needs proxy_mode and sends"
                " X-Forwarded-Host."
            )
        Audit(self.env).record(
            "refusal",
            error=TooManyRequests.error,
            cause=TooManyRequests.cause,
            reason=reason,
            **parties,
        )
        commit_now(self.env)  # the refusal that follows rolls back


def _too_many(reached):
    return TooManyRequests(retry_after=seconds_left(reached.seconds_left))


def _proxy_is_not_believed(headers):
    """:return: whether a proxy says for whom it calls, and Odoo does not listen"""
    is_listening = config["proxy_mode"] and "X-Forwarded-Host" in headers
    return "X-Forwarded-For" in headers and not is_listening

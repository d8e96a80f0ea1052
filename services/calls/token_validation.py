"""The check of an access token (RFC 6750), made for each call.

The token's row carries what the check needs of its grant, so the database is asked one
statement on one table. What follows from the configuration and from the user is
remembered in the process (``ormcache``), together with the number of Odoo's last cache
signal. That number is never newer than the snapshot that was read: so what an older
snapshot showed is not used after a change.
"""

from typing import NamedTuple

from odoo import SUPERUSER_ID, api
from odoo.tools import config

from ...protocol import digests
from ...protocol.admission import Membership
from ...protocol.client_networks import allows
from ...protocol.scope import Serving, TokenContext
from ..server.transactions import primary_cursor

# Of the row no ORDER BY and no LIMIT: planning them costs more than sorting it here.
_FIND = """
    SELECT client_user_id, user_ref, api_ref, client_ref, granted_scopes,
           expires_at > statement_timestamp() AT TIME ZONE 'UTC', {version}
      FROM oauth2_token WHERE digest = %(digest)s AND kind = 'access'
"""
_WITH_KNOWN_VERSION = _FIND.format(version="%(version)s")
# Planning max(id) takes longer.
_WITH_VERSION = _FIND.format(
    version="(SELECT id FROM orm_signaling_default ORDER BY id DESC LIMIT 1)"
)


class _Candidate(NamedTuple):
    """A stored token, and what is remembered of what it stands on."""

    endpoint: str  # where it is used; None: on Odoo's own JSON-2
    address: str  # where it is used from
    is_unexpired: bool
    serving: Serving  # None: nothing is served
    membership: Membership  # the user's, None: the user may not call


def _is_unexpired(token):
    """Neither the token's end nor the grant's has come; the row has the earlier one."""
    return token.is_unexpired


def _is_served(token):
    """API, client and provider are active, and the client is one of the API's."""
    return token.serving is not None


def _is_for_this_endpoint(token):
    """The token was issued for the API on which it is used."""
    if token.endpoint is None:
        return token.serving.bearer_enabled
    return token.serving.endpoint == token.endpoint


def _is_from_allowed_network(token):
    """The client's caller is where the client may call from."""
    networks = token.serving.networks
    return not networks or allows(networks, token.address)


def _has_active_user(token):
    """The grant is in force, its user active and neither the public nor the superuser.

    The tokens of a grant that is over carry no user.
    """
    return token.membership is not None


def _is_in_allowed_group(token):
    """The user is in one of the API's allowed groups, where there are any."""
    return token.serving.admission.by_group(token.membership)


def _is_of_company(token):
    """The user belongs to the company of API or client, where one has one."""
    return token.serving.admission.by_company(token.membership)


#: A known token opens an endpoint where each of these holds.
_RULES = (
    _is_unexpired,
    _is_served,
    _is_for_this_endpoint,
    _is_from_allowed_network,
    _has_active_user,
    _is_in_allowed_group,
    _is_of_company,
)


#: Why a known token is refused, for the event; of one that has expired nothing is told.
_REASONS = {
    _is_served: (
        "The API, its client or the client's provider is archived, or the client is"
        " none of the API.",
        "client",
    ),
    _is_for_this_endpoint: ("The token was issued for another API.", "other_api"),
    _is_from_allowed_network: (
        "The call came from another network than the client's own.",
        "network",
    ),
    _has_active_user: ("The grant is over, or its user is archived.", "grant_over"),
    _is_in_allowed_group: (
        "The user is in no allowed group of the API.",
        "user_blocked",
    ),
    _is_of_company: (
        "The user does not belong to the company of API or client.",
        "user_blocked",
    ),
}


class TokenValidation:
    """What a bearer token opens at this moment.

    :ivar refused: ``(TokenContext, reason, cause)`` of a known token that opens nothing
        here, for the event; ``None`` for any other
    """

    def __init__(self, env):
        self.env = env
        self.refused = None

    def validate(self, text, endpoint=None, version=None, *, address=""):
        """Check a token; no write.

        :param str text: the bearer token
        :param str endpoint: of the API that it is used on; left out, any API counts
            whose tokens open Odoo's own JSON-2
        :param int version: number of Odoo's last signal, in this transaction's snapshot
            or an older one; left out, it is read along. Where there is a replica it
            always is: Odoo knows it from there, and a replica lags.
        :param str address: of the caller; none is in no network that a client is bound
            to
        :return: ``TokenContext``, or ``None`` when the token opens nothing here
        :raises psycopg2.Error: when the database does not answer
        :raises PoolError: when Odoo's pool has no connection to the primary database
        """
        if config["db_replica_host"]:
            version = None
        find = _WITH_VERSION if version is None else _WITH_KNOWN_VERSION
        values = {"digest": digests.digest(text), "version": version}
        with primary_cursor(self.env) as cr:
            env = self.env
            if cr is not env.cr:
                env = api.Environment(cr, SUPERUSER_ID, {})
            cr.execute(find, values, log_exceptions=False)
            # A provider may hand one token out for several grants of a user.
            for row in sorted(cr.fetchall(), reverse=True):
                if grant := self._grant(env, endpoint, address, row):
                    return grant
        return None

    def _grant(self, env, endpoint, address, row):
        """:return: what one stored token opens, or ``None``"""
        grant_id, user_id, api_id, client_id, granted, is_unexpired, version = row
        candidate = _Candidate(
            endpoint,
            address,
            is_unexpired,
            env["oauth2.api"]._serving(api_id, client_id, version),
            env["res.users"]._oauth2_membership(user_id, version),
        )
        for holds in _RULES:
            if not holds(candidate):
                if holds in _REASONS:
                    ids = (api_id, client_id, grant_id, user_id)
                    token = TokenContext(*ids, False, frozenset(), version, False)
                    self.refused = (token, *_REASONS[holds])
                return None
        serving, names = candidate.serving, candidate.serving.scopes
        scopes = frozenset(
            [names[scope] for scope in (granted or "").split(",") if scope in names]
        )
        return TokenContext(
            api_id,
            client_id,
            grant_id,
            user_id,
            serving.json2_enabled,
            scopes,
            version,
            serving.admission.company_id,
        )

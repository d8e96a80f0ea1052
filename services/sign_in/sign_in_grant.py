"""The grant that a user's sign-in makes or renews.

An identity belongs to one issuer, subject and Odoo user for good.
"""

import contextlib
from datetime import timedelta

from odoo import fields
from odoo.exceptions import ConcurrencyError
from odoo.tools import SQL

from ...protocol.errors import AccessDenied, InvalidGrant
from ..server.request_context import browser_and_system
from ..server.transactions import commit_now
from ..tokens.cached_token_response import NONE_CACHED
from ..tokens.grant_lock import GrantLock
from .user_matching import UserMatching


class SignInGrant:
    def __init__(self, env, record):
        """:param record: the ``oauth2.authorization.request``"""
        self.env = env
        self.record = record

    def lock(self):
        """Keep others from making or changing this sign-in's grant meanwhile.

        :raises TemporarilyUnavailable: another caller refreshes it for too long
        :raises ConcurrencyError: another sign-in makes it: Odoo runs this one again in
            a moment, and it finds what is there then
        """
        if not self._find():
            record = self.record
            ids = f"{record.api_id.id} {record.client_id.id} {record.identity_digest}"
            commit_now(self.env)  # what the last one has made must be seen
            self.env.cr.execute(
                SQL(
                    "SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0))",
                    f"oauth2 {ids}",
                )
            )
            if not self.env.cr.fetchone()[0]:
                raise ConcurrencyError("two sign-ins of one identity at once")
        if grant := self._find():
            with contextlib.suppress(InvalidGrant):  # just revoked: it is made again
                GrantLock(self.env).lock(grant)

    def renew_or_create(self, claims, user, agreement):
        """Make the grant, or renew the one of its identity.

        :param claims: what the provider says of its user, dict
        :param user: as whom the application acts
        :param agreement: an ``agreement.Agreement``
        :return: ``(the client API user, what an earlier refresh may have left)``
        :raises AccessDenied: the identity belongs to another account, or the user may
            not use the API
        """
        record, oauth2_api = self.record, self.record.api_id
        issuer, subject = self._account(claims, user)
        if not oauth2_api._allows_user(user, record.client_id):
            reason = oauth2_api._why_not_allowed(user, record.client_id)
            raise AccessDenied(reason=reason, cause="user_blocked")
        now = fields.Datetime.now()
        grant = self._find()
        lost = grant._lost_answer()
        values = {
            "state": "active",
            "ended_by": False,
            "scope_ids": [(6, 0, agreement.scopes.ids)],
            "agreement": agreement.kept,
            "authorized_at": now,
            "browser": browser_and_system(),
            "expires_at": now + timedelta(seconds=oauth2_api.authorization_lifetime),
            "last_refresh_at": False,
            **NONE_CACHED,
            "refresh_began_at": False,
        }
        if not grant:
            return grant.create(
                {
                    "api_id": oauth2_api.id,
                    "client_id": record.client_id.id,
                    "user_id": user.id,
                    "issuer": issuer,
                    "subject": subject,
                    "identity_digest": record.identity_digest,
                    "identity_display": record.identity_display,
                    "identity_issued": record.identity_issued,
                    **values,
                }
            ), lost
        if (grant.issuer, grant.subject, grant.user_id) != (issuer, subject, user):
            raise AccessDenied(
                reason="The identity that the application sent belongs to"
                f" {grant.user_id.login}, with another account of the provider or"
                " another user than now.",
                cause="other_account",
            )
        grant.write(values)
        return grant, lost

    def _account(self, claims, user):
        """:return: ``(issuer, subject)`` that the grant is bound to, with the user"""
        record = self.record
        if provider := record.client_id.provider_id:
            matching = UserMatching(provider)
            return matching.issuer(claims), matching.subject(claims, user)
        return record._issuer(), str(user.id)

    def _find(self):
        """:return: the client API user that the sign-in renews, possibly none"""
        record, grants = self.record, self.env["oauth2.client.user"]
        digests = [record.identity_digest]
        return grants._find_by_digest(record.api_id, record.client_id, digests)

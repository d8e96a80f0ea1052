"""The user's consent to a finished sign-in: the page, Allow and Deny.

- Until Allow nothing exists of a new grant (`pending_sign_in.py` holds what it needs).
- The page's form and its cookie carry one secret each; both are needed to decide
  (`waiting_sign_in.py`).
- One decision, once: the one that takes the request decides.
- Which scopes are granted, and who is not asked again, says `agreement.py`.
"""

import contextlib
from typing import NamedTuple

import psycopg2.errors

from odoo import fields
from odoo.exceptions import ConcurrencyError
from odoo.tools import SQL

from ...protocol import digests
from ...protocol.errors import AccessDenied, OAuth2Error, UnknownSignIn
from ...protocol.token_response import token_information
from ..audit.audit import Audit
from ..server.base_url import note_redirect_uri
from ..server.request_context import set_audit_context
from ..server.transactions import commit_now
from ..tokens.cached_token_response import CachedTokenResponse
from ..tokens.contract_tokens import ContractTokens
from ..tokens.grant_tokens import GrantTokens
from ..tokens.sign_in_progress import SIGN_IN_LIFETIME
from .agreement import (
    by_earlier_pages,
    by_page,
    end_earlier,
    shown_to,
    without_page,
)
from .authorization_code import AuthorizationCode
from .consent_page import page_values
from .pending_sign_in import PendingSignIn
from .sign_in_grant import SignInGrant
from .user_matching import UserMatching

_DROPPED = (
    "The earlier refresh token was dropped here; the provider has no address at which"
    " it could be revoked."
)
_KEPT = (
    "The earlier refresh token opens nothing here any more; the provider is told of it"
    " with the grant's end, as it might end the new one with it."
)


class Decision(NamedTuple):
    """What came of a sign-in."""

    address: str | None  # where the browser goes, where the application said so
    information: dict | None = None  # token information, for the page
    withheld: tuple = ()  # names of scopes that the user left, and that are not granted


class Consent:
    def __init__(self, env):
        self.env = env
        self.pending = PendingSignIn(env)

    def find_user(self, record, claims):
        """:return: the Odoo user of a sign-in, empty when one is to be created
        :raises AccessDenied: no user, or one who may not use this API
        """
        oauth2_api, client = record.api_id, record.client_id
        provider = client.provider_id
        try:
            user = record.user_id
            if provider:
                user = provider._match_user(claims, user)
        except AccessDenied:
            # As of a user who is found, so that time does not tell.
            oauth2_api._allows_membership(self.env.user, client)
            raise
        login = user.sudo().login
        set_audit_context(oauth2_api, client, user=user, user_login=login)
        if user and not oauth2_api._allows_user(user, client):
            reason = oauth2_api._why_not_allowed(user, client)
            raise AccessDenied(reason=reason, cause="user_blocked")
        return user

    def prepare_consent(self, record):
        """Make the secrets of a consent page, and note what it shows.

        :return: values of the page, with ``csrf_token`` and ``cookie_secret``
        :raises AccessDenied: as of :meth:`find_user`; the sign-in is abandoned
        """
        if not (result := self.pending.load(record)):
            raise UnknownSignIn(reason=record._why_over())
        claims = result["claims"]
        with self._abandoned_if_refused(record):
            user = self.find_user(record, claims)
        scopes = record._scopes()
        self.pending.store(record, result | {"shown": shown_to(user, scopes)})
        form_secret, cookie_secret = digests.random_token(), digests.random_token()
        if not record.form_digest:  # shown again, a page ends when it would have
            record.expires_at = fields.Datetime.now() + SIGN_IN_LIFETIME
        record.write(
            {
                "form_digest": digests.digest(form_secret),
                "browser_digest": digests.digest(cookie_secret),
            }
        )
        return page_values(record, user, claims.get("email"), scopes) | {
            "csrf_token": form_secret,
            "cookie_secret": cookie_secret,
        }

    def bind(self, record, user):
        """:param user: who is signed in to Odoo, and asked"""
        if record.user_id != user:
            record.write({"user_id": user.id, "used_at": fields.Datetime.now()})
            self.pending.store(record, {"answer": None, "claims": {}})

    def remembered(self, record):
        """Allow a confidential client what the same user has decided before.

        :return: where the browser goes, ``None`` where the user is to be asked
        :raises AccessDenied: as of :meth:`find_user`; the sign-in is abandoned
        """
        if record.response_type != "code" or record.client_id.client_type == "public":
            return None
        if not (result := self.pending.load(record)):
            raise UnknownSignIn(reason=record._why_over())
        with self._abandoned_if_refused(record):
            user = self.find_user(record, result["claims"])
        if not (agreement := by_earlier_pages(record, user)):
            return None
        grant = self._make_grant(record, self.consume(record), user, agreement)
        return AuthorizationCode(self.env).issue(record, grant)

    def allow(self, record, ticked=None, *, reads_only=False):
        """Grant what the user allows.

        :param ticked: set of the ids, as texts, of the scopes that the user left on the
            page; ``None`` where there was none
        :param reads_only: whether the user wants of these only what opens reading alone
        :return: a :class:`Decision`
        :raises AccessDenied: no user, another one, or one who may not use this API
        :raises ServerError: the provider's answer cannot be used
        :raises UnknownSignIn: as of :meth:`consume`; an earlier version made the page
        """
        has_page = ticked is not None
        if record.response_type == "json":
            SignInGrant(self.env, record).lock()
        result = self.consume(record)
        with self._abandoned_if_refused(record):
            user = self.find_user(record, result["claims"])
            agreement = without_page(record)
            if has_page:
                shown = result.get("shown", {})
                agreement = by_page(record, user, shown, ticked, reads_only)
        grant = self._make_grant(record, result, user, agreement)
        if has_page:
            end_earlier(grant)
        if record.response_type == "code":
            return Decision(AuthorizationCode(self.env).issue(record, grant))
        answer = result["answer"] or ContractTokens(self.env, grant).sign_in()
        address = record._response_address()
        if address or has_page:  # else a script has its answer now
            CachedTokenResponse(self.env, grant).keep_sign_in(answer)
        if address:
            return Decision(address)
        information = token_information(
            answer,
            expires=int(grant._current_token("access")._expires_epoch()),
            db=self.env.cr.dbname,
            login=grant.user_id.login,
        )
        return Decision(None, information, agreement.withheld)

    def _make_grant(self, record, result, user, agreement):
        """Make the grant, with the provider's tokens if it has some; the sign-in is
        over.

        :param dict result: what waited for the decision
        :param user: as whom the application acts, empty when one is to be created
        :return: the client API user
        :raises AccessDenied: the identity is another account's, or the user may not use
            this API
        :raises ServerError: the provider's answer cannot be used
        """
        claims, matching = result["claims"], UserMatching(record.client_id.provider_id)
        try:
            with self._abandoned_if_refused(record):
                user = user or matching.create_user(claims, record.client_id.company_id)
                sign_in_grant = SignInGrant(self.env, record)
                grant, lost = sign_in_grant.renew_or_create(claims, user, agreement)
                earlier = grant._current_token("refresh")
                if answer := result["answer"]:
                    GrantTokens(self.env).store(grant, answer, is_new_sign_in=True)
        except psycopg2.errors.UniqueViolation as error:
            # As in SignInGrant.lock, for a new user.
            raise ConcurrencyError("two sign-ins of one user at once") from error
        reasons = filter(None, (_what_became_of(earlier), lost, *agreement.reasons))
        Audit(self.env).record_of(grant, "sign_in", reason=" ".join(reasons) or None)
        if record.redirect_uri:
            note_redirect_uri(record.api_id, record._redirect_parts()[0])
        record.is_allowed = True
        record._wipe()
        return grant

    def consume(self, record):
        """Take the decision; no other caller can take it any more.

        :return: what waited for it, dict
        :raises UnknownSignIn: it was taken, or it is too late
        :raises ConcurrencyError: another one holds the row: Odoo runs this again
        """
        self.env.cr.execute(
            SQL(
                """
                UPDATE oauth2_authorization_request
                   SET decided_at = now() AT TIME ZONE 'UTC'
                 WHERE id = (SELECT id FROM oauth2_authorization_request
                              WHERE id = %s AND decided_at IS NULL
                                FOR UPDATE SKIP LOCKED)
                """,
                record.id,
            ),
            log_exceptions=False,  # of two at once the later is rerun, and refused
        )
        is_taken = self.env.cr.rowcount
        record.invalidate_recordset()
        if not is_taken and not record.decided_at:
            raise ConcurrencyError("the sign-in's row is held")  # not for long
        result = self.pending.load(record)
        if not is_taken or not result:
            raise UnknownSignIn(reason=record._why_over())
        return result

    def deny(self, record):
        """The user said no: nothing is granted, and the new tokens are revoked.

        :return: a :class:`Decision`
        """
        shown = self.consume(record).get("shown", {})
        user = self.env["res.users"].sudo().browse(shown.get("user") or [])
        line = {"oauth2_api": record.api_id, "client": record.client_id}
        Audit(self.env).record("deny", user=user.exists(), **line)
        self.pending.abandon(record)
        return Decision(record._response_address(error="access_denied"))

    @contextlib.contextmanager
    def _abandoned_if_refused(self, record):
        try:
            yield
        except OAuth2Error:
            self.env.cr.rollback()
            self.pending.abandon(record)
            commit_now(self.env)  # the refusal that follows rolls back
            raise


def _what_became_of(earlier):
    """:param earlier: the refresh token of an earlier sign-in, or none
    :return: for the audit log; ``None`` where it is the grant's still, or none was
    """
    if not earlier.rotated_at:
        return None
    return _KEPT if earlier.revocable_until else _DROPPED

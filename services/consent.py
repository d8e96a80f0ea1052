"""The user's consent to a finished sign-in: the page, Allow and Deny.

- Until Allow nothing exists of a new grant (`pending_sign_in.py` holds what it needs).
- The page's form and its cookie carry one secret each; both are needed to decide.
- One decision, once: the one that takes the request decides.
- Nothing more is granted than the page showed and the user left, and to no other user;
  the user is told of what was left and is not granted.
- What a user allowed a confidential client is not asked again for a code, as long as it
  asks for no more.
"""

import contextlib
from typing import NamedTuple

import psycopg2.errors

from odoo import fields
from odoo.exceptions import ConcurrencyError
from odoo.tools import SQL

from ..protocol import digests
from ..protocol.errors import (
    AccessDenied,
    AlreadyAllowed,
    OAuth2Error,
    UnknownSignIn,
)
from ..protocol.token_response import token_information
from .audit import Audit
from .authorization import SIGN_IN_LIFETIME
from .authorization_code import AuthorizationCode
from .base_url import note_redirect_uri
from .consent_page import page_values, reading_alone
from .contract_tokens import ContractTokens
from .grant_tokens import GrantTokens
from .pending_sign_in import PendingSignIn
from .rate_limit import RateLimit
from .request_context import set_audit_context, set_return_address
from .sign_in_grant import SignInGrant
from .sign_in_progress import SignInProgress
from .transactions import commit_now
from .user_matching import UserMatching

_DROPPED = (
    "the earlier refresh token was dropped here; the provider has no address at which"
    " it could be revoked"
)
_KEPT = (
    "the earlier refresh token opens nothing here any more; the provider is told of it"
    " with the grant's end, as it might end the new one with it"
)
_CHANGED = "not granted, because they changed since the page was shown: %s"
_TAKEN = "the user took away: %s"
_REMEMBERED = "allowed by the user before: not asked again"
_READ_ONLY = "the user allowed reading only, and took away: %s"


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
        oauth2_api, provider = record.api_id, record.client_id.provider_id
        try:
            user = record.user_id
            if provider:
                user = provider._match_user(claims, user)
        except AccessDenied as refusal:
            refusal.about = UserMatching(provider).looked_for(claims)
            # As of a user who is found, so that time does not tell.
            oauth2_api._allows_by_group(self.env.user)
            raise
        login = user.sudo().login
        set_audit_context(oauth2_api, record.client_id, user=user, user_login=login)
        if user and not oauth2_api._allows_user(user):
            raise AccessDenied(reason="the user is in no allowed group")
        return user

    def prepare_consent(self, record):
        """Make the secrets of a consent page, and note what it shows.

        :return: values of the page, with ``csrf_token`` and ``cookie_secret``
        :raises AccessDenied: as of :meth:`find_user`; the sign-in is abandoned
        """
        if not (result := self.pending.load(record)):
            raise UnknownSignIn()
        claims = result["claims"]
        with self._abandoned_if_refused(record):
            user = self.find_user(record, claims)
        scopes = record._scopes()
        shown = {"user": user.id, "agreement": sorted(scopes._agreement())}
        self.pending.store(record, result | {"shown": shown})
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

    def find_pending(self, oauth2_api, form_secret, cookie_secret, opened=None):
        """Find the sign-in that a consent page decides.

        :param opened: the sign-in at this Odoo that the page's address names, which its
            own user decides; left out, it is one at a provider
        :raises AlreadyAllowed: its page was reloaded
        :raises UnknownSignIn: unknown, too late, decided, or another browser's
        """
        record = (
            self.env["oauth2.authorization.request"]
            .sudo()
            .search(
                [
                    ("form_digest", "=", digests.digest(form_secret)),
                    ("api_id", "=", oauth2_api.id),
                ]
            )
        )
        set_return_address(record)
        if record.is_allowed:
            raise AlreadyAllowed()
        known = record.browser_digest or digests.digest("")
        is_same = digests.same(digests.digest(cookie_secret), known)
        is_its_page = record == opened if opened else record.client_id.provider_id
        if not is_same or not is_its_page or not record._is_pending():
            raise UnknownSignIn()
        RateLimit(self.env).refund()
        set_audit_context(record.api_id, record.client_id)
        record._check_in_force()
        return record

    def find_opened(self, oauth2_api, token):
        """Find the sign-in at this Odoo of which a page was opened.

        :param str token: from the page's address
        :raises AlreadyAllowed: it is over, well
        :raises UnknownSignIn: unknown, expired or decided
        """
        domain = [
            ("start_digest", "=", digests.digest(token)),
            ("api_id", "=", oauth2_api.id),
            ("client_id.provider_id", "=", False),
        ]
        record = self.env["oauth2.authorization.request"].sudo().search(domain)
        set_return_address(record)
        if record.is_allowed:
            raise AlreadyAllowed()
        if (
            not record
            or record.decided_at
            or record.expires_at <= fields.Datetime.now()
        ):
            raise UnknownSignIn()
        RateLimit(self.env).refund()
        set_audit_context(oauth2_api, record.client_id, user=self.env.user)
        record._check_in_force()
        return record

    def bind(self, record, user):
        """:param user: who is signed in to Odoo, and asked"""
        if record.user_id != user:
            record.write({"user_id": user.id, "used_at": fields.Datetime.now()})
            self.pending.store(record, {"answer": None, "claims": {}})

    def remembered(self, record):
        """Allow what the same user has allowed a confidential client before: all that
        it asks for, in a grant that is in force.

        :return: where the browser goes, ``None`` where the user is to be asked
        :raises AccessDenied: as of :meth:`find_user`; the sign-in is abandoned
        """
        client = record.client_id
        if record.response_type != "code" or client.client_type == "public":
            return None
        if client.follows_sign_in:  # its users may have seen no page
            return None
        if not (result := self.pending.load(record)):
            raise UnknownSignIn()
        with self._abandoned_if_refused(record):
            user = self.find_user(record, result["claims"])
        earlier = (
            self.env["oauth2.client.user"]
            .sudo()
            .search(
                [
                    ("api_id", "=", record.api_id.id),
                    ("client_id", "=", record.client_id.id),
                    ("user_id", "in", user.ids),
                    ("is_service", "=", False),
                    ("state", "=", "active"),
                    ("expires_at", ">", fields.Datetime.now()),
                ]
            )
        )
        if any(record._scopes() <= grant.scope_ids for grant in earlier):
            return self.allow(record).address
        return None

    def allow(self, record, ticked=None, *, reads_only=False):
        """Make the grant.

        :param ticked: set of the ids, as texts, of the scopes that the user left on the
            page; ``None`` where there was none
        :param reads_only: whether the user wants of these only what opens reading alone
        :return: a :class:`Decision`
        :raises AccessDenied: no user, another one, or one who may not use this API
        :raises ServerError: the provider's answer cannot be used
        """
        sign_in_grant = SignInGrant(self.env, record)
        if record.response_type == "json":
            sign_in_grant.lock()
        result = self.consume(record)
        claims, matching = result["claims"], UserMatching(record.client_id.provider_id)
        try:
            with self._abandoned_if_refused(record):
                user = self.find_user(record, claims)
                scopes, withheld, taken = self._agreed_scopes(
                    record, result.get("shown"), user, ticked, reads_only
                )
                user = user or matching.create_user(claims)
                grant, lost = sign_in_grant.renew_or_create(claims, user, scopes)
                rotated = grant._current_token("refresh")
                if answer := result["answer"]:
                    GrantTokens(self.env).store(grant, answer, is_new_sign_in=True)
        except psycopg2.errors.UniqueViolation as error:
            # As in SignInGrant.lock, for a new user.
            raise ConcurrencyError("two sign-ins of one user at once") from error
        if record.redirect_uri:
            note_redirect_uri(record.api_id, record._redirect_parts()[0])
        dropped = None
        if rotated.rotated_at:
            dropped = _KEPT if rotated.revocable_until else _DROPPED
        changed = withheld and _CHANGED % ", ".join(withheld)
        left_out = taken and (_READ_ONLY if reads_only else _TAKEN) % ", ".join(taken)
        unasked = ticked is None and record.response_type == "code" and _REMEMBERED
        told = filter(None, [dropped, lost, changed, left_out, unasked])
        reasons = "; ".join(told) or None
        Audit(self.env).record_of(grant, "sign_in", reason=reasons)
        record.is_allowed = True
        record._wipe()
        if record.response_type == "code":
            return Decision(AuthorizationCode(self.env).issue(record, grant))
        answer = answer or ContractTokens(self.env, grant).sign_in()
        address = record._response_address()
        if address or ticked is not None:  # else a script has its answer now
            SignInProgress(self.env).keep_answer(grant, answer)
        if address:
            return Decision(address)
        information = token_information(
            answer,
            expires=int(grant._current_token("access")._expires_epoch()),
            db=self.env.cr.dbname,
            login=user.login,
        )
        return Decision(None, information, tuple(withheld))

    def _agreed_scopes(self, record, shown, user, ticked, reads_only):
        """
        :param shown: of the page, where there was one
        :param user: as whom the application would act
        :param ticked, reads_only: as of :meth:`allow`
        :return: ``(the scopes that the user agrees to, names of those that an
            administrator changed since the page was shown, names of those that the user
            took away)``
        :raises AccessDenied: the user has seen something else
        """
        scopes = record._scopes()
        if not shown:
            return scopes, [], []
        if user.id != shown["user"]:
            raise AccessDenied(reason="the page showed another user")
        if "agreement" not in shown:
            raise AccessDenied(reason="the page is of an earlier version")
        agreed = {tuple(each) for each in shown["agreement"]}
        names = dict(each for each in agreed if len(each) == 2)
        kept = {each for each in names if ticked is None or str(each) in ticked}
        if reads_only:
            kept &= reading_alone(agreed)
        scopes = scopes.filtered(
            lambda scope: scope.id in kept and scope._agreement() <= agreed
        )
        withheld = sorted(names[scope_id] for scope_id in kept - set(scopes.ids))
        return scopes, withheld, sorted(names[each] for each in names.keys() - kept)

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
            raise UnknownSignIn()
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

import contextlib
from datetime import timedelta

import psycopg2.errors

from odoo import api, fields, models
from odoo.exceptions import ConcurrencyError
from odoo.tools import SQL

from ..protocol import digests
from ..protocol.errors import AccessDenied, InvalidGrant, InvalidRequest, OAuth2Error
from ..protocol.token_response import token_information
from ..services.audit import Audit
from ..services.keyring import Keyring
from ..services.rate_limit import RateLimit
from ..services.refresh import Refresh
from ..services.request_context import set_audit_context
from ..services.revocation import Revocation
from ..services.transactions import commit_now
from .oauth2_authorization_request import LIFETIME, STALE

_DROPPED = (
    "the earlier refresh token was dropped here, but not revoked at the provider, which"
    " might end the new one with it"
)

_LEFT_THERE = (
    "the tokens of a sign-in that came to nothing were not revoked at the provider, as"
    " that might end another grant of the same user: they live until they expire"
)


class OAuth2AuthorizationRequest(models.Model):
    """A finished sign-in is decided upon: allowed, denied or left to lapse."""

    _inherit = "oauth2.authorization.request"

    def _offer(self):
        """Make the secrets of a confirmation page, and note what it shows.

        :return: ``(form secret, cookie secret)``: both are needed to decide
        """
        result = self._read_result()
        result["shown"] = {
            "user": self._odoo_user(result["claims"]).id,
            "scopes": self.client_id._scopes_on(self.api_id).ids,
        }
        self._keep_result(result)
        form_secret, cookie_secret = digests.random_token(), digests.random_token()
        self.write(
            {
                "form_digest": digests.digest(form_secret),
                "browser_digest": digests.digest(cookie_secret),
                "expires_at": fields.Datetime.now() + timedelta(seconds=LIFETIME),
            }
        )
        return form_secret, cookie_secret

    @api.model
    def _undecided(self, oauth2_api, form_secret, cookie_secret):
        """Find the sign-in that a confirmation page decides.

        :raises InvalidRequest: unknown, too late, decided, or another browser's
        """
        digest = digests.digest(form_secret)
        record = self.sudo().search(
            [
                ("form_digest", "=", digest),
                ("api_id", "=", oauth2_api.id),
                ("decided_at", "=", False),
                ("expires_at", ">", fields.Datetime.now()),
            ]
        )
        known = record.browser_digest or digests.digest("")
        if not digests.same(digests.digest(cookie_secret), known) or not record:
            raise InvalidRequest(STALE)
        RateLimit(self.env).refund()
        set_audit_context(record.api_id, record.client_id)
        record._check_in_force()
        return record

    def _allow(self):
        """Make the grant.

        :return: token information, dict
        :raises AccessDenied: nobody, somebody else, or one who may not use this API
        """
        Grant = self.env["oauth2.client.user"]
        self._take_turn()
        result = self._decide()
        provider, answer = self.client_id.provider_id, result["answer"]
        claims = result["claims"]
        try:
            user = self._odoo_user(claims)
            scopes = self.client_id._scopes_on(self.api_id)
            if shown := result.get("shown"):
                # Nobody is granted more than, or something else than, was read.
                if user.id != shown["user"]:
                    raise AccessDenied(reason="the page showed another user")
                scopes = scopes.filtered(lambda scope: scope.id in shown["scopes"])
            user = user or provider._create_user(claims)
            # It takes the place of whatever is left of an earlier sign-in.
            earlier = Grant._of_sign_in(self)
            lost, replaced = earlier._lost_answer(), earlier._current_token("refresh")
            grant = Grant._authorize(
                self,
                user=user,
                issuer=provider._grant_issuer(claims),
                subject=provider._subject(claims),
                answer=answer,
                scopes=scopes,
            )
        except OAuth2Error:
            self.env.cr.rollback()
            self._discard()
            commit_now(self.env)
            raise
        except psycopg2.errors.UniqueViolation as error:
            # The same as in _take_turn, for a new user.
            raise ConcurrencyError("two sign-ins of one user at once") from error
        dropped = _DROPPED if replaced.superseded_at else None
        reasons = "; ".join(filter(None, [dropped, lost])) or None
        grant._record_event("sign_in", reason=reasons)
        self._wipe()
        access = grant._current_token("access")
        return token_information(
            answer,
            expires=int(access._expires_epoch()),
            db=self.env.cr.dbname,
            login=user.login,
        )

    def _take_turn(self):
        """Let nobody else make or change this sign-in's grant meanwhile.

        :raises TemporarilyUnavailable: somebody refreshes it for too long
        :raises ConcurrencyError: another sign-in makes it: Odoo runs this one again in
            a moment, and it finds what is there then
        """
        Grant = self.env["oauth2.client.user"]
        if not Grant._of_sign_in(self):
            self._be_the_only_one_to_make_it()
        if grant := Grant._of_sign_in(self):
            with contextlib.suppress(InvalidGrant):  # just revoked: made anew
                Refresh(self.env).lock(grant)

    def _be_the_only_one_to_make_it(self):
        key = f"oauth2 {self.api_id.id} {self.client_id.id} {self.identity_digest}"
        cr = self.env.cr
        commit_now(self.env)  # what the last one has made must be seen
        cr.execute(
            SQL("SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0))", key)
        )
        if not cr.fetchone()[0]:
            raise ConcurrencyError("two sign-ins of one identity at once")

    def _decide(self):
        """Take the decision; nobody else can take it any more.

        :return: what waited for it, dict
        :raises InvalidRequest: somebody else has taken it, or it is too late
        :raises ConcurrencyError: somebody holds it, for whatever: Odoo runs this again
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
                self.id,
            ),
            log_exceptions=False,  # of two at once the later is rerun, and refused
        )
        taken = self.env.cr.rowcount
        self.invalidate_recordset()
        if not taken and not self.decided_at:
            raise ConcurrencyError("somebody holds the sign-in")  # not for long
        result = self._read_result()
        if not taken or not result:
            raise InvalidRequest(STALE)
        return result

    def _deny(self):
        """The user said no: nothing is granted, and the new tokens are ended."""
        shown = self._decide().get("shown", {})
        user = self.env["res.users"].sudo().browse(shown.get("user") or [])
        Audit(self.env).record(
            "deny", oauth2_api=self.api_id, client=self.client_id, user=user.exists()
        )
        self._discard()

    def _discard(self):
        """End the tokens of a sign-in that comes to nothing.

        Some providers end all grants of a user with one revocation: where the same user
        has another grant with this client, the new tokens are left to expire, and an
        event tells of them.
        """
        self.ensure_one()
        result = self._read_result()
        self.decided_at = fields.Datetime.now()
        if result and self._has_other_grant(result.get("claims")):
            self._tell("given_up", _LEFT_THERE)
        elif result:
            revocation, encrypt = Revocation(self.env), Keyring(self.env).encrypt
            tokens = (
                (self.client_id, kind, encrypt(text))
                for kind in ("refresh", "access")
                for text in [result["answer"].get(f"{kind}_token")]
                if text and isinstance(text, str)
            )
            revocation.trigger(revocation.queue_tokens(tokens))
        elif unknown := self._unknown_tokens():
            self._tell("refusal", unknown)
        self._wipe()

    def _tell(self, kind, reason):
        Audit(self.env).record(
            kind, oauth2_api=self.api_id, client=self.client_id, reason=reason
        )

    def _unknown_tokens(self):
        """:return: why the provider may hold tokens of a sign-in that cannot be read"""
        if self.exchange_began_at:
            return (
                "the answer to a sign-in's code, asked for at"
                f" {self.exchange_began_at} UTC, was not recorded:"
                " the provider may have given out tokens that are not known here"
            )
        if self.sudo().result:
            return (
                "the tokens of a sign-in cannot be decrypted with the present keys:"
                " the provider holds them until they expire"
            )
        return None

    def _has_other_grant(self, claims):
        domain = [
            ("client_id", "=", self.client_id.id),
            ("state", "=", "active"),
            ("expires_at", ">", fields.Datetime.now()),
        ]
        if claims:
            provider = self.client_id.provider_id
            domain += [
                ("issuer", "=", provider._grant_issuer(claims)),
                ("subject", "=", provider._subject(claims)),
            ]
        return bool(self.env["oauth2.client.user"].sudo().search_count(domain, limit=1))

    def unlink(self):
        """A sign-in that waits for its decision is discarded, its tokens ended."""
        for record in self.filtered(lambda r: r.used_at and not r.decided_at):
            record._discard()
        return super().unlink()

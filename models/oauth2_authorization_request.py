from datetime import timedelta

from odoo import fields, models

from ..protocol.authorization_request import response_address
from ..protocol.errors import UnknownSignIn
from ..protocol.redirect_uri import matches
from ..services.keys.encrypted_field import EncryptedChar
from ..services.sign_in.pending_sign_in import PendingSignIn

#: Longer than a provider is waited for.
_LONGEST_EXCHANGE = timedelta(minutes=1)


class OAuth2AuthorizationRequest(models.Model):
    """A sign-in under way, used once and short-lived (RFC 6749 section 4.1.1).

    Its life: asked for by the application (`services/sign_in/authorization.py`),
    taken by the callback, decided by the user's consent. Secrets that refer to it are
    digests.
    """

    _name = "oauth2.authorization.request"
    _description = "OAuth2 Authorization Request"
    _order = "id desc"
    _rec_name = "identity_display"

    api_id = fields.Many2one(
        "oauth2.api", "API", required=True, readonly=True, ondelete="cascade"
    )
    client_id = fields.Many2one(
        "oauth2.client", required=True, readonly=True, ondelete="cascade"
    )
    identity_digest = fields.Char(
        required=True,
        readonly=True,
        copy=False,
        groups=fields.NO_ACCESS,
        index=True,
    )
    identity_display = fields.Char("Identity", readonly=True)
    identity_issued = fields.Boolean("Identity Issued by Odoo", readonly=True)
    redirect_uri = fields.Char(
        "Redirect URI at the Provider", readonly=True, help="As it was sent there."
    )
    response_type = fields.Selection(
        [
            ("json", "Token Information"),
            ("code", "Authorization Code"),
            ("trial", "Nothing: a Trial"),
        ],
        required=True,
        readonly=True,
        default="json",
        help="What the application gets: as the JSON contract says, or a code (RFC 6749"
        " section 4.1).",
    )
    client_redirect_uri = fields.Char(
        "Redirect URI",
        readonly=True,
        help="Where the user goes back to after the decision, one of the client's own.",
    )
    client_state = fields.Char(
        readonly=True, copy=False, prefetch=False, groups=fields.NO_ACCESS
    )
    code_challenge = fields.Char(
        readonly=True, copy=False, prefetch=False, groups=fields.NO_ACCESS
    )
    requested_scope_ids = fields.Many2many(
        "oauth2.scope",
        "oauth2_authorization_request_scope_rel",
        "request_id",
        "scope_id",
        "Requested Scopes",
        readonly=True,
        groups="api_auth_oauth2.group_admin",
    )
    code_digest = fields.Char(readonly=True, copy=False, groups=fields.NO_ACCESS)
    code_used_at = fields.Datetime("Code Used", readonly=True, copy=False)
    client_user_id = fields.Many2one(
        "oauth2.client.user",
        "Client API User",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="cascade",
        help="The grant that it led to.",
    )
    address = fields.Char("From Address", readonly=True)
    expires_at = fields.Datetime(required=True, readonly=True, index=True)
    used_at = fields.Datetime(
        readonly=True, help="When the callback, or the consent page, took it."
    )
    decided_at = fields.Datetime(readonly=True, help="When it was allowed or denied.")
    is_allowed = fields.Boolean("Allowed", readonly=True, copy=False)
    exchange_began_at = fields.Datetime(
        "Exchange Without Answer",
        readonly=True,
        help="When the provider was asked for the tokens, as long as its answer is not"
        " recorded.",
    )
    user_id = fields.Many2one(
        "res.users",
        "Bound to User",
        readonly=True,
        ondelete="cascade",
        help="Who started the sign-in, where the provider matches by session, or"
        " signed in at this Odoo.",
    )
    state_digest = fields.Char(readonly=True, copy=False, groups=fields.NO_ACCESS)
    start_digest = fields.Char(
        readonly=True, copy=False, groups=fields.NO_ACCESS, index=True
    )
    browser_digest = fields.Char(readonly=True, copy=False, groups=fields.NO_ACCESS)
    form_digest = fields.Char(
        readonly=True, copy=False, groups=fields.NO_ACCESS, index=True
    )
    nonce_digest = fields.Char(readonly=True, copy=False, groups=fields.NO_ACCESS)
    code_verifier = EncryptedChar(on_database_copy="delete")
    result = EncryptedChar(on_database_copy="delete")

    _state_unique = models.UniqueIndex("(state_digest) WHERE state_digest IS NOT NULL")
    _code_unique = models.UniqueIndex("(code_digest) WHERE code_digest IS NOT NULL")

    def _check_in_force(self):
        """What was archived since the sign-in began is as good as unknown, and so is a
        redirect URI that the client has no longer: nothing redirects there (RFC 6749
        section 4.1.2.1).

        :raises UnknownSignIn: API, client, provider or redirect URI
        """
        if not self._is_in_force():
            raise UnknownSignIn(
                "This sign-in is no longer possible here.",
                reason="Since the sign-in began, API, client or provider were archived,"
                " or the client lost the API or the redirect URI.",
                cause="client",
            )

    def _is_in_force(self):
        """:return: whether all that it stands on is as when it began"""
        oauth2_api, client = self.api_id, self.client_id
        return (
            oauth2_api.active
            and client._is_served()
            and client in oauth2_api.client_ids
            and self._may_return()
        )

    def _may_return(self):
        """:return: whether the client may still have its users sent back there"""
        if not (sent := self.client_redirect_uri):
            return True
        registered = self.client_id._redirect_uris()
        return any(matches(each, sent) for each in registered)

    def _is_pending(self):
        """:return: whether it still waits for its user's decision"""
        now = fields.Datetime.now()
        return bool(self.used_at and not self.decided_at and self.expires_at > now)

    def _issuer(self):
        """:return: the authorization server's identifier (RFC 8414 section 2)"""
        return self.api_id._resource_identifier()

    def _response_address(self, **answer):
        """:param answer: parameters of the answer, such as ``code`` or ``error``
        :return: where the user's browser goes with it, ``None`` where the application
            asked for nothing of that
        """
        if not self.client_redirect_uri:
            return None
        if self.response_type == "code":
            answer["iss"] = self._issuer()  # RFC 9207
        else:
            answer.pop("error_description", None)
        state = self.sudo().client_state or ""
        return response_address(self.client_redirect_uri, **answer, state=state)

    def _address_after_decision(self):
        """:return: where the browser goes that comes again when it is over, ``None``
        where it is not, or a code went there, which goes once
        """
        if not (
            self.response_type == "json" and self.decided_at and self._is_in_force()
        ):
            return None
        error = "" if self.is_allowed else "access_denied"
        return self._response_address(error=error)

    def _why_over(self):
        """:return: why the sign-in cannot go on, for the event; also of none"""
        if not self:
            return "There is no such sign-in: it was made up, or was forgotten."
        which = (
            f"The sign-in that was asked for at {self.create_date:%Y-%m-%d %H:%M} UTC"
        )
        if self.is_allowed:
            return f"{which} was allowed already."
        if self.decided_at:
            return f"{which} was denied or refused already."
        if self.expires_at <= fields.Datetime.now():
            return f"{which} was not finished in time."
        return f"{which} was used already, or in another browser or tab."

    def _scopes(self):
        """:return: the scopes that its user is asked for, at this moment"""
        possible = self.client_id._scopes_on(self.api_id)
        if self.response_type == "code":
            possible &= self.sudo().requested_scope_ids
        return possible

    def _is_too_late(self):
        """:return: whether its end came before any decision"""
        return (self.decided_at or fields.Datetime.now()) >= self.expires_at

    def _came_to_nothing(self):
        """:return: whether it was denied or refused, or its provider gave no answer"""
        if self.decided_at:
            return not self.is_allowed
        began_at = self.exchange_began_at
        return began_at and began_at < fields.Datetime.now() - _LONGEST_EXCHANGE

    def _redirect_parts(self):
        """:return: ``(the API's own redirect URI, what a provider's own one adds)``"""
        root, callback, own = self.redirect_uri.rpartition("/callback")
        return root + callback, own

    def _wipe(self):
        """Forget the secrets of a sign-in that is over.

        A reloaded page still names it by the digest of its form.
        """
        self.write(
            {
                "result": False,
                "code_verifier": False,
                "browser_digest": False,
                "nonce_digest": False,
            }
        )

    def unlink(self):
        """A sign-in that waits for its decision is abandoned, its tokens revoked."""
        self.check_access("unlink")
        for record in self.filtered(lambda r: r.used_at and not r.decided_at):
            PendingSignIn(self.env).abandon(record)
        return super().unlink()

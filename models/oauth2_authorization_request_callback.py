from odoo import api, fields, models

from ..protocol import digests
from ..protocol.errors import (
    AccessDenied,
    InvalidRequest,
    OAuth2Error,
    ProviderReportedError,
    ServerError,
    SignInDenied,
)
from ..protocol.id_token import is_issuer
from ..services.keyring import Keyring
from ..services.provider_calls import no_tokens_issued, translate_provider_errors
from ..services.request_context import run_once, set_audit_context
from ..services.transactions import begin_read_committed, commit_now


class OAuth2AuthorizationRequest(models.Model):
    """The provider's answer comes back (RFC 6749 section 4.1.2 to 4.1.4)."""

    _inherit = "oauth2.authorization.request"

    @api.model
    def _callback(
        self, oauth2_api, parameters, *, browser_secret="", user=None, own=""
    ):
        """Take a sign-in, exchange its code and find out whose it is.

        Nothing is granted yet: the outcome waits, encrypted, for :meth:`_allow`.

        :param oauth2_api: the API of the callback's path
        :param dict parameters: ``state``, ``code``, ``iss``, ``error`` of the query
        :param str browser_secret: of the start page's cookie
        :param user: who is signed in to Odoo in this browser
        :param str own: what a provider's own redirect URI has after the API's
        :return: the authorization request
        :raises InvalidRequest: bad state, no code, wrong ``iss``, another browser
        :raises SignInDenied: the provider's user said no
        :raises InvalidGrant: the provider refuses the code
        :raises AccessDenied: no Odoo user may be meant
        :raises OAuth2Error: for the provider's failures
        """
        record = self._claim(oauth2_api, parameters.get("state") or "")
        record._check_in_force()
        record._check_browser(browser_secret, user)
        record._check_redirect_uri(own)
        record._check_issuer(parameters.get("iss"))
        record._check_provider_error(parameters.get("error"))
        code = parameters.get("code")
        if not code:
            raise InvalidRequest("The authorization server sent no code; start again.")
        answer = run_once(("exchange", record.id), lambda: record._exchange(code))
        # Waits for whoever changes the row, and does not fail for it.
        begin_read_committed(self.env)
        # Committed before anything else can fail: from here on the record explains the
        # tokens that the provider gave out, and whatever comes to nothing is revoked.
        record._keep_result({"answer": answer})
        record.exchange_began_at = False
        commit_now(self.env)
        try:
            claims = run_once(("claims", record.id), lambda: record._claims(answer))
            begin_read_committed(self.env)
            record._keep_result({"answer": answer, "claims": claims})
            commit_now(self.env)
            record._odoo_user(claims)
            commit_now(self.env)
        except OAuth2Error:
            self.env.cr.rollback()
            record._discard()
            commit_now(self.env)
            raise
        return record

    def _check_in_force(self):
        """What was archived since the sign-in began is as good as unknown."""
        client = self.client_id
        if not (
            self.api_id.active
            and client.active
            and client.provider_id.active
            and client in self.api_id.client_ids
        ):
            raise InvalidRequest("This sign-in is no longer possible here.")

    def _check_browser(self, browser_secret, user):
        """Where the Odoo session decides, only the browser that began may finish."""
        if self.client_id.provider_id.user_matching != "session":
            return
        known = self.sudo().browser_digest
        if not (
            known
            and self.user_id
            and self.user_id == user
            and digests.same(digests.digest(browser_secret), known)
        ):
            raise InvalidRequest(
                "This sign-in was begun in another browser or by another user: start"
                " again through provider/authorize."
            )

    def _check_redirect_uri(self, own):
        """RFC 9700 section 4.4.2: where a provider's answers come, no other's do."""
        if own != self._redirect_parts()[1]:
            raise InvalidRequest("The callback is of another provider; start again.")

    def _check_issuer(self, iss):
        """RFC 9207 section 2.4: an answer of another provider is a mix-up attack."""
        provider = self.client_id.provider_id
        if iss is None:
            if provider.authorization_response_iss_parameter_supported:
                raise InvalidRequest("The callback lacks iss; start again.")
        elif provider.issuer and not is_issuer(iss, provider.issuer):
            raise InvalidRequest("The callback's iss is another provider's.")

    def _check_provider_error(self, error):
        if error == "access_denied":
            raise SignInDenied(reason="the provider says access_denied")
        if error:
            raise ProviderReportedError(reason=f"the provider says {error[:40]!a}")

    def _exchange(self, code):
        """Turn a code into tokens (RFC 6749 section 4.1.3).

        From before the provider is asked until its answer is recorded, the record says
        that it may have given out tokens.

        :return: the provider's token answer
        """
        verifier = Keyring(self.env).decrypt(self.sudo().code_verifier)
        if verifier is None:
            raise InvalidRequest("This sign-in cannot be finished; start again.")
        Keyring(self.env).make_ready()
        begin_read_committed(self.env)
        with translate_provider_errors():
            provider_client = self.client_id._provider_client()
        redirect_uri = self.redirect_uri
        self.exchange_began_at = fields.Datetime.now()
        commit_now(self.env)  # and none is open while the provider takes its time
        try:
            with translate_provider_errors(can_be_repeated=False):
                return provider_client.fetch_token(
                    code=code, redirect_uri=redirect_uri, code_verifier=verifier
                )
        except OAuth2Error as error:
            if no_tokens_issued(error):
                self.exchange_began_at = False
                commit_now(self.env)  # the refusal that follows rolls back
            raise

    def _claims(self, answer):
        """Who signed in, as far as the provider vouches for it.

        :param dict answer: the provider's token answer
        :return: the claims that matching needs, verified
        :raises ServerError: bad id_token, or userinfo about somebody else
        """
        provider = self.client_id.provider_id
        claims = {}
        with translate_provider_errors(can_be_repeated=False):
            provider_client = self.client_id._provider_client()
            if answer.get("id_token"):
                claims = provider_client.verify_id_token(
                    answer["id_token"],
                    nonce_digest=self.sudo().nonce_digest or None,
                    access_token=answer["access_token"],
                )
            if not {"email", "email_verified"} <= claims.keys():
                # An address counts only with what the same document says of it.
                claims.pop("email", None)
                claims.pop("email_verified", None)
            missing = provider._wanted_claims() - claims.keys()
            if provider.userinfo_endpoint and (missing or not claims):
                told = provider_client.userinfo(answer["access_token"])
                # OpenID Connect Core section 5.3.2: otherwise it is somebody else.
                if claims and told.get("sub") != claims["sub"]:
                    raise ServerError(reason="userinfo is about another subject")
                told.pop("iss", None)  # an unsigned answer names no issuer
                claims = {**told, **claims}
        provider._subject(claims)
        kept = {"iss", "name", provider.subject_claim} | provider._wanted_claims()
        return {name: claims[name] for name in kept & claims.keys()}

    def _odoo_user(self, claims):
        """:return: the Odoo user of this sign-in, empty when one is to be created
        :raises AccessDenied: nobody, or one who may not use this API
        """
        provider = self.client_id.provider_id
        try:
            user = provider._match_user(claims, session_user=self.user_id)
        except AccessDenied:
            # As of somebody who is found, so that time does not tell.
            self.api_id._admits_by_group(0)
            raise
        set_audit_context(
            self.api_id, self.client_id, user=user, user_login=user.sudo().login
        )
        if user and not self.api_id._admits(user):
            raise AccessDenied(reason="the user is in no allowed group")
        return user

"""The provider's answer comes back (RFC 6749 sections 4.1.2 to 4.1.4).

Two commits. The first spends the state, and notes that the provider is about to be
asked: where the process ends, ``exchange_began_at`` says that it may have given out
tokens. The second stores its answer with the verified claims, and clears the note.
Nothing is granted yet: what was stored waits for the user's consent.
"""

from dataclasses import dataclass
from functools import partial
from typing import Any

from odoo import fields
from odoo.tools import SQL

from ...protocol import digests
from ...protocol.errors import (
    AlreadyAllowed,
    InvalidRequest,
    OAuth2Error,
    ProviderReportedError,
    ScriptRefused,
    SignInDenied,
    UnknownSignIn,
)
from ...protocol.id_token import is_issuer
from ...protocol.network_policy import is_safe_url
from ...protocol.provider_errors import safe_text
from ..authentication.rate_limit import RateLimit
from ..keys.keyring import Keyring
from ..providers.provider_calls import (
    no_tokens_issued,
    provider_client,
    translate_provider_errors,
)
from ..server.request_context import (
    note_provider_answered,
    run_once,
    set_audit_context,
    set_return_address,
)
from ..server.transactions import begin_read_committed, commit_now
from .pending_sign_in import PendingSignIn
from .trial_sign_in import TrialSignIn
from .verified_claims import verified_claims


@dataclass(frozen=True)
class AuthorizationResponse:
    """What came to the callback, and from which browser."""

    state: str = ""
    code: str = ""
    error: str = ""
    error_description: str = ""  #: for the administrator, never for the caller
    iss: str | None = None  # RFC 9207
    path: str = ""  #: what a provider's own redirect URI has after the API's
    browser_secret: str = ""  #: of the start page's cookie
    user: Any = None  #: who is signed in to Odoo in this browser
    page_secrets: tuple = ()  #: of the cookies that consent pages gave this browser
    is_of_script: bool = False  #: by its headers; it sees no page to allow on


class Callback:
    #: What must hold once the state is spent, in this order.
    RULES = (
        "_check_in_force",
        "_check_browser",
        "_check_redirect_uri",
        "_check_issuer",
        "_check_provider_error",
        "_check_code",
    )

    def __init__(self, env):
        self.env = env

    def receive(self, oauth2_api, response):
        """Take a sign-in, exchange its code and verify who signed in.

        :param oauth2_api: the API of the callback's path
        :param response: an :class:`AuthorizationResponse`
        :return: the ``oauth2.authorization.request``, which waits for consent
        :raises AlreadyAllowed: this address was reloaded, and access was granted
        :raises ScriptRefused: it asks no user, and this client's users must be asked
        :raises UnknownSignIn: unknown, forged, expired or used state
        :raises InvalidRequest: no code, wrong ``iss``, another browser
        :raises SignInDenied: the provider's user said no
        :raises InvalidGrant: the provider refuses the code
        :raises OAuth2Error: for the provider's failures
        """
        Keyring(self.env).make_ready()
        self._check_script(oauth2_api, response)
        if record := self._find_open_page(oauth2_api, response):
            return record
        # A rerun of the request neither takes the state nor asks for tokens again.
        record_id, answer = run_once(
            ("exchange", response.state),
            lambda: self._exchange(*self._claim(oauth2_api, response)),
        )
        record = self.env["oauth2.authorization.request"].sudo().browse(record_id)
        run_once(("store", record_id), lambda: self._store(record, answer))
        return record

    def _find(self, oauth2_api, response):
        """:return: the sign-in of a state, spent or not, possibly none"""
        state = digests.digest(response.state)
        domain = [("state_digest", "=", state), ("api_id", "=", oauth2_api.id)]
        return self.env["oauth2.authorization.request"].sudo().search(domain)

    def _check_script(self, oauth2_api, response):
        """A script finishes what its client is known to follow itself.

        Off https, and off this very machine, a browser looks like one.

        :raises ScriptRefused: the state is not spent
        """
        record = response.is_of_script and self._find(oauth2_api, response)
        if record and not (
            record.response_type == "json"
            and record.client_id.follows_sign_in
            and is_safe_url(record.redirect_uri)
        ):
            set_audit_context(record.api_id, record.client_id, is_proven=False)
            raise ScriptRefused(
                reason="A script, or what looks like one, came to finish the sign-in,"
                " and the client does not follow its sign-ins itself, or not by https."
            )

    def _find_open_page(self, oauth2_api, response):
        """A consent page that waits is shown to its browser again (reload, Back).

        :return: the sign-in, ``None`` when there is no such page
        """
        secrets = [digests.digest(secret) for secret in response.page_secrets]
        record = secrets and self._find(oauth2_api, response)
        if not record or not record.form_digest or not record._is_pending():
            return None
        if not any([digests.same(record.browser_digest, each) for each in secrets]):
            return None
        RateLimit(self.env).refund()
        set_audit_context(record.api_id, record.client_id)
        set_return_address(record)
        record._check_in_force()
        return record

    def _claim(self, oauth2_api, response):
        """Spend the state, whatever comes after, and note that the provider is asked.

        :return: ``(the record, the call that exchanges its code)``
        """
        # A caller that comes while the row is held waits, and finds it spent.
        begin_read_committed(self.env)
        self.env.cr.execute(
            SQL(
                """
                UPDATE oauth2_authorization_request
                   SET used_at = now() AT TIME ZONE 'UTC'
                 WHERE state_digest = %s AND api_id = %s AND used_at IS NULL
                   AND expires_at > now() AT TIME ZONE 'UTC'
                RETURNING id
                """,
                digests.digest(response.state),
                oauth2_api.id,
            )
        )
        taken = [row_id for (row_id,) in self.env.cr.fetchall()]
        record = self.env["oauth2.authorization.request"].sudo().browse(taken)
        if not record:
            over = self._find(oauth2_api, response)
            set_return_address(over)
            if over.is_allowed:
                raise AlreadyAllowed(reason=over._why_over())
            raise UnknownSignIn(reason=over._why_over())
        record.invalidate_recordset()
        RateLimit(self.env).refund()
        # Until the provider answers, all else that came may be made up.
        set_audit_context(record.api_id, record.client_id, is_unproven=True)
        set_return_address(record)
        try:
            for rule in self.RULES:
                getattr(self, rule)(record, response)
            call = self._exchange_call(record, response.code)
        except OAuth2Error:
            PendingSignIn(self.env).abandon(record)  # nothing was asked
            commit_now(self.env)
            raise
        record.exchange_began_at = fields.Datetime.now()
        commit_now(self.env)
        return record, call

    def _check_in_force(self, record, _response):
        record._check_in_force()

    def _check_browser(self, record, response):
        """Where the Odoo session decides, and of a trial, only the browser that began
        may finish.
        """
        by_session = record.client_id.provider_id.user_matching == "session"
        if not by_session and record.response_type != "trial":
            return
        known = record.browser_digest
        if not (
            known
            and record.user_id
            and record.user_id == response.user
            and digests.same(digests.digest(response.browser_secret), known)
        ):
            raise InvalidRequest(
                "This sign-in was begun in another browser or by another user: start"
                " again in the application.",
                reason=f"The sign-in was begun by {record.user_id.login or 'no user'},"
                " and came back in another browser or as another user.",
                cause="sign_in_over",
            )

    def _check_redirect_uri(self, record, response):
        """RFC 9700 section 4.4.2: where a provider's answers come, no other's do."""
        if response.path != record._redirect_parts()[1]:
            raise InvalidRequest("The callback is of another provider; start again.")

    def _check_issuer(self, record, response):
        """RFC 9207 section 2.4: an answer of another provider is a mix-up attack."""
        provider = record.client_id.provider_id
        if response.iss is None:
            if provider.authorization_response_iss_parameter_supported:
                raise InvalidRequest(
                    "The callback lacks iss; start again.",
                    reason="The provider sent no iss to the callback, but is set to.",
                    cause="provider_answer",
                )
        elif provider.issuer and not is_issuer(response.iss, provider.issuer):
            raise InvalidRequest(
                "The callback's iss is another provider's.",
                reason=f"The callback names the issuer {safe_text(response.iss)}, and"
                f" the provider's is {provider.issuer}.",
                cause="provider_answer",
            )

    def _check_provider_error(self, _record, response):
        """RFC 6749 section 4.1.2.1"""
        if not response.error:
            return
        reason = f"The provider says {safe_text(response.error[:40])}"
        if response.error_description:
            reason += f": {safe_text(response.error_description)}"
        is_denied = response.error == "access_denied"
        raise (SignInDenied if is_denied else ProviderReportedError)(reason=reason)

    def _check_code(self, _record, response):
        if not response.code:
            raise InvalidRequest(
                "The authorization server sent no code; start again.",
                cause="provider_answer",
            )

    def _exchange_call(self, record, code):
        """:return: the call that turns the code into tokens (RFC 6749 section 4.1.3)"""
        verifier = Keyring(self.env).decrypt(record.code_verifier)
        if record.code_verifier and verifier is None:
            raise InvalidRequest(
                "This sign-in cannot be finished; start again.",
                reason="The sign-in's PKCE verifier cannot be decrypted with the"
                " present keys.",
                cause="key",
            )
        with translate_provider_errors():
            fetch_token = provider_client(record.client_id).fetch_token
        redirect_uri = record.redirect_uri
        return partial(
            fetch_token, code=code, redirect_uri=redirect_uri, code_verifier=verifier
        )

    def _exchange(self, record, call):
        """Ask the provider; no transaction is open while it takes its time.

        :return: ``(id of the record, the provider's token answer)``
        """
        try:
            with translate_provider_errors(can_be_repeated=False):
                answer = call()
            note_provider_answered()
            return record.id, answer
        except OAuth2Error as error:
            if error.cause != "provider_refused":  # a code that may be made up
                note_provider_answered()
            if no_tokens_issued(error):
                begin_read_committed(self.env)
                record.exchange_began_at = False
                PendingSignIn(self.env).abandon(record)
                commit_now(self.env)  # the refusal that follows rolls back
            raise

    def _store(self, record, answer):
        """Store an answer that is good; let go of the tokens of any other."""
        pending = PendingSignIn(self.env)
        try:
            claims = verified_claims(record, answer)
        except OAuth2Error:
            begin_read_committed(self.env)
            pending.abandon(record, {"answer": answer})
            commit_now(self.env)  # the refusal that follows rolls back
            raise
        # Waits for another one who changes the row, and does not fail for it.
        begin_read_committed(self.env)
        if record.response_type == "trial":
            TrialSignIn(self.env).keep(record, answer, claims)
            commit_now(self.env)
            return
        if record.response_type == "code":
            # The provider has said who it is; this Odoo issues the tokens.
            pending.let_go(record, answer, claims)
            answer = None
        pending.store(record, {"answer": answer, "claims": claims})
        commit_now(self.env)

"""The outbox of revocations: the tokens that a provider has still to be told of.

- What the provider does not confirm is told again by the job, with doubling pauses, for
  three days.
- All that is known of a grant is revoked, what was rotated, too. The refresh token
  goes first: most providers end its access tokens with it.
- An access token that the provider refuses to revoke is not asked for again: it is gone
  with its refresh token, or, signed, lives on until it expires, which is told.
- A provider that does not answer is asked once a run.
- The outbox holds what its call needs, also when client and provider are deleted.
"""

import json
import logging
import time
from dataclasses import asdict
from datetime import timedelta

from odoo import fields

from ...protocol.network_policy import NetworkPolicy
from ...protocol.provider_client import UNSUPPORTED_TOKEN_TYPE, ProviderClient
from ...protocol.provider_errors import (
    ProviderError,
    ProviderMisbehaved,
    ProviderRefused,
    ProviderUnavailable,
)
from ...protocol.provider_registration import ClientRegistration, ProviderMetadata
from ...protocol.token_response import is_jwt
from ..audit.audit import Audit
from ..keys.keyring import Keyring
from ..providers.provider_calls import OWN_ERROR, client_registration, provider_client
from ..server.request_context import run_once
from .grant_tokens import GrantTokens

_logger = logging.getLogger(__name__)

_MAX_TRIES = 13  # with doubling pauses from a minute: about three days
_SEND_SECONDS = 30  # of a request that sends many
_PUT_OFF = timedelta(minutes=5)  # what a provider gets that has just not answered


class RevocationOutbox:
    """Writes the outbox, and sends it: of a grant at once, of all by the job."""

    def __init__(self, env):
        self.env = env
        self.records = env["oauth2.revocation"].sudo()

    def queue(self, grants):
        """Write the revocation of all tokens of these grants to the outbox.

        :return: ``oauth2.revocation`` records
        """
        return self.queue_tokens(
            (grant.client_id, token.kind, token.value)
            for grant in grants.sudo()
            for token in GrantTokens(self.env).revocable(grant)
        )

    def queue_tokens(self, tokens):
        """Write revocations to the outbox, where the provider offers any.

        :param tokens: a ``(client, kind, encrypted token or nothing)`` for each; they
            are handed on as they are stored: no key is needed to end a grant
        :return: ``oauth2.revocation`` records
        """
        return self.records.create(
            [
                {"client_id": client.id, "kind": kind, "value": value}
                for client, kind, value in tokens
                if value and client.provider_id.revocation_endpoint
            ]
        )

    def detach(self, clients):
        """Keep what the pending revocations of clients need, which are being deleted.

        A secret or key that no present key reads is left out: the provider will refuse,
        and the revocation is given up and told of.
        """
        for revocation in self.records.search(
            [("client_id", "in", clients.ids), ("state", "=", "pending")]
        ):
            client = revocation.client_id
            provider = client.provider_id
            policy = provider._network_policy()
            access = {
                **asdict(client_registration(client)),
                "revocation_endpoint": provider.revocation_endpoint,
                "private": policy.private,
                "plain_http": policy.plain_http,
            }
            encrypted = Keyring(self.env).encrypt(json.dumps(access))
            revocation.write(
                {"client_name": client.name, "client_secret_encrypted": encrypted}
            )
            self.trigger(revocation)

    def trigger(self, revocations):
        """Have the job send these as soon as the transaction is committed."""
        if revocations:
            self.env.ref("api_auth_oauth2.ir_cron_revocations").sudo()._trigger()

    def send(self, ids):
        """Tell the provider of a grant's tokens, each on its own, as time allows.

        :param ids: of records of one grant, the current refresh token's first; one that
            is gone has been told
        :return: whether all was confirmed; what was not is sent again by the job
        """
        if Keyring(self.env).is_missing():
            return False  # which the log tells; the grant has ended all the same
        answers, silent = [], set()
        is_over = False  # whether the grant's current refresh token was revoked
        deadline = time.monotonic() + _SEND_SECONDS
        for revocation in self.records.browse(ids).exists():
            provider = self._provider_of(revocation)
            if provider in silent or time.monotonic() > deadline:
                answers.append(False)
                continue
            is_refresh = revocation.kind == "refresh"
            try:
                answers.append(self._notify_provider(revocation, is_over))
                is_over = is_over or (is_refresh and answers == [True])
            except ProviderError as failure:
                self._postpone(revocation, failure)
                answers.append(False)
                if isinstance(failure, ProviderUnavailable):
                    silent.add(provider)
        return bool(answers) and all(answers)

    def send_due(self, limit=100):
        """Send what is due, for the job, each in a transaction of its own.

        :param int limit: revocations in one run
        """
        domain = [
            ("next_try_at", "<=", fields.Datetime.now()),
            ("state", "=", "pending"),
        ]
        due = self.records.search(domain, limit=limit, order="next_try_at, id")
        if due and Keyring(self.env).is_missing():
            return  # which the log tells; nothing counts as tried
        progress, silent = self.env["ir.cron"], set()
        progress._commit_progress(remaining=self.records.search_count(domain))
        for revocation in due:
            # Another process may have sent it, or put it off, meanwhile.
            if revocation := revocation.try_lock_for_update().filtered_domain(domain):
                provider = self._provider_of(revocation)
                if provider in silent:
                    revocation.next_try_at = fields.Datetime.now() + _PUT_OFF
                elif not self._send_in_job(revocation):
                    silent.add(provider)
            if not progress._commit_progress(1):
                break

    def give_up_all_of(self, provider, reason):
        """Tokens of one server are never shown to another: those wait in vain."""
        waiting = [
            ("client_id.provider_id", "=", provider.id),
            ("state", "=", "pending"),
        ]
        # Those of archived clients, too.
        found = self.records.with_context(active_test=False).search(waiting)
        found.write({"state": "given_up", "value": False, "reason": reason})
        self.give_up(found, reason)

    def give_up(self, revocations, reason):
        """Tell the audit log that a provider is not told any more.

        :param str reason: why, for the administrator
        """
        for revocation in revocations:
            Audit(self.env).record(
                "given_up",
                client=revocation.client_id,
                reason=f"{revocation.kind} token not revoked at the provider: {reason}",
            )

    def _send_in_job(self, revocation):
        """:return: whether the provider answers"""
        try:
            self._notify_provider(revocation)
        except ProviderError as failure:
            self._postpone(revocation, failure)
            return not isinstance(failure, ProviderUnavailable)
        except Exception:  # whatever it is, the others must not wait for its mend
            self.env.cr.rollback()
            _logger.exception("Revocation %s cannot be sent.", revocation.id)
            for left in revocation.exists():
                self._postpone(left, OWN_ERROR)
        return True

    def _notify_provider(self, revocation, is_over=False):
        """Tell the provider of one token.

        :param bool is_over: whether its grant's refresh token was revoked just now
        :return: whether it is good for nothing there; where not, it never will be told
        :raises ProviderError: it did not, or the token cannot be read
        """
        text = Keyring(self.env).decrypt(revocation.value)
        if text is None:  # the key may come back
            raise ProviderMisbehaved("the token cannot be decrypted with these keys")
        client, hint = self._provider_client(revocation), f"{revocation.kind}_token"
        told = True
        try:
            run_once(("tell", revocation.id), lambda: client.revoke_token(text, hint))
        except ProviderRefused as refusal:
            # Trying again is of no use (RFC 7009 section 2.2.1).
            is_unsupported = refusal.code == UNSUPPORTED_TOKEN_TYPE
            # A refusal without a code may be a proxy's.
            is_final = is_unsupported or (
                revocation.kind == "access" and (is_over or refusal.code)
            )
            if refusal.is_about_client or not is_final:
                raise
            _logger.info("%s token not revoked: %s", revocation.kind, refusal.reason)
            # A signed one is checked without asking the provider: it may live on.
            told = is_over and not is_unsupported and not is_jwt(text)
        revocation.unlink()
        return told

    def _provider_client(self, revocation):
        """:return: the ``ProviderClient`` that may revoke this token"""
        if revocation.client_id:
            return provider_client(revocation.client_id)
        access = json.loads(
            Keyring(self.env).decrypt(revocation.client_secret_encrypted) or "{}"
        )
        if not access:
            raise ProviderMisbehaved("its deleted client cannot be decrypted")
        policy = NetworkPolicy(
            private=access.pop("private"), plain_http=access.pop("plain_http")
        )
        metadata = ProviderMetadata(
            issuer="",
            authorization_endpoint="",
            token_endpoint="",
            revocation_endpoint=access.pop("revocation_endpoint"),
        )
        return ProviderClient(metadata, ClientRegistration(**access), policy)

    def _provider_of(self, revocation):
        """:return: what names the provider that a call goes to, hashable"""
        return revocation.client_id.provider_id.id or revocation.client_name

    def _postpone(self, revocation, failure):
        """:param failure: a ``ProviderError``, or another reason as text"""
        reason = getattr(failure, "reason", failure)
        pause = timedelta(minutes=2 ** min(revocation.tries, 11))
        asked_for = timedelta(seconds=getattr(failure, "retry_after", None) or 0)
        if revocation.tries + 1 >= _MAX_TRIES:
            # The line explains; the secrets are of no more use.
            revocation.write(
                {"state": "given_up", "value": False, "client_secret_encrypted": False}
            )
            self.give_up(revocation, reason)
            _logger.error(
                "Giving up revoking a token of client %s at its provider: %s",
                revocation.client_id.id,
                reason,
            )
        revocation.write(
            {
                "tries": revocation.tries + 1,
                "next_try_at": fields.Datetime.now() + max(pause, asked_for),
                "reason": reason,
            }
        )

import contextlib
import json
import time
from datetime import timedelta

import psycopg2

from odoo import api, fields, models
from odoo.sql_db import PoolError
from odoo.tools import SQL

from ..protocol import digests
from ..protocol.errors import (
    InvalidGrant,
    OAuth2Error,
    ServerError,
    TemporarilyUnavailable,
)
from ..services.keyring import Keyring
from ..services.request_context import run_once
from ..services.transactions import commit_now, second_cursor
from .oauth2_client_user import GRACE
from .provider_failures import as_wire_errors, has_given_nothing


class OAuth2ClientUser(models.Model):
    """What the provider is asked in a refresh, and what becomes of its answer.

    Three transactions, each under the grant's lock: that the provider is about to be
    asked; what it answered; the tokens taken over. Whenever the process ends, a record
    says how far it came, and the next call goes on from there.
    """

    _inherit = "oauth2.client.user"

    def _begin(self):
        """Write down that the provider is about to be asked; the lock is kept.

        A record says so before the provider spends the refresh token. Where the process
        ends before the answer is recorded, it stays.

        :raises InvalidGrant: there is nothing to refresh with, or the grant was ended
            meanwhile
        :raises TemporarilyUnavailable: the database is too busy
        """
        self._refresh_token_in_use()
        with self._promise():
            self.refresh_began_at = fields.Datetime.now()
            self._lock(promised=True)  # commits the note

    @contextlib.contextmanager
    def _promise(self):
        """Be known as who has noted a refresh, and has not asked the provider yet.

        The commit of the note lets go of the grant's row, and whoever got it before we
        have it again would take the note for that of a process that was killed. So a
        lock stands in its place, held by another connection until the row is ours: no
        longer, so that who has the row, and finds a note without it, knows that its
        writer has asked, or is gone.

        It ends with its transaction. One of the session, on the request's connection,
        would survive the commit, too; but behind a pooler of transactions it would stay
        with a connection of somebody else.

        :raises TemporarilyUnavailable: there is no connection for it, or it was lost
        """
        try:
            # Its commit fails where the lock was lost with its connection.
            with second_cursor(self.env) as cr:
                cr.execute(SQL("SELECT pg_advisory_xact_lock(%s)", self._promise_key()))
                yield
        except (PoolError, psycopg2.Error) as error:
            raise TemporarilyUnavailable(
                reason="a refresh needs two connections to the database",
                retry_after=1,
            ) from error

    def _promise_key(self):
        key = f"oauth2 refresh {self.id}"
        return SQL("hashtextextended(%s, 0)", key)

    def _is_promised(self):
        """:return: ``SQL``, true while somebody is between note and question"""
        # Let go of at once, as our own transaction would be in the way of our promise.
        return SQL(
            "CASE WHEN pg_try_advisory_lock_shared(%(key)s)"
            " THEN NOT pg_advisory_unlock_shared(%(key)s) ELSE true END",
            key=self._promise_key(),
        )

    def _lost_answer(self):
        """What an event is to tell of an earlier refresh, by whoever has the grant.

        :return: text, ``None`` when no answer was lost, or there is no such grant
        """
        if not (began_at := self._unanswered()):
            return None
        self.env.cr.execute(SQL("SELECT %s", self._is_promised()))
        [is_promised] = self.env.cr.fetchone()
        return None if is_promised else lost_answer(began_at)

    def _unanswered(self):
        """:return: when a refresh was begun whose answer nobody recorded, or ``False``

        Of the answer that waits here it is an earlier one.
        """
        received = self._readable_answer()
        return received["lost"] or False if received else self.refresh_began_at

    def _refresh_token_in_use(self):
        """:return: the record of the refresh token, which is there and in force
        :raises InvalidGrant: it is not
        """
        token = self._current_token("refresh")
        if not token or token.expires_at <= fields.Datetime.now() or not token._text():
            raise InvalidGrant(reason="there is no refresh token")
        return token

    def _ask(self, lost):
        """Ask the provider, once, and record its answer before anything else.

        :param lost: when a refresh was begun whose end nobody recorded, or nothing
        :raises InvalidGrant: there is no refresh token, or the provider ended the grant
        :raises OAuth2Error: for whatever else went wrong at the provider
        """
        text = self._refresh_token_in_use()._text()
        try:
            answer = run_once(
                ("refresh", self.id, digests.digest(text)),
                lambda: self._ask_provider(text),
            )
        except InvalidGrant as refusal:
            if not lost:
                self.refresh_began_at = False  # this is its answer
            self._end()
            if lost:
                raise InvalidGrant(
                    reason=f"{refusal.reason}; {lost_answer(lost)}"
                ) from refusal
            raise
        except OAuth2Error as failure:
            if has_given_nothing(failure) and not lost:
                self.refresh_began_at = False  # it has spent nothing
                commit_now(self.env)  # the refusal that follows rolls back
            raise
        # This row is locked and nothing else is written: that cannot be refused, and
        # from the commit on whoever comes next goes on from here.
        received = {
            "answer": answer,
            "received_at": int(time.time()),
            "lost": lost and fields.Datetime.to_string(lost),
        }
        self.received_answer = Keyring(self.env).encrypt(json.dumps(received))

    def _ask_provider(self, refresh_token):
        """:return: the provider's answer, whose id_token is still to be checked
        :raises InvalidGrant: when the provider ended the grant
        :raises OAuth2Error: for whatever else went wrong at the provider
        """
        with as_wire_errors():
            return self.client_id._provider_client().refresh_token(refresh_token)

    def _received(self):
        """:return: what :meth:`_ask` recorded and nobody took over, or ``None``"""
        text = Keyring(self.env).decrypt(self.sudo().received_answer)
        return text and json.loads(text)

    def _readable_answer(self):
        """:return: as :meth:`_received`, ``None`` also where the key is missing now"""
        try:
            return self._received()
        except TemporarilyUnavailable:
            return None

    def _take_over(self):
        """Make the tokens of a recorded answer the grant's own.

        :return: token information; ``None`` when there is no answer, or one that is so
            old that only its refresh token is of use
        :raises ServerError: the answer cannot be used; the next refresh goes on
        :raises TemporarilyUnavailable: it cannot be checked at the moment
        """
        if not (received := self._received()):
            return None
        answer = received["answer"]
        if received["received_at"] < time.time() - GRACE.total_seconds():
            # Whoever received it has ended: the next call needs a new access token.
            self._go_on_from(answer)
            return None
        self._check_id_token(answer)
        refresh_token = self._current_token("refresh")
        asked_with = [refresh_token.digest, self._current_token("access").digest]
        try:
            with self.env.cr.savepoint():
                end = self._keep_tokens(answer)
        except OAuth2Error:
            self._go_on_from({})  # what it gave out is another user's
            commit_now(self.env)  # the refusal that follows rolls back
            raise
        if not answer.get("refresh_token"):
            self._prolong(refresh_token)
        stored = {"answer": answer, "expires": end, "asked_with": asked_with}
        self.write(
            {
                "last_refresh_at": fields.Datetime.now(),
                "last_answer": Keyring(self.env).encrypt(json.dumps(stored)),
                "received_answer": False,
                "refresh_began_at": False,
            }
        )
        lost = received["lost"]
        self._record_event("refresh", reason=lost and lost_answer(lost))
        return self._information(answer, end)

    def _check_id_token(self, answer):
        """Check the id_token of a refresh, if one came (OpenID Connect Core 12.2).

        Where it cannot be checked, the tokens are not taken over. But the provider may
        have spent the old refresh token: the next try goes on with the new one, and
        callers still prove with the one they know.

        :raises ServerError: it is bad, or names somebody else
        :raises TemporarilyUnavailable: the provider's keys cannot be had
        """
        if not (id_token := answer.get("id_token")):
            return

        def verify():
            with as_wire_errors():
                return self.client_id._provider_client().verify_id_token(
                    id_token, access_token=answer["access_token"]
                )

        try:
            claims = run_once(("refreshed id_token", self.id), verify)
        except OAuth2Error:
            self._go_on_from(answer)
            commit_now(self.env)  # the refusal that follows rolls back
            raise
        if (claims["iss"], claims["sub"]) != (self.issuer, self.subject):
            self._go_on_from({})  # nothing of it is this grant's
            commit_now(self.env)
            raise ServerError(reason="the refreshed id_token names another")

    def _go_on_from(self, answer):
        """Of an answer that is not taken over keep the refresh token alone.

        Where an earlier answer was lost, the note of it stays: whoever records an event
        of this grant next tells of it.
        """
        if text := answer.get("refresh_token"):
            token = self._current_token("refresh")
            token.value = Keyring(self.env).encrypt(text)
        began_at = self._unanswered()
        self.write({"received_answer": False, "refresh_began_at": began_at})

    def _prolong(self, refresh_token):
        """A refresh token that stays in use lives on (RFC 6749 section 6)."""
        lifetime = timedelta(seconds=self.api_id.refresh_token_lifetime)
        refresh_token.write({"expires_at": fields.Datetime.now() + lifetime})

    @api.model
    def _no_refresh_under_way(self):
        """:return: values of a grant that nobody refreshes or has just refreshed"""
        return {
            "last_answer": False,
            "received_answer": False,
            "refresh_began_at": False,
        }


def lost_answer(began_at):
    """:return: for the event: what an earlier refresh may have left at the provider"""
    return (
        f"the answer to a refresh that was begun at {began_at} UTC was not recorded:"
        " the provider may have given out tokens that are not known here"
    )

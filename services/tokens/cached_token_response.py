"""The answer with tokens that a grant keeps for its callers, encrypted.

- Of a refresh: a caller whose call crossed it gets the same answer for 60 seconds; one
  without a token, for 5 seconds.
- Of a sign-in: after Allow the first call without a token gets it, for as long as a
  sign-in may take; a call that comes again within the grace gets it again.
- There is one at a time. It ends with the grant, a new sign-in, and the rotation of a
  refresh token of this Odoo (`issuing.py`); the job wipes what is over.
"""

import json
import time
from datetime import timedelta

from odoo import fields
from odoo.tools import SQL

from ..authentication.client_authentication import ROTATION_GRACE
from ..keys.keyring import Keyring
from .sign_in_progress import SIGN_IN_LIFETIME

#: A caller without a token that comes so soon after a refresh did not see its answer.
_SAME_REFRESH = timedelta(seconds=5)
#: Values of a grant that keeps no answer.
NONE_CACHED = {"cached_token_response": False}


class CachedTokenResponse:
    def __init__(self, env, grant):
        """:param grant: the client API user; who takes or keeps has its row locked"""
        self.env = env
        self.grant = grant.sudo()

    def keep_refresh(self, answer, expires, asked_with):
        """Keep the answer of a refresh that was just made.

        :param dict answer: the token response
        :param int expires: epoch seconds at which its access token ends
        :param asked_with: digests of the tokens that it was asked with
        """
        stored = {"answer": answer, "expires": expires, "asked_with": asked_with}
        self._store(stored, last_refresh_at=fields.Datetime.now())

    def keep_sign_in(self, answer):
        """Keep the answer of a sign-in for the application.

        :param dict answer: whose tokens are the grant's current ones
        """
        until = time.time() + SIGN_IN_LIFETIME.total_seconds()
        expires = self.grant._current_token("access")._expires_epoch()
        self._store({"answer": answer, "expires": expires, "until": until})

    def take_sign_in(self):
        """
        :return: ``(the answer of :meth:`keep_sign_in`, epoch seconds at which its
            access token ends)``; ``None`` where it was taken, or is of no use any more
        """
        stored = self._load()
        if "until" not in stored or time.time() >= stored["until"]:
            return None
        if time.time() >= stored["expires"]:
            return None
        if not stored.get("is_taken"):
            until = time.time() + ROTATION_GRACE.total_seconds()
            self._store({**stored, "until": until, "is_taken": True})
        return stored["answer"], stored["expires"]

    def of_crossed_refresh(self, token):
        """
        :param token: the token sent as proof, or none
        :return: ``(answer, expires)`` as of :meth:`keep_refresh`; ``None`` where the
            call crossed no refresh
        """
        is_rotated = bool(token.rotated_at)
        window = ROTATION_GRACE if is_rotated else _SAME_REFRESH
        refreshed_at = self.grant.last_refresh_at
        if not refreshed_at or refreshed_at <= fields.Datetime.now() - window:
            return None
        stored = self._load()
        # A provider that does not rotate leaves the token of all callers current.
        if stored and (
            not token or is_rotated or token.digest in stored.get("asked_with", ())
        ):
            return stored["answer"], stored["expires"]
        return None

    def in_force(self):
        """:return: ``(answer, seconds that its access token lives)``, or ``None``"""
        stored = self._load()
        if not stored or (seconds := stored["expires"] - int(time.time())) <= 0:
            return None
        return stored["answer"], seconds

    def _load(self):
        text = Keyring(self.env).decrypt(self.grant.cached_token_response)
        return json.loads(text) if text else {}

    def _store(self, stored, **values):
        text = Keyring(self.env).encrypt(json.dumps(stored))
        self.grant.write({"cached_token_response": text, **values})


def is_over():
    """:return: ``SQL``, true for rows of grants whose answer is over"""
    return SQL(
        "cached_token_response IS NOT NULL"
        " AND COALESCE(last_refresh_at, authorized_at + %s) < %s",
        SIGN_IN_LIFETIME,
        fields.Datetime.now() - ROTATION_GRACE,
    )

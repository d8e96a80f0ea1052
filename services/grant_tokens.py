"""The tokens of a grant: stored as the provider gave them, replaced, read again.

- A token is found by its digest; its value is encrypted, for the provider alone.
- A provider may hand the same token out again, never one of another Odoo user.
- A replaced token is rotated: it still opens routes while its successor travels, and
  the job forgets it a minute later.
- No access token lives longer than its grant.
"""

from datetime import UTC, datetime, timedelta

from odoo import fields

from ..protocol import digests
from ..protocol.errors import ServerError
from ..protocol.token_response import expires_at as end_of_access
from .client_authentication import ROTATION_GRACE
from .keyring import Keyring


class GrantTokens:
    """Stores and reads the tokens of grants."""

    def __init__(self, env):
        self.env = env
        self.tokens = env["oauth2.token"].sudo()

    def store(self, grant, answer):
        """Store a provider's token answer; the tokens it replaces are rotated.

        :param grant: the client API user
        :param dict answer: as ``protocol`` judged it (RFC 6749 section 5.1)
        :return: epoch seconds at which the access token ends
        :raises ServerError: when a token already belongs to another Odoo user
        """
        oauth2_api, scope = grant.api_id, answer.get("scope")
        scope = scope if isinstance(scope, str) else ""
        end = end_of_access(answer, oauth2_api.access_token_lifetime)
        end = min(end, int(grant.expires_at.replace(tzinfo=UTC).timestamp()))
        ends = datetime.fromtimestamp(end, UTC).replace(tzinfo=None)
        access_token = answer["access_token"]
        self.store_token(grant, "access", access_token, expires_at=ends, scope=scope)
        refresh_token = answer.get("refresh_token")
        if refresh_token and isinstance(refresh_token, str):
            lifetime = timedelta(seconds=oauth2_api.refresh_token_lifetime)
            ends = fields.Datetime.now() + lifetime
            self.store_token(
                grant, "refresh", refresh_token, expires_at=ends, scope=scope
            )
        return end

    def store_token(self, grant, kind, text, *, expires_at, scope=""):
        """Make a token the current one of its kind.

        :param grant: the client API user it belongs to
        :param str kind: ``access`` or ``refresh``
        :param str text: the token
        :param expires_at: naive UTC datetime
        :param str scope: the provider's scope string
        :return: the ``oauth2.token``
        :raises ServerError: when the same token already belongs to another Odoo user
        """
        digest = digests.digest(text)
        same = self.tokens.search([("digest", "=", digest), ("kind", "=", kind)])
        if same.client_user_id.user_id - grant.user_id:
            raise ServerError(reason="the provider gave out another user's token")
        values = {
            "value": Keyring(self.env).encrypt(text),
            "scope": scope,
            "expires_at": expires_at,
            "rotated_at": False,
            **self.tokens._carried(grant),
        }
        if kind == "access":
            values["expires_at"] = min(expires_at, grant.expires_at)
        if token := same.filtered(lambda each: each.client_user_id == grant):
            token.write(values)
        else:
            values |= {"client_user_id": grant.id, "kind": kind, "digest": digest}
            token = self.tokens.create(values)
        self._rotate(grant, token)
        return token

    def _rotate(self, grant, successor):
        now = fields.Datetime.now()
        for token in grant.sudo().token_ids.filtered(
            lambda each: (
                each.kind == successor.kind
                and each != successor
                and not each.rotated_at
            )
        ):
            token.write(
                {
                    "rotated_at": now,
                    "expires_at": min(token.expires_at, now + ROTATION_GRACE),
                    "value": False,
                }
            )

    def plaintext(self, token):
        """:param token: an ``oauth2.token``, or none
        :return: the token itself, ``None`` when it was dropped or no key fits
        """
        return Keyring(self.env).decrypt(token.sudo().value)

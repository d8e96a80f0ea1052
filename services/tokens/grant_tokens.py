"""The tokens of a grant: stored as the provider gave them, rotated, read again.

- A token is found by its digest; its value is encrypted, for the provider alone.
- A provider may hand the same token out again, never one of another Odoo user.
- A token that another one replaces is rotated: it still opens routes while its
  successor travels. The job forgets it a minute later, unless the provider may go on to
  honour it: an access token of before a refresh, or of a grant that the provider ended,
  a refresh token of an earlier sign-in. Those are kept, to be revoked with their grant.
- No access token lives longer than its grant.
"""

from datetime import UTC, datetime, timedelta

from odoo import fields

from ...protocol import digests
from ...protocol.errors import ServerError
from ...protocol.token_response import expires_at as end_of_access
from ...protocol.token_response import lifetime_seconds
from ..authentication.client_authentication import ROTATION_GRACE
from ..keys.keyring import Keyring

#: Rotated tokens of a kind and grant that are kept to be revoked; each is a call.
_KEPT = 20
_LONGEST = 10**9  # seconds, which a date can be put off by


class GrantTokens:
    """Stores and reads the tokens of grants."""

    def __init__(self, env):
        self.env = env
        self.tokens = env["oauth2.token"].sudo()

    def store(self, grant, answer, *, is_new_sign_in=False):
        """Store a provider's token answer; the tokens it replaces are rotated.

        :param grant: the client API user
        :param dict answer: as ``protocol`` judged it (RFC 6749 section 5.1)
        :param bool is_new_sign_in: whether the provider may go on to honour the refresh
            token that is rotated, as it was not used for this answer
        :return: epoch seconds at which the access token ends
        :raises ServerError: when a token already belongs to another Odoo user
        """
        oauth2_api, scope = grant.api_id, answer.get("scope")
        scope = scope if isinstance(scope, str) else ""
        end = end_of_access(answer, oauth2_api.access_token_lifetime)
        end = min(end, int(grant.expires_at.replace(tzinfo=UTC).timestamp()))
        ends = datetime.fromtimestamp(end, UTC).replace(tzinfo=None)
        access_token = answer["access_token"]
        self.store_token(
            grant,
            "access",
            access_token,
            expires_at=ends,
            revocable_until=self._end_at_provider(grant, answer),
            scope=scope,
        )
        refresh_token = answer.get("refresh_token")
        if refresh_token and isinstance(refresh_token, str):
            lifetime = timedelta(seconds=oauth2_api.refresh_token_lifetime)
            ends = fields.Datetime.now() + lifetime
            if is_new_sign_in:
                # Their end at the provider is not known.
                self._earlier_refresh_tokens(grant).revocable_until = grant.expires_at
            self.store_token(
                grant, "refresh", refresh_token, expires_at=ends, scope=scope
            )
        return end

    def _earlier_refresh_tokens(self, grant):
        """:return: those of all sign-ins before the one that is being stored"""
        return grant.sudo().token_ids.filtered(
            lambda each: (
                each.kind == "refresh" and (not each.rotated_at or each.revocable_until)
            )
        )

    def keep_unused(self, grant, answer):
        """Keep an access token that no caller gets, to be revoked with its grant.

        :param dict answer: as of :meth:`store`
        """
        digest, now = digests.digest(answer["access_token"]), fields.Datetime.now()
        same = [("digest", "=", digest), ("client_user_id", "=", grant.id)]
        if not grant.client_id.provider_id.revocation_endpoint or self.tokens.search(
            [*same, ("kind", "=", "access")]
        ):
            return
        self.tokens.create(
            {
                "client_user_id": grant.id,
                "kind": "access",
                "digest": digest,
                "value": Keyring(self.env).encrypt(answer["access_token"]),
                "expires_at": now,
                "rotated_at": now - ROTATION_GRACE,  # it opens and proves nothing
                "revocable_until": self._end_at_provider(grant, answer),
            }
        )
        self._forget_oldest(grant, "access")

    def retire(self, tokens):
        """Keep tokens that the provider may go on to honour; here they are good for
        nothing from now on.

        They are not revoked at once: some providers end all grants of a user with one
        revocation, and this user is about to authorize again.

        :param tokens: all those of grants that the provider ended
        :return: those that are kept, to be revoked with their grants
        """
        now = fields.Datetime.now()
        kept = tokens.filtered(
            lambda each: (
                each.client_user_id.client_id.provider_id.revocation_endpoint
                and each.revocable_until
                and each.revocable_until > now
            )
        )
        kept.write({"expires_at": now, "rotated_at": now - ROTATION_GRACE})
        return kept

    def revocable(self, grant):
        """:return: the tokens that the provider is told of when the grant ends: refresh
        tokens first, and of each kind the current one, then the youngest
        """
        now = fields.Datetime.now()
        found = grant.sudo().token_ids.filtered(
            lambda each: (
                not each.rotated_at
                or (each.revocable_until and each.revocable_until > now)
            )
        )
        return found.sorted(
            lambda each: (each.kind != "refresh", bool(each.rotated_at), -each.id)
        )

    def _end_at_provider(self, grant, answer):
        """:return: naive UTC datetime at which the provider's access token surely ends;
        the grant's end where the provider does not say
        """
        seconds = lifetime_seconds(answer)
        if seconds is None:
            return grant.expires_at
        ends = fields.Datetime.now() + timedelta(seconds=min(seconds, _LONGEST))
        return min(ends, grant.expires_at)

    def store_token(
        self, grant, kind, text, *, expires_at, revocable_until=False, scope=""
    ):
        """Make a token the current one of its kind.

        :param grant: the client API user it belongs to
        :param str kind: ``access`` or ``refresh``
        :param str text: the token
        :param expires_at: naive UTC datetime
        :param revocable_until: until when it is kept once it is rotated, likewise
        :param str scope: the provider's scope string
        :return: the ``oauth2.token``
        :raises ServerError: when the same token already belongs to another Odoo user
        """
        digest = digests.digest(text)
        same = self.tokens.search([("digest", "=", digest), ("kind", "=", kind)])
        if same.client_user_id.user_id - grant.user_id:
            raise ServerError(
                reason="The provider gave out a token that is another user's here."
            )
        values = {
            "value": Keyring(self.env).encrypt(text),
            "scope": scope,
            "expires_at": expires_at,
            "rotated_at": False,
            "revocable_until": revocable_until,
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
        can_revoke = bool(grant.client_id.provider_id.revocation_endpoint)
        for token in grant.sudo().token_ids.filtered(
            lambda each: (
                each.kind == successor.kind
                and each != successor
                and not each.rotated_at
            )
        ):
            values = {
                "rotated_at": now,
                "expires_at": min(token.expires_at, now + ROTATION_GRACE),
            }
            if not (can_revoke and token.revocable_until):
                values |= {"value": False, "revocable_until": False}
            token.write(values)
        self._forget_oldest(grant, successor.kind)

    def _forget_oldest(self, grant, kind):
        """Keep no more rotated tokens than a revocation has time for."""
        kept = grant.sudo().token_ids.filtered(
            lambda each: each.kind == kind and each.rotated_at and each.revocable_until
        )
        kept.sorted("id", reverse=True)[_KEPT:].write(
            {"value": False, "revocable_until": False}
        )

    def plaintext(self, token):
        """:param token: an ``oauth2.token``, or none
        :return: the token itself, ``None`` when it was dropped or no key fits
        """
        return Keyring(self.env).decrypt(token.sudo().value)

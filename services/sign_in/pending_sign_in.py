"""What a finished sign-in holds until it is decided upon, and how it comes to nothing.

- The provider's answer and the verified claims wait in the authorization request,
  encrypted.
- The tokens of a sign-in that is denied, refused, deleted or left to lapse are revoked
  at the provider; where that could end another grant, an event tells of them.
- Where it is not known which tokens the provider gave out, an event says so.
"""

import json

from odoo import fields

from ..audit.audit import Audit
from ..keys.keyring import Keyring
from ..tokens.revocation_outbox import RevocationOutbox
from .user_matching import UserMatching

_LEFT_THERE = (
    "the tokens of a sign-in that came to nothing were not revoked at the provider, as"
    " that might end another grant of the same user: they live until they expire"
)


class PendingSignIn:
    def __init__(self, env):
        self.env = env

    def store(self, record, result):
        """Keep what a decision needs, encrypted.

        :param dict result: ``answer`` (the provider's token answer, if it is needed),
            ``claims`` (verified), ``shown`` (what the page showed, id of ``user``,
            ``agreement``)
        """
        record.result = Keyring(self.env).encrypt(json.dumps(result))
        record.exchange_began_at = False

    def load(self, record):
        """:return: what :meth:`store` was given, ``None`` when it is gone"""
        text = Keyring(self.env).decrypt(record.sudo().result)
        return text and json.loads(text)

    def abandon(self, record, result=None):
        """Revoke the tokens of a sign-in that comes to nothing.

        Some providers end all grants of a user with one revocation: where the same user
        has another grant with this client, the new tokens are left to expire, and an
        event tells of them.

        :param dict result: as of :meth:`store`, where it was not stored
        """
        result = result or self.load(record)
        if result:
            self.let_go(record, result["answer"], result.get("claims"))
        elif unknown := self._unknown_tokens(record):
            self._record(record, "refusal", reason=unknown)
        record.decided_at = fields.Datetime.now()
        if result:
            record.exchange_began_at = False
        record._wipe()

    def let_go(self, record, answer, claims=None):
        """Revoke a provider's tokens, unless that could end another grant.

        :param answer: the provider's token answer, or nothing
        :param claims: who signed in, where that is known
        """
        if answer and self._has_other_grant(record, claims):
            self._record(record, "given_up", reason=_LEFT_THERE)
        elif answer:
            self._revoke(record.client_id, answer)

    def _revoke(self, client, answer):
        encrypt, outbox = Keyring(self.env).encrypt, RevocationOutbox(self.env)
        tokens = [
            (client, kind, encrypt(text))
            for kind in ("refresh", "access")
            if isinstance(text := answer.get(f"{kind}_token"), str) and text
        ]
        outbox.trigger(outbox.queue_tokens(tokens))

    def _record(self, record, kind, **line):
        Audit(self.env).record(
            kind, oauth2_api=record.api_id, client=record.client_id, **line
        )

    def _unknown_tokens(self, record):
        """:return: why the provider may hold tokens of a sign-in that cannot be read"""
        if record.exchange_began_at:
            return (
                "the answer to a sign-in's code, asked for at"
                f" {record.exchange_began_at} UTC, was not recorded:"
                " the provider may have given out tokens that are not known here"
            )
        if record.sudo().result:
            return (
                "the tokens of a sign-in cannot be decrypted with the present keys:"
                " the provider holds them until they expire"
            )
        return None

    def _has_other_grant(self, record, claims):
        domain = [
            ("client_id", "=", record.client_id.id),
            ("state", "=", "active"),
            ("expires_at", ">", fields.Datetime.now()),
            ("token_ids.is_issued", "=", False),  # it has some of the provider
        ]
        if claims:
            matching = UserMatching(record.client_id.provider_id)
            domain += [
                ("issuer", "=", matching.issuer(claims)),
                ("subject", "=", matching.subject(claims, record.user_id)),
            ]
        return bool(self.env["oauth2.client.user"].sudo().search_count(domain, limit=1))

"""A Settings administrator tries a provider's sign-in, and sees who becomes whom.

- Its administrator alone finishes it, in the browser that began it: the callback
  demands user and cookie, as where the Odoo session decides who signs in.
- Everything else of the callback is checked as ever, and the user is matched as ever.
- Nothing comes of it: no user, grant, code or token. The provider's tokens are let go
  of, what it said of its user stays in memory, and the row is deleted.
"""

import json

from odoo import fields

from ...protocol import digests
from ...protocol.errors import AccessDenied, InvalidRequest, OAuth2Error
from ...protocol.provider_errors import sentence
from ..audit.refusal_causes import advices
from ..server.request_context import remote_address, trial_claims
from ..tokens.sign_in_progress import SIGN_IN_LIFETIME
from .authorization import Authorization
from .consent import Consent
from .pending_sign_in import PendingSignIn

#: What belongs to the protocol, and says nothing of the user
_NOT_SHOWN = set(
    "at_hash aud auth_time azp c_hash exp iat jti nbf nonce s_hash sid".split()
)
_MAX_SHOWN = 200
_NOT_ALLOWED = "Only Settings administrators may try a sign-in."


class TrialSignIn:
    def __init__(self, env):
        self.env = env

    def find_client(self, oauth2_api, client_id):
        """:return: the client whose sign-in is tried
        :raises AccessDenied: for others than Settings administrators
        :raises InvalidRequest: there is none
        """
        if not self.env.user._is_system():
            raise AccessDenied(_NOT_ALLOWED)
        client = oauth2_api.sudo().client_ids.filtered(lambda it: it.id == client_id)
        if not client.provider_id or not client._is_served():
            raise InvalidRequest("There is no such client at a provider here.")
        return client

    def told_before(self, client):
        """:return: sentences that say what is about to happen"""
        return self.env._(
            "You go to %(provider)s as the users of %(client)s do, and see here what it"
            " says of you and which Odoo user you would become. Nothing is stored, and"
            " no access is granted.",
            provider=client.provider_id.name,
            client=client.name,
        )

    def begin(self, oauth2_api, client):
        """:return: ``(address at the provider, secret for the browser's cookie)``
        :raises ServerError: the client cannot talk to its provider
        """
        token = digests.random_token()  # leaves this method nowhere
        self.env["oauth2.authorization.request"].sudo().create(
            {
                "api_id": oauth2_api.id,
                "client_id": client.id,
                "response_type": "trial",
                "identity_digest": digests.digest(digests.random_token()),
                "identity_display": "…",
                "redirect_uri": client.provider_id._redirect_uri(oauth2_api),
                "address": remote_address(),
                "user_id": self.env.user.id,
                "start_digest": digests.digest(token),
                "expires_at": fields.Datetime.now() + SIGN_IN_LIFETIME,
            }
        )
        return Authorization(self.env).start(oauth2_api, token, self.env.user)

    def keep(self, record, answer, claims):
        """The callback has verified who signed in; nothing of it is stored.

        :param dict answer: the provider's token answer, which is let go of
        """
        PendingSignIn(self.env).let_go(record, answer, claims)
        trial_claims(record, claims, bool(answer.get("refresh_token")))
        now = fields.Datetime.now()
        record.write({"exchange_began_at": False, "decided_at": now})
        record._wipe()

    def finish(self, record):
        """Tell who would become whom; the sign-in is forgotten.

        :param record: which the callback has received
        :return: values of the page
        :raises AccessDenied: its administrator is none any more
        """
        if not record.user_id._is_system():
            raise AccessDenied(_NOT_ALLOWED)
        claims, has_refresh_token = trial_claims(record)
        user, problem = record.user_id.browse(), {}
        try:
            user = Consent(self.env).find_user(record, claims)
        except OAuth2Error as refusal:
            problem = in_words(self.env, refusal)
        values = {
            "provider": record.client_id.provider_id,
            "client": record.client_id,
            "api": record.api_id,
            "user": user.sudo(),
            "problem": problem,
            "claims": [
                (name, _shown(claims[name]))
                for name in sorted(claims.keys() - _NOT_SHOWN)
            ],
            "has_refresh_token": has_refresh_token,
        }
        record.unlink()
        return values


def in_words(env, refusal):
    """:return: dict of what an administrator reads of it"""
    reason = sentence(refusal.reason or refusal.description)
    kinds = dict(env["oauth2.event"]._fields["cause"]._description_selection(env))
    return {
        "kind": kinds.get(refusal.cause, refusal.error),
        "reason": reason,
        "advice": advices(env).get(refusal.cause, False),
    }


def _shown(value):
    """:return: a claim's value as one line of text"""
    text = value if isinstance(value, str) else json.dumps(value)
    line = "".join(each if each.isprintable() else " " for each in text)
    return line[:_MAX_SHOWN]

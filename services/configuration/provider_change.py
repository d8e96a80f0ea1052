"""A change of providers: a sign-in is finished with the server that it began with, or
not at all (RFC 9700 section 4.4.2: clients store to whom they sent each request).

- What grants are bound to cannot change while there are any.
- Sign-ins under way with a server that is left end.
- No new server is told of the former one's tokens.
"""

from urllib.parse import urlsplit

from odoo.exceptions import ValidationError

from ..sign_in.authorization import Authorization
from ..tokens.revocation_outbox import RevocationOutbox

_NAMING_FIELDS = ("issuer", "subject_claim")
#: What a sign-in's address was made of, and where its code goes
SERVER_FIELDS = ("issuer", "authorization_endpoint", "token_endpoint")


class ProviderChange:
    def __init__(self, providers, vals):
        self.providers = providers
        self.env = providers.env
        self.vals = vals
        self.moved = providers.browse()
        self.told_at = {}  # where each has been told of revocations

    def begin(self):
        """:raises ValidationError: grants are bound to what would change"""
        renamed = self.providers.filtered(self._is_renamed)
        clients = renamed.with_context(active_test=False).sudo().client_ids
        if clients.client_user_ids:
            raise ValidationError(
                self.env._(
                    "What names the provider and its users (issuer, subject claim; the"
                    " token endpoint where there is no issuer) cannot change while"
                    " grants exist."
                )
            )
        self.moved = self.providers.filtered(
            lambda provider: self._changes(provider, SERVER_FIELDS)
        )
        self.told_at = {each: _revocation_origin(each) for each in self.providers}

    def end(self):
        Authorization(self.env).forget_states(self.moved)
        for provider, origin in self.told_at.items():
            if origin and _revocation_origin(provider) != origin:
                RevocationOutbox(self.env).give_up_all_of(
                    provider, "the provider's address was changed"
                )

    def _is_renamed(self, provider):
        more = () if provider.issuer else ("token_endpoint",)
        return self._changes(provider, (*_NAMING_FIELDS, *more))

    def _changes(self, provider, names):
        """:return: whether the write changes one of these fields"""
        vals = self.vals
        return any(
            name in vals and (provider[name] or "") != (vals[name] or "")
            for name in names
        )


def _revocation_origin(provider):
    """:return: where tokens are told to be revoked, ``None`` when nowhere"""
    parts = urlsplit(provider.revocation_endpoint or "")
    return (parts.scheme, parts.netloc) if parts.netloc else None

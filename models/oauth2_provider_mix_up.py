from urllib.parse import urlsplit

from odoo import api, models
from odoo.exceptions import ValidationError

from ..services.revocation import Revocation

#: What a sign-in's address was made of, and where its code goes
_SERVER_FIELDS = ("issuer", "authorization_endpoint", "token_endpoint")


class OAuth2Provider(models.Model):
    """Whose answer comes: nobody gets a code that another one gave (RFC 9700 4.4)."""

    _inherit = "oauth2.provider"

    @api.constrains(*_SERVER_FIELDS, "active")
    def _check_issuer_is_one_server(self):
        """RFC 9207 section 4: an ``iss`` that two servers share tells nothing."""
        for provider in self.filtered(lambda p: p.active and p.issuer):
            domain = [("issuer", "=", provider.issuer), ("id", "!=", provider.id)]
            for other in self.sudo().search(domain):
                if other._server() != provider._server():
                    raise ValidationError(
                        self.env._(
                            "%(other)s has this issuer and other addresses. One issuer"
                            " is one server: else a code of one could go to the other.",
                            other=other.name,
                        )
                    )

    def _server(self):
        """:return: what all records of one authorization server have in common"""
        self.ensure_one()
        urls = [urlsplit(self.authorization_endpoint), urlsplit(self.token_endpoint)]
        # An issuer of many tenants has several paths, as Microsoft's common and
        # organizations.
        return [
            (url.scheme, url.netloc, "" if self.is_multi_tenant else url.path)
            for url in urls
        ]

    def write(self, vals):
        """A sign-in is finished with the server that it began with, or not at all.

        RFC 9700 section 4.4.2: clients store to whom they sent each request.
        """
        moved = self.filtered(
            lambda provider: any(
                name in vals and (provider[name] or "") != (vals[name] or "")
                for name in _SERVER_FIELDS
            )
        )
        before = {provider: provider._revocation_origin() for provider in self}
        result = super().write(vals)
        moved._forget_states()
        for provider, origin in before.items():
            if origin and provider._revocation_origin() != origin:
                provider._give_up_revocations()
        return result

    def _revocation_origin(self):
        """:return: where tokens are told to be revoked, ``None`` when nowhere"""
        parts = urlsplit(self.revocation_endpoint or "")
        return (parts.scheme, parts.netloc) if parts.netloc else None

    def _give_up_revocations(self):
        """Tokens of one server are never shown to another: those wait in vain."""
        revocations = self.env["oauth2.revocation"].sudo()
        waiting = [("client_id.provider_id", "=", self.id), ("state", "=", "pending")]
        # Those of archived clients, too.
        revocations = revocations.with_context(active_test=False).search(waiting)
        reason = "the provider's address was changed"
        revocations.write({"state": "given_up", "value": False, "reason": reason})
        Revocation(self.env).give_up(revocations, reason)

    def _forget_states(self):
        """End the sign-ins that users were sent away with and are not back from.

        Their identities stay issued, and a start page leads to the new address.
        """
        under_way = [
            ("client_id.provider_id", "in", self.ids),
            ("state_digest", "!=", False),
            ("used_at", "=", False),
        ]
        # Archived clients and providers may be active again before it ends.
        requests = self.env["oauth2.authorization.request"].sudo()
        requests = requests.with_context(active_test=False)
        requests.search(under_way).state_digest = False

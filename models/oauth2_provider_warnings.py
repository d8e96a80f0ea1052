from odoo import api, fields, models

from .oauth2_provider import ENDPOINT_FIELDS
from .oauth2_provider_presets import PLACEHOLDERS


class OAuth2Provider(models.Model):
    """What a provider's form warns of, though it may be meant so."""

    _inherit = "oauth2.provider"

    warning = fields.Char(compute="_compute_warning")

    @api.depends(
        "scope",
        *ENDPOINT_FIELDS,
        "issuer",
        "allow_private_addresses",
        "own_redirect_uri",
        "authorization_response_iss_parameter_supported",
        "client_ids.api_ids.client_ids.provider_id",
    )
    def _compute_warning(self):
        for provider in self:
            provider.warning = "\n".join(provider._warnings()) or False

    def _warnings(self):
        scopes = set((self.scope or "").split())
        if "openid" in scopes and not (self.issuer and self.jwks_uri):
            yield self.env._(
                "openid is asked for, but without issuer and JWKS URI no id_token can"
                " be checked: sign-ins will be refused."
            )
        foreign = scopes - {
            "openid",
            "email",
            "profile",
            "address",
            "phone",
            "offline_access",
        }
        if foreign:
            yield self.env._(
                "The scopes %s open more than a sign-in: whoever holds such a token can"
                " use it elsewhere than in Odoo.",
                ", ".join(sorted(foreign)),
            )
        addresses = [self.issuer, *(self[name] for name in ENDPOINT_FIELDS)]
        if self.allow_private_addresses and not self._network_policy().plain_http:
            if any((url or "").startswith("http:") for url in addresses[1:]):
                yield self.env._(
                    "This Odoo's own base URL is not http://localhost, so it is taken"
                    " for a production system: a provider is called by https only."
                )
        written = " ".join(url or "" for url in addresses)
        if words := [word for word in PLACEHOLDERS if word in written]:
            yield self.env._(
                "Replace the words in capitals in the addresses by your own: %s.",
                ", ".join(words),
            )
        if self._may_be_mixed_up():
            yield self.env._(
                "An API of this provider has another one, too, and nothing tells whose"
                " answer came: set that it sends iss, if it does, or give it a redirect"
                " URI of its own."
            )

    def _may_be_mixed_up(self):
        """:return: whether another provider could pass this one's answers off as its
        own (RFC 9700 section 4.4)
        """
        if self.own_redirect_uri or self.authorization_response_iss_parameter_supported:
            return False
        others = self.sudo().client_ids.api_ids.client_ids.provider_id
        return bool(others - self._origin)

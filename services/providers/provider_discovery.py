"""A provider's addresses, read from its own description (OpenID Connect Discovery)."""

from urllib.parse import urlsplit

from odoo.exceptions import AccessError, UserError

from ...protocol.discovery import (
    OPTIONAL_ENDPOINTS,
    REQUIRED_ENDPOINTS,
    auth_methods,
    fetch_metadata,
    issuer_of,
    signing_algorithms,
    unmet_demands,
)
from ...protocol.id_token import TENANT_PLACEHOLDER
from ...protocol.provider_errors import ProviderError
from .preset import ADDRESSES

_ISS_SUPPORTED = "authorization_response_iss_parameter_supported"  # RFC 9207 section 3
#: What of a provider's form is needed to read its description, and what that fills in
DISCOVERY_FIELDS = (
    *ADDRESSES,
    "scope",
    "token_endpoint_auth_method",
    "token_endpoint_auth_signing_alg",
    "allow_private_addresses",
    _ISS_SUPPORTED,
)


class ProviderDiscovery:
    def __init__(self, provider):
        self.provider = provider
        self.env = provider.env

    def compare(self):
        """Read the provider's description, for an administrator to look at.

        :return: ``{"values": {field: value}}`` of what is not so yet, ``"lines"`` with
            each one's ``label``, ``now`` and ``new`` in words, and ``"notes"``
        :raises UserError: as of ``fetch``
        """
        found, notes = self.fetch()
        values = {
            name: value
            for name, value in found.items()
            if (value or False) != self.provider[name]
        }
        fields = self.provider.fields_get(list(values), ["string", "selection"])
        lines = [
            {
                "label": fields[name]["string"],
                "now": self._in_words(fields[name], self.provider[name]),
                "new": self._in_words(fields[name], value),
            }
            for name, value in values.items()
        ]
        return {"values": values, "lines": lines, "notes": notes}

    def _in_words(self, field, value):
        if value is True:
            return self.env._("Yes")
        return dict(field.get("selection", ())).get(value, value) or ""

    def fetch(self):
        """Read the provider's description.

        :return: ``(values of the fields that it fills in, list of what it demands and
            Odoo does not do)``
        :raises UserError: it cannot be had or used; the reason is in the text
        """
        if not self.env.is_system():  # a user who may only read may call onchange
            raise AccessError(
                self.env._("Only Settings administrators may have providers called.")
            )
        issuer = issuer_of(self.provider.issuer or "")
        if not issuer:
            raise UserError(self.env._("Write the issuer first."))
        policy = self.provider._network_policy()
        try:
            metadata = fetch_metadata(self._with_tenant(issuer), policy)
        except ProviderError as failure:
            told = self.env._(
                "Nothing was read from the issuer: %(reason)s.", reason=failure.reason
            )
            if urlsplit(issuer).scheme == "http" and not policy.plain_http:
                told += " " + self.env._(
                    "Use https. For development, with the provider on this machine: set"
                    " Allow Private Addresses, and Odoo's own base URL must begin with"
                    " http://localhost."
                )
            raise UserError(told) from failure
        values = {
            "issuer": metadata["issuer"],
            "scope": self._scope_with_refresh(metadata.get("scopes_supported")),
            _ISS_SUPPORTED: metadata.get(_ISS_SUPPORTED) is True,
            "token_endpoint_auth_method": self._kept_or_first(
                "token_endpoint_auth_method", auth_methods(metadata)
            ),
            "token_endpoint_auth_signing_alg": self._kept_or_first(
                "token_endpoint_auth_signing_alg", signing_algorithms(metadata)
            ),
            **{name: metadata[name] for name in REQUIRED_ENDPOINTS},
            **{name: metadata[name] or False for name in OPTIONAL_ENDPOINTS},
        }
        return values, list(self._notes(metadata))

    def _with_tenant(self, issuer):
        """:return: the issuer of the tenants whose endpoints are there already: read
        again, as all tenants', it would let others in
        """
        before, placeholder, _after = issuer.partition(TENANT_PLACEHOLDER)
        endpoint = self.provider.authorization_endpoint or ""
        if not placeholder or not endpoint.startswith(before):
            return issuer
        tenant = endpoint.removeprefix(before).partition("/")[0]
        return issuer.replace(placeholder, tenant)

    def _scope_with_refresh(self, supported):
        """:param supported: what the provider lists
        :return: the scope, with ``offline_access`` where the provider has it: many give
            no refresh token without (OpenID Connect Core section 11)
        """
        scope = (self.provider.scope or "").split()
        if isinstance(supported, list) and "offline_access" in supported:
            scope += [name for name in ["offline_access"] if name not in scope]
        return " ".join(scope)

    def unmet(self, metadata):
        """:return: ``{what a description demands and Odoo does not do: a sentence}``"""
        texts = {
            "require_pushed_authorization_requests": self.env._(
                "The provider takes pushed authorization requests only, which Odoo does"
                " not send: switch that off for this client there."
            ),
            "require_signed_request_object": self.env._(
                "The provider takes signed requests only, which Odoo does not send:"
                " switch that off for this client there."
            ),
            "response_types_supported": self.env._(
                "The provider does not offer the authorization code flow."
            ),
            "response_modes_supported": self.env._(
                "The provider sends its users back in no way that Odoo reads."
            ),
            "grant_types_supported": self.env._(
                "The provider does not offer the authorization code grant."
            ),
            "code_challenge_methods_supported": self.env._(
                "The provider does not know PKCE with S256. Leave PKCE on unless it"
                " refuses sign-ins for it."
            ),
            "id_token_signing_alg_values_supported": self.env._(
                "The provider signs id_tokens in no way that Odoo checks."
            ),
        }
        return {name: texts[name] for name in sorted(unmet_demands(metadata))}

    def _notes(self, metadata):
        """:return: what an administrator must know of a description, as sentences"""
        yield from self.unmet(metadata).values()
        if not auth_methods(metadata):
            yield self.env._(
                "Odoo can authenticate at the token endpoint in none of the provider's"
                " ways: a secret in the header or the body, a key that signs with RS256"
                " or ES256, or none."
            )

    def _kept_or_first(self, field_name, offered):
        """:param list offered: the values of a field that the provider offers
        :return: the present one if it is among them, else the first, if there is one
        """
        present = self.provider[field_name]
        return present if present in offered or not offered else offered[0]

from odoo import api, fields, models

from ..protocol.server_metadata import (
    AUTHORIZATION_SERVER,
    authorization_server_metadata,
    endpoints,
    protected_resource_metadata,
)
from ..services.server.base_url import base_url, base_url_warning, redirect_uri_warning


def _url(label, text):
    return fields.Char(label, compute="_compute_urls", help=text)


class OAuth2ApiAddresses(models.AbstractModel):
    """Where an API is, and what it says of itself there."""

    _name = "oauth2.api.addresses"
    _description = "OAuth2 API Addresses"

    issuer = _url(
        "Issuer URL",
        "Clients that find everything else by themselves (discovery, RFC 8414) ask"
        " for this address alone. Copy it as it is: they compare it to the letter.",
    )
    metadata_url = _url(
        "Metadata URL",
        "All of these addresses as JSON (RFC 8414), for clients that ask for the"
        " address of a metadata or discovery document.",
    )
    authorization_url = _url(
        "Authorization URL",
        "The client sends its user's browser here (RFC 6749), with PKCE.",
    )
    token_url = _url(
        "Token URL",
        "The application gets tokens here, and a new access token before the old"
        " one expires.",
    )
    revoke_url = _url(
        "Revocation URL", "The application ends a user's authorization here."
    )
    introspection_url = _url(
        "Introspection URL",
        "A client with a secret asks here whether a token of its own is still good"
        " (RFC 7662).",
    )
    authorize_url = _url(
        "Sign-in URL", "The application asks here where its user should sign in."
    )
    redirect_uri = _url(
        "Redirect URI", "Register exactly this address at the provider."
    )
    openapi_url = _url(
        "OpenAPI URL",
        "The description of this API, for tools that make requests or programs of it.",
    )
    base_url_warning = fields.Char(compute="_compute_urls")

    @api.depends("endpoint", "last_redirect_uri")
    def _compute_urls(self):
        base = base_url(self.env)
        warning = base_url_warning(self.env)
        for record in self:
            path = f"/{record.endpoint or '…'}"
            served = endpoints(f"{base}{path}")
            record.issuer = f"{base}{path}"
            record.metadata_url = f"{base}{AUTHORIZATION_SERVER}{path}"
            record.authorization_url = served["authorization_endpoint"]
            record.token_url = served["token_endpoint"]
            record.revoke_url = served["revocation_endpoint"]
            record.introspection_url = served["introspection_endpoint"]
            record.authorize_url = f"{base}{path}/oauth2/provider/authorize"
            record.redirect_uri = f"{base}{path}/oauth2/callback"
            record.openapi_url = f"{base}{path}/openapi.json"
            record.base_url_warning = warning or redirect_uri_warning(record)

    def _resource_identifier(self):
        """:return: this API's name, as a protected resource (RFC 9728 section 1.2) and
        as an authorization server (its issuer, RFC 8414 section 2)
        """
        return f"{base_url(self.env)}/{self.endpoint}"

    def _server_metadata(self):
        """:return: the document of RFC 8414 section 2"""
        self.ensure_one()
        return authorization_server_metadata(
            self._resource_identifier(),
            self.scope_ids.mapped("name"),
            self.documentation_url,
        )

    def _resource_metadata(self, below=""):
        """:param str below: path of a resource below the API, encoded, with its slash
        :return: the document of RFC 9728 section 2
        """
        self.ensure_one()
        issuer = self._resource_identifier()
        return protected_resource_metadata(
            issuer + below,
            self.name,
            issuer,
            self.scope_ids.mapped("name"),
            self.documentation_url,
        )

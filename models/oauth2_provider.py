from urllib.parse import parse_qsl, urlsplit

from odoo import api, fields, models

from ..protocol.client_key import PRIVATE_KEY_JWT, SIGNING_ALGORITHMS
from ..protocol.network_policy import NetworkPolicy, is_loopback
from ..protocol.provider_client import OPENID_SCOPE
from ..services.configuration import provider_rules
from ..services.configuration.client_rules import check
from ..services.configuration.provider_change import SERVER_FIELDS, ProviderChange
from ..services.configuration.provider_warnings import provider_warnings
from ..services.providers.preset import ADDRESSES
from ..services.providers.provider_discovery import DISCOVERY_FIELDS, ProviderDiscovery
from ..services.server.base_url import base_url
from ..services.sign_in.user_matching import UserMatching


class OAuth2Provider(models.Model):
    """An authorization server, and how its users become Odoo users."""

    _name = "oauth2.provider"
    _inherit = ["oauth2.configuration", "oauth2.has.events", "oauth2.provider.preset"]
    _description = "OAuth2 Provider"
    _order = "name"
    _event_field = "provider_id"

    name = fields.Char(required=True, help="What users read before they sign in there.")
    active = fields.Boolean(
        default=True, help="Archived: its clients are refused at once."
    )
    redirect_api_ids = fields.Many2many(
        "oauth2.api",
        string="APIs",
        compute="_compute_redirect_uris",
        help="Those of its clients; before it has one, all.",
    )
    redirect_uris = fields.Text(
        "Redirect URIs",
        compute="_compute_redirect_uris",
        help="Where users come back to from the provider.",
    )
    issuer = fields.Char(
        help="The provider's own name, as its discovery document and id_tokens write"
        " it, to the letter. Needed to check id_tokens. Fixed while grants exist.",
    )
    authorization_endpoint = fields.Char(
        required=True, help="Where the user's browser is sent to sign in."
    )
    token_endpoint = fields.Char(
        required=True, help="Where Odoo exchanges and refreshes tokens."
    )
    revocation_endpoint = fields.Char(
        help="Where Odoo revokes tokens (RFC 7009). Empty: the provider offers none,"
        " and tokens revoked here live on there until they expire."
    )
    userinfo_endpoint = fields.Char(
        help="Asked for claims that the id_token does not carry."
    )
    jwks_uri = fields.Char(
        "JWKS URI", help="The keys that sign id_tokens. Needed to check them."
    )
    authorization_response_iss_parameter_supported = fields.Boolean(
        "Supports iss (RFC 9207)",
        help="The provider names itself at the callback (RFC 9207). When set, a"
        " callback without its name is refused.",
    )
    own_redirect_uri = fields.Boolean(
        "Distinct Redirect URI",
        help="Sign-ins of this provider come back to an address that no other one has,"
        " which its clients' forms show. For a provider that does not send iss, on APIs"
        " with several: it tells whose answer came (RFC 9700 section 4.4).",
    )
    scope = fields.Char(
        default="openid email profile",
        help="Scopes asked of the provider, separated by spaces. Without openid there"
        " is no id_token, and the user is read from the userinfo endpoint.",
    )
    token_endpoint_auth_method = fields.Selection(
        [
            ("client_secret_basic", "Secret in the header (Basic)"),
            ("client_secret_post", "Secret in the body"),
            (PRIVATE_KEY_JWT, "Key pair (private_key_jwt)"),
            ("none", "No secret (public client)"),
        ],
        "Client Authentication",
        default="client_secret_basic",
        required=True,
        help="How Odoo proves to the provider that it is the client.",
    )
    token_endpoint_auth_signing_alg = fields.Selection(
        [(algorithm, algorithm) for algorithm in SIGNING_ALGORITHMS],
        "Signing Algorithm",
        default=SIGNING_ALGORITHMS[0],
        required=True,
        help="What new keys of clients sign with. Most providers take RS256.",
    )
    assertion_audience = fields.Selection(
        [("issuer", "Issuer"), ("token_endpoint", "Token endpoint")],
        default="issuer",
        required=True,
        help="What names the provider as the audience (aud) of what Odoo signs. The"
        " issuer is safer; set the token endpoint only where the provider demands it."
        " It also serves where there is no issuer, or one of many tenants.",
    )
    authorize_params = fields.Char(
        "Extra Authorization Parameters",
        help="Added to the sign-in address, as access_type=offline&prompt=consent for"
        " Google. Never one that the flow itself sets.",
    )
    token_params = fields.Char(
        "Extra Token Parameters",
        help="Sent with each request to the token endpoint, as"
        " audience=https://api.example.com; scope is sent with refreshes only.",
    )
    use_pkce = fields.Boolean(
        "PKCE",
        default=True,
        help="A code is good only for the sign-in that it was asked for (RFC 7636)."
        " Switch it off only for a provider that refuses it, as LinkedIn does.",
    )
    use_nonce = fields.Boolean(
        "Nonce",
        default=True,
        help="An id_token is good only for the sign-in that it was asked for. Switch it"
        " off only for a provider that leaves it out, as LinkedIn does.",
    )
    response_mode = fields.Selection(
        [("form_post", "As a form (form_post)")],
        help="How the provider sends its users back: in the address, unless it demands"
        " a form, as Apple does where the email is asked for.",
    )
    user_matching = fields.Selection(
        [
            ("login", "A claim equals the Odoo login"),
            ("oauth_uid", "The user's existing OAuth link"),
            ("session", "The user signed in to this Odoo"),
            ("create", "A new portal user, by verified email"),
        ],
        default="login",
        required=True,
        help="How a user of the provider becomes a user of Odoo.",
    )
    match_claim = fields.Char(
        default="email",
        help="The claim that equals the login. email counts only when the provider says"
        " that it is verified, or vouches for it; any other claim needs the switch"
        " below.",
    )
    subject_claim = fields.Char(
        default="sub",
        required=True,
        help="The claim that names a user for good: sub; for providers without OpenID"
        " Connect another one, such as id for GitHub, or a path to it, as data.id.",
    )
    vouches_for_claim = fields.Boolean(
        "Provider Vouches for the Claim",
        help="Set only where the provider's users cannot choose the claim's value"
        " themselves, and only your own organisation's users exist there. A user who"
        " can choose it becomes any Odoo user.",
    )
    auth_provider_id = fields.Many2one(
        "auth.oauth.provider",
        "Odoo Sign-in Provider",
        help="Whose links between users and their accounts are honoured. Its"
        " authorization address must be on the same server as the one above.",
    )
    allow_private_addresses = fields.Boolean(
        help="The provider is in your own network, or on this very machine: Odoo may"
        " call private addresses. Those who can change what its names lead to can"
        " then have Odoo call other services there.",
    )
    client_ids = fields.One2many("oauth2.client", "provider_id", "Clients")
    is_multi_tenant = fields.Boolean(compute="_compute_is_multi_tenant")
    warning = fields.Char(compute="_compute_warning")
    _name_unique = models.Constraint(
        "UNIQUE (name)", "Another provider already has this name."
    )

    @api.depends("issuer")
    def _compute_is_multi_tenant(self):
        for provider in self:
            provider.is_multi_tenant = "{" in (provider.issuer or "")

    @api.depends(
        "scope",
        *ADDRESSES,
        "allow_private_addresses",
        "own_redirect_uri",
        "use_pkce",
        "use_nonce",
        "authorization_response_iss_parameter_supported",
        "client_ids.api_ids.client_ids.provider_id",
    )
    def _compute_warning(self):
        for provider in self:
            provider.warning = "\n".join(provider_warnings(provider)) or False

    @api.depends("own_redirect_uri", "client_ids.api_ids.redirect_uri")
    def _compute_redirect_uris(self):
        for provider in self:
            apis = provider.client_ids.api_ids or self.env["oauth2.api"].search([])
            provider.redirect_api_ids = apis
            uris = [provider._origin._redirect_uri(each) or "" for each in apis]
            provider.redirect_uris = "\n".join(uris)

    @api.model
    def read_from_issuer(self, values):
        """What a provider publishes of itself, beside what its form holds; nothing is
        stored.

        :param dict values: of the form's fields
        :return: as of ``ProviderDiscovery.compare``
        """
        known = {name: values[name] for name in DISCOVERY_FIELDS if name in values}
        return ProviderDiscovery(self.new(known)).compare()

    def action_add_client(self):
        """:return: the form of a new client of this provider"""
        self.ensure_one()
        oauth2_api = self.redirect_api_ids
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("New Client"),
            "res_model": "oauth2.client",
            "views": [(False, "form")],
            "context": {
                "default_provider_id": self.id,
                "default_api_ids": oauth2_api.ids if len(oauth2_api) == 1 else [],
            },
        }

    @api.constrains(*ADDRESSES, "allow_private_addresses")
    def _check_addresses(self):
        check(provider_rules.addresses, self)

    @api.constrains("authorize_params", "authorization_endpoint", "token_params")
    def _check_parameters(self):
        check(provider_rules.parameters, self)

    @api.constrains(
        "user_matching",
        "match_claim",
        "vouches_for_claim",
        "issuer",
        "auth_provider_id",
        "authorization_endpoint",
    )
    def _check_user_matching(self):
        check(provider_rules.user_matching, self)

    @api.constrains("subject_claim", "scope")
    def _check_subject_claim(self):
        check(provider_rules.subject_claim, self)

    @api.constrains(*SERVER_FIELDS, "active")
    def _check_issuer_is_one_server(self):
        check(provider_rules.issuer_is_one_server, self)

    def _server(self):
        """:return: what all records of one authorization server have in common"""
        self.ensure_one()
        urls = [urlsplit(self.authorization_endpoint), urlsplit(self.token_endpoint)]
        # An issuer of many tenants has several paths (Microsoft's common, …).
        return [
            (url.scheme, url.netloc, "" if self.is_multi_tenant else url.path)
            for url in urls
        ]

    def write(self, vals):
        change = ProviderChange(self, vals)
        change.begin()
        result = super().write(vals)
        change.end()
        return result

    def unlink(self):
        """Its clients go with it, and their grants; the job revokes these there."""
        self.check_access("unlink")
        clients = self.env["oauth2.client"].with_context(active_test=False)
        clients.search([("provider_id", "in", self.ids)]).unlink()
        return super().unlink()

    def action_test_connection(self):
        """:return: the dialog that tells what works
        :raises AccessError: for others than Settings administrators
        """
        self.ensure_one()
        return self.env["oauth2.check"]._show_connection(self)

    def _values_of_copy(self):
        return {"name": self.env._("%s (copy)", self.name)}

    def _configuration_parties(self):
        return {"provider": self}

    def _network_policy(self):
        """Where this provider may be called.

        Plain http is for development: it is allowed where this Odoo itself is reached
        by http on its own machine, which no production system is.

        :return: the ``NetworkPolicy`` that ``protocol/`` keeps to
        """
        self.ensure_one()
        private = self.allow_private_addresses
        base = urlsplit(base_url(self.env))
        is_development = base.scheme == "http" and is_loopback(base.hostname or "")
        return NetworkPolicy(private=private, plain_http=private and is_development)

    def _redirect_uri(self, oauth2_api):
        """:return: where this provider's sign-ins on an API come back to; of none:
        False
        """
        if not self:
            return False
        uri = oauth2_api.redirect_uri
        return f"{uri}/{self.id}" if self.own_redirect_uri else uri

    def _assertion_audience(self):
        """:return: what names this provider in assertions of its clients (``aud``)"""
        by_issuer = self.assertion_audience == "issuer" and not self.is_multi_tenant
        return (by_issuer and self.issuer) or self.token_endpoint

    def _parameters(self, field_name):
        """
        :param str field_name: ``authorize_params`` or ``token_params``
        :return: ``{name: value}`` of it
        :raises ValueError: when it cannot be read, or a name comes twice
        """
        text = (self[field_name] or "").strip()
        pairs = parse_qsl(text, strict_parsing=True) if text else []
        if len(dict(pairs)) != len(pairs):
            raise ValueError("a name comes twice")
        return dict(pairs)

    def _asks_for_openid(self):
        return OPENID_SCOPE in (self.scope or "").split()

    def _match_user(self, claims, session_user):
        """Find the Odoo user of a sign-in; other addons may override this.

        :param dict claims: verified claims of id_token and userinfo
        :param session_user: for ``session`` matching, the user the sign-in is bound to
        :return: a ``res.users`` record; empty when a portal user is to be made
        :raises AccessDenied: of `protocol.errors`: no user, or more than one
        """
        return UserMatching(self).match(claims, session_user)

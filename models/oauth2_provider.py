from urllib.parse import parse_qsl, urlsplit

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..protocol.client_key import PRIVATE_KEY_JWT, SIGNING_ALGORITHMS
from ..protocol.network_policy import NetworkPolicy, is_loopback, is_safe_url
from ..protocol.provider_client import (
    OPENID_SCOPE,
    RESERVED_AUTHORIZE_PARAMS,
    RESERVED_TOKEN_PARAMS,
)
from ..services.authorization import Authorization
from ..services.provider_discovery import ProviderDiscovery
from ..services.provider_presets import PLACEHOLDERS, PRESETS
from ..services.revocation import Revocation
from ..services.user_matching import UserMatching

ENDPOINT_FIELDS = (
    "authorization_endpoint",
    "token_endpoint",
    "revocation_endpoint",
    "userinfo_endpoint",
    "jwks_uri",
)
#: What a sign-in's address was made of, and where its code goes
_SERVER_FIELDS = ("issuer", "authorization_endpoint", "token_endpoint")
_SIGN_IN_SCOPES = {"openid", "email", "profile", "address", "phone", "offline_access"}


class OAuth2Provider(models.Model):
    """An authorization server, and how its users become Odoo users."""

    _name = "oauth2.provider"
    _inherit = ["oauth2.configuration"]
    _description = "OAuth2 Provider"
    _order = "name"

    name = fields.Char(required=True, help="What users read before they sign in there.")
    active = fields.Boolean(
        default=True, help="Archived: its clients are refused at once."
    )
    preset = fields.Selection(
        [(key, preset["label"]) for key, preset in PRESETS.items()],
        default="custom",
        required=True,
        help="Fills in what is known of a provider; all of it can be changed.",
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
    read_from_issuer = fields.Boolean(
        "Read from the Issuer",
        store=False,
        help="Fill in the addresses that the provider publishes under its issuer"
        " (OpenID Connect Discovery). Look at them, then save.",
    )

    _name_unique = models.Constraint(
        "UNIQUE (name)", "Another provider already has this name."
    )

    @api.depends("issuer")
    def _compute_is_multi_tenant(self):
        for provider in self:
            provider.is_multi_tenant = "{" in (provider.issuer or "")

    @api.depends(
        "scope",
        *ENDPOINT_FIELDS,
        "issuer",
        "allow_private_addresses",
        "own_redirect_uri",
        "use_pkce",
        "use_nonce",
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
        if foreign := scopes - _SIGN_IN_SCOPES:
            yield self.env._(
                "The scopes %s open more than a sign-in: the holder of such a token can"
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
        yield from self._warnings_of_lost_protection(scopes)
        written = " ".join(url or "" for url in addresses)
        if words := [word for word in PLACEHOLDERS if word in written]:
            yield self.env._(
                "Replace the words in capitals in the addresses by your own: %s.",
                ", ".join(words),
            )
        others = self.sudo().client_ids.api_ids.client_ids.provider_id - self._origin
        tells = (
            self.own_redirect_uri,
            self.authorization_response_iss_parameter_supported,
        )
        if others and not any(tells):  # RFC 9700 section 4.4
            yield self.env._(
                "An API of this provider has another one, too, and nothing tells whose"
                " answer came: set that it sends iss, if it does, or give it a redirect"
                " URI of its own."
            )

    def _warnings_of_lost_protection(self, scopes):
        """RFC 9700 section 2.1.1: what binds a code to the sign-in that asked for it"""
        has_nonce = self.use_nonce and "openid" in scopes
        if not self.use_pkce and not has_nonce:
            yield self.env._(
                "Without PKCE and nonce nothing binds a code to its sign-in: a code"
                " that was stolen from one user can be used in the sign-in of another,"
                " who then acts as that user."
            )
        elif not self.use_pkce:
            yield self.env._(
                "Without PKCE a stolen code can be exchanged by another application"
                " that knows the client's secret, or by any where there is none."
            )
        elif not self.use_nonce and "openid" in scopes:
            yield self.env._(
                "Without a nonce an id_token of another sign-in is not noticed: PKCE"
                " alone binds a code to its sign-in."
            )

    @api.onchange("preset")
    def _onchange_preset(self):
        values = PRESETS[self.preset or "custom"]["values"]
        if not values:
            return
        # What another preset filled in before must not stay behind.
        names = set().union(*(preset["values"] for preset in PRESETS.values()))
        blank = dict.fromkeys(names, False) | self.default_get(list(names))
        for field_name, value in (blank | values).items():
            self[field_name] = value

    @api.onchange("read_from_issuer")
    def _onchange_read_from_issuer(self):
        """Fill in the form, before its first save, too; nothing is stored by that."""
        if self.read_from_issuer:
            self.read_from_issuer = False
            values, notes = ProviderDiscovery(self).fetch()
            self.update(values)
            if notes:
                title = self.env._("Read, with what is left to do")
                return {"warning": {"title": title, "message": "\n\n".join(notes)}}
        return None

    @api.constrains(*ENDPOINT_FIELDS, "issuer", "allow_private_addresses")
    def _check_urls(self):
        for provider in self:
            private = provider.allow_private_addresses
            # By the text alone. Where http is allowed depends on this Odoo's address,
            # and is judged when the provider is called.
            policy = NetworkPolicy(private=private, plain_http=private)
            for field_name in (*ENDPOINT_FIELDS, "issuer"):
                url = provider[field_name]
                values = {"field": provider._fields[field_name].string, "value": url}
                if url and not is_safe_url(url):
                    raise ValidationError(
                        self.env._(
                            "%(field)s: %(value)s is no https address without user name"
                            " and fragment (http is allowed on this machine only).",
                            **values,
                        )
                    )
                if url and not policy.allows_url(url):
                    raise ValidationError(
                        self.env._(
                            "%(field)s: %(value)s is a private address. If the provider"
                            " really is there, set Allow Private Addresses.",
                            **values,
                        )
                    )

    @api.constrains("authorize_params", "authorization_endpoint", "token_params")
    def _check_parameters(self):
        for provider in self:
            query = urlsplit(provider.authorization_endpoint).query
            names = {name for name, _ in parse_qsl(query, keep_blank_values=True)}
            try:
                names |= provider._parameters("authorize_params").keys()
                token_names = provider._parameters("token_params").keys()
            except ValueError as error:
                raise ValidationError(
                    self.env._(
                        "Write extra parameters as name=value&name=value, each name"
                        " once."
                    )
                ) from error
            if taken := sorted(
                (RESERVED_AUTHORIZE_PARAMS & names)
                | (RESERVED_TOKEN_PARAMS & token_names)
            ):
                raise ValidationError(
                    self.env._("The flow itself sets %s.", ", ".join(taken))
                )

    @api.constrains(
        "user_matching",
        "match_claim",
        "vouches_for_claim",
        "issuer",
        "auth_provider_id",
        "authorization_endpoint",
    )
    def _check_user_matching(self):
        for provider in self:
            if problem := UserMatching(provider).problem():
                raise ValidationError(problem)

    @api.constrains("subject_claim", "scope")
    def _check_subject_claim(self):
        for provider in self:
            if provider.subject_claim != "sub" and provider._asks_for_openid():
                raise ValidationError(
                    self.env._("With openid, the claim that names a user is sub.")
                )

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
        # An issuer of many tenants has several paths (Microsoft's common, …).
        return [
            (url.scheme, url.netloc, "" if self.is_multi_tenant else url.path)
            for url in urls
        ]

    def write(self, vals):
        """A sign-in is finished with the server that it began with, or not at all.

        RFC 9700 section 4.4.2: clients store to whom they sent each request.
        """
        # What grants are bound to
        naming = ("issuer", "subject_claim")
        renamed = self.filtered(
            lambda provider: provider._changes(
                vals, naming if provider.issuer else (*naming, "token_endpoint")
            )
        )
        clients = renamed.with_context(active_test=False).sudo().client_ids
        if clients.client_user_ids:
            raise ValidationError(
                self.env._(
                    "What names the provider and its users (issuer, subject claim; the"
                    " token endpoint where there is no issuer) cannot change while"
                    " grants exist."
                )
            )
        moved = self.filtered(lambda provider: provider._changes(vals, _SERVER_FIELDS))
        before = {provider: provider._revocation_origin() for provider in self}
        result = super().write(vals)
        Authorization(self.env).forget_states(moved)
        for provider, origin in before.items():
            if origin and provider._revocation_origin() != origin:
                Revocation(self.env).give_up_all_of(
                    provider, "the provider's address was changed"
                )
        return result

    def unlink(self):
        """Its clients go with it, and their grants; the job revokes these there."""
        self.check_access("unlink")
        clients = self.env["oauth2.client"].with_context(active_test=False)
        clients.search([("provider_id", "in", self.ids)]).unlink()
        return super().unlink()

    def _changes(self, vals, names):
        """:return: whether a write changes one of these fields"""
        return any(
            name in vals and (self[name] or "") != (vals[name] or "") for name in names
        )

    def _revocation_origin(self):
        """:return: where tokens are told to be revoked, ``None`` when nowhere"""
        parts = urlsplit(self.revocation_endpoint or "")
        return (parts.scheme, parts.netloc) if parts.netloc else None

    def _network_policy(self):
        """Where this provider may be called.

        Plain http is for development: it is allowed where this Odoo itself is reached
        by http on its own machine, which no production system is.

        :return: the ``NetworkPolicy`` that ``protocol/`` keeps to
        """
        self.ensure_one()
        private = self.allow_private_addresses
        base = urlsplit(self.env["oauth2.api"]._oauth2_base_url())
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

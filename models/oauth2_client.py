import uuid

from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.fields import Domain

from ..protocol.client_networks import allows, parse_networks
from ..protocol.redirect_uri import redirect_uris
from ..services.authentication.client_secret import MAX_OVERLAP, TOLD_IN_WORDS
from ..services.configuration import client_rules
from ..services.configuration.client_change import ClientChange
from ..services.configuration.client_trust import ClientTrust
from ..services.configuration.duplicate import free_text
from ..services.overview.access_end import AccessEnd
from ..services.tokens.revocation_outbox import RevocationOutbox


class OAuth2Client(models.Model):
    """A third-party application, as it is registered here or at one provider."""

    _name = "oauth2.client"
    _inherit = [
        "oauth2.configuration",
        "oauth2.has.events",
        "oauth2.client.proof",
        "oauth2.client.snippets",
        "mail.thread",
        "mail.activity.mixin",
    ]
    _description = "OAuth2 Client"
    _order = "name"
    _event_field = "client_id"

    name = fields.Char(required=True, help="What users read when asked for consent.")
    active = fields.Boolean(
        default=True, help="An archived client is refused at once, with all its tokens."
    )
    provider_id = fields.Many2one(
        "oauth2.provider",
        index=True,
        ondelete="restrict",
        help="Where its users sign in; none: at this Odoo. Fixed while grants exist.",
    )
    client_identifier = fields.Char(
        "Client ID",
        compute="_compute_client_identifier",
        precompute=True,
        store=True,
        readonly=False,
        required=True,
        copy=False,
        index=True,
        help="The client_id that the provider gave it; one of this Odoo's is made up.",
    )
    client_type = fields.Selection(
        [("confidential", "Confidential"), ("public", "Public")],
        required=True,
        default="confidential",
        help="Confidential: a server that keeps a secret. Public: a program on a device"
        " or a page in a browser, which cannot (RFC 6749 section 2.1).",
    )
    redirect_uris = fields.Text(
        "Redirect URIs of the Application",
        help="Where users go back to after the consent page, one address a line, to the"
        " letter. By http on the loopback interface any port counts (RFC 8252"
        " section 7.3).",
    )
    allows_authorization_code = fields.Boolean(
        "Authorization Code",
        default=True,
        help="Users sign in and allow it (RFC 6749 section 4.1), with PKCE.",
    )
    allows_refresh_token = fields.Boolean(
        "Refresh Token",
        default=True,
        help="It gets refresh tokens, so that users need not sign in again.",
    )
    allows_client_credentials = fields.Boolean(
        "Client Credentials",
        copy=False,
        help="It acts as its service user, without a user at a screen (RFC 6749 section"
        " 4.4). Only for confidential clients, and set by Settings administrators."
        " Secrets that Odoo made before end with it: make one afterwards.",
    )
    service_user_id = fields.Many2one(
        "res.users",
        index="btree_not_null",
        ondelete="restrict",
        copy=False,
        domain="[('company_ids', '=?', company_id)]",
        help="The user that it acts as with client credentials: best a separate one"
        " with few rights. Set by Settings administrators.",
    )
    service_user_is_system = fields.Boolean(compute="_compute_service_user_is_system")
    service_user_confirmed = fields.Boolean(
        "Acts as a Settings Administrator",
        copy=False,
        help="A Settings administrator wants its service user to be one, too.",
    )
    token_endpoint_auth_method = fields.Selection(
        related="provider_id.token_endpoint_auth_method"
    )
    follows_sign_in = fields.Boolean(
        "Follows the Sign-in Itself",
        copy=False,
        help="The application is a script that follows the redirects of a sign-in: the"
        " callback answers it with JSON at once, by https or on this machine. No page"
        " asks the user. Leave it off where users sign in with a browser.",
    )
    api_ids = fields.Many2many(
        "oauth2.api",
        "oauth2_api_client_rel",
        "client_id",
        "api_id",
        "APIs",
        help="The APIs that this application may obtain tokens for.",
    )
    scope_ids = fields.Many2many(
        "oauth2.scope",
        "oauth2_client_scope_rel",
        "client_id",
        "scope_id",
        "Scopes",
        domain="[('api_id', 'in', api_ids)]",
        help="What this application may be granted, at most. Empty: no scope.",
    )
    company_id = fields.Many2one(
        "res.company",
        compute="_compute_company_id",
        precompute=True,
        store=True,
        readonly=False,
        index="btree_not_null",
        ondelete="restrict",  # a client of no company would be one of all of them
        help="Only its users may use this application, and calls see and make what is"
        " its own. Administrators of other companies do not see the client. Of an API"
        " that has a company it is that one. Empty: all companies.",
    )
    allowed_origins = fields.Char(
        help="Origins of browser applications that may call the APIs, separated by"
        " spaces, such as https://app.example.com. Exact; none by default.",
    )
    allowed_networks = fields.Char(
        help="Addresses and networks that it may call from, separated by spaces; none:"
        " from anywhere. Behind a proxy, Odoo knows the caller's address with"
        " proxy_mode only.",
    )
    logo = fields.Image(
        max_width=256,
        max_height=256,
        attachment=False,  # which could be changed past this record
        help="Users see it when asked for consent.",
    )
    homepage_uri = fields.Char("Homepage", help="Shown on the consent page.")
    privacy_uri = fields.Char("Privacy Policy", help="Shown on the consent page.")
    terms_uri = fields.Char("Terms of Service", help="Shown on the consent page.")
    is_verified = fields.Boolean(
        "Verified",
        copy=False,
        help="A Settings administrator has checked who runs it, which its users see. It"
        " is taken off when others change name, logo, a link or a redirect URI.",
    )
    own_redirect_uris = fields.Text(
        "Redirect URIs",
        compute="_compute_own_redirect_uris",
        help="Register these addresses at the provider, instead of the APIs' own.",
    )
    client_user_ids = fields.One2many(
        "oauth2.client.user", "client_id", "Client API Users", readonly=True
    )
    client_user_count = fields.Integer(compute="_compute_client_user_count")
    can_widen = fields.Boolean(
        compute="_compute_can_widen",
        search="_search_can_widen",
        help="The user who looks at it may give it more APIs and scopes.",
    )

    _identifier_unique = models.UniqueIndex(
        "(COALESCE(provider_id, 0), client_identifier)",
        "This provider already has a client with that identifier.",
    )
    _identifier_ascii = models.Constraint(
        "CHECK (client_identifier ~ '^[ -~]+$')",
        "A client identifier consists of printable ASCII characters.",
    )
    _secret_overlap = models.Constraint(
        f"CHECK (secret_overlap BETWEEN 0 AND {MAX_OVERLAP})",
        "A former secret works for 0 to 168 hours (7 days).",
    )

    @api.depends("provider_id")
    def _compute_client_identifier(self):
        for client in self:
            if client.provider_id:
                if not client._origin:  # of a form, which had none of a provider yet
                    client.client_identifier = False
            elif not client.client_identifier:
                client.client_identifier = uuid.uuid4().hex

    @api.onchange("api_ids")
    def _compute_company_id(self):
        # Of what is new, or in a form. It depends on nothing: a link moves no client.
        made_in = self.env.context.get("oauth2_company_id")  # of an API's form
        for client in self.with_context(active_test=False):
            of_apis = client.api_ids.company_id[:1]
            client.company_id = client.company_id or made_in or of_apis

    @api.onchange("api_ids")
    def _onchange_api_ids(self):
        kept = self.api_ids._origin
        self.scope_ids = self.scope_ids.filtered(lambda s: s.api_id._origin in kept)
        return AccessEnd(self._origin.api_ids - kept, self._origin).warning()

    @api.onchange("scope_ids")
    def _onchange_scope_ids(self):
        taken = self._origin.scope_ids - self.scope_ids._origin
        apis = self.api_ids._origin  # of another one, all access ends
        taken = taken.filtered(lambda scope: scope.api_id in apis)
        return AccessEnd(taken, self._origin).warning()

    @api.depends("service_user_id")
    def _compute_service_user_is_system(self):
        for client in self.sudo():
            user = client.service_user_id
            client.service_user_is_system = bool(user) and user._is_system()

    @api.depends("provider_id.own_redirect_uri", "api_ids.redirect_uri")
    def _compute_own_redirect_uris(self):
        for client in self:
            provider = client.provider_id
            uris = [provider._redirect_uri(each) for each in client.api_ids]
            client.own_redirect_uris = provider.own_redirect_uri and "\n".join(uris)

    @api.depends("client_user_ids")
    def _compute_client_user_count(self):
        counts = dict(
            self.env["oauth2.client.user"]._read_group(
                [("client_id", "in", self.ids)], ["client_id"], ["__count"]
            )
        )
        for client in self:
            client.client_user_count = counts.get(client._origin, 0)

    @api.depends("follows_sign_in", "allows_client_credentials")
    @api.depends_context("uid")
    def _compute_can_widen(self):
        for client in self:
            asks_none = client.follows_sign_in or client.allows_client_credentials
            client.can_widen = self.env.is_system() or not asks_none

    def _search_can_widen(self, operator, value):
        if operator != "in":
            return NotImplemented
        asked = Domain(self.env.is_system()) | ~self._asking_no_user()
        return asked if True in value else ~asked

    def action_test_connection(self):
        """:return: the dialog that tells what works at the client's provider
        :raises AccessError: for others than Settings administrators
        """
        self.ensure_one()
        return self.provider_id.action_test_connection()

    @api.constrains("client_identifier", "api_ids")
    def _check_identifier_on_apis(self):
        clients = self.sudo().with_context(active_test=False)
        clients.api_ids._check_client_identifiers()

    @api.constrains(*client_rules.TEXTS)
    def _check_texts(self):
        client_rules.check(client_rules.texts, self)

    @api.constrains("client_type", "require_secret")
    def _check_client_type(self):
        client_rules.check(client_rules.client_type, self)

    @api.constrains(
        "allows_client_credentials",
        "client_type",
        "service_user_id",
        "service_user_confirmed",
    )
    def _check_service_user(self):
        client_rules.check(client_rules.service_user, self)

    @api.constrains("company_id", "api_ids")
    def _check_company_of_apis(self):
        clients = self.sudo().with_context(active_test=False)
        client_rules.check(client_rules.company, clients)

    @api.constrains("scope_ids", "api_ids")
    def _check_scopes(self):
        client_rules.check(client_rules.scopes, self.with_context(active_test=False))

    @api.model
    def message_new(self, msg_dict, custom_values=None):
        """Whatever any user takes for a mail would be made, as superuser.

        :raises AccessError: always
        """
        raise AccessError(self.env._("No mail makes or changes a client."))

    def message_update(self, msg_dict, update_vals=None):
        """:raises AccessError: always; see :meth:`message_new`"""
        raise AccessError(self.env._("No mail makes or changes a client."))

    @api.model_create_multi
    def create(self, vals_list):
        clients = super().create(vals_list)
        ClientTrust(clients).check_new()
        return clients

    def write(self, vals):
        change = ClientChange(self, vals)
        result = super().write(change.begin())
        change.end()
        return result

    def unlink(self):
        """Its grants end at once; the job tells the provider, as the client it was."""
        self.check_access("unlink")
        self.sudo().client_user_ids.unlink()
        requests = self.env["oauth2.authorization.request"].sudo()
        requests.search([("client_id", "in", self.ids)]).unlink()
        RevocationOutbox(self.env).detach(self)
        return super().unlink()

    def _values_of_copy(self):
        values = {"name": self.env._("%s (copy)", self.name)}
        if provider := self.provider_id:  # of one of this Odoo it is made up
            there = [("provider_id", "=", provider.id)]
            values["client_identifier"] = free_text(self, "client_identifier", there)
        return values

    def _configuration_parties(self):
        return {"client": self}

    @api.model
    def _is_told_of(self, name):
        # Of secrets the service tells, in words.
        return super()._is_told_of(name) and name not in TOLD_IN_WORDS

    def _grant_types(self):
        """:return: frozenset of the ``grant_type`` that it may use (RFC 6749)"""
        self.ensure_one()
        names = {"authorization_code", "refresh_token", "client_credentials"}
        if not self._service_user():
            names.remove("client_credentials")
        return frozenset(name for name in names if self[f"allows_{name}"])

    @api.model
    def _asking_no_user(self):
        """:return: the ``Domain`` of clients that act as a user who is not asked"""
        names = "follows_sign_in", "allows_client_credentials"
        return Domain.OR(Domain(name, "=", True) for name in names)

    def _demands_secret(self):
        """:return: whether no other proof counts: a client of this Odoo has a secret,
        unless it is public
        """
        self.ensure_one()
        is_own = not self.provider_id
        return self.require_secret or (is_own and self.client_type == "confidential")

    def _is_served(self):
        """:return: whether it is active, and so is its provider, if it has one"""
        self.ensure_one()
        return self.active and (not self.provider_id or self.provider_id.active)

    def _redirect_uris(self):
        """:return: where its users may go back to, a list"""
        return redirect_uris(self.redirect_uris or "")

    def _networks(self):
        """:return: tuple of the networks that it may call from; none: from anywhere
        :raises ValueError: one is none
        """
        return parse_networks(self.allowed_networks or "")

    def _allows_address(self, address):
        """:param str address: of a caller
        :return: whether it may call from there
        """
        return allows(self._networks(), address)

    def _service_user(self):
        """:return: the ``res.users`` as whom it may act with client credentials now,
        empty where it may not
        """
        client = self.sudo()
        is_unconfirmed = (
            client.service_user_is_system and not client.service_user_confirmed
        )
        if not client.allows_client_credentials or is_unconfirmed:
            return self.env["res.users"]
        return client.service_user_id

    def _origins(self):
        """:return: the allowed origins (RFC 6454 section 6.2), a list"""
        return (self.allowed_origins or "").split()

    def _scopes_on(self, oauth2_api):
        """The scopes of a grant, and what counts of them on a call; other addons may
        override this.

        :return: the scopes that this client may be granted on an API
        """
        return self.sudo().scope_ids.filtered(lambda s: s.api_id == oauth2_api)

from odoo import SUPERUSER_ID, api, fields, models
from odoo.tools import ormcache

from ..protocol.admission import Admission
from ..protocol.errors import InvalidClient
from ..protocol.scope import Serving
from ..services.configuration import api_rules, client_rules
from ..services.configuration.api_trust import ApiTrust, may_widen
from ..services.configuration.duplicate import free_text
from ..services.overview.access_end import AccessEnd
from ..services.overview.overview import Overview
from ..services.scopes.route_list import (
    lacking_scopes,
    list_routes,
    routes_of,
    routes_table,
)


class OAuth2Api(models.Model):
    """A named entry point that tokens are issued for and accepted on."""

    _name = "oauth2.api"
    _inherit = ["oauth2.configuration", "oauth2.has.events", "oauth2.api.addresses"]
    _description = "OAuth2 API"
    _order = "name"
    _event_field = "api_id"

    name = fields.Char(required=True)
    endpoint = fields.Char(
        required=True,
        copy=False,
        index=True,
        help="First part of the path of every route of this API: lower-case letters,"
        " digits, - and _. Applications and the provider know it: changing it cuts them"
        " off. Once users have signed in, only Settings administrators can change it.",
    )
    active = fields.Boolean(
        default=True, help="An archived API refuses every call at once."
    )
    client_ids = fields.Many2many(
        "oauth2.client",
        "oauth2_api_client_rel",
        "api_id",
        "client_id",
        "Clients",
        copy=False,
        help="The applications that may obtain tokens for this API.",
    )
    scope_ids = fields.One2many("oauth2.scope", "api_id", "Scopes", copy=True)
    client_user_ids = fields.One2many(
        "oauth2.client.user", "api_id", "Client API Users", readonly=True
    )
    client_user_count = fields.Integer(compute="_compute_client_user_count")
    allowed_group_ids = fields.Many2many(
        "res.groups",
        "oauth2_api_group_rel",
        "api_id",
        "group_id",
        "Allowed Groups",
        ondelete="restrict",  # an API without any would be open to everyone
        help="Only members of one of these groups may use this API. Empty: everyone.",
    )
    company_id = fields.Many2one(
        "res.company",
        index="btree_not_null",
        ondelete="restrict",  # an API of no company would be open to all of them
        help="Only its users may use this API, and calls see and make what is its own."
        " Its clients are of this company, too, and administrators of others see"
        " neither. Empty: all companies.",
    )
    trust_identity = fields.Boolean(
        "Trust Identities Without Proof",
        copy=False,
        help="Serve token and revoke to a caller who names a client and an identity,"
        " without secret or token. Only for applications that can send nothing else.",
    )
    json2_enabled = fields.Boolean(
        "Serve JSON-2", help="Serve Odoo's JSON-2 under this API, limited by scopes."
    )
    bearer_enabled = fields.Boolean(
        "Open Odoo's Own JSON-2",
        copy=False,
        help="Accept this API's tokens on Odoo's own /json/2, limited by scopes.",
    )
    access_token_lifetime = fields.Integer(
        default=3600,
        required=True,
        help="How long an access token opens this API at most, even where the provider"
        " gives it a longer life. Kept in seconds.",
    )
    refresh_token_lifetime = fields.Integer(
        default=30 * 24 * 3600,
        required=True,
        help="How long without a refresh until the user must authorize again. Kept in"
        " seconds.",
    )
    authorization_lifetime = fields.Integer(
        default=180 * 24 * 3600,
        required=True,
        help="How long until the user must authorize again, even if refreshed. Kept in"
        " seconds.",
    )
    keep_alive = fields.Boolean(
        "Keep Unused Grants Alive",
        help="A scheduled job refreshes grants at the provider, or here, before they"
        " lapse from disuse, so that an application that calls seldom need not send"
        " its users to sign in again. The authorization lifetime ends them all"
        " the same.",
    )

    openapi_access = fields.Selection(
        [("everyone", "Everyone"), ("token", "Holders of a Token")],
        "Description Readable By",
        help="Who may read what this API offers, as an OpenAPI document: routes, the"
        " models that its scopes open with their fields, and the scopes. The holder of"
        " a token reads of what its scopes open. Empty: no caller.",
    )
    documentation_url = fields.Char(
        "Documentation",
        help="Address of a page that tells developers how to use this API. Clients that"
        " connect by themselves read it in the API's metadata.",
    )
    routes_table = fields.Html("Routes", compute="_compute_routes", sanitize=False)
    lacking_scopes = fields.Char(
        compute="_compute_routes",
        help="Scopes that routes ask for, and that no token can have.",
    )
    can_widen = fields.Boolean(
        compute="_compute_can_widen",
        help="The user who looks at it may change its endpoint.",
    )
    last_redirect_uri = fields.Char(
        "Last Redirect URI",
        readonly=True,
        copy=False,
        help="The address that the latest sign-in came back to.",
    )

    overview = fields.Json(
        compute="_compute_overview", help="What the card of the API shows."
    )
    calls_graph = fields.Text("Calls by Day", compute="_compute_overview")

    _endpoint_unique = models.Constraint(
        "UNIQUE (endpoint)", "Another API already has this endpoint."
    )
    _endpoint_format = models.Constraint(
        "CHECK (endpoint ~ '^[a-z0-9][a-z0-9_-]*$')",
        "The endpoint consists of lower-case letters, digits, - and _.",
    )
    _lifetimes_positive = models.Constraint(
        "CHECK (access_token_lifetime > 0 AND refresh_token_lifetime > 0"
        " AND authorization_lifetime > 0)",
        "Lifetimes are longer than 0 seconds.",
    )

    _documentation_url_format = models.Constraint(
        r"CHECK (documentation_url ~ '^https?://[^\s]+$')",
        "The documentation is a web address: https://…",
    )

    @api.depends("client_user_ids")
    def _compute_client_user_count(self):
        counts = dict(
            self.env["oauth2.client.user"]._read_group(
                [("api_id", "in", self.ids)], ["api_id"], ["__count"]
            )
        )
        for record in self:
            record.client_user_count = counts.get(record._origin, 0)

    @api.depends(
        "client_user_ids",
        "last_redirect_uri",
        "client_ids.follows_sign_in",
        "client_ids.allows_client_credentials",
    )
    @api.depends_context("uid")
    def _compute_can_widen(self):
        for record in self:
            record.can_widen = may_widen(record)

    @api.depends("endpoint", "scope_ids.name")
    def _compute_routes(self):
        asked = list_routes(self.env)
        for record in self:
            table = routes_table(self.env, routes_of(asked, record))
            record.routes_table = table
            lacking = lacking_scopes(asked, record)
            record.lacking_scopes = ", ".join(sorted(lacking)) or False

    def action_add_ready_scopes(self):
        """:return: the dialog in which ready scopes are chosen"""
        return self.env["oauth2.scope.choice"]._open(self)

    @api.onchange("client_ids")
    def _onchange_client_ids(self):
        taken = self._origin.client_ids - self.client_ids._origin
        return AccessEnd(taken, self._origin).warning()

    @api.depends_context("lang", "tz", "uid", "allowed_company_ids")
    def _compute_overview(self):
        cards = Overview(self).figures()
        for record in self:
            card = cards.get(record.id, {})
            record.calls_graph = card.pop("graph", False)
            record.overview = card

    @api.constrains("endpoint")
    def _check_endpoint_is_free(self):
        client_rules.check(api_rules.endpoint_is_free, self)

    @api.constrains("client_ids")
    def _check_client_identifiers(self):
        client_rules.check(api_rules.client_identifiers, self)

    @api.constrains("company_id", "client_ids")
    def _check_company_of_clients(self):
        client_rules.check(client_rules.company, self._all_clients())

    @api.model_create_multi
    def create(self, vals_list):
        ApiTrust(self).check_linked(vals_list)
        # Generated now, and not while a record stands that is going to be refused.
        self.env["ir.http"].routing_map()
        records = super().create(vals_list)
        ApiTrust(records).check_new()
        self.env.registry.clear_cache("routing")
        return records

    def write(self, vals):
        trust = ApiTrust(self)
        trust.begin_change(vals)
        if "endpoint" in vals:
            self.env["ir.http"].routing_map()  # as in create
        result = super().write(vals)
        trust.end_change()
        if {"endpoint", "active", "openapi_access"} & vals.keys():
            self.env.registry.clear_cache("routing")
        return result

    def unlink(self):
        # By hand and not by the database: their tokens are revoked.
        self.client_user_ids.unlink()
        requests = self.env["oauth2.authorization.request"].sudo()
        requests.search([("api_id", "in", self.ids)]).unlink()
        result = super().unlink()
        self.env.registry.clear_cache("routing")
        return result

    def _all_clients(self):
        """:return: their clients, also archived ones and such that the user cannot see;
        not of the field, whose cache holds what the user sees
        """
        clients = self.env["oauth2.client"].sudo().with_context(active_test=False)
        return clients.search([("api_ids", "in", self.ids)])

    def _values_of_copy(self):
        return {
            "name": self.env._("%s (copy)", self.name),
            "endpoint": free_text(self, "endpoint"),
        }

    def _configuration_parties(self):
        return {"oauth2_api": self}

    @api.model
    def _by_endpoint(self, endpoint):
        """:param str endpoint: from the path
        :return: the active API
        :raises InvalidClient: when there is none
        """
        # Paths may carry what no database stores (NUL).
        record = self.sudo().browse()
        if endpoint.isprintable():
            record = record.search([("endpoint", "=", endpoint)], limit=1)
        if not record:
            raise InvalidClient(reason="There is no active API at this address.")
        return record

    def _client(self, client_identifier):
        """:param str client_identifier: the wire's ``client_id``
        :return: the active client of this API, whose provider is active if it has one
        :raises InvalidClient: when there is none
        """
        self.ensure_one()
        client = self.client_ids.filtered(
            lambda c: c._is_served() and c.client_identifier == client_identifier
        )
        if len(client) != 1:
            raise InvalidClient(
                reason=f"The API {self.name} has no active client with the client_id"
                " that was sent."
            )
        return client

    def _allows_user(self, user, client):
        """:return: whether the user is active, and admitted with a client"""
        self.ensure_one()
        user = user.sudo()
        if not user.active or user._is_public() or user._is_superuser():
            return False
        return self._allows_membership(user, client)

    def _why_not_allowed(self, user, client):
        """:param user: one who may not use the API
        :param client: with which the user came
        :return: why, for the event; it reads no more than is known by now, so that the
            time of a refusal does not tell whether there is such a user
        """
        user = user.sudo()
        if not user.active:
            return f"The user {user.login} is archived."
        admission = self._admission(client)
        group = "is in no allowed group of the API"
        company = "does not belong to the company of API or client"
        if not admission.company_id:
            return f"The user {user.login} {group}."
        if not admission.groups:
            return f"The user {user.login} {company}."
        return f"The user {user.login} {group}, or {company}."

    def _admission(self, client):
        """:return: whom the API admits with one of its clients, an ``Admission``"""
        record = self.sudo()
        groups = frozenset(record.allowed_group_ids.ids)
        return Admission(groups, (record.company_id or client.sudo().company_id).id)

    def _allows_membership(self, user, client):
        """:return: whether the user is in an allowed group and of the company of API or
        client, where these are set
        """
        admission = self._admission(client)
        if not any(admission):
            return True
        return admission.allows(user._oauth2_read_membership())

    @api.model
    @ormcache("api_id", "client_id", "version")
    def _serving(self, api_id, client_id, version):
        """What an API is for one of its clients, remembered until the next signal.

        :param int version: number of Odoo's last signal, in the snapshot that is read
        :return: ``Serving``; ``None`` when API, client or provider is archived, or the
            API no longer serves the client
        """
        # Before a caller is known there is no user, with whom relations can be read.
        env = self.env(user=SUPERUSER_ID, su=True, context={})
        in_force = [
            ("id", "=", client_id),
            ("active", "=", True),
            "|",
            ("provider_id", "=", False),
            ("provider_id.active", "=", True),
        ]
        oauth2_api = env["oauth2.api"].search(
            [("id", "=", api_id), ("client_ids", "any", in_force)]
        )
        if not oauth2_api:
            return None
        client = env["oauth2.client"].browse(client_id)
        scopes = client._scopes_on(oauth2_api)
        return Serving(
            oauth2_api.endpoint,
            oauth2_api.json2_enabled,
            oauth2_api.bearer_enabled,
            oauth2_api._admission(client),
            client._networks(),
            {str(scope.id): scope.name for scope in scopes},
        )

    @api.model
    @ormcache("endpoint", "client_identifier", "version")
    def _registration(self, endpoint, client_identifier, version, read):
        """What a client is on an API, remembered until the next signal.

        :param str endpoint: the ``<api>`` of a path
        :param str client_identifier: the wire's ``client_id``
        :param int version: number of Odoo's last signal
        :param read: called where it is not remembered; what it raises is not
        :return: what that returned
        """
        return read()

    @api.model
    @ormcache("made_of")
    def _published(self, made_of, read):
        """The description of an API that every caller may read, remembered.

        :param tuple made_of: what it follows from
        :param read: called where it is not remembered
        :return: what that returned
        """
        return read()

    def _allowed_origins(self):
        """:return: origins whose pages may call this API, of all its clients"""
        return {
            origin for client in self.sudo().client_ids for origin in client._origins()
        }

    @api.model
    @ormcache(cache="routing")
    def _endpoints(self):
        """:return: frozenset of all endpoints, of archived APIs, too: no other page has
        their paths
        """
        return frozenset(
            self.sudo()
            .with_context(active_test=False)
            .search_fetch([], ["endpoint"])
            .mapped("endpoint")
        )

    @api.model
    def _active_endpoints(self):
        """:return: tuple of the endpoints of active APIs, sorted"""
        active = self.sudo().search_fetch([], ["endpoint"])
        return tuple(sorted(active.mapped("endpoint")))

    @api.model
    def _described_endpoints(self):
        """:return: ``{openapi_access: endpoints}`` of active APIs, lists, sorted"""
        described = self.sudo().search_fetch(
            [("openapi_access", "!=", False)], ["endpoint", "openapi_access"]
        )
        return {
            access: sorted(each.mapped("endpoint"))
            for access, each in described.grouped("openapi_access").items()
        }

from odoo import api, fields, models

from ..services.checks.check_line import GOOD
from ..services.connect.connect import BY_HAND, Connect
from ..services.connect.connect_last_page import ConnectLastPage
from ..services.keys.encrypted_field import EncryptedChar
from ..services.keys.keyring import Keyring
from ..services.providers import provider_presets
from ..services.providers.preset import WORDS
from ..services.providers.provider_presets import PRESETS

#: In the context of the last step alone: what is shown once.
_SECRET = "oauth2_client_secret"
_STEPS = ("application", "sign_in", "scopes", "done")


class OAuth2Connect(models.TransientModel):
    """The dialog in which an administrator connects an application."""

    _name = "oauth2.connect"
    _description = "Connect an Application"

    state = fields.Selection(
        [
            ("application", "Application"),
            ("sign_in", "Users"),
            ("scopes", "What It May Do"),
            ("done", "Connected"),
        ],
        default="application",
        required=True,
    )
    kind = fields.Selection(
        "_selection_kind",
        "What do you want to connect?",
        default="application",
        required=True,
    )
    tool = fields.Selection(
        [
            ("n8n", "n8n"),
            ("postman", "Postman"),
            ("assistant", "An AI assistant"),
            ("other", "Another tool"),
        ],
        "Which Tool",
        default="n8n",
    )
    tool_address = fields.Char(
        "Address of n8n", help="As in your browser's address bar, up to the host."
    )
    name = fields.Char(help="Users read it when they are asked to allow it.")
    redirect_uris = fields.Text(
        "Redirect URI",
        help="Where the application takes its users back after they signed in, to the"
        " letter; several: one a line. It or its developer tells it. Just to try it,"
        " http://localhost:8400/back: the browser ends there at an error page, whose"
        " address is what the program asks for.",
    )
    is_public = fields.Boolean(
        "Runs on Users' Devices",
        help="A program on a phone or computer, or a page in a browser, can keep no"
        " secret: it gets none.",
    )
    api_id = fields.Many2one(
        "oauth2.api",
        "API",
        default=lambda self: self._default_api_id(),
        ondelete="cascade",
        help="The entry point that it calls. Its tokens open no other.",
    )
    endpoint = fields.Char(
        "Path of the New API",
        default=lambda self: Connect(self).free_endpoint(),
        help="First part of its addresses: lower-case letters, digits, - and _.",
    )
    sign_in = fields.Selection(
        "_selection_sign_in",
        "Where do its users sign in?",
        default="here",
        required=True,
    )
    provider_id = fields.Many2one("oauth2.provider", "Which One", ondelete="cascade")
    preset = fields.Selection(
        [(key, preset.label) for key, preset in PRESETS.items() if key != BY_HAND],
        "Provider",
        default="google",
    )
    preset_words = fields.Char(compute="_compute_preset_guide")
    preset_host = fields.Char("Host")
    preset_tenant = fields.Char("Tenant ID")
    preset_realm = fields.Char("Realm")
    preset_slug = fields.Char("Application Slug")
    preset_guide = fields.Html(compute="_compute_preset_guide", sanitize=False)
    preset_caveats = fields.Text(compute="_compute_preset_guide")
    matching = fields.Char(
        "User Matching",
        compute="_compute_matching",
        help="Which Odoo user a user of the provider becomes. The provider's form has"
        " the other ways.",
    )
    issuer = fields.Char(
        help="The provider's own name, an address. The rest is read from there."
    )
    allow_private_addresses = fields.Boolean(
        "In Your Own Network",
        help="The provider is in your own network, or on this very machine: Odoo may"
        " call private addresses.",
    )
    discovered = fields.Json(readonly=True)
    provider_redirect_uri = fields.Char(
        "Redirect URI of This Odoo",
        compute="_compute_provider_redirect_uri",
        help="Paste it at the provider, where you register the application.",
    )
    client_identifier = fields.Char("Client ID", help="As the provider gave it.")
    client_secret = fields.Char(
        compute="_compute_client_secret",
        inverse="_inverse_client_secret",
        help="As the provider gave it. It is kept encrypted.",
    )
    client_secret_encrypted = EncryptedChar(on_database_copy="delete")
    has_client_secret = fields.Boolean(compute="_compute_client_secret")
    service_user_choice = fields.Selection(
        [
            ("new", "A new, separate user with few rights"),
            ("existing", "A user who is here already"),
        ],
        "Which user does it act as?",
        default="new",
    )
    service_user_id = fields.Many2one(
        "res.users", ondelete="cascade", domain="[('company_ids', '=?', company_id)]"
    )
    scopes = fields.Json(
        "What may it do?",
        compute="_compute_scopes",
        store=True,
        readonly=False,
        compute_sudo=False,
    )
    line_ids = fields.One2many("oauth2.connect.line", "connect_id", "Models")
    api_serves_json2 = fields.Boolean(
        related="api_id.json2_enabled", related_sudo=False
    )
    company_id = fields.Many2one(related="api_id.company_id", related_sudo=False)
    serve_json2 = fields.Boolean(
        "Serve JSON-2 from Now On",
        default=True,
        help="Ready scopes open Odoo's JSON-2 under this API, which it does not serve"
        " yet. Other applications of this API may then use it within their scopes.",
    )
    client_id = fields.Many2one("oauth2.client", readonly=True, ondelete="cascade")
    connection = fields.Json(compute="_compute_connection")
    remaining = fields.Text(compute="_compute_connection")
    has_provider = fields.Boolean(compute="_compute_connection")
    check_id = fields.Many2one("oauth2.check", groups="base.group_system")
    check_summary = fields.Char(related="check_id.summary", groups="base.group_system")
    check_line_ids = fields.One2many(
        "oauth2.check.line",
        string="Line",
        compute="_compute_check_lines",
        groups="base.group_system",
    )
    check_good_line_ids = fields.One2many(
        "oauth2.check.line",
        string="What works",
        compute="_compute_check_lines",
        groups="base.group_system",
    )

    def _selection_kind(self):
        kinds = [
            ("application", self.env._("An application of yours")),
            ("tool", self.env._("A user's tool (n8n, Postman, an AI assistant)")),
        ]
        if self.env.is_system():
            kinds.append(("system", self.env._("Another system, without users")))
        return kinds

    def _selection_sign_in(self):
        places = [("here", self.env._("At this Odoo"))]
        if self.env.is_system():
            if self.env["oauth2.provider"].search_count([], limit=1):
                here = self.env._("At a provider that is here already")
                places.append(("existing", here))
            places.append(("new", self.env._("At Google, Microsoft or another one")))
        return places

    def _default_api_id(self):
        found = self.env["oauth2.api"].search([])
        return (found.filtered("json2_enabled") or found)[:1]

    @api.depends("preset", *WORDS.values())
    @api.depends_context("lang")
    def _compute_preset_guide(self):
        for dialog in self:
            key = dialog.preset or BY_HAND
            template = PRESETS[key].addresses()
            known = provider_presets.parameters(key, template)
            dialog.preset_words = " ".join(known)
            dialog.preset_guide = provider_presets.guide(
                self.env, key, Connect(dialog).addresses()
            )
            dialog.preset_caveats = provider_presets.caveats(self.env, key)

    # No dialog follows a record that stays (odoo.fields): each request reads it.
    @api.depends("preset", "sign_in", "provider_id")
    @api.depends_context("lang")
    def _compute_matching(self):
        for dialog in self:
            dialog.matching = Connect(dialog).matching()

    @api.depends("api_id", "endpoint", "sign_in", "provider_id")
    def _compute_provider_redirect_uri(self):
        for dialog in self:
            dialog.provider_redirect_uri = Connect(dialog).provider_redirect_uri()

    @api.depends("client_secret_encrypted")
    def _compute_client_secret(self):
        for dialog in self.sudo():
            dialog.client_secret = False
            dialog.has_client_secret = bool(dialog.client_secret_encrypted)

    def _inverse_client_secret(self):
        for dialog in self.filtered("client_secret"):
            encrypted = Keyring(self.env).encrypt(dialog.client_secret)
            dialog.sudo().client_secret_encrypted = encrypted
        self.invalidate_recordset(["client_secret"])

    @api.depends("api_id")
    def _compute_scopes(self):
        for dialog in self:
            dialog.scopes = Connect(dialog).scope_choices()

    @api.depends("client_id")
    @api.depends_context(_SECRET)
    def _compute_connection(self):
        for dialog in self:
            page, is_made = ConnectLastPage(dialog), bool(dialog.client_id)
            secret = self.env.context.get(_SECRET)
            dialog.connection = is_made and page.connection(secret)
            dialog.remaining = is_made and "\n".join(page.remaining())
            dialog.has_provider = bool(dialog.client_id.provider_id)

    @api.depends("check_id")
    def _compute_check_lines(self):
        for dialog in self:
            lines = dialog.check_id.line_ids
            good = lines.filtered(lambda it: it.level == GOOD and not it.trial_url)
            dialog.check_line_ids = lines - good
            dialog.check_good_line_ids = good

    @api.constrains("api_id", "provider_id", "client_id")
    def _check_links(self):
        for dialog in self:
            for record in (dialog.api_id, dialog.provider_id, dialog.client_id):
                record.sudo(False).check_access("read")  # its name is shown

    @api.onchange("kind", "tool")
    def _onchange_tool(self):
        names = {"n8n": "n8n", "postman": "Postman"}
        if self.kind == "tool" and self.name in (False, *names.values()):
            self.name = names.get(self.tool, False)
        elif self.kind != "tool" and self.name in names.values():
            self.name = False

    def action_next(self):
        """:return: the dialog at its next step
        :raises UserError: something of this step is wrong
        """
        if self.state == "application":
            Connect(self).check_application()
        else:
            Connect(self).check_sign_in()
        return self._at(_STEPS[_STEPS.index(self.state) + 1])

    def action_back(self):
        """:return: the dialog at the step before, as it was filled in"""
        return self._at(_STEPS[_STEPS.index(self.state) - 1])

    def action_connect(self):
        """Make all that was chosen.

        :return: the dialog, which tells what to paste where; the secret this once
        :raises AccessError: the user may not make one of the records
        :raises UserError: a record refuses what it was given
        """
        self.ensure_one()
        _client, secret = Connect(self).make()
        return {**self._at("done"), "context": {_SECRET: secret}}

    def action_test_connection(self):
        """Test the provider, with what is to be pasted still in sight.

        :return: the dialog, which tells what works
        :raises AccessError: for others than Settings administrators
        """
        provider = self.client_id.provider_id
        self.check_id = self.env["oauth2.check"]._of_connection(provider)
        shown = {_SECRET: self.env.context.get(_SECRET)}
        return {**self._at("done"), "context": shown}

    def action_open_client(self):
        """:return: the form of the client that was made"""
        return {
            "type": "ir.actions.act_window",
            "res_model": "oauth2.client",
            "res_id": self.client_id.id,
            "views": [(False, "form")],
        }

    def _at(self, state):
        self.ensure_one()
        self.state = state
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Connect an Application"),
            "res_model": self._name,
            "res_id": self.id,
            "views": [(False, "form")],
            "target": "new",
        }

import contextlib
import re

import psycopg2.errors

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import SQL

BASE_URL_PARAMETER = "api_auth_oauth2.base_url"

# First path segments of Odoo and of common modules that may be installed later.
RESERVED_ENDPOINTS = frozenset(
    """
    auth_oauth auth_saml auth_signup base bus calendar discuss doc event forum groups
    helpdesk im_livechat jobs json jsonrpc knowledge livechat longpolling mail
    mass_mailing my oauth oauth2 odoo partners payment planning point_of_sale portal pos
    pos-self r rating report report_barcode sale scoped_app shop slides sms social
    spreadsheet static survey unsplash unsubscribe web web_editor website websocket
    xmlrpc
    """.split()
)


class OAuth2Api(models.Model):
    """Where an API is found: its part of each path, and the server's own address."""

    _inherit = "oauth2.api"

    redirect_uri = fields.Char(
        "Redirect URI",
        compute="_compute_urls",
        help="Register exactly this address at the provider.",
    )
    authorize_url = fields.Char("Authorize URL", compute="_compute_urls")
    token_url = fields.Char("Token URL", compute="_compute_urls")
    revoke_url = fields.Char("Revoke URL", compute="_compute_urls")
    base_url_warning = fields.Char(compute="_compute_urls")
    last_redirect_uri = fields.Char(
        "Last Redirect URI",
        readonly=True,
        copy=False,
        help="The address that the latest sign-in came back to.",
    )

    @api.depends("endpoint", "last_redirect_uri")
    def _compute_urls(self):
        base = self._oauth2_base_url()
        warning = self._base_url_warning(base)
        for record in self:
            root = f"{base}/{record.endpoint or '…'}/oauth2"
            record.redirect_uri = f"{root}/callback"
            record.authorize_url = f"{root}/provider/authorize"
            record.token_url = f"{root}/token"
            record.revoke_url = f"{root}/revoke"
            record.base_url_warning = warning or record._redirect_uri_warning()

    @api.constrains("endpoint")
    def _check_endpoint_is_free(self):
        taken = RESERVED_ENDPOINTS | self._served_segments()
        for record in self:
            if record.endpoint in taken:
                raise ValidationError(
                    self.env._(
                        "The endpoint %s belongs to Odoo itself: choose another.",
                        record.endpoint,
                    )
                )

    @api.model
    def _served_segments(self):
        """:return: first path segments that routes and languages already take"""
        segments = {
            rule.rule.split("/")[1]
            for rule in self.env["ir.http"].routing_map().iter_rules()
            # A route of the very API that is being made does not stand in its way.
            if rule.endpoint.routing["auth"] != "oauth2"
        }
        languages = self.env["res.lang"].sudo().with_context(active_test=False)
        codes = languages.search([("active", "=", True)]).mapped("url_code")
        return {segment for segment in segments if re.fullmatch(r"[\w-]+", segment)} | {
            code.lower() for code in codes if code
        }

    @api.model
    def _oauth2_base_url(self):
        """:return: the address of this server without trailing slash

        Never the Host header: a caller writes it, and behind a proxy it is wrong.
        """
        parameters = self.env["ir.config_parameter"].sudo()
        own = parameters.get_param(BASE_URL_PARAMETER)
        return (own or parameters.get_param("web.base.url") or "").rstrip("/")

    @api.model
    def _base_url_warning(self, base):
        """:return: what is wrong with the base URL, in words, or False"""
        parameters = self.env["ir.config_parameter"].sudo()
        if not base.startswith("https://"):
            return self.env._(
                "The base URL is %s: applications and providers need https in"
                " production.",
                base,
            )
        if not (
            parameters.get_param(BASE_URL_PARAMETER)
            or parameters.get_param("web.base.url.freeze")
        ):
            return self.env._(
                "The base URL follows the address an administrator last logged in from:"
                " set one in Settings, General Settings, API OAuth2."
            )
        return False

    def _note_redirect_uri(self, uri):
        """Remember where a sign-in came back to.

        Sign-ins of one moment bring the same news: one of them is enough, and none
        waits for another or fails.
        """
        if self.last_redirect_uri == uri:
            return
        cr = self.env.cr
        with contextlib.suppress(psycopg2.errors.SerializationFailure), cr.savepoint():
            cr.execute(
                SQL(
                    """
                    UPDATE oauth2_api SET last_redirect_uri = %s
                     WHERE id = (SELECT id FROM oauth2_api WHERE id = %s
                                    FOR NO KEY UPDATE SKIP LOCKED)
                    """,
                    uri,
                    self.id,
                ),
                log_exceptions=False,
            )
        self.invalidate_recordset(["last_redirect_uri"])

    def _redirect_uri_warning(self):
        """:return: that the address changed under a registered client, or False"""
        if self.last_redirect_uri in (False, self.redirect_uri):
            return False
        return self.env._(
            "The redirect URI was %s when an application last authorized: register the"
            " new one at the provider.",
            self.last_redirect_uri,
        )

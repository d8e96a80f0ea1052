from urllib.parse import urlsplit

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from .oauth2_api import BASE_URL_PARAMETER
from .oauth2_provider import is_safe_url


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    api_auth_oauth2_base_url = fields.Char(
        "API OAuth2 Base URL",
        config_parameter=BASE_URL_PARAMETER,
        help="The address of this server as applications and providers reach it, such"
        " as https://odoo.example.com. Empty: the web base URL, which changes whenever"
        " an administrator logs in at another address.",
    )
    api_auth_oauth2_key_source = fields.Selection(
        [
            ("configured", "odoo.conf or environment"),
            ("database", "this database"),
        ],
        "Encryption Key From",
        compute="_compute_api_auth_oauth2_key_source",
        help="A key from this database protects nothing against whoever has a dump of"
        " it: set api_auth_oauth2_keys in odoo.conf.",
    )

    def _compute_api_auth_oauth2_key_source(self):
        keys = self.env["oauth2.keyring"]._configured_keys()
        self.api_auth_oauth2_key_source = "configured" if keys else "database"

    @api.constrains("api_auth_oauth2_base_url")
    def _check_api_auth_oauth2_base_url(self):
        for settings in self:
            url = settings.api_auth_oauth2_base_url
            parts = urlsplit(url or "")
            # Odoo answers at the root, and RFC 9728 section 3.1 derives a path from it.
            beyond_the_host = parts.path.strip("/") or parts.query
            if url and (beyond_the_host or not is_safe_url(url)):
                raise ValidationError(
                    self.env._(
                        "The base URL must be an https address without a path (http is"
                        " allowed on this machine only)."
                    )
                )

from urllib.parse import urlsplit

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..protocol.network_policy import is_safe_url
from ..services.authentication.rate_limit import DEFAULT_LIMITS, LIMIT_PARAMETER
from ..services.keys.keyring import Keyring
from ..services.server.base_url import BASE_URL_PARAMETER
from .ir_config_parameter import SETTINGS_FORM
from .oauth2_event import RETENTION_DAYS, RETENTION_PARAMETER


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
        help="A key from this database does not protect it against the holder of a"
        " dump: set api_auth_oauth2_keys in odoo.conf.",
    )

    api_auth_oauth2_limit_address = fields.Integer(
        "API OAuth2 Calls by Address",
        config_parameter=LIMIT_PARAMETER % "address",
        default=DEFAULT_LIMITS["address"],
        help="Calls a minute from one address (IPv6: one /64) that fail or are not"
        " authenticated, in each server process: authorize without secret, bad"
        " secrets, unknown identities, forged callbacks. 0: no limit.",
    )
    api_auth_oauth2_limit_client_address = fields.Integer(
        "API OAuth2 Calls by Client and Address",
        config_parameter=LIMIT_PARAMETER % "client_address",
        default=DEFAULT_LIMITS["client_address"],
        help="The same calls, by one client of one API from one address. 0: no limit.",
    )
    api_auth_oauth2_limit_client = fields.Integer(
        "API OAuth2 Authenticated Calls by Client",
        config_parameter=LIMIT_PARAMETER % "client",
        default=DEFAULT_LIMITS["client"],
        help="Authenticated calls a minute of provider/authorize, token and introspect,"
        " by one client of one API from all addresses, in each server process."
        " Revocations are always served. 0: no limit.",
    )
    api_auth_oauth2_limit_user = fields.Integer(
        "API OAuth2 Authenticated Calls by User",
        config_parameter=LIMIT_PARAMETER % "user",
        default=DEFAULT_LIMITS["user"],
        help="Calls a minute of token with one user's tokens, a public client's codes,"
        " or identities that Odoo issued, of one client of one API, in each server"
        " process: no user uses up what the users of a client share. Calls with the"
        " client secret are the application's own. 0: no limit.",
    )
    api_auth_oauth2_limit_refused_tokens = fields.Integer(
        "API OAuth2 Refused Tokens by Address",
        config_parameter=LIMIT_PARAMETER % "refused_tokens",
        default=DEFAULT_LIMITS["refused_tokens"],
        help="Access tokens a minute from one address that one server process refuses"
        " on protected routes; the next ones are answered 429 instead of 401. Valid"
        " tokens are served all the same. 0: no limit.",
    )
    api_auth_oauth2_event_retention_days = fields.Integer(
        "Keep Events For",
        config_parameter=RETENTION_PARAMETER,
        default=RETENTION_DAYS,
        help="Days after which a scheduled job deletes the lines of the audit log.",
    )

    def _compute_api_auth_oauth2_key_source(self):
        keys = Keyring(self.env).configured_keys()
        self.api_auth_oauth2_key_source = "configured" if keys else "database"

    def action_api_auth_oauth2_security_check(self):
        """:return: the dialog that tells what opens more than it should
        :raises AccessError: for others than Settings administrators
        """
        return self.env["oauth2.check"]._show_security()

    @api.constrains(*(f"api_auth_oauth2_limit_{name}" for name in DEFAULT_LIMITS))
    def _check_api_auth_oauth2_limits(self):
        for settings in self:
            if any(settings[f"api_auth_oauth2_limit_{n}"] < 0 for n in DEFAULT_LIMITS):
                raise ValidationError(
                    self.env._("A rate limit is 0, for none, or a number of calls.")
                )

    def set_values(self):
        self.check_access("write")  # any user may call it, on no record too
        form = self.with_context(**{SETTINGS_FORM: True})
        return super(ResConfigSettings, form).set_values()

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

    @api.constrains("api_auth_oauth2_event_retention_days")
    def _check_api_auth_oauth2_event_retention_days(self):
        for settings in self:
            if not 1 <= settings.api_auth_oauth2_event_retention_days <= 36500:
                raise ValidationError(
                    self.env._("Keep events for 1 day at least, and for 36500 at most.")
                )

"""What of the whole configuration opens more than it should.

- Settings administrators alone. Nothing is called, nothing is stored.
- Each rule looks at one thing and gives one line: good, or with the records meant.
- What is archived opens nothing and is not looked at.
"""

from dataclasses import replace

from odoo.exceptions import AccessError

from ..authentication.rate_limit import DEFAULT_LIMITS, RateLimit
from ..scopes.administration_models import is_administration
from ..server.base_url import BASE_URL_PARAMETER, redirect_uri_warning
from .check_line import bad, good, warning
from .server_check import ServerCheck

#: Records that a line names, at most
_NAMED = 5
#: Models of a scope above which it opens much
_MANY_MODELS = 15
_A_DAY = 24 * 3600


class SecurityCheck:
    def __init__(self, env):
        self.env = env
        whole = env(su=True)  # all companies' records
        self.apis = whole["oauth2.api"].search([])
        self.providers = whole["oauth2.provider"].search([])
        self.clients = whole["oauth2.client"].search([])
        self.lines = whole["oauth2.scope.line"].search(
            [("scope_id.api_id.active", "=", True)]
        )

    def run(self):
        """:return: list of ``CheckLine``
        :raises AccessError: for others than Settings administrators
        """
        if not self.env.is_system():
            raise AccessError(self.env._("Only Settings administrators may do that."))
        rules = (
            self._server,
            self._limits,
            self._apis,
            self._providers,
            self._clients,
            self._scopes,
        )
        return [line for rule in rules for line in rule() if line]

    def _line(self, level, check_id, found, text, advice, good_text):
        """:return: the line about records that a rule holds for, good where none is"""
        if not found:
            return good(check_id, good_text)
        names = found[:_NAMED].mapped("display_name")
        if len(found) > _NAMED:
            names.append("…")
        line = level(check_id, f"{text}: {', '.join(names)}.", advice)
        return replace(line, records=found)

    def _server(self):
        server = ServerCheck(self.env)
        yield server.encryption_key()
        yield server.address()
        yield server.proxy()
        parameters = self.env["ir.config_parameter"].sudo()
        names = (BASE_URL_PARAMETER, "web.base.url.freeze")
        if any(parameters.get_param(name) for name in names):
            yield good("base-url-frozen", self.env._("The base URL stays as it is."))
        else:
            yield warning(
                "base-url-frozen",
                self.env._(
                    "The base URL follows the address from which an administrator"
                    " logged in last."
                ),
                self.env._("Set it in Settings, API OAuth2."),
            )
        yield self._line(
            warning,
            "redirect-uri-changed",
            self.apis.filtered(redirect_uri_warning),
            self.env._("The redirect URI is another one than at the last sign-in"),
            self.env._(
                "Register the new one at the provider, or set the base URL back."
            ),
            self.env._("Redirect URIs are those of the last sign-ins."),
        )

    def _limits(self):
        off = [name for name in DEFAULT_LIMITS if not RateLimit(self.env).limit(name)]
        if off:
            yield warning(
                "rate-limits",
                self.env._("Rate limits are off: %s.", ", ".join(off)),
                self.env._("Set a number of calls a minute in Settings, API OAuth2."),
            )
        else:
            yield good("rate-limits", self.env._("All rate limits are on."))

    def _apis(self):
        yield self._line(
            bad,
            "api-trust-identity",
            self.apis.filtered("trust_identity"),
            self.env._("A caller needs no proof to get a user's tokens"),
            self.env._("Switch Trust Identities Without Proof off."),
            self.env._("All APIs demand proof for tokens."),
        )
        yield self._line(
            warning,
            "api-bearer-enabled",
            self.apis.filtered("bearer_enabled"),
            self.env._("Tokens open Odoo's own /json/2, too"),
            self.env._("Switch it off, unless clients can call no other address."),
            self.env._("Tokens open the addresses of their API alone."),
        )
        yield self._line(
            warning,
            "api-token-lifetime",
            self.apis.filtered(lambda each: each.access_token_lifetime > _A_DAY),
            self.env._("Access tokens live longer than a day"),
            self.env._("Shorten it: applications refresh them by themselves."),
            self.env._("Access tokens live a day at most."),
        )

    def _providers(self):
        vouching = self.providers.filtered("vouches_for_claim")
        yield self._line(
            bad if any(vouching.mapped("is_multi_tenant")) else warning,
            "provider-vouches",
            vouching,
            self.env._("Users become the Odoo user that an unverified claim names"),
            self.env._(
                "Be sure that only your own organisation's users exist there, and that"
                " they cannot choose the claim: else switch it off."
            ),
            self.env._("Users are matched by what their provider has verified."),
        )
        yield self._line(
            warning,
            "provider-private-addresses",
            self.providers.filtered("allow_private_addresses"),
            self.env._("Odoo may call addresses of your own network"),
            self.env._("Leave it only for a provider that you run yourself."),
            self.env._("Odoo calls providers on the internet alone."),
        )
        unbound = self.providers.filtered(
            lambda each: (
                not each.use_pkce and not (each.use_nonce and each._asks_for_openid())
            )
        )
        yield self._line(
            bad,
            "provider-unbound-code",
            unbound,
            self.env._("Neither PKCE nor nonce: a stolen code works for another user"),
            self.env._("Switch PKCE on, unless the provider refuses it."),
            self.env._("Codes are bound to their sign-in."),
        )
        yield self._line(
            warning,
            "provider-warnings",
            self.providers.filtered("warning"),
            self.env._("The forms of these providers warn of something"),
            self.env._("Open them, and read the yellow lines."),
            self.env._("No provider's form warns of anything."),
        )

    def _clients(self):
        confidential = self.clients.filtered(
            lambda each: each.client_type == "confidential"
        )
        yield self._line(
            warning,
            "client-require-secret",
            confidential.filtered(lambda each: not each._demands_secret()),
            self.env._("These applications need not send their secret"),
            self.env._("Set Require Secret where the application can send it."),
            self.env._("Applications that keep a secret must send it."),
        )
        yield self._line(
            warning,
            "client-follows-sign-in",
            self.clients.filtered("follows_sign_in"),
            self.env._("No page asks the users of these applications"),
            self.env._(
                "Switch Follows the Sign-in Itself off where users have browsers."
            ),
            self.env._("All users are asked before an application acts for them."),
        )
        yield self._line(
            bad,
            "client-service-user",
            self.clients.filtered(
                lambda each: (
                    each.allows_client_credentials and each.service_user_is_system
                )
            ),
            self.env._("These applications act as a Settings administrator"),
            self.env._("Give them a user of their own with the rights that they need."),
            self.env._("No application acts as a Settings administrator by itself."),
        )
        yield self._line(
            warning,
            "client-secret-ends",
            self.clients.filtered("secret_warning"),
            self.env._("The secret ends soon, or has ended"),
            self.env._("Make a new one, and give it to the application."),
            self.env._("No secret ends soon."),
        )

    def _scopes(self):
        deciding = self.lines.filtered(
            lambda each: is_administration(self.env, each.model_id.model)
        )
        writing = deciding.filtered(
            lambda each: (
                each.perm_create
                or each.perm_write
                or each.perm_unlink
                or each.method_names
            )
        )
        yield self._line(
            bad if writing else warning,
            "scope-administration",
            (writing or deciding).scope_id,
            self.env._("Scopes open models that decide who may do what"),
            self.env._("Take these lines out, unless the application is for that."),
            self.env._("No scope opens users, groups or settings."),
        )
        yield self._line(
            warning,
            "scope-methods",
            self.lines.filtered("method_names").scope_id,
            self.env._("Scopes open methods by name, whatever these do"),
            self.env._("Look at each method, and take out those not needed."),
            self.env._("Scopes open reading and writing alone, no methods by name."),
        )
        yield self._line(
            warning,
            "scope-many-models",
            self.lines.scope_id.filtered(
                lambda each: len(each.line_ids) > _MANY_MODELS
            ),
            self.env._("Scopes open very many models"),
            self.env._("Give applications a scope with what they need."),
            self.env._("No scope opens more than %s models.", _MANY_MODELS),
        )

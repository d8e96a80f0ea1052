"""Connect an application: from what the dialog holds to ordinary records.

- Nothing is made before ``make``; each step's check tells what that would refuse.
- All of it is made with the rights of the user, whom the records themselves limit.
- An API, a provider or a scope that is there already is used as it is.
"""

from urllib.parse import urlsplit

from odoo import Command
from odoo.exceptions import UserError

from ..authentication.client_secret import ClientSecrets
from ..calls.json2_methods import OPERATIONS
from ..configuration import client_rules
from ..configuration.client_trust import ClientTrust
from ..configuration.duplicate import first_free
from ..configuration.endpoint_names import RESERVED_ENDPOINTS, served_segments
from ..configuration.matching_words import in_words
from ..keys.keyring import Keyring
from ..providers import provider_presets
from ..providers.preset import WORDS
from ..providers.provider_calls import client_secret
from ..providers.provider_discovery import ProviderDiscovery
from ..scopes.scope_templates import make_scope, offered
from .connect_last_page import slug
from .snippets import POSTMAN_REDIRECT_URI

#: Presets whose addresses an issuer tells, and those that a person must write.
BY_ISSUER, BY_HAND = "oidc", "custom"
#: Where users come back to in tools (docs/connect.md; as documented, November 2026).
_N8N_PATH = "/rest/oauth2-credential/callback"
_N8N_CLOUD = (".n8n.cloud", "https://oauth.n8n.cloud/oauth2/callback")
_POSTMAN = (POSTMAN_REDIRECT_URI, "https://oauth.pstmn.io/v1/browser-callback")


class Connect:
    """The making of what one dialog, an ``oauth2.connect``, was filled in with."""

    def __init__(self, dialog):
        self.dialog = dialog
        self.env = dialog.env

    # What the dialog offers

    def free_endpoint(self):
        """:return: the endpoint of a new API, which no other page has"""
        Api = self.env["oauth2.api"].sudo().with_context(active_test=False)
        taken = RESERVED_ENDPOINTS | served_segments(self.env)
        return first_free("api", {*taken, *Api.search([]).mapped("endpoint")})

    def scope_choices(self):
        """What the application may be given: the API's scopes, and ready ones.

        :return: list of ``{"name", "label", "description", "chosen"}``
        """
        chosen = self._chosen_names()
        there = [
            {"name": s.name, "label": s._label(), "description": ""}
            for s in self.dialog.api_id.scope_ids
        ]
        names = {choice["name"] for choice in there}
        # What opens models has words; what routes ask for has their paths.
        more = sorted(offered(self._api_or_new()), key=lambda t: not t.lines)
        ready = [
            {"name": t.name, "label": t.label, "description": t.description}
            for t in more
            if t.name not in names
        ]
        return [
            {**choice, "chosen": choice["name"] in chosen} for choice in there + ready
        ]

    def provider_redirect_uri(self):
        """:return: what to paste at the provider"""
        dialog = self.dialog
        provider = dialog.sign_in == "existing" and dialog.provider_id
        oauth2_api = self._api_or_new()
        if provider:
            return provider._redirect_uri(oauth2_api)
        return oauth2_api.redirect_uri

    def matching(self):
        """:return: a sentence that tells which Odoo user a provider's user becomes"""
        dialog = self.dialog
        if dialog.sign_in == "existing":
            return in_words(dialog.provider_id)
        known = provider_presets.preset_values(dialog.preset or BY_HAND)
        names = "user_matching", "match_claim"
        values = self.env["oauth2.provider"].default_get(names)
        values |= {name: known[name] for name in names if known.get(name)}
        return in_words(self.env["oauth2.provider"].new(values))

    def addresses(self):
        """:return: ``{field: address}`` of the new provider, as far as known"""
        dialog = self.dialog
        words = {word: dialog[name] for word, name in WORDS.items()}
        return provider_presets.complete(dialog.preset or BY_HAND, words)

    # The checks of each step

    def check_application(self):
        """:raises ValidationError: where users come back to is no such address"""
        client = self.env["oauth2.client"].new({"redirect_uris": self._redirect_uris()})
        client_rules.check(client_rules.redirect_uris, client)

    def check_sign_in(self):
        """Read what a provider publishes, where the dialog asks for its issuer only.

        :raises UserError: it cannot be had, or a provider of that name is here
        """
        dialog = self.dialog
        if dialog.kind == "system" or dialog.sign_in != "new":
            return
        found = None
        if dialog.preset == BY_ISSUER:
            form = {
                "issuer": dialog.issuer,
                "scope": provider_presets.preset_values(BY_ISSUER)["scope"],
                "allow_private_addresses": dialog.allow_private_addresses,
            }
            values, notes = ProviderDiscovery(
                self.env["oauth2.provider"].new(form)
            ).fetch()
            found = {"values": values, "notes": notes}
        dialog.discovered = found
        name = self._provider_name()
        Provider = self.env["oauth2.provider"].with_context(active_test=False)
        if Provider.search_count([("name", "=", name)], limit=1):
            raise UserError(
                self.env._(
                    "%s is among the providers of this Odoo already: choose it under A"
                    " provider that is here already.",
                    name,
                )
            )

    # The last step

    def make(self):
        """Make the records.

        :return: ``(oauth2.client, the secret to show once or "")``
        :raises AccessError: the user may not make one of them
        :raises UserError: a record refuses what it was given
        """
        oauth2_api = self._api()
        client = self.env["oauth2.client"].create(
            {
                "name": self.dialog.name,
                "api_ids": [Command.set(oauth2_api.ids)],
                "scope_ids": [Command.set(self._scopes(oauth2_api).ids)],
                "client_type": "public" if self.dialog.is_public else "confidential",
                "redirect_uris": self._redirect_uris(),
                **self._caller(),
            }
        )
        self.dialog.write({"api_id": oauth2_api.id, "client_id": client.id})
        self.dialog.sudo().client_secret_encrypted = False
        return client, self._secret(client)

    def _api_or_new(self):
        """:return: the API, or one that is only thought of yet"""
        values = {"endpoint": self.dialog.endpoint}
        return self.dialog.api_id or self.env["oauth2.api"].new(values)

    def _api(self):
        oauth2_api, serves = self.dialog.api_id, {"json2_enabled": True}
        if not oauth2_api:
            endpoint = self.dialog.endpoint
            values = {"name": endpoint, "endpoint": endpoint, **serves}
            return self.env["oauth2.api"].create(values)
        if self.dialog.serve_json2 and not oauth2_api.json2_enabled:
            oauth2_api.write(serves)
        return oauth2_api

    def _scopes(self, oauth2_api):
        """:return: the chosen ones, those made that are not there yet"""
        names = self._chosen_names()
        scopes = oauth2_api.scope_ids.filtered(lambda scope: scope.name in names)
        for template in offered(oauth2_api):
            if template.name in names:
                scopes |= make_scope(oauth2_api, template)
        return scopes | self._own_scope(oauth2_api)

    def _own_scope(self, oauth2_api):
        """:return: the scope of the lines that were picked one by one, if any"""
        lines = self.dialog.line_ids
        if not lines:
            return self.env["oauth2.scope"]
        taken = set(oauth2_api.scope_ids.mapped("name"))
        scope = self.env["oauth2.scope"].create(
            {
                "api_id": oauth2_api.id,
                "name": first_free(slug(self.dialog), taken),
                "description": self.env._("What %s needs", self.dialog.name),
            }
        )
        self.env["oauth2.scope.line"].create(
            [
                {
                    "scope_id": scope.id,
                    "model_id": line.model_id.id,
                    **{f"perm_{each}": line[f"perm_{each}"] for each in OPERATIONS},
                }
                for line in lines
            ]
        )
        return scope

    def _caller(self):
        """:return: values of the client that say as whom it acts, and how it proves"""
        dialog = self.dialog
        if dialog.kind == "system":
            return {
                "allows_authorization_code": False,
                "allows_refresh_token": False,
                "allows_client_credentials": True,
                "service_user_id": self._service_user().id,
            }
        if dialog.sign_in == "here":
            return {}
        secret = self._provider_secret()
        return {
            "provider_id": self._provider().id,
            "client_identifier": (dialog.client_identifier or "").strip(),
            "client_secret": secret,
            "require_secret": bool(secret) and not dialog.is_public,
        }

    def _service_user(self):
        """:return: as whom a system acts: a new one may log in nowhere"""
        dialog = self.dialog
        if dialog.service_user_choice == "existing":
            return dialog.service_user_id
        quietly = {"no_reset_password": True, "active_test": False}
        Users = self.env["res.users"].with_company(dialog.company_id)
        Users = Users.with_context(**quietly)
        login = f"service-{slug(self.dialog)}"
        taken = Users.search([("login", "=like", f"{login}%")]).mapped("login")
        return Users.create(
            {
                "name": self.env._("%s (service user)", dialog.name),
                "login": first_free(login, set(taken)),
                "group_ids": [Command.set(self.env.ref("base.group_user").ids)],
            }
        )

    def _provider(self):
        dialog = self.dialog
        if dialog.sign_in == "existing":
            return dialog.provider_id
        known = provider_presets.preset_values(dialog.preset)
        return self.env["oauth2.provider"].create(
            {
                "name": self._provider_name(),
                "preset": dialog.preset,
                "allow_private_addresses": dialog.allow_private_addresses,
                **{name: value for name, value in known.items() if value is not None},
                **self.addresses(),
                **(dialog.discovered or {}).get("values", {}),
            }
        )

    def _provider_name(self):
        dialog = self.dialog
        name = provider_presets.name_of(dialog.preset)
        return name or urlsplit(dialog.issuer or "").hostname or dialog.preset

    def _provider_secret(self):
        """:return: the secret that was typed in, "" if none was"""
        kept = self.dialog.sudo().client_secret_encrypted
        return Keyring(self.env).decrypt(kept) or "" if kept else ""

    def _secret(self, client):
        """:return: the secret of a new client, "" if it has none"""
        if client.provider_id:
            return client_secret(client)
        if client.client_type == "public":
            return ""
        ClientTrust(client).check_rotation(client)
        return ClientSecrets(client).rotate()

    def _redirect_uris(self):
        """:return: text, a line each"""
        dialog = self.dialog
        if dialog.kind == "system":
            return ""
        if dialog.kind == "tool" and dialog.tool == "postman":
            return "\n".join(_POSTMAN)
        if dialog.kind == "tool" and dialog.tool == "n8n":
            base = (dialog.tool_address or "").strip().rstrip("/")
            suffix, shared = _N8N_CLOUD
            is_cloud = (urlsplit(base).hostname or "").endswith(suffix)
            return "\n".join([f"{base}{_N8N_PATH}", *([shared] if is_cloud else [])])
        return dialog.redirect_uris or ""

    def _chosen_names(self):
        return {each["name"] for each in self.dialog.scopes or [] if each["chosen"]}

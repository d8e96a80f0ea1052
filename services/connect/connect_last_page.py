"""What a dialog that connects an application shows at its end."""

import json
import shlex

from ..checks.check_line import GOOD
from ..checks.server_check import ServerCheck
from ..configuration.provider_warnings import provider_warnings
from .snippets import SECRET_PLACEHOLDER, Snippets


class ConnectLastPage:
    """The client that a dialog, an ``oauth2.connect``, has made, on its API."""

    def __init__(self, dialog):
        self.dialog = dialog
        self.env = dialog.env
        self.client, self.api = dialog.client_id, dialog.api_id

    def connection(self, secret):
        """
        :param str secret: the client's, where it was just made
        :return: dict of ``values`` and ``more_values``, lists of ``[label, value]``,
            ``snippets``, ``[key, label, text]``, and ``files``, ``[label, name, text]``
        """
        client, oauth2_api = self.client, self.api
        snippets = Snippets(client, oauth2_api, secret)
        settings = {
            "issuer": oauth2_api.issuer,
            "authorization_url": oauth2_api.authorization_url,
            "token_url": oauth2_api.token_url,
            "client_id": client.client_identifier,
            "client_secret": snippets.secret,
            "redirect_uri": next(iter(snippets.uris), ""),
            "scope": snippets.scope,
        }
        settings = {name: value for name, value in settings.items() if value}
        lines = [
            f"OAUTH2_{name.upper()}={shlex.quote(value)}\n"
            for name, value in settings.items()
        ]
        name, text = slug(self.dialog), json.dumps(settings, indent=2)
        files = [
            [".env", f"{name}.env", "".join(lines)],
            ["JSON", f"{name}.json", f"{text}\n"],
        ]
        # What cannot be shown is nothing to paste.
        values = [
            [label, value]
            for label, value in snippets.values()
            if value != SECRET_PLACEHOLDER
        ]
        return {
            "values": values,
            "more_values": snippets.more_values(),
            "snippets": snippets.snippets(),
            "files": files,
        }

    def remaining(self):
        """:return: what the administrator has still to do, a list of sentences"""
        client, oauth2_api = self.client, self.api
        flow = Snippets(client, oauth2_api).flow()
        if flow == "authorization_code" and not client._redirect_uris():
            yield self.env._(
                "The application has no redirect URI yet: add it on the client's form,"
                " or no user can sign in."
            )
        if provider := client.provider_id:
            yield self.env._(
                "At %(provider)s, the redirect URI of this Odoo must be registered:"
                " %(uri)s",
                provider=provider.name,
                uri=provider._redirect_uri(oauth2_api),
            )
            yield from (self.dialog.discovered or {}).get("notes", ())
            yield from provider_warnings(provider)
        if not client.scope_ids:
            yield self.env._(
                "It was given no scope: it can tell who its user is, and nothing else."
            )
        elif not oauth2_api.json2_enabled:
            yield self.env._("This API does not serve JSON-2: see its form.")
        if lacking := self._unreadable():
            yield self.env._(
                "The service user %(user)s may not do all of this yet. Give it rights"
                " for: %(models)s.",
                user=client.service_user_id.name,
                models=", ".join(lacking),
            )
        if self.dialog.kind != "system" and self.env.is_system():
            yield self.env._(
                "Users read that it is not verified, until you tick Verified on the"
                " client's form, once you know who runs it."
            )
        if oauth2_api.base_url_warning:
            yield oauth2_api.base_url_warning
        elif (line := ServerCheck(self.env).address()).level != GOOD:
            yield f"{line.text} {line.advice}"

    def _unreadable(self):
        """:return: names of models that scopes open and the service user may not use"""
        client = self.client
        if not client.service_user_id:
            return []
        env = self.env(user=client.service_user_id.id)
        return [
            line.model_id.name
            for line in client.scope_ids.line_ids
            if line.model_id.model in env
            and not all(
                env[line.model_id.model].has_access(operation)
                for operation in line._operations()
            )
        ]


def slug(dialog):
    """:return: the application's name, as files and scopes may be named"""
    return dialog.env["ir.http"]._slugify(dialog.name) or "application"

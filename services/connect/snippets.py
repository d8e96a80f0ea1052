"""What a developer pastes to connect a client to an API: values, programs, steps.

How the programs get a token:

1. a client with client credentials and without a redirect URI acts as its service user;
2. a client of a provider without a redirect URI speaks the JSON contract;
3. any other sends its user to the authorization endpoint, with PKCE.

The programs stand in ``data/snippets``, one for each way and language, with marks such
as ``{{client_id}}`` in texts. A line that names a secret or scope which the client does
not have is left out. What they do with the token follows: ``call``, which tells who it
is; and ``read``, where a scope of the client opens a model's records over JSON-2.
"""

import functools
import json
import re
from pathlib import Path
from urllib.parse import urlencode

from ...protocol.scope import scope_string

#: What stands for a secret: Odoo keeps a digest of its own, and shows none.
SECRET_PLACEHOLDER = "YOUR_CLIENT_SECRET"
REDIRECT_URI_PLACEHOLDER = "YOUR_REDIRECT_URI"
#: Where Postman has the browser end (its documentation, November 2026).
POSTMAN_REDIRECT_URI = "https://oauth.pstmn.io/v1/callback"

_FOLDER = Path(__file__).parents[2] / "data" / "snippets"
_PROGRAMS = [
    ("curl", "curl", "sh"),
    ("python", "Python", "py"),
    ("javascript", "JavaScript", "mjs"),
]
#: In a shell's text, or in a text with the escapes of JSON.
_MARK = re.compile(r"'\{\{(?P<shell>\w+)\}\}'|\{\{(?P<json>\w+)\}\}")


class Snippets:
    """Those of one client on one API; nothing is written."""

    def __init__(self, client, oauth2_api, secret=None):
        """:param str secret: where it was just made, and is shown"""
        self.env = client.env
        self.client = client
        self.api = oauth2_api
        self.uris = client._redirect_uris()
        self.secret = self._secret(secret)
        scopes = client._scopes_on(oauth2_api)
        self.scope = scope_string(scopes.mapped("name"))
        self.model = self._readable_model(scopes)

    def flow(self):
        """:return: ``client_credentials``, ``json_contract``, ``authorization_code``"""
        if not self.uris and "client_credentials" in self.client._grant_types():
            return "client_credentials"
        if not self.uris and self.client.provider_id:
            return "json_contract"
        return "authorization_code"

    def values(self):
        """:return: ``[(label, value)]`` to paste, those that each such client needs;
        first what is its own
        """
        flow = self.flow()
        authorization_url = flow == "authorization_code" and self.api.authorization_url
        sign_in_url = flow == "json_contract" and self.api.authorize_url
        pairs = [
            (self.env._("Client ID"), self.client.client_identifier),
            (self.env._("Client Secret"), self.secret),
            (self.env._("Authorization URL"), authorization_url),
            (self.env._("Sign-in URL"), sign_in_url),
            (self.env._("Token URL"), self.api.token_url),
        ]
        return [(label, value) for label, value in pairs if value]

    def more_values(self):
        """:return: ``[(label, value)]`` to paste where an application asks for them"""
        if self.flow() == "json_contract":
            return []
        pairs = [
            (self.env._("Issuer URL"), self.api.issuer),
            (self.env._("Scope"), self.scope),
        ]
        return [(label, value) for label, value in pairs if value]

    def snippets(self):
        """:return: ``[(key, label, text)]``; the keys are ``curl``, ``python``,
        ``javascript``, ``n8n`` and ``postman``
        """
        programs = [
            (key, label, self._program(suffix)) for key, label, suffix in _PROGRAMS
        ]
        return [
            *programs,
            ("n8n", "n8n", self._n8n()),
            ("postman", "Postman", self._postman()),
        ]

    def _secret(self, known):
        """:return: the secret or what stands for it, ``""`` for a client without one"""
        client = self.client
        has_none = client.provider_id and not client.has_client_secret
        if client.client_type == "public" or (has_none and not known):
            return ""
        return known or SECRET_PLACEHOLDER

    def _readable_model(self, scopes):
        """:return: name of a model whose records the client may read, ``""`` if none;
        contacts are in every Odoo, and everybody knows what they are
        """
        if not self.api.json2_enabled:
            return ""
        lines = scopes.line_ids.filtered("perm_read").mapped("model_name")
        names = [name for name in lines if name in self.env]
        return "res.partner" if "res.partner" in names else next(iter(names), "")

    def _program(self, suffix):
        values = {
            "api": self.api._resource_identifier(),
            "client_id": self.client.client_identifier,
            "client_secret": self.secret,
            "redirect_uri": self._redirect_uri(),
            "scope": self.scope,
            "authorization_request": self._authorization_request(),
            "model": self.model,
        }
        parts = [self.flow(), "call", *(["read"] if self.model else [])]
        program = "".join(_read(f"{part}.{suffix}") for part in parts)
        lacking = [name for name in ("client_secret", "scope") if not values[name]]
        return _MARK.sub(
            lambda mark: _written(mark, values),
            "".join(
                line
                for line in program.splitlines(keepends=True)
                if not any(name.upper() in line for name in lacking)
            ),
        )

    def _authorization_request(self):
        """:return: address of the authorization request, as far as it is the same each
        time
        """
        parameters = {
            "response_type": "code",
            "client_id": self.client.client_identifier,
            "redirect_uri": self._redirect_uri(),
            "scope": self.scope,
            "code_challenge_method": "S256",
        }
        given = {name: value for name, value in parameters.items() if value}
        return f"{self.api.authorization_url}?{urlencode(given)}"

    def _redirect_uri(self):
        return next(iter(self.uris), REDIRECT_URI_PLACEHOLDER)

    def _n8n(self):
        """By n8n's own names (its documentation, November 2026)."""
        grant_type, authorization_url = "Client Credentials", ""
        if is_attended := self.flow() != "client_credentials":
            grant_type, authorization_url = "PKCE", self.api.authorization_url
        hint = is_attended and self.env._(
            "n8n shows its OAuth Redirect URL there: add it to the redirect URIs of"
            " this client, and save. Then press Connect my account."
        )
        return self._steps(
            self.env._("Make a credential of the type OAuth2 API:"),
            {
                "Grant Type": grant_type,
                "Authorization URL": authorization_url,
                "Access Token URL": self.api.token_url,
                **self._credentials(),
                "Authentication": "Body",
            },
            hint,
            "HTTP Request",
        )

    def _postman(self):
        """By Postman's own names (its documentation, November 2026)."""
        attended, grant_type, hint = {}, "Client Credentials", ""
        if self.flow() != "client_credentials":
            grant_type = "Authorization Code (With PKCE)"
            attended = {
                "Callback URL": POSTMAN_REDIRECT_URI,
                "Authorize using browser": "on",
                "Auth URL": self.api.authorization_url,
                "Code Challenge Method": "SHA-256",
            }
            hint = POSTMAN_REDIRECT_URI not in self.uris and self.env._(
                "Add the callback URL to the redirect URIs of this client, and save."
            )
        return self._steps(
            self.env._(
                "Import the collection that the client's form has for download; or"
                " choose OAuth 2.0 in the tab Authorization:"
            ),
            {
                "Add auth data to": "Request Headers",
                "Grant type": grant_type,
                **attended,
                "Access Token URL": self.api.token_url,
                **self._credentials(),
                "Client Authentication": "Send client credentials in body",
            },
            hint,
            "Request",
        )

    def _credentials(self):
        return {
            "Client ID": self.client.client_identifier,
            "Client Secret": self.secret,
            "Scope": self.scope,
        }

    def _steps(self, first, values, hint, request):
        """:return: text of steps; values that are empty are left out"""
        written = [f"{label}: {value}" for label, value in values.items() if value]
        issuer = self.api._resource_identifier()
        calls = [f"{request}: GET {issuer}/oauth2/whoami"]
        if self.model:
            calls += [f"{request}: POST {issuer}/json/2/{self.model}/search_read"]
            calls += ['JSON: {"domain": [], "fields": ["display_name"], "limit": 3}']
        parts = [first, "\n".join(written), hint, "\n".join(calls)]
        return "\n\n".join(part for part in parts if part)


@functools.cache
def _read(name):
    return (_FOLDER / name).read_text(encoding="utf-8")


def _written(mark, values):
    """:return: a value as the text of a program; in a shell's it has JSON's escapes,
    too: the programs use it in texts of JSON and of curl's configuration
    """
    name = mark["shell"] or mark["json"]
    text = json.dumps(values[name], ensure_ascii=False)[1:-1]
    if mark["json"]:
        return text
    return "'" + text.replace("'", "'\\''") + "'"

"""A client's APIs as a Postman collection (format 2.1), made of their descriptions.

A folder for each API, with the client's way to a token; a request for each route and
for each method of a model that the client's scopes open. The secret is a variable
without a value: it is typed in at Postman.
"""

import json

from ...protocol.scope import scope_string
from ..server.base_url import base_url
from .openapi import OpenAPI
from .snippets import POSTMAN_REDIRECT_URI, Snippets

_SCHEMA = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"
_BASE = "{{baseUrl}}"
_SAMPLES = {
    "array": [],
    "boolean": False,
    "integer": 0,
    "null": None,
    "number": 0,
    "object": {},
    "string": "",
}


class PostmanCollection:
    """That of one client."""

    def __init__(self, client):
        self.env = client.env
        self.client = client

    def collection(self):
        """:return: the collection, a dict"""
        return {
            "info": {"name": self.client.name, "schema": _SCHEMA},
            "item": [self._folder(each) for each in self.client.api_ids],
            "variable": [
                {"key": "baseUrl", "value": base_url(self.env)},
                {"key": "clientSecret", "value": ""},
            ],
        }

    def _folder(self, oauth2_api):
        scopes = self.client._scopes_on(oauth2_api).mapped("name")
        described = OpenAPI(self.env).document(oauth2_api, scopes)
        schemas = described["components"]["schemas"]
        return {
            "name": oauth2_api.name,
            "auth": {"type": "oauth2", "oauth2": self._auth(oauth2_api, scopes)},
            "item": [
                _item(path, method.upper(), operation, schemas)
                for path, methods in described["paths"].items()
                for method, operation in methods.items()
            ],
        }

    def _auth(self, oauth2_api, scopes):
        """:return: ``[{"key", "value", "type"}]``, as Postman exports them"""
        made = Snippets(self.client, oauth2_api)
        is_unattended = made.flow() == "client_credentials"
        endpoint = f"{_BASE}/{oauth2_api.endpoint}/oauth2"
        values = {
            "grant_type": "client_credentials"
            if is_unattended
            else "authorization_code_with_pkce",
            "authUrl": f"{endpoint}/authorize",
            "accessTokenUrl": f"{endpoint}/token",
            "refreshTokenUrl": f"{endpoint}/token",
            "redirect_uri": POSTMAN_REDIRECT_URI,
            "useBrowser": True,
            "challengeAlgorithm": "S256",
            "clientId": self.client.client_identifier,
            "clientSecret": "{{clientSecret}}" if made.secret else "",
            "scope": scope_string(scopes),
            "client_authentication": "body",
            "addTokenTo": "header",
            "headerPrefix": "Bearer",
            "tokenName": self.client.name,
        }
        return [
            {
                "key": key,
                "value": value,
                "type": "boolean" if value is True else "string",
            }
            for key, value in values.items()
        ]


def _item(path, method, operation, schemas):
    parameters = operation["parameters"]
    request = {
        "method": method,
        "url": _url(path, parameters),
        "header": [],
        "description": operation.get("summary", ""),
    }
    if body := operation.get("requestBody"):
        schema = body["content"]["application/json"]["schema"]
        raw = json.dumps(_body(schema, schemas), indent=2)
        request["header"] = [{"key": "Content-Type", "value": "application/json"}]
        request["body"] = {
            "mode": "raw",
            "raw": raw,
            "options": {"raw": {"language": "json"}},
        }
    return {"name": f"{method} {path}", "request": request}


def _url(path, parameters):
    """:return: an address with ``:name`` for each part, optional parameters disabled"""
    parts = path.strip("/").split("/")
    parts = [part.replace("{", ":").replace("}", "") for part in parts]
    query = [
        {"key": each["name"], "value": "", "disabled": not each["required"]}
        for each in parameters
        if each["in"] == "query"
    ]
    sent = "&".join(f"{each['key']}=" for each in query if not each["disabled"])
    return {
        "raw": "/".join([_BASE, *parts]) + (sent and f"?{sent}"),
        "host": [_BASE],
        "path": parts,
        "query": query,
        "variable": [
            {"key": each["name"], "value": ""}
            for each in parameters
            if each["in"] == "path"
        ],
    }


def _body(schema, schemas):
    """:return: a body to begin with: what is needed, and what has an example"""
    return {
        name: _sample(each, schemas)
        for name, each in schema["properties"].items()
        if name in schema["required"] or "examples" in each
    }


def _sample(schema, schemas):
    if "$ref" in schema:
        schema = schemas[schema["$ref"].rpartition("/")[2]]
    if "anyOf" in schema:
        return _sample(schema["anyOf"][0], schemas)
    for given in ("examples", "enum"):
        if given in schema:
            return schema[given][0]
    return schema.get("default", _SAMPLES.get(schema.get("type")))

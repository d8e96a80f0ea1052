"""A description of an API by the OpenAPI Specification 3.1.

Of its texts those that are written here are static; the others come from scopes and
handlers.
"""

import enum
from dataclasses import dataclass, field

VERSION = "3.1.0"
#: The name of the one security scheme.
SCHEME = "oauth2"
_JSON = "application/json"
#: HTTP methods whose arguments travel in the query string.
_WITHOUT_BODY = frozenset(["GET", "HEAD", "DELETE"])

_ERROR = {
    "type": "object",
    "description": "RFC 6749 section 5.2. Rely on error: the rest is for people.",
    "properties": {
        "error": {"type": "string", "examples": ["invalid_token"]},
        "error_description": {"type": "string"},
    },
    "required": ["error", "error_description"],
}
_RESPONSES = {
    "InvalidRequest": "An argument is unknown, missing or of another type.",
    "InvalidToken": "No valid access token: refresh it, or authorize again.",
    "Forbidden": "The token lacks the scope, or its user the right.",
    "Error": "Any other error.",
}
_REFUSALS = {
    "400": "InvalidRequest",
    "401": "InvalidToken",
    "403": "Forbidden",
    "default": "Error",
}


@dataclass(frozen=True)
class Operation:
    """One method of one path."""

    path: str  #: with its parameters in braces
    method: str  #: GET, POST, …
    name: str  #: unique in the document
    tag: str
    summary: str = ""
    parameters: list = field(default_factory=list)  #: Parameter Objects
    body: dict | None = None  #: schema of the JSON body
    media_type: str = _JSON  #: of what it answers
    answer: dict = field(default_factory=dict)  #: schema of that
    #: Each is a set of scope names, one of which the token needs as a whole.
    scopes: tuple = (frozenset(),)

    def written(self):
        """:return: the Operation Object"""
        content = {self.media_type: {"schema": self.answer}}
        written = {
            "operationId": self.name,
            "tags": [self.tag],
            "summary": self.summary,
            "parameters": self.parameters,
            "security": [{SCHEME: sorted(names)} for names in self.scopes],
            "responses": {
                "200": {"description": "Served.", "content": content},
                **{
                    status: {"$ref": f"#/components/responses/{name}"}
                    for status, name in _REFUSALS.items()
                },
            },
        }
        if self.body is not None:
            content = {_JSON: {"schema": self.body}}
            is_required = bool(self.body.get("required"))
            written["requestBody"] = {"content": content, "required": is_required}
        return {key: value for key, value in written.items() if value or value == []}


def operation_of(method, arguments, in_path, **values):
    """An operation whose arguments are those of a handler.

    :param arguments: ``Arguments`` of ``protocol.handler_arguments``, None: not known
    :param in_path: ``{name: schema}`` of the parts of the path
    :param values: others of ``Operation``
    """
    parameters = [
        {"name": name, "in": "path", "required": True, "schema": schema}
        for name, schema in in_path.items()
    ]
    if arguments is None:
        return Operation(method=method, parameters=parameters, **values)
    body, needed = {}, []
    for name, argument_type in arguments.types.items():
        if name in in_path or name in arguments.given:
            continue
        schema, is_needed = dict(argument_type.schema), name in arguments.needed
        default = arguments.defaults.get(name)
        if isinstance(default, enum.Enum):
            default = default.value
        if type(default) in (bool, int, float, str):
            schema["default"] = default
        if method in _WITHOUT_BODY and argument_type.is_text():
            parameters.append(
                {"name": name, "in": "query", "required": is_needed, "schema": schema}
            )
        else:
            body[name] = schema
            needed += [name] * is_needed
    schema = None
    if body or (arguments.others and method not in _WITHOUT_BODY):
        others = arguments.others
        schema = {
            "type": "object",
            "properties": body,
            "required": needed,
            "additionalProperties": others.schema if others else False,
        }
    return Operation(method=method, parameters=parameters, body=schema, **values)


def document(title, metadata, scopes, operations, schemas):
    """Write the whole document.

    :param str title: name of the API
    :param metadata: of the authorization server (RFC 8414), whose addresses it has
    :param scopes: ``{name: description}``
    :param operations: ``Operation``; of two with one path and method the first counts
    :param schemas: ``{name: schema}`` that operations refer to
    :return: dict
    """
    paths = {}
    for each in sorted(operations, key=lambda operation: operation.path):
        paths.setdefault(each.path, {}).setdefault(each.method.lower(), each.written())
    responses = {
        name: {
            "description": text,
            "content": {_JSON: {"schema": {"$ref": "#/components/schemas/Error"}}},
        }
        for name, text in _RESPONSES.items()
    }
    written = {
        "openapi": VERSION,
        "info": {"title": title, "version": "1.0.0"},
        "servers": [{"url": _server(metadata["issuer"])}],
        "paths": paths,
        "components": {
            "schemas": {"Error": _ERROR, **schemas},
            "responses": responses,
            "securitySchemes": {SCHEME: _security_scheme(metadata, scopes)},
        },
    }
    if url := metadata.get("service_documentation"):
        written["externalDocs"] = {"url": url}
    return written


def _server(issuer):
    """Paths begin with the endpoint, as a protected route may have any path."""
    return issuer.rpartition("/")[0]


def _security_scheme(metadata, scopes):
    token = {"tokenUrl": metadata["token_endpoint"], "scopes": scopes}
    return {
        "type": "oauth2",
        "description": "Authorization code with PKCE (S256), or client credentials.",
        "flows": {
            "authorizationCode": {
                "authorizationUrl": metadata["authorization_endpoint"],
                "refreshUrl": metadata["token_endpoint"],
                **token,
            },
            "clientCredentials": token,
        },
    }

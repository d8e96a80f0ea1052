#!/usr/bin/env python3
"""Odoo's own client library on an API guarded by OAuth2: JSON-2 with an access token.

    pip install odoo-client-lib
    json2_library.py MODEL [FIELD…]     print the first ten records

An existing program changes two things: the address gets the API's name, and the access
token stands where the API key stood. What the token may do is said by scopes: lines of
models and operations in Settings, API OAuth2, Scopes.

The token is OAUTH2_ACCESS_TOKEN, or the one that python_client.py keeps.
"""

import json
import os
import pathlib
import sys

import odoolib


def connect(base_url, api, database, token):
    """Return a connection of odoo-client-lib (2.0 or newer) to one API.

    With the standard ports one call does:
    ``get_connection("odoo.example.com/orders", "json2s", 443, database, None, token)``
    """
    connection = odoolib.get_connection(
        protocol="json2", database=database, login=None, password=token
    )
    connection.connector.url = f"{base_url.rstrip('/')}/{api}/json/2/"
    return connection


def kept_token():
    """The token of the environment, or the one that python_client.py keeps."""
    if token := os.environ.get("OAUTH2_ACCESS_TOKEN"):
        return token
    file = os.environ.get("OAUTH2_FILE") or "~/.oauth2_python_client.json"
    return json.loads(pathlib.Path(file).expanduser().read_text())["access_token"]


def main(model="res.partner", *fields):
    """Print the first records of a model."""
    connection = connect(
        os.environ.get("OAUTH2_BASE_URL", "http://localhost:8069"),
        os.environ.get("OAUTH2_API", "demo"),
        os.environ.get("OAUTH2_DATABASE", ""),
        kept_token(),
    )
    found = connection.get_model(model).search_read(
        domain=[], fields=list(fields) or ["display_name"], limit=10
    )
    print(json.dumps(found, indent=2, ensure_ascii=False))


if __name__ == "__main__":
    main(*sys.argv[1:])

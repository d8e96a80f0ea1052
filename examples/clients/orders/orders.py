#!/usr/bin/env python3
"""The orders API from Python (it needs `requests`).

    orders.py list [--state draft]
    orders.py show ID
    orders.py create CUSTOMER_ID PRODUCT QUANTITY PRICE
    orders.py confirm ID

The token is OAUTH2_ACCESS_TOKEN, or the one that ../python_client.py keeps.
"""

import argparse
import json
import os
import pathlib
import sys

import requests

TIMEOUT_SECONDS = 30


class Refused(Exception):
    """Odoo said no; the text tells why."""


class Orders:
    """The four calls of the orders API."""

    def __init__(self, base_url, api, token, database=""):
        self.root = f"{base_url.rstrip('/')}/{api}/orders"
        self.session = requests.Session()
        self.session.headers["Authorization"] = f"Bearer {token}"
        if database:  # for servers with several
            self.session.headers["X-Odoo-Database"] = database

    def list(self, **filters):
        """Filters are state, created_since, limit and offset."""
        return self._call("GET", "", params=filters)

    def show(self, order_id):
        return self._call("GET", f"/{order_id}")

    def create(self, partner_id, lines, note=""):
        """Lines are dicts of product, quantity and price_unit."""
        body = {"partner_id": partner_id, "lines": lines, "note": note}
        return self._call("POST", "", json=body)

    def confirm(self, order_id):
        return self._call("POST", f"/{order_id}/confirm")

    def _call(self, method, path, **content):
        answer = self.session.request(
            method, self.root + path, timeout=TIMEOUT_SECONDS, **content
        )
        try:
            told = answer.json()
        except ValueError:
            raise Refused(
                f"{answer.status_code}: not JSON; is the address right?"
            ) from None
        if not answer.ok:
            raise Refused(f"{answer.status_code} {told.get('error_description')}")
        return told


def kept_token():
    """The token of the environment, or the one that python_client.py keeps."""
    if token := os.environ.get("OAUTH2_ACCESS_TOKEN"):
        return token
    file = os.environ.get("OAUTH2_FILE") or "~/.oauth2_python_client.json"
    try:
        return json.loads(pathlib.Path(file).expanduser().read_text())["access_token"]
    except (OSError, KeyError, ValueError):
        raise Refused("There is no token: see ../python_client.py authorize") from None


def main(arguments=None):
    """Run one command; return the exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("list").add_argument("--state")
    for name in ("show", "confirm"):
        commands.add_parser(name).add_argument("id", type=int)
    create = commands.add_parser("create")
    create.add_argument("customer_id", type=int)
    create.add_argument("product")
    create.add_argument("quantity", type=float)
    create.add_argument("price", type=float)
    options = parser.parse_args(arguments)
    try:
        orders = Orders(
            os.environ.get("OAUTH2_BASE_URL", "http://localhost:8069"),
            os.environ.get("OAUTH2_API", "demo"),
            kept_token(),
            os.environ.get("OAUTH2_DATABASE", ""),
        )
        if options.command == "list":
            told = orders.list(**({"state": options.state} if options.state else {}))
        elif options.command == "create":
            line = {
                "product": options.product,
                "quantity": options.quantity,
                "price_unit": options.price,
            }
            told = orders.create(options.customer_id, [line])
        else:
            told = getattr(orders, options.command)(options.id)
        print(json.dumps(told, indent=2, ensure_ascii=False))
    except (Refused, requests.RequestException) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

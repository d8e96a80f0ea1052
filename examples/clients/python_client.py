#!/usr/bin/env python3
"""An application that calls an Odoo API guarded by OAuth2, in one file.

    python_client.py authorize       print the address where your user signs in
    python_client.py wait            wait until your user has signed in and decided
    python_client.py call [PATH]     GET /<api>/PATH with the access token
    python_client.py refresh         get a new access token
    python_client.py revoke          give the access up
    python_client.py keep            store the token information you paste

What it must remember (who the user is for Odoo, and the tokens) is in one file that
only you can read. It needs `requests`; README.md tells more.
"""

import argparse
import json
import os
import pathlib
import sys
import time

try:
    import requests
except ImportError:
    sys.exit(
        "This needs requests: apt-get install python3-requests, or pip install requests"
    )

TIMEOUT_SECONDS = 30
UNAUTHORIZED = 401


class Refused(Exception):
    """Odoo said no; the text tells why and what to do, `code` is the error's name."""

    def __init__(self, text, code=""):
        super().__init__(text)
        self.code = code


class Memory:
    """What is kept from one run to the next: identity and token information."""

    def __init__(self, path):
        self.path = pathlib.Path(path).expanduser()

    def read(self):
        """Return what was written last, {} if nothing was."""
        try:
            return json.loads(self.path.read_text())
        except FileNotFoundError:
            return {}

    def write(self, values):
        """Replace the file in one go; no other user may read it."""
        fresh = self.path.with_name(self.path.name + ".new")
        fresh.unlink(missing_ok=True)
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            json.dump(values, file, indent=2)
        fresh.replace(self.path)

    def forget(self):
        """Remove the file."""
        self.path.unlink(missing_ok=True)


class Client:
    """One user of one application on one API."""

    def __init__(self, options, memory):
        self.root = f"{options.base_url.rstrip('/')}/{options.api}"
        self.client_id = options.client_id
        self.client_secret = options.client_secret
        self.headers = {}
        if options.database:
            # For servers with several databases.
            self.headers["X-Odoo-Database"] = options.database
        self.memory = memory

    def authorize(self):
        """Ask where the user signs in; return the address."""
        identity = self.memory.read().get("client_user_identity")
        told = self._endpoint("provider/authorize", identity)
        # Odoo made this name up. It is a secret: all who know it can refresh.
        kept = {"client_user_identity", "interval"} & told.keys()
        self.memory.write({name: told[name] for name in kept})
        return told["authorization_url"]

    def wait(self):
        """Ask for the tokens until the user has decided; store them.

        Raises Refused when the user says no, or takes too long.
        """
        seconds = self.memory.read().get("interval", 5)
        while True:
            try:
                return self.refresh()
            except Refused as refusal:
                if refusal.code == "slow_down":
                    seconds += 5
                elif refusal.code != "authorization_pending":
                    raise
            time.sleep(seconds)

    def keep(self, information):
        """Store token information: what `refresh` got, or what the browser showed."""
        if "access_token" not in information:
            raise Refused("That is no token information: it has no access_token")
        self.memory.write({**self.memory.read(), **information})

    def call(self, path):
        """Call a protected route; return its JSON.

        An expired access token is replaced once. So is a missing one: after the user
        has signed in, the identity is enough to get a token.
        """
        token = self.memory.read().get("access_token") or self.refresh()
        answer = self._get(path, token)
        if answer.status_code == UNAUTHORIZED:
            answer = self._get(path, self.refresh())
        return _json(answer)

    def refresh(self):
        """Get new token information and store it; return the access token."""
        told = self._endpoint("token", self._identity())
        self.keep(told)
        return told["access_token"]

    def revoke(self):
        """End the access, here and at the provider; return what Odoo says."""
        told = self._endpoint("revoke", self._identity())
        self.memory.forget()
        return told

    def _identity(self):
        try:
            return self.memory.read()["client_user_identity"]
        except KeyError:
            raise Refused("No user has signed in yet: run `authorize` first") from None

    def _endpoint(self, name, identity):
        """POST to one of the API's OAuth2 endpoints; return its JSON."""
        body = {"client_id": self.client_id}
        if identity:
            body["client_user_identity"] = identity
        # The secret goes into the header (HTTP Basic), for clients that must send it.
        credentials = (self.client_id, self.client_secret)
        answer = requests.post(
            f"{self.root}/oauth2/{name}",
            json=body,
            headers=self.headers,
            auth=credentials if self.client_secret else None,
            timeout=TIMEOUT_SECONDS,
        )
        return _json(answer)

    def _get(self, path, token):
        return requests.get(
            f"{self.root}/{path.lstrip('/')}",
            headers={**self.headers, "Authorization": f"Bearer {token}"},
            timeout=TIMEOUT_SECONDS,
        )


def _json(answer):
    """Return an answer's JSON; raise Refused if it is an error."""
    try:
        told = answer.json()
    except ValueError:
        raise Refused(
            f"{answer.status_code}: not JSON; is the address right?"
        ) from None
    if answer.ok:
        return told
    retry_after = answer.headers.get("Retry-After")
    hint = f" (try again in {retry_after} seconds)" if retry_after else ""
    error, description = told.get("error"), told.get("error_description")
    raise Refused(f"{answer.status_code} {error}: {description}{hint}", error)


def _explained(error, base_url):
    """Return what a person should read of an error that ended the command."""
    no_answer = isinstance(error, (requests.ConnectionError, requests.Timeout))
    if no_answer and not isinstance(error, requests.exceptions.SSLError):
        return f"No answer from {base_url}: is Odoo running, is OAUTH2_BASE_URL right?"
    return error


def _options(arguments):
    """Read the command line; the environment fills in what is left out."""

    def setting(name, default=None):
        return os.environ.get(f"OAUTH2_{name}") or default

    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--base-url",
        default=setting("BASE_URL", "http://localhost:8069"),
        help="Odoo's address [OAUTH2_BASE_URL, %(default)s]",
    )
    parser.add_argument(
        "--api",
        default=setting("API", "demo"),
        help="endpoint of the API [OAUTH2_API, %(default)s]",
    )
    parser.add_argument(
        "--client-id",
        default=setting("CLIENT_ID", "demo-app"),
        help="this application's name [OAUTH2_CLIENT_ID, %(default)s]",
    )
    parser.add_argument(
        "--file",
        default=setting("FILE", "~/.oauth2_python_client.json"),
        help="where identity and tokens are kept [OAUTH2_FILE, %(default)s]",
    )
    parser.add_argument(
        "--database",
        default=setting("DATABASE"),
        help="for a server with several databases [OAUTH2_DATABASE]",
    )
    commands = parser.add_subparsers(dest="command", required=True)
    for name in ("authorize", "wait", "refresh", "revoke", "keep"):
        commands.add_parser(name)
    commands.add_parser("call").add_argument("path", nargs="?", default="partners")
    options = parser.parse_args(arguments)
    # Never on the command line, which other users of the machine can read.
    options.client_secret = setting("CLIENT_SECRET")
    return options


def main(arguments=None):
    """Run one command; return the exit status."""
    options = _options(arguments)
    client = Client(options, Memory(options.file))
    try:
        if options.command == "authorize":
            print(client.authorize())
        elif options.command == "wait":
            client.wait()
            print("The user allowed it: there is an access token.")
        elif options.command == "call":
            print(json.dumps(client.call(options.path), indent=2, ensure_ascii=False))
        elif options.command == "refresh":
            client.refresh()
            print("There is a new access token.")
        elif options.command == "revoke":
            print(json.dumps(client.revoke()))
        elif options.command == "keep":
            client.keep(json.load(sys.stdin))
    except (Refused, requests.RequestException, ValueError) as error:
        print(_explained(error, options.base_url), file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

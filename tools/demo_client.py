"""Run the client script of the examples against the demo."""

import json
import os
import pathlib
import subprocess
import sys
import tempfile

import demo_print
from demo_browser import sign_in

SCRIPT = pathlib.Path(__file__).parents[1] / "examples" / "clients" / "python_client.py"


def run(base, user):
    """Run the script's commands; yields (what should be, whether it is).

    :param base: Odoo's address
    :param user: who signs in when the script prints where
    """
    with tempfile.TemporaryDirectory() as folder:
        memory = pathlib.Path(folder) / "memory.json"
        client = _Script(base, memory)
        url = client.run("authorize")
        yield "it prints where to sign in", url.startswith("http")
        answer = sign_in(url, user, base, show=False)
        yield f"{user} signs in there", answer.status_code == 200
        contacts = client.run("call", "partners?limit=2")
        yield "it calls the route", _is_json(contacts, list)
        yield "it gets a new token", "access token" in client.run("refresh")
        contacts = client.run("call", "partners?limit=2")
        yield "it calls the route again", _is_json(contacts, list)
        yield "it gives the access up", _is_json(client.run("revoke"), dict)
        yield "it leaves no token behind", not memory.exists()


class _Script:
    """The script with its settings."""

    def __init__(self, base, memory):
        self.env = os.environ | {
            "OAUTH2_BASE_URL": base,
            "OAUTH2_API": "demo",
            "OAUTH2_CLIENT_ID": "demo-app",
            "OAUTH2_FILE": str(memory),
        }

    def run(self, *words):
        """Run one command of the script; returns what it prints."""
        print(f"   $ python_client.py {' '.join(words)}")
        answer = subprocess.run(
            [sys.executable, SCRIPT, *words],
            env=self.env,
            capture_output=True,
            text=True,
            check=False,
        )
        printed = answer.stdout.strip()
        lines = (printed or answer.stderr.strip()).splitlines() or [""]
        for line in lines[:3]:
            print(f"     {demo_print.without_secrets(line)[:200]}")
        if len(lines) > 3:
            print(f"     … and {len(lines) - 3} more lines")
        return printed


def _is_json(text, kind):
    """Whether the text is JSON of that kind, with something in it."""
    try:
        told = json.loads(text)
    except ValueError:
        return False
    return isinstance(told, kind) and bool(told)

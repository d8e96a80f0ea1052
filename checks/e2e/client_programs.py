"""Client libraries that others use, unmodified, as programs (``tools/clients``)."""

import contextlib
import json
import os
import subprocess
import sys
from pathlib import Path

from server import SECONDS

NODE = os.environ.get("OAUTH2_TEST_NODE")
PYTHON = os.environ.get("OAUTH2_TEST_CLIENTS_PYTHON")
_IN_NODE = Path(os.environ.get("OAUTH2_TEST_NODE_CLIENTS", ""))
_IN_PYTHON = Path(os.environ.get("OAUTH2_TEST_PYTHON_CLIENTS", ""))

OPENID_CLIENT = NODE, _IN_NODE / "openid_client.mjs"
OAUTH4WEBAPI = NODE, _IN_NODE / "oauth4webapi.mjs"
AUTHLIB = PYTHON, _IN_PYTHON / "authlib_client.py"
REQUESTS_OAUTHLIB = PYTHON, _IN_PYTHON / "requests_oauthlib_client.py"


class StockClient:
    """A running one: JSON lines in and out."""

    def __init__(self, process):
        self._process = process

    def tell(self, **value):
        self._process.stdin.write(f"{json.dumps(value)}\n")
        self._process.stdin.flush()

    def hear(self):
        """Return what it says next, a dict; AssertionError where it failed instead."""
        line = self._process.stdout.readline()
        if not line:
            raise AssertionError(self._process.communicate(timeout=SECONDS)[1])
        return json.loads(line)


@contextlib.contextmanager
def running(program, **task):
    """Run a program with its task; yields the ``StockClient``."""
    # Its packages are its own, and so is the folder that it is in.
    env = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
    env["PYTHONDONTWRITEBYTECODE"] = "1"
    with subprocess.Popen(
        program,
        env=env,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        client = StockClient(process)
        try:
            client.tell(**task)
            yield client
        except BaseException:
            process.kill()
            raise
        if process.wait(timeout=SECONDS):
            sys.stderr.write(process.stderr.read())
            raise AssertionError(f"{program} ended with {process.returncode}")

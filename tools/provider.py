"""The independent OpenID provider (node-oidc-provider) and the Node it runs on."""

import contextlib
import json
import subprocess
from dataclasses import dataclass

import npm
import places
import processes
from console import Failure

SOURCE = places.TOOLS / "provider"


@dataclass(frozen=True)
class Provider:
    """An installed provider: ``node server`` starts it."""

    node: str
    server: str


def install(python):
    """Install the provider with the Node of the virtual environment."""
    folder = npm.place(python, SOURCE, "the OpenID provider (node-oidc-provider)")
    return Provider(npm.node(python), str(folder / "server.mjs"))


@contextlib.contextmanager
def serving(installed, document):
    """Run the provider with its JSON document; yields what its READY line says."""
    command = [installed.node, installed.server, json.dumps(document)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with processes.running(command, **pipes) as child:
        yield _ready(child)


def _ready(child):
    """The endpoints of a provider that has just been started."""
    for line in child.stdout:
        if line.startswith(b"READY "):
            return json.loads(line.removeprefix(b"READY "))
    raise Failure("The OpenID provider did not start; what it said is above")

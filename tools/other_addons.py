"""Addons of others: where they are, and that Odoo installs them."""

import dataclasses
import pathlib

import places
from console import Failure


def found(folder):
    """The folders of the addons that a path names: one itself, or what lies in it."""
    folder = pathlib.Path(folder).resolve()
    manifests = [folder / "__manifest__.py", *sorted(folder.glob("*/__manifest__.py"))]
    addons = [manifest.parent for manifest in manifests if manifest.exists()]
    if not addons:
        raise Failure(f"{folder} is no addon, and there is none in it")
    return addons[:1] if addons[0] == folder else addons


def put_on_path(odoo, addons):
    """Have an Odoo find them, beside its own and ours."""
    searched = (*odoo.home.addons, addons[0].parent)
    odoo.home = dataclasses.replace(odoo.home, addons=searched)


def check_installed(made, database, addons, log):
    """Raise Failure where one of them is not: Odoo goes on without what it lacks."""
    there = made.execute(
        database, "SELECT name FROM ir_module_module WHERE state = 'installed'"
    )
    if absent := {addon.name for addon in addons} - {name for (name,) in there}:
        names = ", ".join(sorted(absent))
        raise Failure(f"Odoo did not install {names}; see {places.LOGS / log}")

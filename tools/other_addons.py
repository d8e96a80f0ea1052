"""Addons of others: where they are, and that Odoo finds and installs them."""

import dataclasses
import pathlib

import places
from console import Failure


def found(folder):
    """The folders of the addons that a path names: one itself, or what lies in it."""
    folder = pathlib.Path(folder).resolve()
    addons = _inside(folder)
    if not addons:
        raise Failure(f"{folder} is no addon, and there is none in it")
    return addons


def named(names):
    """The addons whose folder is the NAME of ``./dev test``; none where tests are ours.

    Raises Failure where more is named beside a folder.
    """
    ours = {places.ROOT, places.PROBE, *places.examples(), *places.companions()}
    for name in names:
        addons = _inside(pathlib.Path(name).resolve())
        if addons and not ours & set(addons):
            if len(names) > 1:
                raise Failure(f"{name} is a folder of addons: name it alone")
            return addons
    return []


def put_on_path(odoo, addons):
    """Have an Odoo find them, beside its own and ours."""
    searched = (*odoo.home.addons, *{addon.parent for addon in addons})
    odoo.home = dataclasses.replace(odoo.home, addons=searched)


def remember(database, addons):
    """Note which addons of others a database has, until it is made again."""
    _memory(database).write_text("".join(f"{addon}\n" for addon in addons))


def find_those_of(odoo, made, database):
    """Have an Odoo find all addons of a database: those remembered, too.

    Raises Failure where it cannot: Odoo goes on without what it does not find.
    """
    memory = _memory(database)
    lines = memory.read_text().splitlines() if memory.exists() else []
    put_on_path(odoo, addons := [pathlib.Path(line) for line in lines])
    searched = (*odoo.home.addons, odoo.addons or places.link_addons())
    where = {addon.name: f"{addon.name} ({addon})" for addon in addons}
    lost = [
        where.get(name, name)
        for name in sorted(_installed(made, database))
        if not any((folder / name / "__manifest__.py").exists() for folder in searched)
    ]
    if lost:
        raise Failure(
            f"The database {database} has addons that are not found: {', '.join(lost)}."
            " Put them back, or ./dev demo FOLDER makes a fresh database with yours"
        )


def check_installed(made, database, addons, log):
    """Raise Failure where one of them is not: Odoo goes on without what it lacks."""
    if absent := {addon.name for addon in addons} - _installed(made, database):
        names = ", ".join(sorted(absent))
        raise Failure(f"Odoo did not install {names}; see {places.LOGS / log}")


def _inside(folder):
    manifests = [folder / "__manifest__.py", *sorted(folder.glob("*/__manifest__.py"))]
    addons = [manifest.parent for manifest in manifests if manifest.exists()]
    return addons[:1] if folder in addons else addons


def _installed(made, database):
    query = "SELECT name FROM ir_module_module WHERE state = 'installed'"
    return {name for (name,) in made.execute(database, query)}


def _memory(database):
    """The file with the folders of a database's addons, a line each."""
    return places.DEV / f"addons-of-{database}"

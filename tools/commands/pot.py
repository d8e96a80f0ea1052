"""pot [--po]     write the templates of translations, i18n/*.pot, and refresh i18n/*.po

Says for each language how many terms have no translation, or need none. With --po the
templates stay as they are, and no Odoo is asked. A new language begins as an empty
i18n/<code>.po.
"""

import pathlib
import shutil
import tempfile

import polib

import catalogues
import console
import databases
import export
import odoo_server
import places
from console import Failure

SCRIPT = """
from odoo.tools.translate import trans_export
with open({path!r}, "wb") as target:
    trans_export(None, [{module!r}], target, "po", env)
"""


def run(args):
    """Write the templates, unless ``--po`` is given; refresh the catalogues."""
    if set(args) - {"--po"}:
        raise Failure("./dev pot knows only --po")
    if not args:
        _write_templates()
    for pot in catalogues.templates():
        for path in catalogues.catalogues(pot):
            missing = catalogues.refresh(path, pot)
            file = path.relative_to(places.ROOT)
            console.say(f"{file}: {missing} terms without a translation, or need none")


def _write_templates():
    """Install the addon and its companions on a fresh database; export their terms."""
    with (
        tempfile.TemporaryDirectory() as addons,
        odoo_server.ready() as odoo,
        databases.opened(odoo) as made,
        made.temporary("pot") as database,
    ):
        shutil.rmtree(export.working_tree(addons) / "tests")  # their texts are no terms
        without = shutil.ignore_patterns("tests")
        for companion in places.companions():
            shutil.copytree(companion, f"{addons}/{companion.name}", ignore=without)
        path = ["--addons-path", ",".join(map(str, [*odoo.home.addons, addons]))]
        for pot in catalogues.templates():
            told = pathlib.Path(addons, f"{pot.stem}.pot")
            install = [*path, "-i", pot.stem, "--stop-after-init"]
            odoo.run(database, install, log="pot-install.log")
            script = SCRIPT.format(path=str(told), module=pot.stem)
            odoo.run(database, path, log="pot.log", script=script)
            pot.parent.mkdir(exist_ok=True)
            catalogues.write_template(pot, polib.pofile(told))

"""pot            write the template of translations, i18n/api_auth_oauth2.pot, anew"""

import pathlib
import shutil
import tempfile

import databases
import odoo_server
import places
from console import Failure

TARGET = places.ROOT / "i18n" / f"{places.ADDON}.pot"

# No part of the addon; and .dev leads to the addon again, for ever.
OUTSIDE = shutil.ignore_patterns(".*", "__pycache__", "examples", "tests", "tools")

SCRIPT = """
from odoo.tools.translate import trans_export
with open({path!r}, "wb") as target:
    trans_export(None, [{module!r}], target, "po", env)
"""


def run(args):
    """Install the addon on a fresh database and export its terms."""
    if args:
        raise Failure("./dev pot takes no arguments")
    TARGET.parent.mkdir(exist_ok=True)
    script = SCRIPT.format(path=str(TARGET), module=places.ADDON)
    with (
        tempfile.TemporaryDirectory() as addons,
        odoo_server.ready() as odoo,
        databases.opened(odoo) as made,
        made.temporary("pot") as database,
    ):
        shutil.copytree(places.ROOT, pathlib.Path(addons, places.ADDON), ignore=OUTSIDE)
        path = ["--addons-path", ",".join(map(str, [*odoo.home.addons, addons]))]
        install = [*path, "-i", places.ADDON, "--stop-after-init"]
        odoo.run(database, install, log="pot-install.log")
        odoo.run(database, path, log="pot.log", script=script)

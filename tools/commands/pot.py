"""pot            write the template of translations, i18n/api_auth_oauth2.pot"""

import shutil
import tempfile

import databases
import export
import odoo_server
import places
from console import Failure

TARGET = places.ROOT / "i18n" / f"{places.ADDON}.pot"

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
        shutil.rmtree(export.working_tree(addons) / "tests")  # their texts are no terms
        path = ["--addons-path", ",".join(map(str, [*odoo.home.addons, addons]))]
        install = [*path, "-i", places.ADDON, "--stop-after-init"]
        odoo.run(database, install, log="pot-install.log")
        odoo.run(database, path, log="pot.log", script=script)

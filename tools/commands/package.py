"""package [FOLDER]  make a zip and a wheel of the last commit

Both hold the addon alone and go to FOLDER, or .dev/package. Unpack the zip in a folder
of Odoo's addons_path, or have pip install the wheel into Odoo's Python.
"""

import os
import pathlib
import shutil
import tempfile

import console
import export
import places
import processes
import python_env
from console import Failure

# Whool builds in the current folder.
BUILD = "import sys; from whool import buildapi; buildapi.build_wheel(sys.argv[1])"


def run(args):
    """Make both, and say where they are."""
    if len(args) > 1:
        raise Failure("./dev package takes a folder, or nothing")
    target = pathlib.Path(*args or [places.DEV / "package"]).absolute()
    if export.differs_from_head():
        console.say("· What is not committed is not in the package")
    for made in build(target):
        console.say(str(made))


def build(target):
    """Make zip and wheel in a folder; return their paths."""
    target.mkdir(parents=True, exist_ok=True)
    python = python_env.for_package()
    # Outside of the repository: whool would take its files for the addon's.
    with tempfile.TemporaryDirectory(prefix="aao2-package-") as folder:
        addon = export.head(folder)
        env = os.environ | {"GIT_CEILING_DIRECTORIES": folder}
        command = [python, "-c", BUILD, target]
        processes.run_logged(
            command, "package.log", "build the wheel", cwd=addon, env=env
        )
        name = target / places.ADDON
        zipped = shutil.make_archive(str(name), "zip", folder, places.ADDON)
    wheel = max(target.glob("odoo_addon_*.whl"), key=lambda path: path.stat().st_mtime)
    return pathlib.Path(zipped), wheel

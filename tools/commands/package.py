"""package [FOLDER]  make a zip and wheels of the last commit

They hold the addon and its companions alone and go to FOLDER, or .dev/package. Unpack
the zip in a folder of Odoo's addons_path, or have pip install the wheels, one for each,
into Odoo's Python.
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
    """Make them, and say where they are."""
    if len(args) > 1:
        raise Failure("./dev package takes a folder, or nothing")
    target = pathlib.Path(*args or [places.DEV / "package"]).absolute()
    if export.differs_from_head():
        console.say("· What is not committed is not in the package")
    for made in build(target):
        console.say(str(made))


def build(target):
    """Make zip and wheels in a folder; return their paths, the addon's wheel second."""
    target.mkdir(parents=True, exist_ok=True)
    python = python_env.for_package()
    # Outside of the repository: whool would take its files for the addon's.
    with tempfile.TemporaryDirectory(prefix="aao2-package-") as folder:
        addons = [export.head(folder)]
        addons += [export.companion(path, folder) for path in places.companions()]
        env = os.environ | {"GIT_CEILING_DIRECTORIES": folder}
        command = [python, "-c", BUILD, target]
        for addon in addons:
            processes.run_logged(
                command, "package.log", "build the wheel", cwd=addon, env=env
            )
        zipped = shutil.make_archive(str(target / places.ADDON), "zip", folder)
    return [pathlib.Path(zipped), *(_wheel(target, addon.name) for addon in addons)]


def _wheel(target, name):
    found = target.glob(f"odoo_addon_{name}-*.whl")
    return max(found, key=lambda path: path.stat().st_mtime)

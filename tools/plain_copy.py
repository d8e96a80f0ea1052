"""Check the addon as it is installed: ``plain_copy.py pylint`` or ``… layers``.

Some rules need a copy whose folder has the addon's name and no ``.git``: of a checkout,
whatever it is called, pylint-odoo does not tell which classes extend one model (R8180).
Runs under a Python that has the checker, for ``./dev lint`` and for pre-commit.
"""

import os
import shutil
import subprocess
import sys
import tempfile

import export
import places
from console import Failure

CHECKS = {
    "pylint": [
        *("-m", "pylint", "--rcfile", places.ROOT / ".pylintrc"),
        *places.all_modules(),
    ],
    "layers": [
        *("-c", "from importlinter.cli import lint_imports_command as c; c()"),
        *("--no-cache", places.ROOT / ".importlinter"),
    ],
}


def main(check):
    """Run a check over a fresh copy of our addons; its status."""
    with tempfile.TemporaryDirectory(prefix="aao2-copy-") as folder:
        export.working_tree(folder)
        for beside in (*places.examples(), *places.companions()):
            shutil.copytree(beside, f"{folder}/{beside.name}")
        return subprocess.run(
            [sys.executable, *CHECKS[check]],
            cwd=folder,
            env=os.environ | {"PYTHONPATH": folder},
            check=False,
        ).returncode


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1]))
    except Failure as failure:
        sys.exit(str(failure))

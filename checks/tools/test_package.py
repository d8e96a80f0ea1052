"""What ``./dev package`` hands out, and on what ``./dev test`` runs."""

import subprocess
import tempfile
import unittest
import zipfile
from pathlib import Path

import export
import places
from commands import package

#: What an addon consists of, and what its users read.
ADDON = {
    *("__init__.py", "__manifest__.py", "hooks.py", "oauth2.py"),
    *("controllers", "data", "demo", "i18n", "migrations", "models", "protocol"),
    *("readme", "security", "services", "static", "tests", "views"),
    *("CHANGELOG.md", "COPYING", "LICENSE", "README.rst", "docs"),
}


class TestPackage(unittest.TestCase):
    def setUp(self):
        super().setUp()
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))

    def assertIsAddon(self, names):
        """Names of files, relative to the addon's folder."""
        parts = [Path(name).parts for name in names]
        self.assertIn(("__manifest__.py",), parts)
        self.assertLessEqual({part[0] for part in parts}, ADDON)

    def test_zip_and_wheels_hold_the_addon_and_its_companions_and_nothing_else(self):
        zipped, *wheels = package.build(self.folder)
        with zipfile.ZipFile(zipped) as archive:
            names = [name for name in archive.namelist() if not name.endswith("/")]
        beside = {path.name for path in places.companions()}
        self.assertEqual(
            {Path(name).parts[0] for name in names}, {places.ADDON, *beside}
        )
        within = f"{places.ADDON}/"
        ours = [name for name in names if name.startswith(within)]
        self.assertIsAddon(name.removeprefix(within) for name in ours)
        inside = set()
        for wheel in wheels:
            with zipfile.ZipFile(wheel) as archive:
                inside |= {n for n in archive.namelist() if "dist-info" not in n}
        self.assertEqual(inside, {f"odoo/addons/{name}" for name in names})
        self.assertIn("odoo_addon_api_auth_oauth2-19.0.", wheels[0].name)
        self.assertEqual(len(wheels), 1 + len(beside))

    def test_the_exported_working_tree_has_new_files_and_leaves_git_alone(self):
        def git(*words):
            command = ["git", "-C", places.ROOT, *words]
            return subprocess.run(command, capture_output=True, check=True).stdout

        fresh = places.ROOT / "static" / "a-file-of-a-test.txt"
        self.addCleanup(fresh.unlink, missing_ok=True)
        fresh.write_text("new")
        before = git("status", "--porcelain"), git("count-objects")
        addon = export.working_tree(self.folder)
        self.assertEqual((git("status", "--porcelain"), git("count-objects")), before)
        self.assertEqual((addon / "static" / fresh.name).read_text(), "new")
        files = [path for path in addon.rglob("*") if path.is_file()]
        self.assertIsAddon(str(path.relative_to(addon)) for path in files)

"""Modules that ``./dev`` runs, which are no part of the addon, for tests of them."""

import importlib
import sys
from pathlib import Path
from unittest.mock import patch

from odoo.tests import BaseCase


class ToolsCase(BaseCase):
    """Imports from a folder of the checkout; skipped where that is not here."""

    folder = Path(__file__).parents[1] / "tools"

    def setUp(self):
        super().setUp()
        if not self.folder.exists():
            self.skipTest(f"{self.folder.name} is not here")
        # At the end: no name of theirs hides another module.
        self.enterContext(patch.object(sys, "path", [*sys.path, str(self.folder)]))

    def module(self, name):
        """:return: a module of the folder"""
        return importlib.import_module(name)

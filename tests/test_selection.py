"""What a NAME of ``./dev faults`` means, told before anything is set up."""

import importlib
import sys
import unittest
from pathlib import Path
from unittest.mock import patch

from odoo.tests import BaseCase, tagged

_TOOLS = Path(__file__).parents[1] / "tools"


@unittest.skipUnless(_TOOLS.exists(), "the tools are not here")
@tagged("post_install", "-at_install", "api_auth_oauth2")
class TestSelectionOfFaults(BaseCase):
    def setUp(self):
        super().setUp()
        self.enterContext(patch.object(sys, "path", [*sys.path, str(_TOOLS)]))
        self.selection = importlib.import_module("selection")
        self.failure = importlib.import_module("console").Failure

    def test_a_file_a_class_or_a_case(self):
        case = "database.DiskFull.test_sign_ins"
        for name, means in (
            ("clocks", ["clocks.ProviderClock", "clocks.ServerClock"]),
            ("clocks.py", ["clocks.ProviderClock", "clocks.ServerClock"]),
            ("tests/faults/clocks.py", ["clocks.ProviderClock", "clocks.ServerClock"]),
            ("database.DiskFull", ["database.DiskFull"]),
            ("DiskFull", ["database.DiskFull"]),
            (case, [case]),
            ("DiskFull.test_sign_ins", [case]),
            ("test_sign_ins", [case]),
            # of the class that it inherits from
            ("Crashed.test_callback", ["database.Crashed.test_callback"]),
        ):
            with self.subTest(name):
                self.assertEqual(self.selection.select_faults([name]), means)

    def test_what_is_named_twice_is_played_once(self):
        chosen = self.selection.select_faults(["DiskFull", "database.DiskFull"])
        self.assertEqual(chosen, ["database.DiskFull"])

    def test_no_name_is_all(self):
        self.assertEqual(self.selection.select_faults([]), [])

    def test_an_unknown_name_is_refused_with_those_that_there_are(self):
        for name in (
            "nosuch",
            "clocks.nosuch",
            "database.DiskFull.test_nosuch",
            "database.Restarted.test_sign_ins",  # DiskFull's
            "world",  # has no cases
            "",
        ):
            with self.subTest(name):
                with self.assertRaisesRegex(self.failure, "clocks.ServerClock") as told:
                    self.selection.select_faults(["clocks", name])
                self.assertIn(repr(name), str(told.exception))

"""What a NAME of ``./dev faults`` means, told before a set-up."""

import unittest

import selection
from console import Failure


class TestSelectionOfFaults(unittest.TestCase):
    def test_a_file_a_class_or_a_case_of_faults_can_be_named(self):
        case = "database.DiskFull.test_sign_ins"
        for name, means in (
            ("clocks", ["clocks.ProviderClock", "clocks.ServerClock"]),
            ("clocks.py", ["clocks.ProviderClock", "clocks.ServerClock"]),
            ("checks/faults/clocks.py", ["clocks.ProviderClock", "clocks.ServerClock"]),
            ("database.DiskFull", ["database.DiskFull"]),
            ("DiskFull", ["database.DiskFull"]),
            (case, [case]),
            ("DiskFull.test_sign_ins", [case]),
            ("test_sign_ins", [case]),
            # of the class that it inherits from
            ("Crashed.test_callback", ["database.Crashed.test_callback"]),
        ):
            with self.subTest(name):
                self.assertEqual(selection.select_faults([name]), means)

    def test_a_fault_that_is_named_twice_is_played_once(self):
        chosen = selection.select_faults(["DiskFull", "database.DiskFull"])
        self.assertEqual(chosen, ["database.DiskFull"])

    def test_no_name_means_all_faults(self):
        self.assertEqual(selection.select_faults([]), [])

    def test_an_unknown_fault_is_refused_with_a_list_of_the_known(self):
        for name in (
            "nosuch",
            "clocks.nosuch",
            "database.DiskFull.test_nosuch",
            "database.Restarted.test_sign_ins",  # DiskFull's
            "world",  # has no cases
            "",
        ):
            with self.subTest(name):
                with self.assertRaisesRegex(Failure, "clocks.ServerClock") as told:
                    selection.select_faults(["clocks", name])
                self.assertIn(repr(name), str(told.exception))

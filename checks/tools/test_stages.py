"""The stages of ``./dev test``: which tests are whose, how they run side by side."""

import contextlib
import io
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import threading
import time
import unittest

import console
import places
import stages
from odoo_log import Verdict
from stages import lanes
from stages.stage import Stage

#: Run as a program: what is ended by it cannot start a child again.
TWO_LANES = """
import pathlib, signal, sys, time
import console, processes
from console import Failure
from stages import lanes
from stages.stage import Stage

folder = pathlib.Path(sys.argv[1])

class Waits(Stage):
    name, seconds = "waits", 2

    def run(self, ground, words):
        try:
            with processes.running(["sleep", "1000"]) as child:
                (folder / "began").write_text(str(child.pid))
                child.wait()
            processes.start(["touch", folder / "went on"])
        finally:
            (folder / "cleaned up").touch()

class Fails(Stage):
    name, seconds = "fails", 1

    def run(self, ground, words):
        while not (folder / "began").exists():
            time.sleep(0.01)
        if sys.argv[2] == "fails":
            raise Failure("it broke")

class Never(Fails):
    name, seconds = "never", 0

    def run(self, ground, words):
        (folder / "never").touch()

signal.signal(signal.SIGTERM, console.stop_on_signal)
signal.signal(signal.SIGINT, signal.default_int_handler)
stages = [Waits(), Fails(), Never()] if sys.argv[2] == "fails" else [Waits()]
lanes.run(None, [(stage, ["all"]) for stage in stages], 2)
"""


class TestPlan(unittest.TestCase):
    def planned(self, *names):
        plan = lanes.planned(names, stages.ALL)
        return {stage.name: words for stage, words in plan}

    def test_a_test_can_be_named_by_file_class_or_method(self):
        tag = self.planned("test_token")["plain"][0]
        name = tag.rpartition(":")[2]
        for spelling in (name, f"test_token.{name}"):
            self.assertIn(tag, self.planned(spelling)["plain"])
        whole = self.planned("tests/test_token.py")
        self.assertEqual(whole, self.planned("test_token.py"))
        self.assertEqual(list(whole), ["plain"])

    def test_tests_go_to_the_stage_of_their_folder(self):
        whole = self.planned()
        self.assertEqual(list(whole), [stage.name for stage in stages.ALL])
        self.assertIn("/api_auth_oauth2", whole["plain"])
        self.assertIn("test_callers.TestScripts", whole["e2e"])
        self.assertIn("test_stages.TestPlan", whole["tools"])
        self.assertEqual(list(self.planned("checks/tools")), ["tools"])

    def test_the_name_of_a_stage_means_all_of_it(self):
        everything = self.planned()
        for stage in stages.ALL:
            with self.subTest(stage.name):
                chosen = {stage.name: everything[stage.name]}
                self.assertEqual(self.planned(stage.name), chosen)

    def test_an_unknown_test_is_refused_with_a_list_of_the_known(self):
        with self.assertRaisesRegex(console.Failure, "tests/test_token.py"):
            self.planned("nosuch")


class TestLanes(unittest.TestCase):
    def test_stages_run_at_once_the_longest_first_and_lines_tell_whose_they_are(self):
        begun, meet = [], threading.Barrier(2, timeout=9)

        class Meets(Stage):
            def __init__(self, name, seconds):
                self.name, self.seconds = name, seconds

            def run(self, ground, words):
                begun.append(self.name)
                console.say(f"{words} on {ground}")
                if self.seconds > 1:
                    meet.wait()  # breaks unless the other one runs meanwhile
                return Verdict(self.seconds, 0, 0, [], [])

        plan = [(Meets(f"stage-{n}", n), [n]) for n in (1, 3, 2)]
        with contextlib.redirect_stdout(io.StringIO()) as said:
            verdicts = lanes.run("ground", plan, 2)
        self.assertEqual([verdict.passed for verdict in verdicts], [1, 3, 2])
        self.assertEqual(begun[2], "stage-1")
        for n in (1, 2, 3):
            self.assertIn(f"stage-{n}: [{n}] on ground\n", said.getvalue())

    def test_a_stage_without_a_database_begins_first(self):
        begun = []

        class Notes(Stage):
            def __init__(self, name, seconds, needs_database):
                self.name, self.seconds = name, seconds
                self.needs_database = needs_database

            def run(self, ground, words):
                begun.append(self.name)
                return Verdict(1, 0, 0, [], [])

        told = ("long", 9, True), ("short", 1, True), ("bare", 2, False)
        with contextlib.redirect_stdout(io.StringIO()):
            lanes.run("ground", [(Notes(*each), [1]) for each in told], 1)
        self.assertEqual(begun, ["bare", "long", "short"])

    def begin(self, how):
        """Run ``TWO_LANES``; returns its process."""
        folder = self.enterContext(tempfile.TemporaryDirectory())
        self.path = pathlib.Path(folder)
        command = [sys.executable, "-c", TWO_LANES, folder, how]
        env = os.environ | {"PYTHONPATH": str(places.TOOLS)}
        env.pop("PYTHONSAFEPATH", None)
        pipe = subprocess.PIPE
        child = subprocess.Popen(command, env=env, stderr=pipe, text=True)
        self.addCleanup(child.kill)
        return child

    def assertCleanedUp(self):
        """Whatever the waiting stage had is gone, and nothing began afterwards."""
        found = {path.name for path in self.path.iterdir()}
        self.assertEqual(found, {"began", "cleaned up"})
        child = int((self.path / "began").read_text())
        self.assertFalse(os.path.exists(f"/proc/{child}"))

    def test_a_stage_that_cannot_go_on_ends_the_others_which_clean_up(self):
        _out, told = self.begin("fails").communicate(timeout=30)
        self.assertTrue(told.endswith("console.Failure: it broke\n"), told)
        self.assertCleanedUp()

    def test_stages_clean_up_when_we_are_stopped(self):
        for number, error in (
            (signal.SIGINT, "KeyboardInterrupt"),
            (signal.SIGTERM, "console.Stopped"),
        ):
            with self.subTest(number):
                child = self.begin("waits")
                deadline = time.monotonic() + 30
                while not (self.path / "began").exists():
                    self.assertLess(time.monotonic(), deadline)
                    time.sleep(0.01)
                child.send_signal(number)
                _out, told = child.communicate(timeout=30)
                self.assertIn(error, told)
                self.assertCleanedUp()

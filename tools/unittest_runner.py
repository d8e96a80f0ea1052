"""Play unittest's tests and tell the verdict on each as soon as it is known.

As a program, ``unittest_runner.py RESULT.json NAME…`` in the folder of the tests, it
writes down how many there are of each.
"""

import json
import os
import sys
import time
import unittest

import console

HOLDS, BROKEN, SKIPPED = "holds", "BROKEN", "not run"
COLOURS = {HOLDS: "32", BROKEN: "31;1", SKIPPED: "33"}


class Result(unittest.TestResult):
    """The verdict on each case, whose parts are one case with it."""

    def __init__(self):
        super().__init__()
        self.verdicts = {}  # by the test's id, or of a class that could not be set up
        self.failed = []  # texts

    def count(self, verdict):
        """How many tests came to a verdict."""
        return list(self.verdicts.values()).count(verdict)

    def startTest(self, test):
        super().startTest(test)
        self._begun = time.monotonic()

    def addSuccess(self, test):
        self._tell(test, HOLDS)

    def addFailure(self, test, err):
        if isinstance(err[1], console.Stopped):
            raise err[1]  # unittest would go on with the next case
        self._tell(test, BROKEN, self._exc_info_to_string(err, test))

    addError = addFailure

    def addSubTest(self, test, subtest, err):
        if err:
            whole = self._exc_info_to_string(err, test)
            self._tell(test, BROKEN, f"{subtest}\n{whole}")

    def addSkip(self, test, reason):
        self._tell(test, SKIPPED, reason)

    def addExpectedFailure(self, test, err):
        self._tell(test, HOLDS)

    def addUnexpectedSuccess(self, test):
        self._tell(test, BROKEN, "it was expected to fail")

    def _tell(self, test, verdict, text=""):
        self.verdicts[test.id()] = verdict
        name = test.shortDescription() or test.id()
        seconds = time.monotonic() - getattr(self, "_begun", time.monotonic())
        shown = console.paint(f"{verdict:8}", COLOURS[verdict])
        console.say(f"{shown} {name} ({seconds:.1f} s)")
        if text:
            console.say("\n".join(text.splitlines()[-16:]))
        if verdict == BROKEN:
            self.failed.append(f"{test.id()}\n{text}")


def play(names):
    """Load and play the named tests; returns their ``Result``."""
    result = Result()
    unittest.defaultTestLoader.loadTestsFromNames(names).run(result)
    return result


def main(result_path, names):
    """Play the named tests; write how many came to each verdict, and what failed."""
    sys.path.insert(0, os.getcwd())
    result = play(names)
    counts = [result.count(verdict) for verdict in COLOURS]
    with open(result_path, "w") as file:
        json.dump({"counts": counts, "failed": result.failed}, file)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])

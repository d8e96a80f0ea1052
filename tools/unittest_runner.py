"""Run unittest and write the counts: ``unittest_runner.py RESULT.json NAME…``

Runs under the virtual environment's Python, in the folder of the tests.
"""

import json
import os
import sys
import unittest


def main(result_path, names):
    """Load and run the named tests; write how it went."""
    sys.path.insert(0, os.getcwd())
    suite = unittest.defaultTestLoader.loadTestsFromNames(names)
    cases = [test.id() for test in _cases(suite)]
    result = unittest.TextTestRunner(verbosity=2).run(suite)
    broken = result.failures + result.errors
    # Sub-tests of one test are one test.
    failed = {str(getattr(test, "test_case", test)) for test, _text in broken}
    failed |= {str(test) for test in result.unexpectedSuccesses}
    inside = {name for name in failed if not name.startswith(("setUp", "tearDown"))}
    told = {
        "broken": sorted(
            {getattr(test, "test_case", test).id() for test, _text in broken}
        ),
        "passed": max(0, result.testsRun - len(inside) - len(result.skipped)),
        "failed": len(failed),
        "skipped": len(result.skipped),
        "skips": [test.id() for test, _reason in result.skipped],
        "cases": cases,
        "failures": [f"{test}\n{text}" for test, text in broken],
    }
    with open(result_path, "w") as file:
        json.dump(told, file)


def _cases(suite):
    """The tests of a suite, in the order in which they run."""
    for part in suite:
        if isinstance(part, unittest.TestSuite):
            yield from _cases(part)
        else:
            yield part


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])

"""The commands that only meet the rate limits know all of them."""

import ast
import unittest
from pathlib import Path

import rate_limits

ROOT = Path(__file__).parents[2]


def default_limits():
    """The names in the addon's ``DEFAULT_LIMITS``, read without Odoo."""
    for folder in ("services", "models"):
        for path in (ROOT / folder).glob("*rate_limit.py"):
            for node in ast.parse(path.read_text()).body:
                if isinstance(node, ast.Assign) and any(
                    getattr(target, "id", "") == "DEFAULT_LIMITS"
                    for target in node.targets
                ):
                    return [key.value for key in node.value.keys]
    raise AssertionError("DEFAULT_LIMITS is in neither services/ nor models/")


class TestRateLimitNames(unittest.TestCase):
    def test_faults_and_fuzz_switch_off_each_rate_limit_of_the_addon(self):
        self.assertEqual(list(rate_limits.NAMES), default_limits())

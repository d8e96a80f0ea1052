"""docs/security.md: no rule of a standard without a test, no test that is none."""

import ast
import re
import unittest
from pathlib import Path

_CHECKS = Path(__file__).parents[1]
_ROOT = _CHECKS.parent
_PAGE = _ROOT / "docs" / "security.md"
_CHAPTER = "## The standards, rule by rule"
_NO_TEST = "–"
_NOT_FOR_US = "Does not apply: "

#: The sections that have rules for us, or could have. Of RFC 9700 those that say what
#: to do, not those that describe the attack.
_SECTIONS = {
    "RFC 9700": (
        "2.1 2.1.1 2.1.2 2.2.1 2.2.2 2.3 2.4 2.5 2.6 4.1.3 4.2.4 4.3.1 4.3.2 4.4.2"
        " 4.4.2.1 4.4.2.2 4.5.3.1 4.5.3.2 4.6.1 4.7.1 4.8.2 4.9.1 4.9.3 4.10.1 4.10.2"
        " 4.11.1 4.11.2 4.12 4.13 4.14.2 4.15.1 4.16 4.17"
    ),
    "RFC 6749": (
        "3.1 3.1.1 3.1.2 3.1.2.1 3.1.2.2 3.1.2.3 3.1.2.4 3.1.2.5 3.2 3.2.1 3.3 4.1.1"
        " 4.1.2 4.1.2.1 4.1.3 4.1.4 6 10.1 10.2 10.3 10.4 10.5 10.6 10.7 10.8 10.9"
        " 10.10 10.11 10.12 10.13 10.14 10.15 10.16"
    ),
    "RFC 6750": "2 2.1 2.2 2.3 3 3.1 5.2 5.3",
    "RFC 7009": "2 2.1 2.2 2.2.1 2.3 5",
    "RFC 8628": "3.2 3.5",
    "RFC 7523": "2.2 3",
    "RFC 7636": "4.1 4.2 4.3 4.4 4.4.1 4.5 4.6 5 7.1 7.2 7.3 7.4 7.5",
    "RFC 9207": "2 2.3 2.4 3 4",
    "OpenID Connect": "1 2 3 4 5 6 7 8 9 10 11 12 13 3.1.3.8 5.3.2 12.2",
}


def _rows():
    """:return: ``[(standard, section, asks, here, tests)]``"""
    chapter = _PAGE.read_text().partition(_CHAPTER)[2].partition("\n## ")[0]
    rows = []
    for part in chapter.split("\n### ")[1:]:
        lines = [line for line in part.splitlines() if line.startswith("| ")]
        for line in lines[1:]:
            cells = [cell.strip() for cell in line.strip("|").split(" | ")]
            rows.append((part.partition("\n")[0], *cells))
    return rows


def _test_methods():
    """:return: names of all tests, as ``file.Class.method``"""
    found = set()
    paths = {path: path.stem for path in _ROOT.glob("tests/test_*.py")}
    paths |= {path: f"e2e/{path.stem}" for path in _CHECKS.glob("e2e/test_*.py")}
    for path, file in paths.items():
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.ClassDef):
                found |= {
                    f"{file}.{node.name}.{method.name}"
                    for method in node.body
                    if isinstance(method, ast.FunctionDef)
                    and method.name.startswith("test_")
                }
    return found


class TestSecurityTable(unittest.TestCase):
    def test_each_row_of_the_security_table_has_four_columns(self):
        self.assertGreater(len(_rows()), 100)
        for row in _rows():
            self.assertEqual(len(row), 5, row)
            self.assertTrue(all(row), row)

    def test_each_rule_of_the_security_table_names_tests_that_exist(self):
        methods = _test_methods()
        for standard, section, _asks, here, tests in _rows():
            with self.subTest(standard, section=section):
                if here.startswith(_NOT_FOR_US):
                    continue
                named = re.findall(r"`([^`]+)`", tests)
                self.assertTrue(named, "a rule without a test")
                self.assertEqual(" ".join(f"`{name}`" for name in named), tests)
                self.assertFalse(set(named) - methods)

    def test_a_rule_that_does_not_apply_says_why_and_names_no_test(self):
        for standard, section, _asks, here, tests in _rows():
            with self.subTest(standard, section=section):
                if here.startswith(_NOT_FOR_US):
                    self.assertEqual(tests, _NO_TEST)
                    self.assertGreater(len(here.removeprefix(_NOT_FOR_US)), 20)
                else:
                    self.assertNotEqual(tests, _NO_TEST)

    def test_the_security_table_leaves_out_no_section_of_the_standards(self):
        for standard, sections in _SECTIONS.items():
            with self.subTest(standard):
                found = {row[1] for row in _rows() if row[0].startswith(standard)}
                self.assertEqual(set(sections.split()), found)

"""docs/security.md and docs/conformance.md: no rule of a standard without a test, no
test that is none.
"""

import ast
import re
import unittest
from pathlib import Path

_CHECKS = Path(__file__).parents[1]
_ROOT = _CHECKS.parent
_CHAPTER = "## The standards, rule by rule"
_NO_TEST = "–"
_NOT_FOR_US = "Does not apply: "

#: By page: the sections that have rules for us, or could have, there as a client of
#: others and for protected calls, here as a server. Of RFC 9700 those that say what to
#: do, not those that describe the attack.
_SECURITY = {
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

_CONFORMANCE = {
    "RFC 6749": (
        "2.1 2.2 2.3 2.3.1 3.1 3.1.1 3.1.2 3.1.2.1 3.1.2.2 3.1.2.3 3.1.2.4 3.2 3.2.1"
        " 3.3 4.1.1 4.1.2 4.1.2.1 4.1.3 4.1.4 4.2 4.3 4.4.2 4.4.3 5.1 5.2 6 10.2 10.5"
        " 10.10 10.12 10.13 10.15"
    ),
    "RFC 7636": "4.1 4.2 4.3 4.4 4.4.1 4.5 4.6 7.2",
    "RFC 7009": "2 2.1 2.2 2.2.1 2.3",
    "RFC 7662": "2 2.1 2.2 2.3 4",
    "RFC 8414": "2 3 3.1 3.2 3.3 5",
    "RFC 8707": "2 2.1 2.2",
    "RFC 9207": "2 2.2 2.3 3",
    "RFC 9728": "2 3 3.1 3.2 3.3 4 5.1",
    "RFC 9700": (
        "2.1 2.1.1 2.1.2 2.2.2 2.3 2.4 2.5 2.6 4.1.3 4.2.4 4.4.2 4.5.3.1 4.8.2 4.9.2"
        " 4.11.2 4.12 4.14.2 4.15.1 4.16"
    ),
    "OAuth 2.1": "1 2 3 4 5 6 7 8",
}


def _rows(page):
    """:return: ``[(standard, section, asks, here, tests)]``"""
    chapter = (
        (_ROOT / "docs" / page).read_text().partition(_CHAPTER)[2].partition("\n## ")[0]
    )
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


_PAGES = {"security.md": _SECURITY, "conformance.md": _CONFORMANCE}


class TestStandardsTables(unittest.TestCase):
    def check_each(self, check):
        """Call ``check(standard, section, asks, here, tests)`` with each row."""
        for page in _PAGES:
            for row in _rows(page):
                with self.subTest(page, standard=row[0], section=row[1]):
                    check(*row)

    def test_each_row_has_four_columns(self):
        self.assertGreater(sum(len(_rows(page)) for page in _PAGES), 200)

        def check(*row):
            self.assertEqual(len(row), 5, row)
            self.assertTrue(all(row), row)

        self.check_each(check)

    def test_each_rule_names_tests_that_exist(self):
        methods = _test_methods()

        def check(_standard, _section, _asks, here, tests):
            if here.startswith(_NOT_FOR_US):
                return
            named = re.findall(r"`([^`]+)`", tests)
            self.assertTrue(named, "a rule without a test")
            self.assertEqual(" ".join(f"`{name}`" for name in named), tests)
            self.assertFalse(set(named) - methods)

        self.check_each(check)

    def test_a_rule_that_does_not_apply_says_why_and_names_no_test(self):
        def check(_standard, _section, _asks, here, tests):
            if here.startswith(_NOT_FOR_US):
                self.assertEqual(tests, _NO_TEST)
                self.assertGreater(len(here.removeprefix(_NOT_FOR_US)), 20)
            else:
                self.assertNotEqual(tests, _NO_TEST)

        self.check_each(check)

    def test_no_section_of_the_standards_is_left_out(self):
        for page, standards in _PAGES.items():
            for standard, sections in standards.items():
                with self.subTest(page, standard=standard):
                    rows = [row for row in _rows(page) if row[0].startswith(standard)]
                    self.assertEqual(set(sections.split()), {row[1] for row in rows})

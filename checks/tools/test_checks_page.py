"""docs/checks.md: each line of a check has its place there, and no place is of none."""

import ast
import re
import unittest
from pathlib import Path

_ROOT = Path(__file__).parents[2]
_ID = re.compile(r"[a-z]+(-[a-z]+)+")
#: Calls whose first text is a line's name (``services/checks/check_line.py``)
_MAKERS = {"good", "warning", "bad", "level", "_line"}


def _ids():
    """:return: the names of all lines that a service makes"""
    found = set()
    for path in _ROOT.glob("services/checks/*_check.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            # Of a maker's call, and of a table of (failure, name, …)
            if isinstance(node, ast.Call) and _name(node) in _MAKERS:
                found |= _texts(node.args[:2])
            elif isinstance(node, ast.Tuple):
                found |= _texts(node.elts[:2])
    return found


def _name(call):
    return getattr(call.func, "id", getattr(call.func, "attr", None))


def _texts(nodes):
    values = [getattr(node, "value", None) for node in nodes]
    return {it for it in values if isinstance(it, str) and _ID.fullmatch(it)}


class TestChecksPage(unittest.TestCase):
    def test_each_line_of_a_check_has_a_place_in_the_docs_and_the_other_way_round(self):
        text = (_ROOT / "docs" / "checks.md").read_text()
        places = re.findall(r"^### (.+)$", text, re.MULTILINE)
        self.assertEqual(len(places), len(set(places)))
        self.assertEqual(set(places), _ids())

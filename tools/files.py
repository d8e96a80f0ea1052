"""Find XML that is none, and tests that Odoo never runs, as no file imports them.

``oca-checks-odoo-module`` lets ill-formed XML of this checkout through. Needs Python
alone; for ``./dev lint`` and for pre-commit.
"""

import ast
import sys
from xml.etree import ElementTree

import places


def main(root):
    """Print what is found below a folder; whether there was any."""
    problems = [*_ill_formed(root), *_not_imported(root)]
    for problem in problems:
        print(problem)
    return bool(problems)


def _found(root, pattern):
    """Files below a folder, but for those of hidden folders."""
    for path in sorted(root.rglob(pattern)):
        name = path.relative_to(root)
        if not any(part.startswith(".") for part in name.parts):
            yield name, path


def _ill_formed(root):
    for name, path in _found(root, "*.xml"):
        try:
            ElementTree.parse(path)
        except ElementTree.ParseError as error:
            yield f"{name}:{error.position[0]}: {error}"


def _not_imported(root):
    for name, path in _found(root, "tests/__init__.py"):
        imported = {
            alias.name
            for node in ast.walk(ast.parse(path.read_text()))
            if isinstance(node, ast.ImportFrom)
            for alias in node.names
        }
        for test in sorted(path.parent.glob("test_*.py")):
            if test.stem not in imported:
                yield f"{name.with_name(test.name)}: not imported by {name}"


if __name__ == "__main__":
    sys.exit(main(places.ROOT))

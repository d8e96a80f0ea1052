"""Find XML that is none.

``oca-checks-odoo-module`` lets ill-formed XML of this checkout through. Needs Python
alone; for ``./dev lint`` and for pre-commit.
"""

import sys
from xml.etree import ElementTree

import places


def main(root):
    """Print what is found below a folder; whether there was any."""
    problems = list(_ill_formed(root))
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


if __name__ == "__main__":
    sys.exit(main(places.ROOT))

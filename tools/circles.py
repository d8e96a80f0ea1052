"""Fail where a service or controller calls a record's method that makes a service.

Such a call goes down to the records and up again, past what import-linter sees. What
Odoo itself calls (`unlink`, …) may make a service, and so may what others override.
"""

import ast
import sys
from collections import defaultdict

import places

_CALLED_BY_ODOO = {"create", "write", "copy", "unlink", "_dispatch"}
_EXTENSION_POINTS = {"_match_user"}  # docs/developers.md


def main(root=places.ROOT):
    """Print each such call.

    :param root: the addon's folder
    :return: the exit status
    """
    trees = {
        path: ast.parse(path.read_text())
        for room in ("models", "services", "controllers")
        for path in sorted(root.glob(f"{room}/**/*.py"))
    }
    up = _going_up([tree for path, tree in trees.items() if _is_model(path)])
    wrong = [
        f"{path.relative_to(root)}:{node.lineno}: {node.attr} makes a service"
        for path, tree in trees.items()
        if not _is_model(path)
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and node.attr in up
        and ast.unparse(node.value) not in ("self", "cls")
    ]
    print(*wrong, sep="\n")
    return bool(wrong)


def _is_model(path):
    return path.parent.name == "models"


def _going_up(trees):
    """:return: names of the record methods that, somewhere down, make a service"""
    names = defaultdict(set)  # of all that a method calls; models may share its name
    for tree in trees:
        for method in ast.walk(tree):
            if isinstance(method, ast.FunctionDef):
                for node in ast.walk(method):
                    name = getattr(node, "attr", None) or getattr(node, "id", None)
                    names[method.name].add(name)
    found = {
        alias.name
        for tree in trees
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and "services" in (node.module or "")
        for alias in node.names
        if alias.name[0].isupper()
    }
    allowed = _CALLED_BY_ODOO | _EXTENSION_POINTS
    while more := {n for n in names.keys() - found - allowed if names[n] & found}:
        found |= more
    return found & names.keys()


if __name__ == "__main__":
    sys.exit(main())

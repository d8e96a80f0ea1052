"""What tests or faults a NAME means: tags for Odoo's runner, names for unittest."""

import ast
import pathlib
from dataclasses import dataclass

import places
from console import Failure

TESTS = places.ROOT / "tests"
E2E, POOLED, TOOLS, FAULTS = (
    places.CHECKS / name for name in ("e2e", "pooled", "tools", "faults")
)

# The Odoo test tag of what must hold on a database with a website, too.
WITH_WEBSITE = "with_website"


@dataclass(frozen=True)
class TestClass:
    """A class of a test file with its test methods, those it inherits there too."""

    module: str
    path: pathlib.Path
    name: str
    methods: tuple
    tags: frozenset

    @property
    def unittest_name(self):
        """Its name where its folder is on the path."""
        return f"{self.path.stem}.{self.name}"

    @property
    def odoo_tag(self):
        """Its file and name in the syntax of --test-tags."""
        beside = (*places.examples(), *places.companions())
        folders = {path.name: path for path in beside}
        base = folders.get(self.module, places.ROOT)
        return f"/{self.module}/{self.path.relative_to(base).as_posix()}:{self.name}"

    def meant(self, name):
        """What a NAME means of it: suffixes of its name; ``[""]`` for all of it."""
        file = self.path
        inside = file.relative_to(places.ROOT).as_posix()
        names = {self.module, file.stem, file.name, inside, str(file)}
        names |= {self.name, self.unittest_name}
        if name in names or inside.startswith(f"{name.rstrip('/')}/"):
            return [""]
        return [
            f".{method}"
            for method in self.methods
            if name in (method, f"{self.name}.{method}", f"{file.stem}.{method}")
            or name == f"{self.unittest_name}.{method}"
        ]


def select(names):
    """The tests that the NAMEs of the command line mean; all of them for none.

    :return: [(TestClass, suffix)], the suffix as of ``TestClass.meant``
    """
    classes = [
        found
        for module, root in _roots()
        for path in sorted(root.rglob("test_*.py"))
        for found in _classes(module, path)
    ]
    if not names:
        return [(found, "") for found in classes]
    files = sorted({str(found.path.relative_to(places.ROOT)) for found in classes})
    return list(_chosen(classes, names, "test file", files))


def select_faults(names):
    """What the NAMEs of ``./dev faults`` mean: files, classes, cases.

    Read without importing them, which only a prepared server makes possible.

    :return: names for unittest, each once; none for no NAME
    """
    classes = [
        found
        for path in sorted(FAULTS.glob("*.py"))
        for found in _classes("faults", path)
        if found.methods
    ]
    known = [found.unittest_name for found in classes]
    chosen = _chosen(classes, names, "file of checks/faults", known)
    return list(dict.fromkeys(found.unittest_name + suffix for found, suffix in chosen))


def _chosen(classes, names, what, known):
    """Yield (class, suffix) of all that the NAMEs mean; Failure for an unknown one."""
    for name in names:
        found = [(cls, suffix) for cls in classes for suffix in cls.meant(name)]
        if not found:
            raise Failure(
                f"No {what}, class or method is called {name!r}. There are:\n  "
                + "\n  ".join(known)
            )
        yield from found


def _roots():
    """(name, folder of tests) of the addon, our own checks, examples, companions."""
    addon = [(places.ADDON, TESTS), (places.ADDON, places.CHECKS)]
    beside = (*places.examples(), *places.companions())
    return addon + [(path.name, path / "tests") for path in beside]


def _classes(module, path):
    """The test classes of one file, read without importing it."""
    try:
        tree = ast.parse(path.read_text())
    except SyntaxError as error:
        file = path.relative_to(places.ROOT)
        raise Failure(f"{file}:{error.lineno}: {error.msg}") from None
    methods = {}
    for node in tree.body:
        if not isinstance(node, ast.ClassDef):
            continue
        names = [
            item.name
            for item in node.body
            if isinstance(item, ast.FunctionDef) and item.name.startswith("test")
        ]
        for base in node.bases:
            names += methods.get(ast.unparse(base), ())
        methods[node.name] = names = tuple(dict.fromkeys(names))
        if names or node.name.startswith("Test"):
            yield TestClass(module, path, node.name, names, _tags(node))


def _tags(node):
    """The Odoo test tags that a class's own decorator gives it."""
    return frozenset(
        argument.value
        for decorator in node.decorator_list
        if isinstance(decorator, ast.Call) and ast.unparse(decorator.func) == "tagged"
        for argument in decorator.args
    )

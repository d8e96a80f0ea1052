"""What tests or faults a NAME means: tags for Odoo's runner, names for unittest."""

import ast
import dataclasses
import pathlib
from dataclasses import dataclass

import places
from console import Failure

E2E = places.ROOT / "tests" / "e2e"
FAULTS = places.ROOT / "tests" / "faults"

# The Odoo test tag of what must hold on a database with a website, too.
WITH_WEBSITE = "with_website"


@dataclass(frozen=True)
class TestClass:
    """A class of a test file with the test methods it defines."""

    module: str
    path: pathlib.Path
    name: str
    methods: tuple
    tags: frozenset
    bases: tuple

    @property
    def is_e2e(self):
        """Whether it is run by unittest against a server of several processes."""
        return E2E in self.path.parents


@dataclass
class Selection:
    """What to run; nothing chosen means everything."""

    odoo: list  # Odoo test tags
    website: list  # Odoo test tags, on a database with a website
    e2e: list  # names for unittest
    everything: bool = False


def select(names):
    """The selection for the NAMEs of the command line."""
    classes = list(_all_classes())
    if not names:
        tags = [f"/{module}" for module in places.our_modules()]
        files = sorted({found.path.stem for found in classes if found.is_e2e})
        return Selection(tags, [WITH_WEBSITE], files, everything=True)
    selection = Selection([], [], [])
    for name in names:
        _add(selection, name, classes)
    return selection


def select_faults(names):
    """What the NAMEs of ``./dev faults`` mean: files, classes, cases.

    Read without importing them, which only a prepared server makes possible.

    :return: names for unittest, each once; none for no NAME
    """
    classes = [
        found
        for path in sorted(FAULTS.glob("*.py"))
        for found in _with_inherited(_classes("faults", path))
        if found.methods
    ]
    chosen = {}
    for name in names:
        found = [case for cls in classes for case in _faults(cls, name)]
        if not found:
            known = "\n  ".join(f"{cls.path.stem}.{cls.name}" for cls in classes)
            raise Failure(
                f"No file, class or case of tests/faults is called {name!r}."
                f" Classes:\n  {known}"
            )
        chosen |= dict.fromkeys(found)
    return list(chosen)


def _faults(cls, name):
    """Names for unittest of what the NAME means of one class of faults."""
    file, whole = cls.path.stem, f"{cls.path.stem}.{cls.name}"
    inside = str(cls.path.relative_to(places.ROOT))
    if name in (file, cls.path.name, inside, cls.name, whole):
        return [whole]
    return [
        f"{whole}.{method}"
        for method in cls.methods
        if name in (method, f"{cls.name}.{method}", f"{whole}.{method}")
    ]


def _with_inherited(classes):
    """The classes of one file, each with the methods of those it extends there."""
    known = {}
    for cls in classes:
        bases = [known[base] for base in cls.bases if base in known]
        inherited = (method for base in bases for method in base.methods)
        methods = tuple(dict.fromkeys((*cls.methods, *inherited)))
        known[cls.name] = dataclasses.replace(cls, methods=methods)
    return known.values()


def _add(selection, name, classes):
    """Add what one NAME means."""
    found = [match for match in (_match(cls, name) for cls in classes) if match]
    if not found:
        files = sorted({str(cls.path.relative_to(places.ROOT)) for cls in classes})
        raise Failure(
            f"No test file, class or method is called {name!r}. Test files:\n  "
            + "\n  ".join(files or ["none yet"])
        )
    for cls, methods in found:
        suffixes = [f".{method}" for method in methods] or [""]
        if cls.is_e2e:
            stem = cls.path.stem
            selection.e2e += [f"{stem}.{cls.name}{suffix}" for suffix in suffixes]
            continue
        specs = [f"{_file_tag(cls)}:{cls.name}{suffix}" for suffix in suffixes]
        if "-standard" not in cls.tags:
            selection.odoo += specs
        if WITH_WEBSITE in cls.tags:
            selection.website += [f"{WITH_WEBSITE}{spec}" for spec in specs]


def _match(cls, name):
    """(class, methods) if the NAME means the class or some methods, else None."""
    wanted, _, method = name.partition(".")
    inside = cls.path.relative_to(places.ROOT)
    if name in (cls.path.stem, cls.path.name, cls.module, str(inside)):
        return cls, ()
    if pathlib.PurePath(name).is_absolute() and pathlib.Path(name) == cls.path:
        return cls, ()
    if "/" in name and str(inside).startswith(name.rstrip("/") + "/"):
        return cls, ()
    if wanted == cls.name:
        return cls, (method,) if method else ()
    if wanted == cls.path.stem and method:
        return _match(cls, method)
    if name in cls.methods:
        return cls, (name,)
    return None


def _file_tag(cls):
    """The file in Odoo's tag syntax: /addon/path/of/file.py"""
    base = places.ROOT
    if cls.module != places.ADDON:
        base = places.ROOT / "examples" / cls.module
    return f"/{cls.module}/{cls.path.relative_to(base).as_posix()}"


def _all_classes():
    """Every test class of the addon and of its examples."""
    roots = {places.ADDON: places.ROOT} | {
        path.name: path for path in places.examples()
    }
    for module, root in roots.items():
        for path in sorted((root / "tests").rglob("test_*.py")):
            yield from _classes(module, path)


def _classes(module, path):
    """The test classes of one file, read without importing it."""
    try:
        tree = ast.parse(path.read_text())
    except SyntaxError as error:
        raise Failure(
            f"{path.relative_to(places.ROOT)}:{error.lineno}: {error.msg}"
        ) from None
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            methods = tuple(
                item.name
                for item in node.body
                if isinstance(item, ast.FunctionDef) and item.name.startswith("test")
            )
            bases = tuple(ast.unparse(base) for base in node.bases)
            yield TestClass(module, path, node.name, methods, _tags(node), bases)


def _tags(node):
    """The Odoo test tags that a class's own decorator gives it."""
    return frozenset(
        argument.value
        for decorator in node.decorator_list
        if isinstance(decorator, ast.Call) and ast.unparse(decorator.func) == "tagged"
        for argument in decorator.args
    )

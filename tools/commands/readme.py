"""readme         write README.rst from the fragments in readme/

The fragments are those of OCA's addons, and so is the order. OCA's own generator, where
it can be had, takes the same fragments (docs/decisions.md).
"""

import ast

import places
from console import Failure

#: (fragment, heading), as OCA's generator has them
SECTIONS = (
    ("CONTEXT", "Use Cases / Context"),
    ("INSTALL", "Installation"),
    ("CONFIGURE", "Configuration"),
    ("USAGE", "Usage"),
    ("DEVELOP", "Development"),
    ("ROADMAP", "Known issues / Roadmap"),
    ("HISTORY", "Changelog"),
)
CREDITS = (("CONTRIBUTORS", "Contributors"), ("CREDITS", "Other credits"))
TARGET = places.ROOT / "README.rst"
NOTICE = """\
..
   Written by ./dev readme: change the fragments in readme/, not this file."""
CONTENTS = """\
.. contents:: Contents
   :local:
   :depth: 1"""
BUGS = """\
Bugs are tracked at `the project's issues <{website}/issues>`_. Please look there first
whether yours has been reported."""


def run(args):
    """Write it."""
    if args:
        raise Failure("./dev readme takes no arguments")
    TARGET.write_text(text())


def text():
    """:return: what README.rst is to be"""
    manifest = ast.literal_eval((places.ROOT / "__manifest__.py").read_text())
    name, line = manifest["name"], "=" * len(manifest["name"])
    parts = [f"{line}\n{name}\n{line}", NOTICE, _fragment("DESCRIPTION"), CONTENTS]
    parts += _sections(SECTIONS, "=")
    parts += [_heading("Bug Tracker", "="), BUGS.format(**manifest)]
    parts += [_heading("Credits", "="), _heading("Authors", "-")]
    parts += [f"- {author.strip()}" for author in manifest["author"].split(",")]
    parts += _sections(CREDITS, "-")
    return "\n\n".join(parts) + "\n"


def _sections(names, underline):
    """Yield headings and texts of the fragments that there are."""
    for name, title in names:
        if text := _fragment(name):
            yield from (_heading(title, underline), text)


def _heading(title, underline):
    return f"{title}\n{underline * len(title)}"


def _fragment(name):
    """:return: its text, "" if there is none"""
    path = places.ROOT / "readme" / f"{name}.rst"
    return path.read_text().strip() if path.exists() else ""

"""lint [--fix]     check style and Odoo's rules (--fix applies ruff's fixes)"""

import os
import subprocess

import console
import places
import python_env
from console import Failure


def run(args):
    """Run every linter; each prints what it found. Returns the exit status."""
    if set(args) - {"--fix"}:
        raise Failure("./dev lint knows only --fix")
    python = python_env.for_lint()
    checks = _checks(python, fix="--fix" in args)
    # All of them, so that one run shows everything.
    broken = [name for name, command, cwd in checks if not _passes(name, command, cwd)]
    if broken:
        console.error(f"Not clean: {', '.join(broken)}")
    else:
        console.say("All clean.")
    return 1 if broken else 0


def _checks(python, fix):
    """(name, command, folder) of each linter."""
    ruff = [python, "-m", "ruff"]
    check = [*ruff, "check", "--quiet", *(["--fix"] if fix else [])]
    layout = [*ruff, "format", "--quiet", *([] if fix else ["--check"])]
    addons = places.link_addons()
    checks = [("ruff check", check, places.ROOT), ("ruff format", layout, places.ROOT)]
    sources = [path for name in places.our_modules() for path in _sources(name)]
    python_files = [path for path in sources if path.endswith(".py")]
    if python_files:
        pylint = [python, "-m", "pylint", "--rcfile", places.ROOT / ".pylintrc"]
        checks.append(("pylint-odoo", [*pylint, *python_files], addons))
    for name in places.our_modules():
        if (addons / name / "__manifest__.py").exists():
            module = [python, "-m", "oca_pre_commit_hooks.cli", "--no-verbose", name]
            checks.append((f"oca-checks-odoo-module {name}", module, addons))
    translations = [path for path in sources if path.endswith((".po", ".pot"))]
    if translations:
        command = [python, "-m", "oca_pre_commit_hooks.cli_po", *translations]
        checks.append(("oca-checks-po", command, addons))
    return checks


def _sources(module):
    """The files of an addon that git has or would take, as ``module/path``.

    The tools and the client scripts are no part of an addon: they may print.
    """
    root = places.ROOT
    folder = root if module == places.ADDON else root / "examples" / module
    listing = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "."],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    if listing.returncode:
        raise Failure(f"git does not list the files here: {listing.stderr.strip()}")
    outside = ("tools/", "examples/", "benchmarks/", "tests/e2e/")
    outside += ("tests/fuzz/", "docs/")
    return sorted(
        f"{module}/{path}"
        for path in listing.stdout.splitlines()
        if (folder / path).exists()
        and not (module == places.ADDON and path.startswith(outside))
    )


def _passes(name, command, folder):
    """Run one linter; print what it says if it complains."""
    env = os.environ | {
        "RUFF_CACHE_DIR": str(places.DEV / "ruff"),
        "PYLINTHOME": str(places.DEV / "pylint"),
    }
    answer = subprocess.run(
        list(map(str, command)),
        cwd=folder,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    verdict = "ok" if answer.returncode == 0 else "NOT CLEAN"
    console.say(f"· {name}: {verdict}")
    if answer.returncode:
        console.say(answer.stdout.rstrip())
    return answer.returncode == 0

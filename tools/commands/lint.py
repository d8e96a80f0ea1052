"""lint [--fix]     check style, Odoo's rules and layers (--fix applies ruff's fixes)"""

import os
import subprocess
from concurrent.futures import ThreadPoolExecutor

import console
import places
import python_env
from console import Failure


def run(args):
    """Run every linter; each prints what it found. Returns the exit status.

    Two at a time: pylint takes half of it all. What fixes files runs by itself.
    """
    if set(args) - {"--fix"}:
        raise Failure("./dev lint knows only --fix")
    fix = "--fix" in args
    checks = _checks(python_env.for_lint(), fix)
    with ThreadPoolExecutor(1 if fix else 2) as pool:
        passed = pool.map(_passes, checks, checks.values())
        # All of them, so that one run shows everything.
        broken = [name for name, ok in zip(checks, passed, strict=True) if not ok]
    if broken:
        console.error(f"Not clean: {', '.join(broken)}")
    else:
        console.say("All clean.")
    return 1 if broken else 0


def _checks(python, fix):
    """{name: command} of each linter."""
    ruff, copy = [python, "-m", "ruff"], places.TOOLS / "plain_copy.py"
    addons = places.link_addons()
    checks = {
        "ruff check": [*ruff, "check", "--quiet", *(["--fix"] if fix else [])],
        "ruff format": [*ruff, "format", "--quiet", *([] if fix else ["--check"])],
        "pylint-odoo": [python, copy, "pylint"],
        "layers": [python_env.for_package(), copy, "layers"],
        "circles": [python, places.TOOLS / "circles.py"],
        "files": [python, places.TOOLS / "files.py"],
    }
    oca = [python, "-m", "oca_pre_commit_hooks.cli"]
    for name in places.all_modules():
        command = [*oca, "--no-verbose", addons / name]
        checks[f"oca-checks-odoo-module {name}"] = command
    translations = [
        path
        for addon in (places.ROOT, *places.companions())
        for path in sorted(addon.glob("i18n/*.po*"))
    ]
    checks["oca-checks-po"] = [python, "-m", "oca_pre_commit_hooks.cli_po"]
    checks["oca-checks-po"] += translations
    return checks


def _passes(name, command):
    """Run one linter; print what it says if it complains."""
    env = os.environ | {
        "RUFF_CACHE_DIR": str(places.DEV / "ruff"),
        "PYLINTHOME": str(places.DEV / "pylint"),
    }
    answer = subprocess.run(
        list(map(str, command)),
        cwd=places.ROOT,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    console.say(f"· {name}: {'NOT CLEAN' if answer.returncode else 'ok'}")
    if answer.returncode:
        console.say(answer.stdout.rstrip())
    return answer.returncode == 0

"""Virtual environments: one that runs Odoo and the tests, one that lints."""

import os
import sys
import venv

import artifact
import console
import places
import processes

ODOO_REQUIREMENTS = ("odoo", "addon", "test")
LINT_REQUIREMENTS = ("lint",)
PLOT_REQUIREMENTS = ("plot",)


def for_odoo():
    """The Python that runs Odoo, the tests and the demo's client."""
    return _environment("venv", ODOO_REQUIREMENTS, "Odoo's Python packages")


def for_lint():
    """The Python that has the linters."""
    return _environment("lint", LINT_REQUIREMENTS, "the linters")


def for_plots():
    """The Python that draws the plot of benchmarks."""
    return _environment("plot", PLOT_REQUIREMENTS, "the plotting library")


def _environment(name, requirements, what):
    """The interpreter of an environment that has the pinned requirements."""
    files = [places.TOOLS / f"requirements-{part}.txt" for part in requirements]

    def build(folder):
        with console.step(f"Installing {what}"):
            venv.create(folder, with_pip=True, symlinks=True)
            command = [_python(folder), "-m", "pip", "install", "--quiet"]
            command += ["--disable-pip-version-check", "--retries", "3"]
            for file in files:
                command += ["-r", file]
            processes.run_logged(
                command, f"pip-{name}.log", f"install {what}", env=_env()
            )

    key = artifact.fingerprint(sys.version, sys.prefix, *files)
    return _python(artifact.built(name, key, build))


def _python(folder):
    """The interpreter of a virtual environment."""
    return folder / "bin" / "python"


def _env():
    """pip's environment: what it keeps is kept in our cache."""
    return os.environ | {"PIP_CACHE_DIR": str(places.CACHE / "pip")}


def key(python):
    """What is installed for an interpreter, as a short text."""
    return python.parent.parent.name

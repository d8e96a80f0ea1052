"""Virtual environments: one that runs Odoo and the tests, one for each other task."""

import os
import sys
import venv

import artifact
import console
import places
import processes

ODOO_REQUIREMENTS = ("odoo", "addon", "test")
LINT_REQUIREMENTS = ("lint",)
PACKAGE_REQUIREMENTS = ("package",)
BENCH_REQUIREMENTS = ("bench",)
CLIENTS_REQUIREMENTS = ("clients",)


def for_odoo():
    """The Python that runs Odoo, the tests and the demo's client."""
    return _environment("venv", ODOO_REQUIREMENTS, "Odoo's Python packages")


def enter(argv):
    """Go on as the Python that runs Odoo: psycopg2, psutil and requests are there."""
    python = for_odoo()
    if sys.executable != str(python):
        os.execv(python, [str(python), "tools", *argv])


def for_lint():
    """The Python that has the linters."""
    return _environment("lint", LINT_REQUIREMENTS, "the linters")


def for_package():
    """The Python that builds the wheel and checks the layers."""
    return _environment("package", PACKAGE_REQUIREMENTS, "what builds a wheel")


def for_bench():
    """The Python that has django-oauth-toolkit, to be measured against."""
    return _environment("bench", BENCH_REQUIREMENTS, "django-oauth-toolkit")


def for_clients():
    """The Python of stock OAuth clients: what Authlib needs breaks Odoo's start."""
    return _environment("clients-venv", CLIENTS_REQUIREMENTS, "stock OAuth clients")


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

    key = artifact.fingerprint(sys.version, sys.base_prefix, *files)
    return _python(artifact.built(name, key, build))


def _python(folder):
    """The interpreter of a virtual environment."""
    return folder / "bin" / "python"


def _env():
    """pip's environment: what it keeps is kept in our cache."""
    return os.environ | {"PIP_CACHE_DIR": str(places.CACHE / "pip")}

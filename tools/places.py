"""Where things are: the checkout, its ``.dev`` folder, the cache of downloads."""

import contextlib
import fcntl
import hashlib
import os
import pathlib

ADDON = "api_auth_oauth2"

TOOLS = pathlib.Path(__file__).resolve().parent
ROOT = TOOLS.parent
DEV = ROOT / ".dev"
LOGS = DEV / "log"
DATA = DEV / "odoo-data"
ADDONS = DEV / "addons"

# Tests that Odoo's own runner does not run.
CHECKS = ROOT / "checks"

# An addon that only checks/e2e install.
PROBE = CHECKS / "e2e" / "api_auth_oauth2_probe"

# Downloads and what is built from them, keyed by their inputs. It may be shared
# by several checkouts.
CACHE = pathlib.Path(
    os.path.abspath(os.environ.get("API_AUTH_OAUTH2_CACHE") or DEV / "cache")
)


def make_dev():
    """Create ``.dev`` and its folders."""
    for folder in (DEV, LOGS, DATA, ADDONS, CACHE):
        folder.mkdir(parents=True, exist_ok=True)
    return DEV


@contextlib.contextmanager
def in_use():
    """Hold what ``./dev`` made, for the length of a ``with`` block."""
    with (make_dev() / "users").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_SH)
        yield


def is_in_use():
    """Whether another ``./dev`` of this checkout runs, or its PostgreSQL does."""
    for name in ("users", "pg.users"):
        with contextlib.suppress(FileNotFoundError), (DEV / name).open() as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
    return False


def command_names():
    """The commands there are: the modules of ``commands/``."""
    found = (TOOLS / "commands").glob("*.py")
    return sorted(path.stem for path in found if path.stem != "__init__")


def examples():
    """The example addons: the sub-folders of ``examples/`` with a manifest."""
    return sorted(path.parent for path in ROOT.glob("examples/*/__manifest__.py"))


def companions():
    """The glue addons, installed by themselves beside what they need."""
    return sorted(path.parent for path in ROOT.glob("companions/*/__manifest__.py"))


def our_modules():
    """Technical names of the addon and of its examples, in install order."""
    return [ADDON, *(path.name for path in examples())]


def all_modules():
    """Technical names of all that is checked as an addon."""
    return [*our_modules(), *(path.name for path in companions())]


def link_addons(folder=ADDONS, addon=ROOT):
    """Put the addon under its technical name on an addons path; return the path.

    An addon's name is the name of its folder, and a clone may be called anything.
    """
    make_dev()
    folder.mkdir(exist_ok=True)
    beside = (*examples(), *companions(), PROBE)
    targets = {path.name: path for path in beside} | {ADDON: addon}
    for link in folder.iterdir():
        if link.name not in targets:
            link.unlink()
    for name, target in targets.items():
        link = folder / name
        if not link.is_symlink() or os.readlink(link) != str(target):
            link.unlink(missing_ok=True)
            link.symlink_to(target)
    return folder


def checkout_key():
    """A short text that is the same for this checkout only."""
    return hashlib.sha256(str(ROOT).encode()).hexdigest()[:10]

"""What Odoo's own tests use and these do too, imported without Odoo.

It lives in their package, which cannot be imported here: its ``__init__`` would import
all of them.
"""

import importlib
import pathlib
import sys
import types

_package = types.ModuleType("test_providers")
_package.__path__ = [str(pathlib.Path(__file__).resolve().parents[2] / "tests")]
sys.modules[_package.__name__] = _package


def beside(name):
    """Return a module of ``tests/``."""
    return importlib.import_module(f"{_package.__name__}.{name}")


ledger = beside("ledger")
spellings = beside("spellings").spellings
if ledger.PATH:
    beside("overheard").listen_to_http()

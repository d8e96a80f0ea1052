"""axe-core, which finds what keeps people from using a page."""

import npm
import places

SOURCE = places.TOOLS / "accessibility"


def install(python):
    """Install it; returns the variable by which tests find its script.

    :param python: the one that runs Odoo: its npm installs it
    """
    folder = npm.place(python, SOURCE, "axe-core (npm)")
    return {"OAUTH2_TEST_AXE": str(folder / "node_modules/axe-core/axe.min.js")}

"""OAuth 2.0 client libraries that others use, and programs that drive them."""

import npm
import places
import python_env

SOURCE = places.TOOLS / "clients"


def install(python):
    """Install them; returns the variables by which tests find them.

    :param python: the one that runs Odoo: its Node runs those of npm
    """
    folder = npm.place(python, SOURCE, "stock OAuth clients (npm)")
    return {
        "OAUTH2_TEST_NODE_CLIENTS": str(folder),
        "OAUTH2_TEST_PYTHON_CLIENTS": str(SOURCE),
        "OAUTH2_TEST_CLIENTS_PYTHON": str(python_env.for_clients()),
    }

"""setup          download and install everything, start nothing"""

import accessibility
import databases
import debian
import odoo_server
import provider
import python_env
import stock_clients


def run(args):
    """Set up what is missing for tests, demo and lint."""
    python_env.for_lint()
    python_env.for_package()
    with odoo_server.ready() as odoo:
        provider.install(odoo.python)
        stock_clients.install(odoo.python)
        accessibility.install(odoo.python)
        debian.require("chromium")
        with databases.opened(odoo) as made:
            made.prepare()

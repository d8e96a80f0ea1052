"""screenshots [FOLDER]  take pictures of the pages that matter, in Chromium

Of the dialogs, forms and lists of the backend, and of the pages that users see, 1366
and 390 pixels wide, the latter light and dark, with made-up data. They go to FOLDER, or
.dev/screenshots; those that the store's page shows go to static/description, too.
"""

import base64
import dataclasses
import os
import pathlib
import secrets
import shutil
import tempfile

import databases
import debian
import e2e_site
import odoo_server
import places
from console import Failure

PROGRAM = places.TOOLS / "screenshots"
APPS = ["contacts", "sale", "portal"]  # whose ready scopes are seen
SERVER = ["--workers=2", "--max-cron-threads=0", "--proxy-mode"]


def run(args):
    """Take them; returns the exit status."""
    if len(args) > 1:
        raise Failure("./dev screenshots takes a folder, or nothing")
    folder = pathlib.Path(*args or [places.make_dev() / "screenshots"]).absolute()
    if not shutil.which("chromium"):
        debian.require("chromium")
    companions = [path.name for path in places.companions()]
    with (
        tempfile.TemporaryDirectory() as names,
        odoo_server.ready() as odoo,
        databases.opened(odoo) as made,
        made.temporary("screenshots") as database,
    ):
        odoo = _with_made_up_names(odoo, names)
        modules = [places.ADDON, *APPS, *companions]
        e2e_site.install(odoo, database, modules, "screenshots")
        program, what = [PROGRAM, folder, names], f"Taking pictures, into {folder}"
        return e2e_site.run(
            odoo, made, database, "screenshots", SERVER, program, what=what
        )


def _with_made_up_names(odoo, folder):
    """Odoo that finds example.com on this machine.

    :param folder: where the program puts its certificate and the port of its provider
    """
    path = [PROGRAM / "names", odoo.home.python_path]
    key = base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()
    env = {
        "API_AUTH_OAUTH2_KEYS": key,
        "OAUTH2_TEST_CHROMIUM": shutil.which("chromium"),
        "PYTHONPATH": os.pathsep.join(map(str, path)),
        "REQUESTS_CA_BUNDLE": os.path.join(folder, "certificate.pem"),
        "SCREENSHOTS_PORT": os.path.join(folder, "port"),
    }
    return dataclasses.replace(odoo, extra_env=env)

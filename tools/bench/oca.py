"""OCA's auth_api_key, from the Python registry: measured against, never kept."""

import zipfile

import artifact
import console
import processes
import python_env

PACKAGE = "odoo-addon-auth_api_key==19.0.1.1.0.3"


def addons():
    """The folder of addons that has ``auth_api_key``."""

    def build(folder):
        with console.step(f"Downloading {PACKAGE}"):
            command = [python_env.for_odoo(), "-m", "pip", "download", "--quiet"]
            command += ["--disable-pip-version-check", "--no-deps", "-d", folder]
            processes.run_logged(
                [*command, PACKAGE], "pip-oca.log", f"download {PACKAGE}"
            )
            [wheel] = folder.glob("*.whl")
            with zipfile.ZipFile(wheel) as archive:
                archive.extractall(folder)

    folder = artifact.built("oca", artifact.fingerprint(PACKAGE), build)
    return folder / "odoo" / "addons"

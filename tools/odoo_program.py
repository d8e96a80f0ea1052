"""Odoo's command line as a file.

A server of several processes starts one more of itself by the path of its program,
which ``python -m odoo`` does not leave it. A socket that we listen on already is handed
over as systemd does it. Before tests, files of the web client are not made: no browser
asks for them, and to make all of them, those of Odoo's own tests in JavaScript among
them, takes half a minute. Odoo's linters see no other addons than those that
``DEV_LINTED`` names: to read all of Odoo takes another one.
"""

import os
import sys

listening = os.environ.pop("DEV_LISTENING", None)
if listening:
    os.dup2(int(listening), 3)
    os.environ |= {"LISTEN_FDS": "1", "LISTEN_PID": str(os.getpid())}

from odoo.cli.command import main  # noqa: E402

if "--test-tags" in sys.argv:
    from odoo.tests.suite import OdooSuite

    OdooSuite.has_http_case = lambda _suite: False  # by which Odoo decides to make them

if linted := os.environ.pop("DEV_LINTED", ""):
    from odoo.modules.module import Manifest

    all_manifests = Manifest.all_addon_manifests

    def manifests():
        """As Odoo's; for a linter those of the named addons."""
        frame, found = sys._getframe(1), all_manifests()
        while frame:
            if frame.f_globals["__name__"].startswith("odoo.addons.test_lint."):
                return [each for each in found if each.name in linted.split(",")]
            frame = frame.f_back
        return found

    Manifest.all_addon_manifests = staticmethod(manifests)

if __name__ == "__main__":
    main()

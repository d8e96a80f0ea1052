"""Odoo's command line as a file.

A server of several processes starts one more of itself by the path of its program,
which ``python -m odoo`` does not leave it. A socket that we listen on already is handed
over as systemd does it. Before tests, files of the web client are not made: no browser
asks for them, and to make all of them, those of Odoo's own tests in JavaScript among
them, takes half a minute.
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

if __name__ == "__main__":
    main()

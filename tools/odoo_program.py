"""Odoo's command line as a file.

A server of several processes starts one more of itself by the path of its program,
which ``python -m odoo`` does not leave it. A socket that we listen on already is handed
over as systemd does it.
"""

import os

listening = os.environ.pop("DEV_LISTENING", None)
if listening:
    os.dup2(int(listening), 3)
    os.environ |= {"LISTEN_FDS": "1", "LISTEN_PID": str(os.getpid())}

from odoo.cli.command import main  # noqa: E402

if __name__ == "__main__":
    main()

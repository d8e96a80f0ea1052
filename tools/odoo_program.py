"""Odoo's command line as a file.

A server of several processes starts one more of itself by the path of its program,
which ``python -m odoo`` does not leave it.
"""

from odoo.cli.command import main

if __name__ == "__main__":
    main()
